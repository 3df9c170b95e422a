package tiff

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"maps"
	"math/bits"
	"slices"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

// convert reads a TIFF file of one page with tiff2rgba. Of a damaged page it
// returns the readable part. A picture that is not opaque has alpha.
func convert(file *input.File, kind input.Kind, content io.Reader, opaque bool) (image.Image, error) {
	args := []string{"-c", "none", "-M", "640", input.ReadPath, input.WritePath}
	if opaque {
		args = append([]string{"-n"}, args...)
	}
	p, err := file.Convert(kind, "tiff2rgba", content, args...)
	if err != nil {
		return nil, err
	}
	file.Partial = p.Complained() // whatever it says: see singlePage
	return readBack(file)
}

// pixelTags returns the tags on which the pixels of a page depend, in order.
func (d directory) pixelTags() []uint16 {
	tags := []uint16{
		tagWidth, tagHeight, tagBits, tagCompression, tagPhotometric, tagFillOrder, tagStripOffsets, tagSamples, tagRowsPerStrip, tagStripLengths, tagPlanar,
		tagColorMap, tagTileWidth, tagTileHeight, tagTileOffsets, tagTileLengths, tagInkSet, tagExtraSamples, tagSampleFormat,
		tagYCbCrCoefficients, tagYCbCrSubsampling, tagYCbCrPositioning, tagReferenceBlackWhite,
	}
	switch d.number(tagCompression, 1) {
	case 3:
		tags = append(tags, 292) // T4Options
	case 4:
		tags = append(tags, 293) // T6Options
	case oldJPEG:
		tags = append(tags, 512, 513, 514, 515, 517, 518, 519, 520, 521) // JPEGProc and its like
	case 7: // JPEG
		tags = append(tags, 347) // JPEGTables
	case 5, 8, 32946, 34925, 50000: // LZW, Deflate, the older Deflate, LZMA, Zstandard
		tags = append(tags, 317) // Predictor
	}
	slices.Sort(tags)
	return tags
}

// singlePage returns the file with only this page, and at its end a directory of the
// page's pixelTags. libtiff says nothing about such a directory, unless the
// pixels are damaged. The caller handles the orientation, of whose values
// libtiff supports only half.
func (d directory) singlePage(file *input.File) io.Reader {
	size := file.Size()
	d = d.readable(size)
	f := d.format
	var tags uint64
	var entries []byte
	for _, tag := range d.pixelTags() {
		if v, ok := d.tags[tag]; ok {
			entries = append(entries, v.entry...)
			tags++
		}
	}
	end := make([]byte, size&1) // a directory begins at an even offset
	start := f.append(nil, uint64(size)+uint64(len(end)))
	if f.size == 8 {
		end = f.append(end, tags)
	} else {
		end = f.AppendUint16(end, uint16(tags))
	}
	end = append(append(end, entries...), make([]byte, f.size)...)
	whole := input.Patched{File: file, Changes: map[uint64][]byte{uint64(f.size): start}}
	return io.MultiReader(whole.Reader(), bytes.NewReader(end))
}

// readable returns the page as libtiff reads it: an undeclared sample as alpha,
// a strip of unknown length up to the end of the file, and of planes of two
// sizes only the first, which shows the text.
func (d directory) readable(size int64) directory {
	d.tags = maps.Clone(d.tags)
	set := func(tag uint16, v uint64) { d.tags[tag] = d.format.entry(tag, v) }
	if d.undeclared() {
		set(tagExtraSamples, premultipliedAlpha)
	}
	if lengths := d.tags[tagStripLengths].numbers; len(lengths) == 1 && lengths[0] == 0 {
		set(tagStripLengths, uint64(size)-d.number(tagStripOffsets, 0))
	}
	if d.twoSizes() {
		for _, tag := range []uint16{tagBits, tagStripOffsets, tagStripLengths} {
			set(tag, d.number(tag, 0))
		}
		set(tagPhotometric, photometricGrey)
		set(tagSamples, 1)
		set(tagPlanar, 1)
	}
	return d
}

