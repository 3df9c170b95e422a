package page

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// A codec is the standard decoder of one format.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// All of them decode the first frame only.
var codecs = map[Kind]codec{
	PNG:  {png.DecodeConfig, png.Decode},
	JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	GIF:  {gif.DecodeConfig, gif.Decode},
	WebP: {ofStill(webp.DecodeConfig), ofStill(webp.Decode)},
}

func ofStill[T any](f func(io.Reader) (T, error)) func(io.Reader) (T, error) {
	return func(r io.Reader) (T, error) {
		r, err := still(r)
		if err != nil {
			var none T
			return none, err
		}
		return f(r)
	}
}

// check reads the picture's header and refuses what may not be decoded.
func check(src *source, kind Kind, maxPixels int) error {
	config, err := run(src, kind, codecs[kind].config)
	if err != nil {
		return err
	}
	w, h := config.Width, config.Height
	if w <= 0 || h <= 0 {
		return &BrokenError{kind, fmt.Errorf("its size is %d×%d", w, h)}
	}
	cost := bytesPerPixel(config.ColorModel)
	if kind == JPEG {
		cost, err = run(src, kind, jpegBytesPerPixel)
		if err != nil {
			return err
		}
	}
	if cost > freeBytesPerPixel {
		maxPixels = int(float64(maxPixels) * freeBytesPerPixel / cost)
	}
	// Divided, since the product of two hostile numbers may overflow.
	if w > maxPixels/h {
		return &TooLargeError{w, h, maxPixels}
	}
	if w > maxAspect*h || h > maxAspect*w {
		return &ShapeError{w, h}
	}
	return nil
}

// decode reads the whole picture. check must have passed.
func decode(src *source, kind Kind) (image.Image, error) {
	return run(src, kind, codecs[kind].decode)
}

// run gives the file from its start to one decoder. A decoder's panic is a
// broken file too: the input is hostile and the decoders are not ours.
func run[T any](src *source, kind Kind, f func(io.Reader) (T, error)) (result T, err error) {
	if err := src.rewind(); err != nil {
		return result, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = &BrokenError{kind, fmt.Errorf("the decoder panicked: %v", p)}
		}
	}()
	result, err = f(bufio.NewReaderSize(src, 64<<10))
	if err == nil {
		return result, nil
	}
	if unsupported, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return result, fmt.Errorf("%w: %w", ErrUnsupported, unsupported)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return result, &BrokenError{kind, err}
}

// freeBytesPerPixel is what a decoded pixel may cost before its format has to
// make do with fewer pixels: plain RGBA.
const freeBytesPerPixel = 4

// bytesPerPixel is what a pixel of this colour model costs in memory.
func bytesPerPixel(m color.Model) float64 {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.NYCbCrAModel:
		return 5.5 // WebP: its alpha is decoded as an NRGBA picture first
	}
	return freeBytesPerPixel
}
