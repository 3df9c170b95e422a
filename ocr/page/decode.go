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

// A codec is the decoder of one format, and what a pixel costs it. It reads the
// first frame only, and finds the file at its start. A decoder that gives a
// picture of which some is missing says so in source.partial.
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
	HEIC: {heicConfig, decodeHEIC, func(color.Model) float64 { return heicBytesPerPixel }},
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
func run[T any](src *source, kind Kind, f func(*source) (T, error)) (result T, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = &BrokenError{kind, fmt.Errorf("the decoder panicked: %.100v", p)}
		if cause, ok := p.(error); ok && errors.Is(cause, syscall.ENOMEM) { // WebAssembly's
			err = &KilledError{Kind: kind, Limit: LimitMemory}
		}
	}()
	if err := src.rewind(); err != nil {
		return result, err
	}
	result, err = f(src)
	switch {
	case err == nil:
		return result, src.err // of which a decoder that goes on makes nothing
	case unsupported(err):
		return result, fmt.Errorf("%w: %w", ErrNoDecoder, err)
	case final(err):
		return result, err
	}
	return result, &BrokenError{kind, short(err)}
}

// unsupported tells what a decoder does not know from what is damaged. PNG is
// not among them: everything that its decoder does not know is an error.
func unsupported(err error) bool {
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return true
	}
	_, ok := errors.AsType[tiff.UnsupportedError](err)
	return ok
}

// maxMended bounds the pixels of a damaged picture that is decoded a second time,
// as far as it goes.
const maxMended = 50_000_000

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
