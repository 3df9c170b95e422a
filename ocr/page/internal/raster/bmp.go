package raster

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"io"
	"math/bits"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

// The encodings of a bitmap's pixels (BITMAPINFOHEADER's biCompression).
const (
	bmpPlain = iota
	bmpRLE8
	bmpRLE4
	bmpMasks
	_ // a JPEG file
	_ // a PNG file
	bmpAlphaMasks
)

// A bitmap is a BMP file without its pixels: of all versions of Windows, and of
// OS/2.
type bitmap struct {
	width, height int
	down          bool // the first row stored is the top one
	depth         int  // bits of a pixel
	compression   uint32
	masks         [4]uint32        // of red, green, blue and alpha
	palette       [256]color.NRGBA // colours that the file lacks are black
	offset        int64            // offset of the pixels
}

// readBitmap reads everything before the pixels.
func readBitmap(file *input.File) (*bitmap, error) {
	const fileHead, most = 14, 124
	le := binary.LittleEndian
	var b [fileHead + most + 16]byte
	n, err := file.ReadAt(b[:], 0)
	if n < fileHead+12 {
		return nil, input.UnexpectedEOF(err)
	}
	info := b[fileHead:]
	size := le.Uint32(info)
	m := &bitmap{offset: int64(le.Uint32(b[10:]))}
	entry, colors := 4, uint32(0) // bytes of a colour in the palette, and number of colours
	switch {
	case size == 12: // OS/2 1, and Windows 2
		m.width, m.height = int(le.Uint16(info[4:])), int(le.Uint16(info[6:]))
		m.depth, entry = int(le.Uint16(info[10:])), 3
	case size >= 16 && size <= most:
		m.width, m.height = int(int32(le.Uint32(info[4:]))), int(int32(le.Uint32(info[8:])))
		m.depth = int(le.Uint16(info[14:]))
		if size >= 40 {
			m.compression, colors = le.Uint32(info[16:]), le.Uint32(info[32:])
		}
	default:
		return nil, errors.New("it has a header that makes no sense")
	}
	if m.height < 0 {
		m.down, m.height = true, -m.height
	}
	if m.width <= 0 || m.width > input.MaxSide || m.height <= 0 || m.height > input.MaxSide {
		return nil, fmt.Errorf("its size is %d×%d", m.width, m.height)
	}
	masks, ok := m.setMasks(info, size)
	if !ok {
		return nil, fmt.Errorf("%w: BMP of %d bits, compression %d", input.ErrNoDecoder, m.depth, m.compression)
	}
	after := int64(fileHead+size) + masks
	if m.depth <= 8 {
		if colors == 0 || colors > 1<<m.depth {
			colors = 1 << m.depth
		}
		length := int64(colors) * int64(entry)
		if m.offset > after { // the palette may end where the pixels begin
			length = min(length, m.offset-after)
		}
		m.readPalette(io.NewSectionReader(file, after, length), entry)
		after += length
	}
	m.offset = max(m.offset, after)
	return m, nil
}

// readPalette reads colours of three bytes (blue, green and red), or of four.
func (m *bitmap) readPalette(r io.Reader, entry int) {
	b, _ := io.ReadAll(r) // a damaged palette has fewer colours
	for i := range m.palette {
		m.palette[i].A = 0xff
		if c := b[min(i*entry, len(b)):]; len(c) >= 3 {
			m.palette[i] = color.NRGBA{c[2], c[1], c[0], 0xff}
		}
	}
}

// setMasks sets the bits of each colour, and reports whether the encoding of the
// pixels is known. length is that of the masks after the header, in bytes.
func (m *bitmap) setMasks(info []byte, size uint32) (length int64, ok bool) {
	switch m.depth {
	case 1, 2, 4, 8:
		return 0, m.compression == bmpPlain || m.compression == bmpRLE8 && m.depth == 8 || m.compression == bmpRLE4 && m.depth == 4
	case 16:
		m.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	case 24:
		return 0, m.compression == bmpPlain
	case 32:
		m.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	default:
		return 0, false
	}
	given := 3
	switch {
	case m.compression == bmpPlain:
		return 0, true
	case m.compression != bmpMasks && m.compression != bmpAlphaMasks:
		return 0, false
	case size >= 56 || size == 40 && m.compression == bmpAlphaMasks:
		given = 4
	}
	for i := range given {
		m.masks[i] = binary.LittleEndian.Uint32(info[40+4*i:])
	}
	if size == 40 { // otherwise the header has them
		length = int64(4 * given)
	}
	return length, true
}

