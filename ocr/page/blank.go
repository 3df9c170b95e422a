package page

import "context"

const (
	// farFromPaper is the difference in grey, of 255, between ink and paper.
	farFromPaper = 64
	// leastInk and inkShare are the least number of ink pixels on a written
	// page: a short word on a large page.
	leastInk = 12
	inkShare = 50_000 // one pixel of so many
)

// Blank reports whether a page made by Open has a single colour except for
// some dust, measured on its pixels.
func Blank(ctx context.Context, p Page) (bool, error) {
	m, _, err := pixels(ctx, p)
	if err != nil {
		return false, err
	}
	var grey [256]int
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		grey[(299*int(m.Pix[i])+587*int(m.Pix[i+1])+114*int(m.Pix[i+2]))/1000]++
	}
	paper, all := 0, 0
	for g, n := range grey {
		if all += n; n > grey[paper] {
			paper = g
		}
	}
	ink := 0
	for g, n := range grey {
		if max(g-paper, paper-g) > farFromPaper {
			ink += n
		}
	}
	return ink < max(leastInk, all/inkShare), nil
}
