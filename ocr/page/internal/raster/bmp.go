package raster

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
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

// A bitmap is the header of a BMP file: of all versions of Windows, and of
// OS/2.
type bitmap struct {
	width, height int
	down          bool // the first row stored is the top one
	depth         int  // bits of a pixel
	compression   uint32
	masks         [4]uint32 // of red, green, blue and alpha
	palette       []byte    // blue, green, red
	entry         int       // bytes of a colour in it: 3 or 4
	offset        int64     // offset of the pixels
}

var errBitmap = errors.New("it has a header that makes no sense")

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
	m := &bitmap{offset: int64(le.Uint32(b[10:])), entry: 4}
	var colors uint32
	switch {
	case size == 12: // OS/2 1, and Windows 2
		m.width, m.height = int(le.Uint16(info[4:])), int(le.Uint16(info[6:]))
		m.depth, m.entry = int(le.Uint16(info[10:])), 3
	case size >= 16 && size <= most:
		m.width, m.height = int(int32(le.Uint32(info[4:]))), int(int32(le.Uint32(info[8:])))
		m.depth = int(le.Uint16(info[14:]))
		if size >= 40 {
			m.compression, colors = le.Uint32(info[16:]), le.Uint32(info[32:])
		}
	default:
		return nil, errBitmap
	}
	if m.height < 0 {
		m.down, m.height = true, -m.height
	}
	if m.width <= 0 || m.width > input.MaxSide || m.height <= 0 || m.height > input.MaxSide {
		return nil, fmt.Errorf("its size is %d×%d", m.width, m.height)
	}
	after := int64(fileHead + size)
	if err := m.setMasks(info, size, &after); err != nil {
		return nil, err
	}
	if m.depth <= 8 {
		if colors == 0 || colors > 1<<m.depth {
			colors = 1 << m.depth
		}
		length := int64(colors) * int64(m.entry)
		if m.offset > after { // the palette may end where the pixels begin
			length = min(length, m.offset-after)
		}
		m.palette = make([]byte, length)
		n, _ := file.ReadAt(m.palette, after)
		m.palette, after = m.palette[:n], after+length
	}
	m.offset = max(m.offset, after)
	return m, nil
}

// setMasks checks the encoding of the pixels and sets the bits of each colour.
// after is the end of the header.
func (m *bitmap) setMasks(info []byte, size uint32, after *int64) error {
	switch m.depth {
	case 1, 2, 4, 8:
		ok := m.compression == bmpPlain || m.compression == bmpRLE8 && m.depth == 8 || m.compression == bmpRLE4 && m.depth == 4
		if !ok {
			return m.unknown()
		}
		return nil
	case 16:
		m.masks = [4]uint32{0x7c00, 0x3e0, 0x1f}
	case 24, 32: // for 24 bits the masks are ignored
		m.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	default:
		return m.unknown()
	}
	switch m.compression {
	case bmpPlain:
	case bmpMasks, bmpAlphaMasks:
		if m.depth == 24 {
			return m.unknown()
		}
		for i := range 4 {
			m.masks[i] = binary.LittleEndian.Uint32(info[40+4*i:])
		}
		if size == 40 {
			*after += 12
			if m.compression == bmpAlphaMasks {
				*after += 4
			} else {
				m.masks[3] = 0
			}
		} else if size < 56 {
			m.masks[3] = 0
		}
	default:
		return m.unknown()
	}
	return nil
}

func (m *bitmap) unknown() error {
	return fmt.Errorf("%w: BMP of %d bits, compression %d", input.ErrNoDecoder, m.depth, m.compression)
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
	if !runs && (file.Size()-m.offset)*input.LeastShare < m.line()*int64(m.height) {
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
		err = m.readRows(r, dst)
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	file.Partial = err != nil
	return dst, nil
}

// line returns the length of an uncompressed row, in bytes.
func (m *bitmap) line() int64 { return (int64(m.width)*int64(m.depth) + 31) / 32 * 4 }

func (m *bitmap) readRows(r io.Reader, dst *image.NRGBA) error {
	line := make([]byte, m.line())
	for y := range m.height {
		n, err := io.ReadFull(r, line)
		row := dst.Pix[m.row(y)*dst.Stride:]
		for x := range min(m.width, n*8/m.depth) {
			c := m.pixel(line, x)
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = c.R, c.G, c.B, c.A
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
	case 24: // the masks are always the same
		return color.NRGBA{line[3*x+2], line[3*x+1], line[3*x], 0xff}
	case 16:
		v = uint32(binary.LittleEndian.Uint16(line[2*x:]))
	case 32:
		v = binary.LittleEndian.Uint32(line[4*x:])
	default:
		at := x * m.depth
		return m.color(int(line[at/8]>>(8-m.depth-at%8)) & (1<<m.depth - 1))
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

// color returns a colour of the palette, or black.
func (m *bitmap) color(index int) color.NRGBA {
	c := color.NRGBA{A: 0xff}
	if at := index * m.entry; at+3 <= len(m.palette) {
		c.B, c.G, c.R = m.palette[at], m.palette[at+1], m.palette[at+2]
	}
	return c
}

// readRuns reads run-length encoded pixels: pairs of a count and a value, or
// of 0 and a command (Bitmap Compression, in the documentation of Windows
// GDI). Skipped pixels have the first colour.
func (m *bitmap) readRuns(r *bufio.Reader, dst *image.NRGBA) error {
	first := m.color(0)
	for i := 0; i < len(dst.Pix); i += 4 {
		dst.Pix[i], dst.Pix[i+1], dst.Pix[i+2], dst.Pix[i+3] = first.R, first.G, first.B, first.A
	}
	x, y := 0, 0
	put := func(index byte) {
		if x < m.width && y < m.height {
			dst.SetNRGBA(x, m.row(y), m.color(int(index)))
		}
		x++
	}
	// nibble returns the ith pixel of a value: RLE4 has two pixels in a byte.
	nibble := func(v byte, i int) byte {
		switch {
		case m.compression == bmpRLE8:
			return v
		case i%2 == 0:
			return v >> 4
		}
		return v & 15
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
				put(nibble(value, i))
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
			n := int(value)
			if m.compression == bmpRLE4 {
				n = (n + 1) / 2
			}
			literal := make([]byte, n+n%2)
			if _, err := io.ReadFull(r, literal); err != nil {
				return err
			}
			for i := range int(value) {
				at := i
				if m.compression == bmpRLE4 {
					at /= 2
				}
				put(nibble(literal[at], i))
			}
		}
	}
	return nil
}
