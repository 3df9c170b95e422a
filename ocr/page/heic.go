package page

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/gen2brain/heic"
)

const (
	// heicBytesPerPixel is libheif's memory per pixel: 24 megapixels took 585
	// MB.
	heicBytesPerPixel = 16

	// minHEICWidth is the least width in pixels for which the decoder returns
	// all rows, and colorHEICWidth the least for which it returns the colours.
	// The decoder assumes that the rows of each plane are as long as the
	// picture is wide, but libheif makes them at least 64 bytes long.
	minHEICWidth, colorHEICWidth = 64, 128

	maxMeta = 8 << 20 // bytes of a file's description that are read
)

// A heif holds the used parts of a file's description, the box "meta" (ISO/IEC
// 14496-12, 8.11, and 23008-12). If an item is described twice, the first
// counts.
type heif struct {
	primary   uint32
	primaryAt int64 // offset of the primary item's number in the file
	wide      bool  // that number has four bytes, not two
	items     map[uint32]string
	locations map[uint32]location
	refs      []reference
	boxes     []box            // the properties
	of        map[uint32][]int // an item's properties, counted from 1, in their order
}

type reference struct {
	kind string
	from uint32
	to   []uint32
}

// A location is the only extent of an item in the file itself.
type location struct{ offset, length uint64 }

type box struct {
	kind string
	at   int64 // of the body in the file
	body []byte
}

// boxesOf returns the boxes in bytes at an offset, up to the first damaged
// box.
func boxesOf(b []byte, at int64) []box {
	var all []box
	for len(b) >= 8 {
		head, size := 8, uint64(binary.BigEndian.Uint32(b))
		switch {
		case size == 1 && len(b) >= 16:
			head, size = 16, binary.BigEndian.Uint64(b[8:])
		case size == 0:
			size = uint64(len(b))
		}
		if size < uint64(head) || size > uint64(len(b)) {
			break
		}
		all = append(all, box{string(b[4:8]), at + int64(head), b[head:size]})
		b, at = b[size:], at+int64(size)
	}
	return all
}

var errNoMeta = errors.New("it has no description of its picture")

// readHEIF reads the description.
func readHEIF(src *source) (*heif, error) {
	var at int64
	film := false
	for range 64 {
		var head [16]byte
		n, err := src.ReadAt(head[:], at)
		switch {
		case n < 8 && film:
			return nil, fmt.Errorf("%w: HEIC of a film alone", ErrNoDecoder)
		case n < 8:
			return nil, short(err)
		}
		film = film || string(head[4:8]) == "moov"
		size := int64(binary.BigEndian.Uint32(head[:]))
		body := at + 8
		if size == 1 {
			size, body = int64(binary.BigEndian.Uint64(head[8:])), at+16
		}
		if string(head[4:8]) == "meta" {
			if size < body-at || size > maxMeta {
				return nil, errNoMeta
			}
			b := make([]byte, size-(body-at))
			if _, err := src.ReadAt(b, body); err != nil {
				return nil, short(err)
			}
			return parseHEIF(b, body)
		}
		if size < body-at || at > math.MaxInt64-size {
			break
		}
		at += size
	}
	return nil, errNoMeta
}

// parseHEIF parses the body of the box "meta", which stands at an offset.
func parseHEIF(b []byte, at int64) (*heif, error) {
	h := &heif{items: map[uint32]string{}, locations: map[uint32]location{}, of: map[uint32][]int{}}
	if len(b) < 4 {
		return nil, errNoMeta
	}
	for _, x := range boxesOf(b[4:], at+4) {
		f := newFields(x.body)
		version := f.number(1)
		f.number(3)
		switch x.kind {
		case "pitm":
			h.wide = version > 0
			h.primaryAt = x.at + 4
			h.primary = uint32(f.id(h.wide))
		case "iinf":
			f.id(version > 0)
			for _, entry := range boxesOf(f.rest, 0) {
				e := newFields(entry.body)
				version := e.number(1)
				e.number(3)
				id := uint32(e.id(version > 2))
				e.number(2)
				h.items[id] = string(e.take(4))
			}
		case "iloc":
			h.readLocations(f, version)
		case "iref":
			for _, entry := range boxesOf(f.rest, 0) {
				e := newFields(entry.body)
				r := reference{kind: entry.kind, from: uint32(e.id(version > 0))}
				for range e.number(2) {
					if !e.ok {
						break
					}
					r.to = append(r.to, uint32(e.id(version > 0)))
				}
				h.refs = append(h.refs, r)
			}
		case "iprp":
			for _, part := range boxesOf(x.body, x.at) {
				switch part.kind {
				case "ipco":
					h.boxes = boxesOf(part.body, part.at)
				case "ipma":
					h.readAssociations(newFields(part.body))
				}
			}
		}
	}
	if h.primaryAt == 0 {
		return nil, errNoMeta
	}
	return h, nil
}

