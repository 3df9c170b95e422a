package page

import (
	"bytes"
	"errors"
	"fmt"
	"image"

	"slackocr/ocr/page/internal/heif"
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
	"slackocr/ocr/page/internal/raster"
	"slackocr/ocr/page/internal/tiff"
)

var codecs = map[Kind]input.Codec{
	PNG:        raster.PNG,
	input.JPEG: raster.JPEG,
	input.GIF:  raster.GIF,
	input.WebP: raster.WebP,
	input.BMP:  raster.BMP,
	input.TIFF: tiff.Codec,
	input.HEIC: heif.HEIC,
	input.AVIF: heif.AVIF,
}

// measure returns the size of the stored picture according to its header, or an
// error if the picture must not be decoded.
func measure(f *input.File, kind Kind, maxPixels int) (image.Point, error) {
	codec, ok := codecs[kind]
	if !ok {
		return image.Point{}, fmt.Errorf("%w: %s", ErrUnsupported, kind)
	}
	h, err := run(f, kind, codec.Header)
	if err != nil {
		return image.Point{}, err
	}
	if h.Width <= 0 || h.Height <= 0 {
		return image.Point{}, input.Broken(kind, fmt.Errorf("its size is %d×%d", h.Width, h.Height))
	}
	if h.BytesPerPixel > input.BytesPerPixel {
		maxPixels = int(float64(maxPixels) * input.BytesPerPixel / h.BytesPerPixel)
	}
	// A division, because the product of two hostile numbers may overflow.
	if h.Width > maxPixels/h.Height {
		return image.Point{}, &TooLargeError{Width: h.Width, Height: h.Height, MaxPixels: maxPixels}
	}
	return image.Pt(h.Width, h.Height), input.CheckShape(h.Width, h.Height)
}

// inspect returns the upright size of a picture, if the picture may be decoded.
func inspect(f *input.File, kind Kind, maxPixels int) (image.Point, pixels.Orientation, error) {
	stored, err := measure(f, kind, maxPixels)
	if err != nil {
		return image.Point{}, 0, err
	}
	orientation := readOrientation(f, kind)
	w, h := orientation.Size(stored.X, stored.Y)
	return image.Pt(w, h), orientation, nil
}

// readOrientation returns the orientation according to the file's metadata. A file
// with damaged metadata counts as upright, since its pixels may be good.
func readOrientation(f *input.File, kind Kind) pixels.Orientation {
	if kind == input.TIFF {
		return tiff.Orientation(f)
	}
	read := codecs[kind].EXIF
	if read == nil {
		return pixels.Upright
	}
	f.Rewind()
	// EXIF data are a TIFF file. Some programs write JPEG's header before that
	// file.
	exif := bytes.TrimPrefix(read(f), []byte("Exif\x00\x00"))
	return tiff.Orientation(input.NewFile(f.Context, bytes.NewReader(exif), int64(len(exif))))
}

// render decodes a picture that inspect allows to the given upright size, on white.
// If the picture is smaller, render keeps its size.
func render(f *input.File, kind Kind, orientation pixels.Orientation, size image.Point) (*image.RGBA, error) {
	decoded, err := run(f, kind, codecs[kind].Decode)
	if err != nil {
		return nil, err
	}
	got := decoded.Bounds().Size()
	if got.X <= 0 || got.Y <= 0 {
		return nil, input.Broken(kind, fmt.Errorf("it has %d×%d pixels", got.X, got.Y))
	}
	w, h := orientation.Size(size.X, size.Y)
	if got.X < w || got.Y < h {
		w, h = got.X, got.Y
	}
	// The rest comes last, when there are far fewer pixels.
	small, err := pixels.Scale(f.Context, decoded, w, h)
	if err != nil {
		return nil, err
	}
	m := orientation.Apply(pixels.Flatten(pixels.Adjust(small, f.Gamma)))
	if pixels.SingleColor(m) {
		return m, checkBlank(f, kind, got)
	}
	return m, nil
}

// blankLength bounds the length of a file of a single colour, in addition to a
// fiftieth of its pixels: room for metadata.
const blankLength = 64 << 10

// checkBlank returns the error for a picture of a single colour: nil, or
// ErrBlank if the decoder did not understand the file.
func checkBlank(f *input.File, kind Kind, size image.Point) error {
	switch {
	case f.Partial:
		return input.Broken(kind, errors.New("nothing of it could be decoded"))
	case kind == input.TIFF || kind == input.BMP: // these may be large without any contents
		return nil
	case f.Size() > blankLength+int64(size.X*size.Y)/50:
		return fmt.Errorf("%w: %d bytes", ErrBlank, f.Size())
	}
	return nil
}

// run passes the file from its start to a decoder. A panic of the decoder
// counts as a broken file: the input is hostile and the decoders are foreign.
func run[T any](f *input.File, kind Kind, decoder func(*input.File) (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = input.Broken(kind, fmt.Errorf("the decoder panicked: %.100v", p))
		}
	}()
	f.Rewind()
	result, err = decoder(f)
	switch {
	case err == nil:
		return result, f.Err // an error of the file that the decoder ignored
	case input.Final(err):
		return result, err
	}
	return result, input.Broken(kind, input.UnexpectedEOF(err))
}
