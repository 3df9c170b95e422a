package page

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"io"
)

// A directory is one page of a TIFF file (TIFF 6.0, section 2, "Image File
// Directory").
type directory struct {
	offset uint32
	turn   orientation
}

const (
	maxDirectories = 10_000 // counted; fewer are read

	tagSubfileType = 254 // its lowest bit marks a smaller copy of another page
	tagOrientation = 274
)

// directories walks the chain of pages, over smaller copies of them. A chain
// that is damaged ends where it is.
func directories(r io.ReaderAt) ([]directory, error) {
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, short(err)
	}
	order := byteOrder(head)
	next := order.Uint32(head[4:])
	seen := map[uint32]bool{}
	var pages []directory
	for next != 0 && !seen[next] && len(seen) < maxDirectories {
		seen[next] = true
		d := directory{offset: next, turn: upright}
		small, after, err := d.read(r, order)
		if err != nil {
			if len(pages) > 0 {
				break
			}
			return nil, err
		}
		if !small {
			pages = append(pages, d)
		}
		next = after
	}
	if len(pages) == 0 {
		return nil, errors.New("it has no pages")
	}
	return pages, nil
}

func byteOrder(head [8]byte) binary.ByteOrder {
	if head[0] == 'M' {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// read reads what x/image/tiff leaves out. It returns whether the directory is
// a smaller copy of another, and the next one's offset.
func (d *directory) read(r io.ReaderAt, order binary.ByteOrder) (small bool, next uint32, err error) {
	const entryLen = 12
	var count [2]byte
	if _, err := r.ReadAt(count[:], int64(d.offset)); err != nil {
		return false, 0, short(err)
	}
	entries := make([]byte, entryLen*int(order.Uint16(count[:]))+4)
	if _, err := r.ReadAt(entries, int64(d.offset)+2); err != nil {
		return false, 0, short(err)
	}
	for ; len(entries) >= entryLen; entries = entries[entryLen:] {
		switch order.Uint16(entries) {
		case tagSubfileType: // a LONG
			small = order.Uint32(entries[8:])&1 != 0
		case tagOrientation: // a SHORT
			if v := order.Uint16(entries[8:]); v >= 1 && v <= 8 {
				d.turn = orientation(v)
			}
		}
	}
	return small, order.Uint32(entries), nil
}

// short is what a file that ends too early is called.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// asFirst is the file with another page as its first, which is the only one
// that x/image/tiff reads.
type asFirst struct {
	*source
	head [8]byte
}

// asFirstPage finds page i, counted from 0.
func asFirstPage(src *source, i int) (*asFirst, directory, error) {
	pages, err := directories(src)
	if err != nil {
		return nil, directory{}, err
	}
	if i >= len(pages) {
		return nil, directory{}, fmt.Errorf("it has %d pages, not %d", len(pages), i+1)
	}
	f := &asFirst{source: src}
	if _, err := src.ReadAt(f.head[:], 0); err != nil {
		return nil, directory{}, short(err)
	}
	byteOrder(f.head).PutUint32(f.head[4:], pages[i].offset)
	return f, pages[i], nil
}

func (f *asFirst) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.source.ReadAt(p, off)
	if off >= 0 && off < int64(len(f.head)) {
		copy(p[:n], f.head[off:])
	}
	return n, err
}

// tiffBytesPerPixel is twice the picture: x/image/tiff unpacks a strip beside
// it, and one strip may hold all of it.
func tiffBytesPerPixel(m color.Model) float64 {
	switch m {
	case color.GrayModel:
		return 2
	case color.RGBAModel, color.NRGBAModel:
		return 8
	case color.Gray16Model:
		return 4
	case color.RGBA64Model, color.NRGBA64Model:
		return 16
	}
	return 2 // a palette
}
