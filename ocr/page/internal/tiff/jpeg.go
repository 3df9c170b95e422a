package tiff

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"

	"slackocr/ocr/page/internal/input"
)

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