// entry returns an entry of one number.
func (f format) entry(tag uint16, v uint64) field {
	const typeLong, typeLong8 = 4, 16
	kind := uint16(typeLong)
	if f.size == 8 {
		kind = typeLong8
	}
	e := f.AppendUint16(f.AppendUint16(nil, tag), kind)
	return field{f.append(f.append(e, 1), v), []uint64{v}, v}
}

// readBack reads the file that tiff2rgba wrote, and empties it.
func readBack(file *input.File) (image.Image, error) {
	pages, err := directories(file.Tools.Output, 1)
	if err != nil {
		return nil, input.Broken(input.TIFF, fmt.Errorf("reading what libtiff made: %w", err))
	}
	d := pages[0]
	w, h, samples := d.number(tagWidth, 0), d.number(tagHeight, 0), d.number(tagSamples, 0)
	if w == 0 || h == 0 || w > input.MaxSide || h > input.MaxSide/w || samples != 3 && samples != 4 || d.number(tagCompression, 0) != 1 {
		return nil, input.Broken(input.TIFF, fmt.Errorf("libtiff made %d×%d pixels of %d samples", w, h, samples))
	}
	m, err := pixels.Read(bufio.NewReaderSize(io.NewSectionReader(file.Tools.Output, int64(d.number(tagStripOffsets, 0)), 1<<40), 1<<20), int(w), int(h), int(samples))
	if err != nil {
		return nil, input.Broken(input.TIFF, fmt.Errorf("reading what libtiff made: %w", input.UnexpectedEOF(err)))
	}
	if d.number(tagFillOrder, 1) == 2 { // as in the file that was read
		for i, b := range m.Pix {
			m.Pix[i] = bits.Reverse8(b)
		}
	}
	return m, input.Truncate(file.Tools.Output)
}

// A JPEG is the frame header of a JPEG file.
type JPEG struct {
	Width, Height int
	Components    int  // 1 or 3
	Sampling      byte // of the first component, horizontal and vertical
}

// Decode decodes the JPEG file with libtiff, which uses libjpeg and returns the
// readable part of a damaged file.
func (j JPEG) Decode(file *input.File) (image.Image, error) {
	file.Rewind()
	return convert(file, input.JPEG, io.MultiReader(bytes.NewReader(j.wrapper(file.Size())), file), true)
}

// wrapper returns the start of a TIFF file with a JPEG file of the given size
// as its only strip, which libtiff decodes with libjpeg (TIFF Technical Note
// 2).
func (j JPEG) wrapper(size int64) []byte {
	const typeShort, typeLong, tags, start = 3, 4, 10, 8
	const bitsAt = start + 2 + 12*tags + 4
	const fileAt = bitsAt + 8
	le := binary.LittleEndian
	photometric, bits := uint32(photometricGrey), uint32(8)
	if j.Components == 3 {
		photometric, bits = photometricYCbCr, bitsAt
	}
	b := append([]byte("II*\x00"), start, 0, 0, 0, tags, 0)
	for _, tag := range [tags][4]uint32{
		{tagWidth, typeLong, 1, uint32(j.Width)},
		{tagHeight, typeLong, 1, uint32(j.Height)},
		{tagBits, typeShort, uint32(j.Components), bits},
		{tagCompression, typeShort, 1, 7}, // JPEG
		{tagPhotometric, typeShort, 1, photometric},
		{tagStripOffsets, typeLong, 1, fileAt},
		{tagSamples, typeShort, 1, uint32(j.Components)},
		{tagRowsPerStrip, typeLong, 1, uint32(j.Height)},
		{tagStripLengths, typeLong, 1, uint32(size)},
		{tagYCbCrSubsampling, typeShort, 2, uint32(j.Sampling>>4) | uint32(j.Sampling&15)<<16},
	} {
		b = le.AppendUint16(b, uint16(tag[0]))
		b = le.AppendUint16(b, uint16(tag[1]))
		b = le.AppendUint32(b, tag[2])
		b = le.AppendUint32(b, tag[3])
	}
	return append(b, 0, 0, 0, 0, 8, 0, 8, 0, 8, 0, 0, 0)
}
