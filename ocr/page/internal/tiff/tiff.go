// Package tiff decodes TIFF files, with x/image/tiff or with libtiff's programs.
package tiff

import (
	"errors"
	"fmt"
	"image"
	"io"
	"slices"

	xtiff "golang.org/x/image/tiff"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

// Codec decodes the page File.Page.
var Codec = input.Codec{Header: header, Decode: decode}

// Count returns the number of pages.
func Count(file *input.File) (int, error) {
	pages, err := directories(file, maxDirectories)
	if err != nil {
		return 0, input.Broken(input.TIFF, err)
	}
	return len(pages), nil
}

// Orientation returns the orientation of the page. A damaged file counts as
// upright. EXIF data are such a file too.
func Orientation(file *input.File) pixels.Orientation {
	if d, err := pageOf(file); err == nil {
		return d.orientation()
	}
	return pixels.Upright
}

// pageOf returns the page to decode.
func pageOf(file *input.File) (directory, error) {
	pages, err := directories(file, file.Page+1)
	if err != nil {
		return directory{}, err
	}
	if file.Page >= len(pages) {
		return directory{}, fmt.Errorf("it has %d pages, not %d", len(pages), file.Page+1)
	}
	return pages[file.Page], nil
}

// header returns the size of the page. For x/image/tiff the memory is twice that
// of the picture, because it unpacks a strip beside the picture, and a strip may
// be the whole picture. tiff2rgba writes a file of three or four bytes for each
// pixel, which has a limit of its own.
func header(file *input.File) (input.Header, error) {
	d, err := pageOf(file)
	if err != nil {
		return input.Header{}, err
	}
	h := input.Header{
		Width:  int(min(d.number(tagWidth, 0), input.MaxSide)),
		Height: int(min(d.number(tagHeight, 0), input.MaxSide)), BytesPerPixel: 6.5,
	}
	if d.plain() && d.number(tagSamples, 1) == 1 {
		h.BytesPerPixel = 2
	} else if d.opaque() {
		h.BytesPerPixel = 5
	}
	return h, nil
}

// decode decodes a page with x/image/tiff if that is known to be right,
// else with libtiff.
func decode(file *input.File) (image.Image, error) {
	d, err := pageOf(file)
	if err != nil {
		return nil, err
	}
	if d.plain() {
		start := make([]byte, 4)
		d.format.PutUint32(start, uint32(d.offset))
		m, err := xtiff.Decode(input.Patched{File: file, Changes: map[uint64][]byte{4: start}})
		if _, unsupported := errors.AsType[xtiff.UnsupportedError](err); unsupported {
			err = fmt.Errorf("%w: %w", input.ErrNoDecoder, err)
		}
		if err == nil || !file.Tools.Has("tiff2rgba") {
			return m, err
		}
	}
	size := uint64(file.Size())
	if max(d.number(tagStripOffsets, 0), d.number(tagTileOffsets, 0)) >= size {
		return nil, io.ErrUnexpectedEOF
	}
	var m image.Image
	if d.unusual() {
		m, err = d.convertNumbers(file)
	} else {
		m, err = convert(file, input.TIFF, d.singlePage(file), d.opaque())
	}
	if broken, ok := errors.AsType[*input.BrokenError](err); ok {
		return nil, d.failure(broken.Err, size)
	}
	file.Partial = file.Partial && d.number(tagCompression, 1) != oldJPEG || d.end() > size
	if c, ok := m.(*image.RGBA); ok && d.undeclared() {
		pixels.Reveal(c.Pix)
	}
	return m, err
}

// failure returns the error if libtiff returns nothing for a page in a file of
// the given size: the end of the page is missing, libtiff does not know its
// kind, or the page is damaged. Only the file decides.
func (d directory) failure(err error, size uint64) error {
	if d.end() > size {
		return input.Broken(input.TIFF, fmt.Errorf("%w: %w", err, io.ErrUnexpectedEOF))
	}
	if !d.known() {
		return fmt.Errorf("%w: %w", input.ErrNoDecoder, err)
	}
	return input.Broken(input.TIFF, err)
}

// plain reports whether x/image/tiff is known to read the page right: grey,
// palette or RGB pixels of whole bytes or of one bit, in one plane, and not
// compressed for fax or as JPEG. libtiff reads everything else.
func (d directory) plain() bool {
	switch d.number(tagCompression, 1) {
	case 1, 5, 8, 32773, 32946: // none, LZW, Deflate, PackBits, the older Deflate
	default:
		return false
	}
	if d.number(tagPlanar, 1) != 1 || d.number(tagSampleFormat, 1) != 1 || d.number(tagFillOrder, 1) != 1 || d.format.size != 4 {
		return false
	}
	extra := d.number(tagExtraSamples, 0) != 0 // 0 is for a sample that is not said to be alpha
	depths, samples := d.tags[tagBits].numbers, d.number(tagSamples, 1)
	switch d.photometric() {
	case photometricNegative, photometricGrey:
		return samples == 1 && (depths == nil || depths[0] == 1 || depths[0] == 8)
	case photometricIndex:
		return samples == 1 && slices.Equal(depths, []uint64{8})
	case photometricRGB:
		return samples == 3 && slices.Equal(depths, []uint64{8, 8, 8}) || samples == 4 && extra && slices.Equal(depths, []uint64{8, 8, 8, 8})
	}
	return false
}

// known reports whether libtiff's programs read all pages of this kind.
func (d directory) known() bool {
	switch d.number(tagCompression, 1) {
	case 1, 2, 3, 4, 5, 8, 32773, 32946: // those of plain, and for fax
	default:
		return false
	}
	if d.unusual() {
		return true
	}
	depth := d.number(tagBits, 1)
	switch d.photometric() {
	case photometricNegative, photometricGrey, photometricRGB, photometricCMYK:
		return true
	case photometricIndex:
		return depth <= 8
	case photometricYCbCr, photometricLab:
		return depth == 8 && d.number(tagPlanar, 1) == 1 && d.number(tagSamples, 1) == 3
	}
	return false
}

// opaque reports whether no sample of the page is alpha.
func (d directory) opaque() bool {
	return d.number(tagExtraSamples, 0) == 0 && !d.undeclared()
}

// undeclared reports whether the page has a fourth sample of which the file
// says nothing: mostly alpha.
func (d directory) undeclared() bool {
	return d.tags[tagExtraSamples].numbers == nil && d.photometric() == photometricRGB && d.number(tagSamples, 1) == 4
}

// twoSizes reports whether the page has a plane of brightness and two smaller
// planes of colours, of one strip each.
func (d directory) twoSizes() bool {
	return d.photometric() == photometricYCbCr && d.number(tagPlanar, 1) != 1 && d.number(tagBits, 1) == 8 &&
		!slices.Equal(d.tags[tagYCbCrSubsampling].numbers, []uint64{1, 1}) && len(d.tags[tagStripOffsets].numbers) == 3
}

// end returns the offset of the end of the page's data.
func (d directory) end() uint64 {
	return max(d.tags[tagStripOffsets].last+d.tags[tagStripLengths].last, d.tags[tagTileOffsets].last+d.tags[tagTileLengths].last)
}
