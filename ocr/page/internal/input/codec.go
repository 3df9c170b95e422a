package input

import "image"

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