func (h *heif) readLocations(f *fields, version uint64) {
	sizes := f.number(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12&15), int(sizes>>8&15), int(sizes>>4&15), 0
	if version > 0 {
		indexSize = int(sizes & 15)
	}
	for range f.id(version > 1) {
		id, method := uint32(f.id(version > 1)), uint64(0)
		if version > 0 {
			method = f.number(2) & 15
		}
		f.number(2) // of another file
		base, extents := f.number(baseSize), f.number(2)
		for range extents {
			f.number(indexSize)
			l := location{base + f.number(offsetSize), f.number(lengthSize)}
			if !f.ok {
				return
			}
			if method == 0 && extents == 1 {
				h.locations[id] = l
			}
		}
	}
}

func (h *heif) readAssociations(f *fields) {
	version := f.number(1)
	flags := f.number(3)
	for range f.number(4) {
		id := uint32(f.id(version > 0))
		count := f.number(1)
		if !f.ok {
			return // the number of items is the file's word
		}
		for range count {
			index := f.number(1) & 0x7f
			if flags&1 != 0 {
				index = index<<8 | f.number(1)
			}
			if !f.ok {
				return
			}
			h.of[id] = append(h.of[id], int(index))
		}
	}
}

// properties returns an item's properties of a kind, or all properties for "".
func (h *heif) properties(id uint32, kind string) []box {
	var all []box
	for _, i := range h.of[id] {
		if i >= 1 && i <= len(h.boxes) && (kind == "" || h.boxes[i-1].kind == kind) {
			all = append(all, h.boxes[i-1])
		}
	}
	return all
}

// size returns the size of the primary picture as libheif shows the picture:
// cropped and turned according to its properties.
func (h *heif) size() (image.Point, error) {
	var size image.Point
	for _, p := range h.properties(h.primary, "") {
		f := newFields(p.body)
		switch p.kind {
		case "ispe":
			f.number(4)
			size = image.Pt(int(f.number(4)), int(f.number(4)))
		case "clap": // width and height are fractions
			crop := func(old int) int {
				n, d := f.number(4), f.number(4)
				if d == 0 || n/d == 0 {
					return old
				}
				return min(old, int(n/d))
			}
			size = image.Pt(crop(size.X), crop(size.Y))
		case "irot":
			if f.number(1)&1 != 0 {
				size = image.Pt(size.Y, size.X)
			}
		}
	}
	if size.X <= 0 || size.Y <= 0 {
		return size, fmt.Errorf("its size is %d×%d", size.X, size.Y)
	}
	return size, nil
}

// exif returns the EXIF data of the item with these data, a TIFF file. If the
// picture has a property for its rotation, libheif turns the picture, and the
// EXIF data are ignored.
func (h *heif) exif(src *source) []byte {
	for _, p := range h.properties(h.primary, "") {
		if p.kind == "irot" || p.kind == "imir" {
			return nil
		}
	}
	for id, kind := range h.items {
		l, ok := h.locations[id]
		if kind != "Exif" || !ok || l.length < 4 || l.length > maxEXIF || l.offset > 1<<62 {
			continue
		}
		b := make([]byte, l.length)
		if _, err := src.ReadAt(b, int64(l.offset)); err != nil {
			continue
		}
		// The first four bytes say how many there are before the TIFF file.
		if skip := uint64(binary.BigEndian.Uint32(b)); skip <= uint64(len(b)-4) {
			return b[4+skip:]
		}
	}
	return nil
}

// alpha returns the item whose grey values are the primary picture's alpha.
func (h *heif) alpha() (uint32, bool) {
	for _, r := range h.refs {
		if r.kind != "auxl" || !slices.Contains(r.to, h.primary) {
			continue
		}
		for _, p := range h.properties(r.from, "auxC") {
			if bytes.Contains(p.body, []byte("urn:mpeg:hevc:2015:auxid:1")) || bytes.Contains(p.body, []byte("auxiliary:alpha")) {
				return r.from, true
			}
		}
	}
	return 0, false
}

// limited reports whether the primary picture's values lie between 16 and 235
// (ITU-T H.273, VideoFullRangeFlag), according to the file, or else to its
// bitstream.
func (h *heif) limited() bool {
	for _, p := range h.properties(h.primary, "colr") {
		if len(p.body) >= 11 && string(p.body[:4]) == "nclx" {
			return p.body[10]&0x80 == 0
		}
	}
	all := h.sequences()
	return len(all) > 0 && all[0].ok && !all[0].full
}

// sequences returns the parameter sets of the primary picture and of its
// tiles.
func (h *heif) sequences() (all []sequence) {
	items := []uint32{h.primary}
	for _, r := range h.refs { // the tiles of a grid
		if r.kind == "dimg" && r.from == h.primary {
			items = append(items, r.to...)
		}
	}
	for _, id := range items {
		for _, p := range h.properties(id, "hvcC") {
			if sps := firstSPS(p.body); sps != nil {
				all = append(all, readSequence(sps))
			}
		}
	}
	return all
}

