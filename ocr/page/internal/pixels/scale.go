// Package pixels works on decoded pictures: it scales, turns and cuts them, and
// changes their colours.
package pixels

import (
	"context"
	"image"

	"golang.org/x/image/draw"
)

// maxFilterPixels is the most pixels that CatmullRom may hold between its two
// passes, at 32 bytes each. Only pictures that are cut into pieces have more;
// their last step is a filter that needs no memory, over less than two pixels.
const maxFilterPixels = 10_000_000

// Scale returns the picture with w by h pixels, but no larger than the
// picture. The colours stay premultiplied by alpha, so that transparent pixels
// do not bleed.
func Scale(ctx context.Context, src image.Image, w, h int) (*image.RGBA, error) {
	size := src.Bounds().Size()
	// Halves do most of the work: they take the mean of four pixels, are fast,
	// and need only the memory of the result.
	for size.X >= 2*w && size.Y >= 2*h {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		half := image.NewRGBA(image.Rect(0, 0, (size.X+1)/2, (size.Y+1)/2))
		draw.ApproxBiLinear.Scale(half, half.Rect, src, src.Bounds(), draw.Src, nil)
		src, size = half, half.Rect.Size()
	}
	whole := size == image.Pt(w, h)
	if m, ok := src.(*image.RGBA); ok && whole {
		return m, nil
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	switch {
	case whole:
		draw.Draw(dst, dst.Rect, src, src.Bounds().Min, draw.Src)
	case w > maxFilterPixels/size.Y:
		draw.ApproxBiLinear.Scale(dst, dst.Rect, src, src.Bounds(), draw.Src, nil)
	default:
		draw.CatmullRom.Scale(dst, dst.Rect, src, src.Bounds(), draw.Src, nil)
	}
	return dst, context.Cause(ctx)
}
