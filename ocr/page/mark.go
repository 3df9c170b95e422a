package page

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"math"
)

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
