package page

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"math"

	"golang.org/x/image/draw"
)

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

// ErrWhole means that a page cannot be divided: the page is too low, or has no
// row without ink in its middle third.
var ErrWhole = errors.New("the page cannot be divided between two lines")

const (
	// minHalf is the least height of a half, in pixels: a few lines of text.
	minHalf = 64
	// paper is the greatest difference between the darkest and the lightest
	// pixel of an empty row, of 255. JPEG leaves noise of about 20 around
	// letters.
	paper = 24
	// minGap is the least height of the space between the halves, in pixels.
	minGap = 3
)

// Halve divides a page made by Open at the widest empty space in its middle
// third, so that no line of text is cut. If there is no such space, the error
// is ErrWhole.
func Halve(ctx context.Context, p Page) (upper, lower Page, err error) {
	m, kind, err := pixels(ctx, p)
	if err != nil {
		return Page{}, Page{}, err
	}
	y := divide(m)
	if y < minHalf || m.Rect.Dy()-y < minHalf {
		return Page{}, Page{}, ErrWhole
	}
	part := func(from, to int) *image.RGBA {
		half := image.NewRGBA(image.Rect(0, 0, m.Rect.Dx(), to-from))
		copy(half.Pix, m.Pix[from*m.Stride:to*m.Stride])
		return half
	}
	if upper, err = encode(part(0, y), kind); err != nil {
		return Page{}, Page{}, err
	}
	if lower, err = encode(part(y, m.Rect.Dy()), kind); err != nil {
		return Page{}, Page{}, err
	}
	return upper, lower, context.Cause(ctx)
}

// pixels decodes a page that Open made.
func pixels(ctx context.Context, p Page) (*image.RGBA, Kind, error) {
	src := &source{ctx: ctx, r: bytes.NewReader(p.Data)}
	kind, err := src.sniff()
	if err != nil {
		return nil, "", err
	}
	if err := check(src, kind, DefaultMaxPixels); err != nil {
		return nil, "", err
	}
	decoded, err := decode(src, kind)
	if err != nil {
		return nil, "", err
	}
	if src.partial {
		return nil, "", &BrokenError{kind, io.ErrUnexpectedEOF}
	}
	m := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	draw.Draw(m, m.Rect, decoded, decoded.Bounds().Min, draw.Src)
	return m, kind, context.Cause(ctx)
}

// divide returns the middle of the widest empty space in the middle third, of
// two equal spaces the nearer to the middle of the page, or 0 if there is
// none.
func divide(m *image.RGBA) int {
	height := m.Rect.Dy()
	best, widest, nearest := 0, minGap-1, math.MaxInt
	first := -1
	for y := height / 3; y <= height*2/3; y++ {
		if y < height*2/3 && empty(m.Pix[y*m.Stride:][:4*m.Rect.Dx()]) {
			if first < 0 {
				first = y
			}
			continue
		}
		if first >= 0 {
			middle := (first + y) / 2
			off := max(middle-height/2, height/2-middle)
			if gap := y - first; gap > widest || gap == widest && off < nearest {
				best, widest, nearest = middle, gap, off
			}
			first = -1
		}
	}
	return best
}

// empty reports whether a row of RGBA pixels shows only paper.
func empty(row []byte) bool {
	low, high := row[1], row[1]
	for i := 1; i < len(row); i += 4 { // the eye sees mostly green
		low, high = min(low, row[i]), max(high, row[i])
	}
	return high-low <= paper
}

// An Area is a part of a page. Its sides are fractions of the page's width and
// height: the whole page is 0, 0, 1, 1.
type Area struct {
	Left, Top, Right, Bottom float64
}

// maxAreas bounds the areas that Mark draws.
const maxAreas = 500

// markColor is the colour of frames, visible on white paper and on black.
var markColor = color.RGBA{R: 0xE0, G: 0x1E, B: 0x5A, A: 0xFF}

// Mark returns the page with a frame around each of the first 500 areas. Parts
// outside the page are left out. The frame is around the area, so that the
// contents stay readable.
func Mark(ctx context.Context, p Page, areas []Area) (Page, error) {
	m, kind, err := pixels(ctx, p)
	if err != nil {
		return Page{}, err
	}
	// Such a line is still visible in a thumbnail.
	line := max(2, max(m.Rect.Dx(), m.Rect.Dy())/400)
	for _, a := range areas[:min(len(areas), maxAreas)] {
		frame(m, a.on(m.Rect), line)
	}
	return encode(m, kind)
}

// on returns the pixels of an area, at least one.
func (a Area) on(page image.Rectangle) image.Rectangle {
	at := func(fraction float64, size int) int {
		if !(fraction > 0) { // also not a number
			return 0
		}
		return int(math.Round(min(fraction, 1) * float64(size)))
	}
	r := image.Rect(at(a.Left, page.Dx()), at(a.Top, page.Dy()), at(a.Right, page.Dx()), at(a.Bottom, page.Dy()))
	r.Max.X, r.Max.Y = max(r.Max.X, r.Min.X+1), max(r.Max.Y, r.Min.Y+1)
	return r
}

// frame draws four bars around r.
func frame(m draw.Image, r image.Rectangle, line int) {
	ink := image.NewUniform(markColor)
	around := r.Inset(-line)
	for _, bar := range []image.Rectangle{
		image.Rect(around.Min.X, around.Min.Y, around.Max.X, r.Min.Y),
		image.Rect(around.Min.X, r.Max.Y, around.Max.X, around.Max.Y),
		image.Rect(around.Min.X, r.Min.Y, r.Min.X, r.Max.Y),
		image.Rect(r.Max.X, r.Min.Y, around.Max.X, r.Max.Y),
	} {
		draw.Draw(m, bar.Intersect(m.Bounds()), ink, image.Point{}, draw.Src)
	}
}
