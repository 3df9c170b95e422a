package page

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"math"

	"golang.org/x/image/draw"
)

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
