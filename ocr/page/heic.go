package page

import (
	"errors"
	"image"
	"image/color"
	"io"

	"github.com/bep/imagemeta"
	"github.com/gen2brain/heic"
)

// heicBytesPerPixel is what a pixel costs libheif: 24 megapixels took 585 MB.
const heicBytesPerPixel = 16

// heicConfig tells the upright size. The decoder's own would start its whole
// machine for that, which takes longer than a second.
func heicConfig(r io.Reader) (image.Config, error) {
	src, ok := r.(io.ReadSeeker)
	if !ok {
		return image.Config{}, errors.New("the file cannot be sought in")
	}
	result, err := imagemeta.Decode(imagemeta.Options{
		R: src, ImageFormat: imagemeta.HEIF, Sources: imagemeta.CONFIG,
	})
	c := result.ImageConfig
	if err != nil && c.Width == 0 {
		return image.Config{}, err
	}
	return image.Config{ColorModel: color.YCbCrModel, Width: c.Width, Height: c.Height}, nil
}

// heicDecode gives the picture upright: libheif applies its rotation.
func heicDecode(r io.Reader) (image.Image, error) { return heic.Decode(r) }
