// Package pixels works on decoded pictures: it scales, turns and cuts them, and
// changes their colours.
package pixels

import (
	"context"
	"image"

	"golang.org/x/image/draw"
)

// maxFilterPixels is the most pixels that CatmullRom may hold between its two
// passes, at 32 bytes each. Only pictures that are cut into parts have more;
// their last step is a filter that needs no memory, over less than two pixels.
const maxFilterPixels = 10_000_000

// Scale returns the picture with w by h pixels, but no larger than the
// picture. The colours stay premultiplied by alpha, so that transparent pixels
// do not bleed.
func Scale(ctx context.Context, src image.Image, w, h int) (*image.RGBA, error) {
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
