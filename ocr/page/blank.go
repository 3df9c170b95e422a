package page

import "context"

const (
	// farFromPaper is how much a pixel's grey differs from that of the paper, of
	// 255, where it is taken for ink.
	farFromPaper = 64
	// leastInk and inkShare are how many pixels of ink there are at least where
	// something is written: a short word on a large page.
	leastInk = 12
	inkShare = 50_000 // one pixel of so many
)

// Blank reports whether a page made by Open is all of one colour but for some dust:
// it is measured on its pixels.
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
