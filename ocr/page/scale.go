package page

import (
	"context"
	"image"

	"golang.org/x/image/draw"
)

// maxPagePixels bounds a page that covers a canvas. Only a long strip reaches
// the bound: its short side covers the canvas, and its long side is then
// squeezed alone, as the model's server would do anyway.
const maxPagePixels = 16_000_000

// maxFilterPixels is the most pixels that CatmullRom may hold between its two
// passes, at 32 bytes each. Only pictures that are cut into parts have more;
// their last step is a filter that needs no memory, over less than two pixels.
const maxFilterPixels = 10_000_000

// target returns the size of the page for an upright picture: the smallest
// size of the same shape that covers the canvas, or the picture's own size if
// the picture does not cover the canvas.
func target(w, h int, canvas func(w, h int) (int, int)) (int, int) {
	if canvas == nil {
		return w, h
	}
	cw, ch := canvas(w, h)
	if cw <= 0 || ch <= 0 {
		return w, h
	}
	tw, th := w, h
	if w > cw && h > ch {
		// One side meets the canvas exactly. The other is rounded up, so that
		// it covers the canvas.
		if cw*h >= ch*w {
			tw, th = cw, (cw*h+w-1)/w
		} else {
			tw, th = (ch*w+h-1)/h, ch
		}
	}
	if tw > maxPagePixels/th {
		if tw > th {
			tw = max(min(tw, cw), maxPagePixels/th)
		} else {
			th = max(min(th, ch), maxPagePixels/tw)
		}
	}
	return tw, th
}

// scale returns the picture with w by h pixels, but no larger than the
// picture. The colours stay premultiplied by alpha, so that transparent pixels
// do not bleed.
func scale(ctx context.Context, src image.Image, w, h int) (*image.RGBA, error) {
	size := src.Bounds().Size()
	small, ok := src.(*image.RGBA)
	// Exact boxes of whole pixels do most of the work: boxes are fast and need
	// only the memory of the result. At least one pass converts any other
	// picture to RGBA.
	for n := boxSide(size, w, h); n > 1 || !ok; n = boxSide(size, w, h) {
		var err error
		if small, err = shrink(ctx, src, n); err != nil {
			return nil, err
		}
		src, size, ok = small, small.Rect.Size(), true
	}
	if size == image.Pt(w, h) {
		return small, nil
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	var filter draw.Interpolator = draw.CatmullRom
	if w > maxFilterPixels/size.Y {
		filter = draw.ApproxBiLinear
	}
	filter.Scale(dst, dst.Rect, small, small.Rect, draw.Src, nil)
	return dst, context.Cause(ctx)
}

// maxBoxSide keeps the sums of a box within 32 bits and its band small.
const maxBoxSide = 16

// boxSide returns the largest power of two by which the picture may be reduced
// and still have at least w by h pixels.
func boxSide(size image.Point, w, h int) int {
	n := 1
	for n < maxBoxSide && size.X >= 2*n*w && size.Y >= 2*n*h {
		n *= 2
	}
	return n
}

// shrink averages boxes of n by n pixels. shrink converts one band of n lines
// at a time and never holds the whole picture a second time. Boxes at the
// right and lower edge may have fewer pixels.
func shrink(ctx context.Context, src image.Image, n int) (*image.RGBA, error) {
	b := src.Bounds()
	w, h := (b.Dx()+n-1)/n, (b.Dy()+n-1)/n
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if n == 1 {
		draw.Draw(dst, dst.Rect, src, b.Min, draw.Src)
		return dst, context.Cause(ctx)
	}
	band := image.NewRGBA(image.Rect(0, 0, b.Dx(), n))
	for y := range h {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		lines := min(n, b.Dy()-y*n)
		area := image.Rect(0, 0, b.Dx(), lines)
		draw.Draw(band, area, src, b.Min.Add(image.Pt(0, y*n)), draw.Src)
		average(dst.Pix[y*dst.Stride:][:4*w], band, lines, n)
	}
	return dst, nil
}

// average writes one line of boxes, each lines high and n wide.
func average(dst []byte, band *image.RGBA, lines, n int) {
	width := band.Rect.Dx()
	for x := 0; 4*x < len(dst); x++ {
		columns := min(n, width-x*n)
		var r, g, b, a uint32
		for y := range lines {
			box := band.Pix[y*band.Stride+4*x*n:][:4*columns]
			for ; len(box) >= 4; box = box[4:] {
				r += uint32(box[0])
				g += uint32(box[1])
				b += uint32(box[2])
				a += uint32(box[3])
			}
		}
		count := uint32(lines * columns)
		half := count / 2
		dst[4*x] = uint8((r + half) / count)
		dst[4*x+1] = uint8((g + half) / count)
		dst[4*x+2] = uint8((b + half) / count)
		dst[4*x+3] = uint8((a + half) / count)
	}
}

// flatten lays the picture on white paper, in place.
func flatten(m *image.RGBA) *image.RGBA {
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		if paper := 255 - m.Pix[i+3]; paper > 0 {
			// The colours are premultiplied, so no sum overflows in a valid
			// picture.
			m.Pix[i] = sum(m.Pix[i], paper)
			m.Pix[i+1] = sum(m.Pix[i+1], paper)
			m.Pix[i+2] = sum(m.Pix[i+2], paper)
			m.Pix[i+3] = 255
		}
	}
	return m
}

func sum(a, b uint8) uint8 { return uint8(min(int(a)+int(b), 255)) }

// reveal makes the pixels of a picture opaque if all of them are transparent:
// the picture has room for alpha but does not use it.
func reveal(pix []uint8) {
	for i := 3; i < len(pix); i += 4 {
		if pix[i] > 0 {
			return
		}
	}
	for i := 3; i < len(pix); i += 4 {
		pix[i] = 255
	}
}
