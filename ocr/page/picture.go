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

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

const (
	// farFromPaper is the difference in grey, of 255, between ink and paper.
	farFromPaper = 64
	// leastInk and inkShare are the least number of ink pixels on a written
	// page: a short word on a large page.
	leastInk = 12
	inkShare = 50_000 // one pixel of so many
)

// Blank reports whether a page of a Document has a single colour except for
// some dust, measured on its pixels.
func Blank(ctx context.Context, p Page) (bool, error) {
	m, _, err := decodePage(ctx, p)
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

// minHalf is the least height of a half, in pixels: a few lines of text.
const minHalf = 64

// Halve divides a page of a Document at the widest empty space in its middle
// third, so that no line of text is cut. If there is no such space, the error
// is ErrWhole.
func Halve(ctx context.Context, p Page) (upper, lower Page, err error) {
	m, kind, err := decodePage(ctx, p)
	if err != nil {
		return Page{}, Page{}, err
	}
	height := m.Rect.Dy()
	y, ok := pixels.Gap(m, height/2, height/6)
	if !ok || y < minHalf || height-y < minHalf {
		return Page{}, Page{}, ErrWhole
	}
	if upper, err = encode(pixels.Rows(m, 0, y), kind); err != nil {
		return Page{}, Page{}, err
	}
	if lower, err = encode(pixels.Rows(m, y, height), kind); err != nil {
		return Page{}, Page{}, err
	}
	return upper, lower, context.Cause(ctx)
}

// decodePage decodes a page of a Document.
func decodePage(ctx context.Context, p Page) (*image.RGBA, Kind, error) {
	f := input.NewFile(ctx, bytes.NewReader(p.Data), int64(len(p.Data)))
	kind, err := f.Kind()
	if err != nil {
		return nil, "", err
	}
	if _, err := measure(f, kind, input.MaxPixels); err != nil {
		return nil, "", err
	}
	decoded, err := run(f, kind, codecs[kind].Decode)
	if err != nil {
		return nil, "", err
	}
	if f.Partial {
		return nil, "", input.Broken(kind, io.ErrUnexpectedEOF)
	}
	m := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	draw.Draw(m, m.Rect, decoded, decoded.Bounds().Min, draw.Src)
	return m, kind, context.Cause(ctx)
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
	m, kind, err := decodePage(ctx, p)
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