func bmpHeader(file *input.File) (input.Header, error) {
	m, err := readBitmap(file)
	if err != nil {
		return input.Header{}, err
	}
	return input.Header{Width: m.width, Height: m.height, BytesPerPixel: input.BytesPerPixel}, nil
}

// decodeBMP decodes a picture, or the part of a damaged picture that is there.
func decodeBMP(file *input.File) (image.Image, error) {
	m, err := readBitmap(file)
	if err != nil {
		return nil, err
	}
	runs := m.compression == bmpRLE8 || m.compression == bmpRLE4
	line := (int64(m.width)*int64(m.depth) + 31) / 32 * 4 // length of an uncompressed row, in bytes
	if !runs && (file.Size()-m.offset)*input.LeastShare < line*int64(m.height) {
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := file.Seek(m.offset, io.SeekStart); err != nil {
		return nil, err
	}
	dst := image.NewNRGBA(image.Rect(0, 0, m.width, m.height))
	r := bufio.NewReaderSize(file, 64<<10)
	if runs {
		err = m.readRuns(r, dst)
	} else {
		err = m.readRows(r, dst, make([]byte, line))
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	file.Partial = err != nil
	return dst, nil
}

func (m *bitmap) readRows(r io.Reader, dst *image.NRGBA, line []byte) error {
	for y := range m.height {
		n, err := io.ReadFull(r, line)
		for x := range min(m.width, n*8/m.depth) {
			dst.SetNRGBA(x, m.row(y), m.pixel(line, x))
		}
		if err != nil {
			return err
		}
	}
	pixels.Reveal(dst.Pix)
	return nil
}

// row returns the row of the picture for the yth stored row.
func (m *bitmap) row(y int) int {
	if m.down {
		return y
	}
	return m.height - 1 - y
}

func (m *bitmap) pixel(line []byte, x int) color.NRGBA {
	var v uint32
	switch m.depth {
	case 16:
		v = uint32(binary.LittleEndian.Uint16(line[2*x:]))
	case 24:
		return color.NRGBA{line[3*x+2], line[3*x+1], line[3*x], 0xff}
	case 32:
		v = binary.LittleEndian.Uint32(line[4*x:])
	default:
		at := x * m.depth
		return m.palette[line[at/8]>>(8-m.depth-at%8)&(1<<m.depth-1)]
	}
	c := color.NRGBA{channel(v, m.masks[0]), channel(v, m.masks[1]), channel(v, m.masks[2]), 0xff}
	if m.masks[3] != 0 {
		c.A = channel(v, m.masks[3])
	}
	return c
}

// channel returns the bits of a mask as a value up to 255.
func channel(v, mask uint32) uint8 {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	return uint8(uint64(v&mask>>shift) * 255 / uint64(mask>>shift))
}

// readRuns reads run-length encoded pixels: pairs of a count and a value, or
// of 0 and a command (Bitmap Compression, in the documentation of Windows
// GDI). Skipped pixels have the first colour.
func (m *bitmap) readRuns(r io.Reader, dst *image.NRGBA) error {
	draw.Draw(dst, dst.Rect, image.NewUniform(m.palette[0]), image.Point{}, draw.Src)
	x, y := 0, 0
	// put puts pixel i of a byte, which has two of four bits, or one.
	put := func(b byte, i int) {
		if m.depth == 4 {
			b = b >> (4 - i%2*4) & 15
		}
		if x < m.width && y < m.height {
			dst.SetNRGBA(x, m.row(y), m.palette[b])
		}
		x++
	}
	var pair [2]byte
	for y < m.height {
		if _, err := io.ReadFull(r, pair[:]); err != nil {
			return err
		}
		count, value := int(pair[0]), pair[1]
		switch {
		case count > 0:
			for i := range count {
				put(value, i)
			}
		case value == 0: // the end of a row
			x, y = 0, y+1
		case value == 1: // the end of the picture
			return nil
		case value == 2: // a step to the right and up
			if _, err := io.ReadFull(r, pair[:]); err != nil {
				return err
			}
			x, y = x+int(pair[0]), y+int(pair[1])
		default: // literal pixels, padded to an even number of bytes
			literal := make([]byte, (int(value)*m.depth+15)/16*2)
			if _, err := io.ReadFull(r, literal); err != nil {
				return err
			}
			for i := range int(value) {
				put(literal[i*m.depth/8], i)
			}
		}
	}
	return nil
}
