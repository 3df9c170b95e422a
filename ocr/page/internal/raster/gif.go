package raster

import (
	"bufio"
	"compress/lzw"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"io"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

// maxFrames is the most frames of an animation that are drawn above each other
// until there is something to see.
const maxFrames = 50

// A gifReader reads a GIF file (GIF89a specification) as browsers do.
// image/gif refuses a file for faults beside its picture.
type gifReader struct {
	r       *bufio.Reader
	screen  image.Point
	palette []byte // of the whole file: red, green and blue
	clear   int    // the index that is transparent in the next frame, or -1
}

// A gifFrame is an image descriptor.
type gifFrame struct {
	rect       image.Rectangle
	palette    []byte
	interlaced bool
	clear      int
}

func newGIFReader(file *input.File) (*gifReader, error) {
	g := &gifReader{r: bufio.NewReaderSize(file, 64<<10), clear: -1}
	var head [13]byte
	if _, err := io.ReadFull(g.r, head[:]); err != nil {
		return nil, err
	}
	g.screen = image.Pt(int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:])))
	var err error
	g.palette, err = g.colors(head[10])
	return g, err
}

// colors reads the palette that flags announce.
func (g *gifReader) colors(flags byte) ([]byte, error) {
	if flags&0x80 == 0 {
		return nil, nil
	}
	b := make([]byte, 3<<(1+flags&7))
	_, err := io.ReadFull(g.r, b)
	return b, err
}

// frame skips to the next image. After the last image the error is io.EOF.
func (g *gifReader) frame() (f gifFrame, err error) {
	for {
		kind, err := g.r.ReadByte()
		if err != nil {
			return f, err
		}
		switch kind {
		case ';':
			return f, io.EOF
		case '!':
			label, err := g.r.ReadByte()
			if err != nil {
				return f, err
			}
			blocks := &gifBlocks{r: g.r}
			var body [4]byte
			if n, _ := io.ReadFull(blocks, body[:]); label == 0xf9 && n == len(body) {
				g.clear = -1
				if body[0]&1 != 0 {
					g.clear = int(body[3])
				}
			}
			if _, err := io.Copy(io.Discard, blocks); err != nil {
				return f, err
			}
		case ',':
			var b [9]byte
			if _, err := io.ReadFull(g.r, b[:]); err != nil {
				return f, err
			}
			number := func(i int) int { return int(binary.LittleEndian.Uint16(b[i:])) }
			f.rect = image.Rect(0, 0, number(4), number(6)).Add(image.Pt(number(0), number(2)))
			f.interlaced, f.clear = b[8]&0x40 != 0, g.clear
			g.clear = -1
			if f.palette, err = g.colors(b[8]); f.palette == nil {
				f.palette = g.palette
			}
			return f, err
		}
	}
}

// gifHeader returns the canvas, enlarged if the first frame does not fit.
func gifHeader(file *input.File) (input.Header, error) {
	g, err := newGIFReader(file)
	if err != nil {
		return input.Header{}, err
	}
	f, err := g.frame()
	if err != nil {
		return input.Header{}, err
	}
	size := g.canvas(f)
	return input.Header{Width: size.X, Height: size.Y, BytesPerPixel: input.BytesPerPixel}, nil
}

func (g *gifReader) canvas(first gifFrame) image.Point {
	if first.rect.Empty() {
		return image.Point{}
	}
	return image.Pt(max(g.screen.X, first.rect.Max.X), max(g.screen.Y, first.rect.Max.Y))
}

// decodeGIF returns the first frame on its canvas. If that has a single
// colour, as in an animation that starts with an empty canvas, further frames
// are drawn above.
func decodeGIF(file *input.File) (image.Image, error) {
	g, err := newGIFReader(file)
	if err != nil {
		return nil, err
	}
	var m *image.RGBA
	for range maxFrames {
		f, err := g.frame()
		if err != nil {
			if m == nil {
				return nil, err
			}
			break
		}
		if m == nil {
			m = image.NewRGBA(image.Rectangle{Max: g.canvas(f)})
		}
		rows, err := g.draw(m, f)
		if err != nil && rows*input.LeastShare < f.rect.Dy() {
			return nil, err
		}
		file.Partial = rows < f.rect.Dy()
		if file.Partial || !pixels.SingleColor(m) || file.Context.Err() != nil {
			break
		}
	}
	return m, nil
}

// draw draws a frame, and returns the number of rows that were present.
func (g *gifReader) draw(m *image.RGBA, f gifFrame) (rows int, err error) {
	width, err := g.r.ReadByte()
	if err != nil {
		return 0, err
	}
	if width < 2 || width > 8 {
		return 0, fmt.Errorf("its pixels have %d bits", width)
	}
	blocks := &gifBlocks{r: g.r}
	pixels := lzw.NewReader(blocks, lzw.LSB, int(width))
	defer pixels.Close()
	row := make([]byte, f.rect.Dx())
	for y := range f.order() {
		if _, err := io.ReadFull(pixels, row); err != nil {
			return rows, err
		}
		for x, index := range row {
			at := f.rect.Min.Add(image.Pt(x, y))
			if int(index) == f.clear || !at.In(m.Rect) {
				continue
			}
			c := color.RGBA{A: 0xff}
			if rgb := 3 * int(index); rgb < len(f.palette) {
				c.R, c.G, c.B = f.palette[rgb], f.palette[rgb+1], f.palette[rgb+2]
			} else if f.palette == nil { // the file leaves the colours to the reader
				grey := byte(int(index) * 255 / (1<<width - 1))
				c.R, c.G, c.B = grey, grey, grey
			}
			m.SetRGBA(at.X, at.Y, c)
		}
		rows++
	}
	_, err = io.Copy(io.Discard, blocks) // surplus data does no harm
	return rows, err
}

// order yields the rows of a frame in stored order.
func (f gifFrame) order() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		passes := [][2]int{{0, 1}}
		if f.interlaced {
			passes = [][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}}
		}
		for _, pass := range passes {
			for y := pass[0]; y < f.rect.Dy(); y += pass[1] {
				if !yield(y) {
					return
				}
			}
		}
	}
}

// gifBlocks reads the bytes of data sub-blocks, up to the empty block.
type gifBlocks struct {
	r     *bufio.Reader
	left  int
	ended bool
}

func (b *gifBlocks) Read(p []byte) (int, error) {
	if b.left == 0 && !b.ended {
		n, err := b.r.ReadByte()
		if err != nil {
			return 0, input.UnexpectedEOF(err)
		}
		b.left, b.ended = int(n), n == 0
	}
	if b.ended {
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// ReadByte keeps lzw from reading ahead.
func (b *gifBlocks) ReadByte() (byte, error) {
	var p [1]byte
	_, err := io.ReadFull(b, p[:])
	return p[0], err
}
