package input

import (
	"image"
)

// A Codec is the decoder of a format. It reads only the first frame of an
// animation, and finds the file at its start.
type Codec struct {
	// Header reads the size of the stored picture.
	Header func(*File) (Header, error)

	// Decode decodes a picture whose size is allowed. If a part of it is
	// missing, Decode sets File.Partial.
	Decode func(*File) (image.Image, error)

	// EXIF returns the EXIF data of the file, or nil. EXIF is nil for a format
	// that has none.
	EXIF func(*File) []byte
}

// A Header is the size of a picture in pixels, with the memory that decoding
// takes for each pixel, in bytes.
type Header struct {
	Width, Height int
	BytesPerPixel float64
}

const (
	// MaxPixels bounds the pixels of a picture, before it is decoded: 100
	// megapixels, which is 400 MB of decoded RGBA.
	MaxPixels = 100_000_000

	// BytesPerPixel is the memory of a pixel of plain RGBA. A format that takes
	// more while it is decoded (16-bit PNG, progressive JPEG, HEIC) gets a share
	// of the pixels that costs as much memory.
	BytesPerPixel = 4

	// MaxSide is greater than any readable side, in pixels. The product of two
	// such sides does not overflow.
	MaxSide = 1 << 27

	// MaxDamaged bounds the pixels of a damaged picture that is decoded a
	// second time, as far as possible.
	MaxDamaged = 50_000_000

	// LeastShare is the least share of a damaged picture's pixels that is worth
	// reading: one in so many. Otherwise a few bytes would make a large picture.
	LeastShare = 100

	// MaxEXIF bounds the EXIF data that are read, in bytes.
	MaxEXIF = 1 << 20

	// MaxOutput bounds each file that a process writes, in bytes. The pieces of
	// a page are a tenth of that.
	MaxOutput = 256 << 20

	// maxAspect bounds the ratio of a picture's sides. No readable line of text
	// is thinner; Qwen-VL's image processor refuses the same ratio (MAX_RATIO in
	// its smart_resize).
	maxAspect = 200
)

// CheckShape returns a ShapeError if a picture is too thin to hold text.
func CheckShape(width, height int) error {
	if width > maxAspect*height || height > maxAspect*width {
		return &ShapeError{width, height}
	}
	return nil
}
