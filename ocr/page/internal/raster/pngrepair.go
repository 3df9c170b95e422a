package raster

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"slackocr/ocr/page/internal/input"
)

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

// repair finds the palette and the pixels.
func (h pngHeader) repair(file *input.File) (*pngRepair, error) {
	p := &pngRepair{header: h, left: h.rows()}
	p.out.WriteString(pngSignature)
	p.chunk("IHDR", h.body)
	var pixels []io.Reader
	for name, body := range pngChunks(file) {
		switch {
		case name == "IDAT":
			pixels = append(pixels, body)
		case len(pixels) == 0 && (name == "PLTE" || name == "tRNS"):
			if body.Size() > maxPalette {
				return nil, errors.New("its palette is too long")
			}
			b, err := io.ReadAll(body)
			if err != nil {
				return nil, err
			}
			p.chunk(name, b)
		}
	}
	var err error
	p.pixels, err = zlib.NewReader(bufio.NewReader(io.MultiReader(pixels...)))
	p.deflate, _ = zlib.NewWriterLevel(&p.body, zlib.NoCompression)
	return p, err
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
