package raster

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"

	"slackocr/ocr/page/internal/input"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	maxPNGChunks = 1 << 20
	maxPalette   = 1 << 20 // bytes
)

// A pngHeader is the chunk IHDR (PNG 3rd edition, 11.2.1).
type pngHeader struct {
	width, height uint32
	depth, kind   byte
	interlaced    bool
	body          []byte
}

func readPNGHeader(file *input.File) (h pngHeader, err error) {
	var b [8 + 8 + 13]byte
	if _, err := file.ReadAt(b[:], 0); err != nil {
		return h, input.UnexpectedEOF(err)
	}
	if string(b[12:16]) != "IHDR" {
		return h, errors.New("it does not begin with its header")
	}
	body := b[16:]
	be := binary.BigEndian
	return pngHeader{be.Uint32(body), be.Uint32(body[4:]), body[8], body[9], body[12] == 1, body}, nil
}

func pngSize(file *input.File) (input.Header, error) {
	h, err := readPNGHeader(file)
	if err != nil {
		return input.Header{}, err
	}
	if h.width > input.MaxSide || h.height > input.MaxSide {
		return input.Header{}, fmt.Errorf("its size is %d×%d", h.width, h.height)
	}
	size := input.Header{Width: int(h.width), Height: int(h.height), BytesPerPixel: input.BytesPerPixel}
	if h.depth == 16 {
		size.BytesPerPixel *= 2
	}
	return size, nil
}

// decodePNG decodes a picture. image/png refuses every faulty file; decodePNG
// then rebuilds a valid file from the readable part.
func decodePNG(file *input.File) (image.Image, error) {
	file.Gamma = pngGamma(file)
	file.Rewind()
	m, err := png.Decode(bufio.NewReaderSize(file, 64<<10))
	if err == nil || file.Context.Err() != nil {
		return m, err
	}
	h, headerErr := readPNGHeader(file)
	if headerErr != nil || int64(h.width)*int64(h.height) > input.MaxDamaged {
		return nil, err
	}
	repaired, repairErr := h.repair(file)
	if repairErr != nil {
		return nil, err
	}
	m, err = png.Decode(repaired)
	file.Partial = repaired.padded
	return m, err
}

// A pngRepair is a PNG file that is built from the pixels of another file
// while they are read, with everything that image/png requires and nothing
// else.
type pngRepair struct {
	header  pngHeader
	pixels  io.Reader // filtered rows
	at      int64     // offset in the rows' bytes
	left    int64     // bytes of rows still to come
	out     bytes.Buffer
	deflate *zlib.Writer
	body    bytes.Buffer // contents of the present chunk
	ended   bool
	padded  bool // rows are missing
}

// repair reads the palette and finds the first pixels.
func (h pngHeader) repair(file *input.File) (*pngRepair, error) {
	file.Rewind()
	chunks := &pngChunks{r: bufio.NewReaderSize(file, 64<<10)}
	if _, err := io.CopyN(io.Discard, chunks.r, int64(len(pngSignature))); err != nil {
		return nil, err
	}
	p := &pngRepair{header: h, left: h.rows()}
	p.out.WriteString(pngSignature)
	p.chunk("IHDR", h.body)
	for {
		name, err := chunks.next()
		switch {
		case err != nil:
			return nil, err
		case name == "PLTE", name == "tRNS":
			if chunks.left > maxPalette {
				return nil, errors.New("its palette is too long")
			}
			body, err := io.ReadAll(io.LimitReader(chunks.r, chunks.left))
			if err != nil {
				return nil, err
			}
			chunks.left -= int64(len(body))
			p.chunk(name, body)
		case name == "IDAT":
			p.pixels, err = zlib.NewReader(chunks)
			p.deflate, _ = zlib.NewWriterLevel(&p.body, zlib.NoCompression)
			return p, err
		}
	}
}