// larger reports whether far more pixels are coded than the file says, since
// all would be decoded.
func (h *heif) larger(size image.Point) bool {
	const spare = 4 << 20 // tiles at the edges, and cropped parts
	coded := 0.0
	for _, s := range h.sequences() {
		coded += float64(s.width) * float64(s.height)
	}
	return coded > 4*float64(size.X)*float64(size.Y)+spare
}

// heicConfig returns the size of the shown picture. The decoder's own function
// would start its WebAssembly module, which takes longer than a second.
func heicConfig(src *source) (image.Config, error) {
	h, err := readHEIF(src)
	if err != nil {
		return image.Config{}, err
	}
	size, err := h.size()
	if err != nil {
		return image.Config{}, err
	}
	return image.Config{ColorModel: color.YCbCrModel, Width: size.X, Height: size.Y}, nil
}

// decodeHEIC returns the picture as libheif shows it, with all its colours.
func decodeHEIC(src *source) (image.Image, error) {
	h, err := readHEIF(src)
	if err != nil {
		return nil, err
	}
	size, err := h.size()
	if err != nil {
		return nil, err
	} else if size.X < minHEICWidth {
		return nil, fmt.Errorf("%w: HEIC of %d pixels' width", ErrNoDecoder, size.X)
	} else if h.larger(size) {
		return nil, errors.New("its picture is larger than it says")
	}
	// libheif requires HEIC's brand as the first.
	changes := map[uint64][]byte{8: []byte("heic")}
	m, err := libheif(src, changes)
	if err != nil && strings.Contains(err.Error(), "unsupported chroma 0") {
		h.inColor(changes)
		m, err = libheif(src, changes)
	}
	if err != nil && size.X < colorHEICWidth {
		return nil, fmt.Errorf("%w: HEIC of %d pixels' width: %w", ErrNoDecoder, size.X, err)
	} else if err != nil {
		return nil, err
	}
	if h.limited() {
		expandRange(m)
	}
	id, ok := h.alpha()
	if !ok {
		return m, nil
	}
	m = compact(m)
	number := binary.BigEndian.AppendUint32(nil, id)
	if !h.wide {
		number = number[2:]
	}
	changes[uint64(h.primaryAt)] = number
	alpha, err := libheif(src, changes)
	if err != nil {
		return nil, err
	}
	return withAlpha(m, alpha)
}

// inColor marks a grey picture as one with colours, because the decoder
// requires that of a picture made of tiles.
func (h *heif) inColor(changes map[uint64][]byte) {
	for _, p := range h.boxes {
		const chroma = 16 // the byte of the format, in its lowest bits
		if p.kind == "hvcC" && len(p.body) > chroma && p.body[chroma]&3 == 0 {
			changes[uint64(p.at)+chroma] = []byte{p.body[chroma] | 1}
		}
	}
}

func libheif(src *source, changes map[uint64][]byte) (image.Image, error) {
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	m, err := heic.Decode(io.NewSectionReader(&changed{src, changes}, 0, size))
	if err != nil {
		// The stack of the WebAssembly module follows the first line.
		return nil, errors.New(firstLine(err.Error()))
	}
	// The decoder frees the picture's memory before returning it, which
	// overwrites the first pixels.
	const overwritten = 16
	switch m := m.(type) {
	case *image.YCbCr:
		copy(m.Y[:min(overwritten, m.YStride)], m.Y[min(m.YStride, len(m.Y)):])
	case *image.Gray:
		copy(m.Pix[:min(overwritten, m.Stride)], m.Pix[min(m.Stride, len(m.Pix)):])
	}
	if c, ok := m.(*image.YCbCr); ok && c.Rect.Dx() < colorHEICWidth {
		return &image.Gray{Pix: c.Y, Stride: c.YStride, Rect: c.Rect}, nil // it shows the text
	}
	return m, nil
}

// compact copies a picture out of the decoder's memory, which would otherwise
// all be kept.
func compact(m image.Image) image.Image {
	switch m := m.(type) {
	case *image.YCbCr:
		c := *m
		c.Y, c.Cb, c.Cr = slices.Clone(m.Y), slices.Clone(m.Cb), slices.Clone(m.Cr)
		return &c
	case *image.Gray:
		c := *m
		c.Pix = slices.Clone(m.Pix)
		return &c
	}
	return m
}

// withAlpha returns a picture with the grey values of another as alpha.
func withAlpha(m, alpha image.Image) (image.Image, error) {
	b := m.Bounds()
	if b != alpha.Bounds() {
		return nil, fmt.Errorf("its alpha has %v pixels, not %v", alpha.Bounds().Size(), b.Size())
	}
	dst := image.NewNRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			c.A = color.GrayModel.Convert(alpha.At(x, y)).(color.Gray).Y
			dst.SetNRGBA(x, y, c)
		}
	}
	return dst, nil
}
