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

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// A codec is the decoder of one format, and what a pixel costs it. Its reader
// is a *source for HEIC and an *asFirst for TIFF.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	cost   func(color.Model) float64 // bytes for each pixel while it is decoded
}

// All of them decode the first frame only.
var codecs = map[Kind]codec{
	PNG:  {png.DecodeConfig, png.Decode, bytesPerPixel},
	JPEG: {jpeg.DecodeConfig, jpeg.Decode, bytesPerPixel},
	GIF:  {gif.DecodeConfig, gif.Decode, bytesPerPixel},
	WebP: {ofStill(webp.DecodeConfig), ofStill(webp.Decode), bytesPerPixel},
	BMP:  {bmp.DecodeConfig, bmp.Decode, bytesPerPixel},
	TIFF: {tiff.DecodeConfig, tiff.Decode, tiffBytesPerPixel},
	HEIC: {heicConfig, heicDecode, func(color.Model) float64 { return heicBytesPerPixel }},
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
	_, err := measure(src, kind, maxPixels)
	return err
}

// measure is check and gives the size of the picture as it is stored.
func measure(src *source, kind Kind, maxPixels int) (image.Point, error) {
	codec, ok := codecs[kind]
	if !ok {
		return image.Point{}, noCodec(kind)
	}
	config, err := run(src, kind, codec.config)
	if err != nil {
		return image.Point{}, err
	}
	w, h := config.Width, config.Height
	if w <= 0 || h <= 0 {
		return image.Point{}, &BrokenError{kind, fmt.Errorf("its size is %d×%d", w, h)}
	}
	cost := codec.cost(config.ColorModel)
	if kind == JPEG {
		cost, err = run(src, kind, jpegBytesPerPixel)
		if err != nil {
			return image.Point{}, err
		}
	}
	if cost > freeBytesPerPixel {
		maxPixels = int(float64(maxPixels) * freeBytesPerPixel / cost)
	}
	// Divided, since the product of two hostile numbers may overflow.
	if w > maxPixels/h {
		return image.Point{}, &TooLargeError{w, h, maxPixels}
	}
	if err := checkShape(w, h); err != nil {
		return image.Point{}, err
	}
	return image.Pt(w, h), nil
}

func checkShape(w, h int) error {
	if w > maxAspect*h || h > maxAspect*w {
		return &ShapeError{w, h}
	}
	return nil
}

// noCodec says why a file of a known kind is not decoded here.
func noCodec(kind Kind) error {
	if kind == AVIF {
		return fmt.Errorf("%w: AVIF", ErrNoDecoder)
	}
	return fmt.Errorf("%w: %s", ErrUnsupported, kind)
}

// decode reads the whole picture. check must have passed.
func decode(src *source, kind Kind) (image.Image, error) {
	return run(src, kind, codecs[kind].decode)
}

// run gives the file from its start to one decoder. A decoder's panic is a
// broken file too: the input is hostile and the decoders are not ours.
func run[T any](src *source, kind Kind, f func(io.Reader) (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &BrokenError{kind, fmt.Errorf("the decoder panicked: %v", p)}
		}
	}()
	r, err := src.reader(kind)
	if err != nil {
		return result, err
	}
	result, err = f(r)
	switch {
	case err == nil:
		return result, nil
	case unsupported(err):
		return result, fmt.Errorf("%w: %w", ErrNoDecoder, err)
	}
	return result, &BrokenError{kind, short(err)}
}

// unsupported tells what a decoder does not know from what is damaged. PNG is
// not among them: everything that its decoder does not know is an error.
func unsupported(err error) bool {
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tiff.UnsupportedError](err); ok {
		return true
	}
	return errors.Is(err, bmp.ErrUnsupported)
}

// reader gives the file from its start, as the codec of its kind wants it.
func (s *source) reader(kind Kind) (io.Reader, error) {
	if err := s.rewind(); err != nil {
		return nil, err
	}
	switch kind {
	case HEIC:
		return s, nil
	case TIFF:
		first, _, err := asFirstPage(s, s.page)
		if err != nil {
			return nil, &BrokenError{kind, err}
		}
		return first, nil
	}
	return bufio.NewReaderSize(s, 64<<10), nil
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
