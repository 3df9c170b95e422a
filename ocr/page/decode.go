package page

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"syscall"

	"golang.org/x/image/tiff"
)

// A codec is the decoder of a format, with its memory per pixel. A codec reads
// only the first frame, and finds the file at its start. If a part of the
// picture is missing, the codec sets source.partial.
type codec struct {
	config func(*source) (image.Config, error)
	decode func(*source) (image.Image, error)
	cost   func(color.Model) float64 // bytes for each pixel while it is decoded
}

var codecs = map[Kind]codec{
	PNG:  {pngConfig, decodePNG, bytesPerPixel},
	JPEG: {jpegConfig, decodeJPEG, bytesPerPixel},
	GIF:  {gifConfig, decodeGIF, bytesPerPixel},
	WebP: {webpConfig, decodeWebP, bytesPerPixel},
	BMP:  {bmpConfig, decodeBMP, bytesPerPixel},
	TIFF: {tiffConfig, decodeTIFF, tiffBytesPerPixel},
	HEIC: {heicConfig, decodeHEIC, heicCost},
	AVIF: {heicConfig, decodeAVIF, heicCost},
}

// check reads the picture's header and returns an error if the picture must
// not be decoded.
func check(src *source, kind Kind, maxPixels int) error {
	_, err := measure(src, kind, maxPixels)
	return err
}

// measure is check, and returns the size of the stored picture.
func measure(src *source, kind Kind, maxPixels int) (image.Point, error) {
	codec, ok := codecs[kind]
	if !ok {
		return image.Point{}, fmt.Errorf("%w: %s", ErrUnsupported, kind)
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
	// A division, because the product of two hostile numbers may overflow.
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

// decode decodes the whole picture. check must have passed.
func decode(src *source, kind Kind) (image.Image, error) {
	return run(src, kind, codecs[kind].decode)
}

// run passes the file from its start to a decoder. A panic of the decoder
// counts as a broken file: the input is hostile and the decoders are foreign.
func run[T any](src *source, kind Kind, f func(*source) (T, error)) (result T, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = &BrokenError{kind, fmt.Errorf("the decoder panicked: %.100v", p)}
		if cause, ok := p.(error); ok && errors.Is(cause, syscall.ENOMEM) { // WebAssembly's
			err = &KilledError{Kind: kind, Limit: LimitCrash}
		}
	}()
	if err := src.rewind(); err != nil {
		return result, err
	}
	result, err = f(src)
	switch {
	case err == nil:
		return result, src.err // an error of the file that the decoder ignored
	case unsupported(err):
		return result, fmt.Errorf("%w: %w", ErrNoDecoder, err)
	case final(err):
		return result, err
	}
	return result, &BrokenError{kind, short(err)}
}

// unsupported reports whether an error means an unknown feature rather than
// damage. PNG is not covered: its decoder knows every valid feature.
func unsupported(err error) bool {
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return true
	}
	_, ok := errors.AsType[tiff.UnsupportedError](err)
	return ok
}

// maxMended bounds the pixels of a damaged picture that is decoded a second
// time, as far as possible.
const maxMended = 50_000_000

// freeBytesPerPixel is the memory per decoded pixel above which a format gets
// fewer pixels: that of plain RGBA.
const freeBytesPerPixel = 4

// bytesPerPixel returns the memory of a pixel of this colour model.
func bytesPerPixel(m color.Model) float64 {
	switch m {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	case color.NYCbCrAModel:
		return 5.5 // WebP: its alpha is decoded as an NRGBA picture first
	}
	return freeBytesPerPixel
}