// rows returns the number of bytes of the uncompressed rows, each with the
// byte of its filter.
func (h pngHeader) rows() int64 {
	if !h.interlaced {
		return int64(h.height) * h.row(h.width)
	}
	var all int64
	for _, pass := range [7][4]uint32{ // first column and row, steps (PNG, section 8)
		{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
	} {
		if h.width <= pass[0] || h.height <= pass[1] {
			continue
		}
		width := (h.width - pass[0] + pass[2] - 1) / pass[2]
		height := (h.height - pass[1] + pass[3] - 1) / pass[3]
		all += int64(height) * h.row(width)
	}
	return all
}

// row returns the length of a row of width pixels.
func (h pngHeader) row(width uint32) int64 {
	samples := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[h.kind]
	return 1 + (int64(width)*samples*int64(h.depth)+7)/8
}

func (p *pngRepair) Read(b []byte) (int, error) {
	for p.out.Len() == 0 {
		if p.ended {
			return 0, io.EOF
		}
		if err := p.more(); err != nil {
			return 0, err
		}
	}
	return p.out.Read(b)
}

// more builds another chunk of pixels, or the last chunk. Missing rows are
// white, or, if their bytes alone cannot say so, the first colour.
func (p *pngRepair) more() error {
	if p.left == 0 {
		p.ended = true
		if err := p.deflate.Close(); err != nil {
			return err
		}
		p.chunk("IDAT", p.body.Bytes())
		p.chunk("IEND", nil)
		return nil
	}
	b := make([]byte, min(p.left, 32<<10))
	n := 0
	if !p.padded {
		var err error
		n, err = io.ReadFull(p.pixels, b)
		p.padded = err != nil
	}
	if !p.header.interlaced {
		n = p.header.check(b, n, p.at)
		p.padded = p.padded || n < len(b)
	}
	if p.padded && (p.at+int64(n))*input.LeastShare < p.at+p.left {
		return io.ErrUnexpectedEOF
	}
	p.at, p.left = p.at+int64(len(b)), p.left-int64(len(b))
	if _, err := p.deflate.Write(b); err != nil {
		return err
	}
	p.chunk("IDAT", p.body.Bytes())
	p.body.Reset()
	return nil
}

// check checks the filters of the rows in the first n bytes of b, which start
// at offset at. The result is the number of good bytes. check makes the others
// white, or the first colour if their bytes alone cannot say white.
func (h pngHeader) check(b []byte, n int, at int64) int {
	const paeth = 4 // the last kind of filter
	row := h.row(h.width)
	for i := (row - at%row) % row; i < int64(n); i += row {
		if b[i] > paeth {
			n = int(i)
		}
	}
	for i := n; i < len(b); i++ {
		b[i] = 0
		if h.kind != 3 && (at+int64(i))%row != 0 {
			b[i] = 0xff
		}
	}
	return n
}

func (p *pngRepair) chunk(name string, body []byte) {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	head = append(head, name...)
	sum := crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, body)
	p.out.Write(head)
	p.out.Write(body)
	p.out.Write(binary.BigEndian.AppendUint32(nil, sum))
}

// pngChunks reads a file's chunks and ignores checksums. As a reader it
// returns the contents of all IDAT chunks from the present position.
type pngChunks struct {
	r    *bufio.Reader
	left int64 // rest of the present chunk's contents
	body bool  // the position is inside a chunk, before its checksum
	read int
}

// next skips to the next chunk.
func (c *pngChunks) next() (name string, err error) {
	if c.read++; c.read > maxPNGChunks {
		return "", errors.New("too many chunks")
	}
	if c.body {
		if _, err := io.CopyN(io.Discard, c.r, c.left+4); err != nil {
			return "", input.UnexpectedEOF(err)
		}
	}
	var head [8]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return "", input.UnexpectedEOF(err)
	}
	c.left, c.body = int64(binary.BigEndian.Uint32(head[:])), true
	return string(head[4:]), nil
}

func (c *pngChunks) Read(b []byte) (int, error) {
	for c.left == 0 {
		name, err := c.next()
		if err != nil || name == "IEND" {
			return 0, io.EOF
		}
		if name != "IDAT" {
			if _, err := io.CopyN(io.Discard, c.r, c.left); err != nil {
				return 0, io.EOF
			}
			c.left = 0
		}
	}
	n, err := c.r.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	return n, err
}

// pngEXIF returns the contents of the chunk eXIf.
func pngEXIF(file *input.File) []byte {
	c := &pngChunks{r: bufio.NewReaderSize(file, 64<<10)}
	if _, err := c.r.Discard(len(pngSignature)); err != nil {
		return nil
	}
	for {
		name, err := c.next()
		if err != nil || name == "IEND" {
			return nil
		}
		if name == "eXIf" && c.left <= input.MaxEXIF {
			b, _ := io.ReadAll(io.LimitReader(c.r, c.left))
			return b
		}
	}
}
