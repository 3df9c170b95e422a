package heif

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"slices"

	"slackocr/ocr/page/internal/input"
)

const (
	maxMeta = 8 << 20 // bytes of a file's description that are read

	// maxSources is more than the 65,536 tiles that a grid can have.
	maxSources = 70_000
)

// A meta holds the used parts of a file's description, the box "meta" (ISO/IEC
// 14496-12, 8.11, and 23008-12). If an item is described twice, the last
// description counts.
type meta struct {
	primary      uint32
	items        map[uint32]item
	locations    map[uint32]location
	refs         []reference
	parts        map[uint32][]uint32 // of which an item is made: the references "dimg"
	boxes        []box               // the properties
	associations map[uint32][]int    // an item's properties, counted from 1, in their order
	lists        box                 // of all associations
	changes      map[uint64][]byte   // by which libheif's program reads the file, by their offsets
}

// An item is a part of the file, such as a picture or its metadata.
type item struct {
	kind  string
	flags byte // the lowest bits
	entry box
}

type reference struct {
	kind  string
	from  uint32
	to    []uint32
	entry box
}

// A location is the only extent of an item in the file itself.
type location struct{ offset, length uint64 }

type box struct {
	kind       string
	kindAt, at int64 // offsets of the kind and of the body in the file
	body       []byte
}

// boxHead returns the size of a box and of the head with which it begins. b has
// at least 8 bytes.
func boxHead(b []byte) (size, head int64) {
	size, head = int64(binary.BigEndian.Uint32(b)), 8
	if size == 1 && len(b) >= 16 {
		size, head = int64(binary.BigEndian.Uint64(b[8:])), 16
	}
	return size, head
}

// boxesOf returns the boxes in bytes at an offset, up to the first damaged
// box.
func boxesOf(b []byte, at int64) []box {
	var all []box
	for len(b) >= 8 {
		size, head := boxHead(b)
		if size == 0 {
			size = int64(len(b))
		}
		if size < head || size > int64(len(b)) {
			break
		}
		all = append(all, box{string(b[4:8]), at + 4, at + head, b[head:size]})
		b, at = b[size:], at+size
	}
	return all
}

var errNoMeta = errors.New("it has no description of its picture")

// readMeta reads the description.
func readMeta(file *input.File) (*meta, error) {
	var at int64
	film := false
	for range 64 {
		var b [16]byte
		n, err := file.ReadAt(b[:], at)
		switch {
		case n < 8 && film:
			return nil, fmt.Errorf("%w: HEIC of a film alone", input.ErrNoDecoder)
		case n < 8:
			return nil, input.UnexpectedEOF(err)
		}
		kind := string(b[4:8])
		film = film || kind == "moov"
		size, head := boxHead(b[:])
		if size < head || at > math.MaxInt64-size || kind == "meta" && size > maxMeta {
			break
		}
		if kind == "meta" {
			body := make([]byte, size-head)
			if _, err := file.ReadAt(body, at+head); err != nil {
				return nil, input.UnexpectedEOF(err)
			}
			return parseMeta(body, at+head)
		}
		at += size
	}
	return nil, errNoMeta
}

// parseMeta parses the body of the box "meta", which stands at an offset.
func parseMeta(b []byte, at int64) (*meta, error) {
	m := &meta{items: map[uint32]item{}, locations: map[uint32]location{}, parts: map[uint32][]uint32{}, associations: map[uint32][]int{}, changes: map[uint64][]byte{}}
	if len(b) < 4 {
		return nil, errNoMeta
	}
	primary, primaryAt, wide := false, int64(0), false
	for _, x := range boxesOf(b[4:], at+4) {
		f := newFields(x.body)
		if x.kind == "iprp" { // the only box without a version
			m.readProperties(x)
			continue
		}
		version := f.number(1)
		f.number(3)
		switch x.kind {
		case "pitm":
			primary, primaryAt, wide = true, x.at+4, version > 0
			m.primary = f.id(wide)
		case "iinf":
			f.id(version > 0)
			for _, entry := range boxesOf(f.rest, x.at+int64(len(x.body)-len(f.rest))) {
				e := newFields(entry.body)
				version, flags := e.number(1), e.number(3)
				id := e.id(version > 2)
				e.number(2)
				m.items[id] = item{string(e.take(4)), byte(flags), entry}
			}
		case "iloc":
			m.readLocations(f, version)
		case "iref":
			for _, entry := range boxesOf(f.rest, x.at+int64(len(x.body)-len(f.rest))) {
				m.readReference(entry, version > 0)
			}
		}
	}
	if !primary {
		return nil, errNoMeta
	}
	if source := m.underive(); source != m.primary {
		m.primary = source
		m.changes[uint64(primaryAt)] = appendID(nil, source, wide)
	}
	return m, nil
}

func (m *meta) readReference(entry box, wide bool) {
	f := newFields(entry.body)
	r := reference{kind: entry.kind, from: f.id(wide), entry: entry}
	for range f.number(2) {
		if f.missing > 0 {
			break
		}
		r.to = append(r.to, f.id(wide))
	}
	if r.kind == "dimg" {
		m.parts[r.from] = append(m.parts[r.from], r.to...)
	}
	m.refs = append(m.refs, r)
}

func (m *meta) readLocations(f *fields, version uint64) {
	sizes := f.number(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12&15), int(sizes>>8&15), int(sizes>>4&15), 0
	if version > 0 {
		indexSize = int(sizes & 15)
	}
	for range f.id(version > 1) {
		id, method := f.id(version > 1), uint64(0)
		if version > 0 {
			method = f.number(2) & 15
		}
		f.number(2) // of another file
		base, extents := f.number(baseSize), f.number(2)
		if f.missing > 0 {
			return // the number of items is the file's word
		}
		for range extents {
			f.number(indexSize)
			l := location{base + f.number(offsetSize), f.number(lengthSize)}
			if f.missing > 0 {
				return
			}
			if method == 0 && extents == 1 {
				m.locations[id] = l
			}
		}
	}
}

// readProperties reads the box "iprp".
func (m *meta) readProperties(x box) {
	for _, part := range boxesOf(x.body, x.at) {
		switch part.kind {
		case "ipco":
			m.boxes = boxesOf(part.body, part.at)
		case "ipma":
			m.lists = part
			m.readAssociations(newFields(part.body))
		}
	}
}

func (m *meta) readAssociations(f *fields) {
	version, flags := f.number(1), f.number(3)
	for range f.number(4) {
		id, count := f.id(version > 0), f.number(1)
		if f.missing > 0 {
			return // the number of items is the file's word
		}
		for range count {
			index := f.number(1) & 0x7f
			if flags&1 != 0 {
				index = index<<8 | f.number(1)
			}
			if f.missing > 0 {
				return
			}
			m.associations[id] = append(m.associations[id], int(index))
		}
	}
}

// properties returns an item's properties of a kind, or all properties for "".
func (m *meta) properties(id uint32, kind string) []box {
	var all []box
	for _, i := range m.associations[id] {
		if i >= 1 && i <= len(m.boxes) && (kind == "" || m.boxes[i-1].kind == kind) {
			all = append(all, m.boxes[i-1])
		}
	}
	return all
}

// size returns the size of the primary picture as libheif shows the picture:
// cropped and turned according to its properties.
func (m *meta) size() (image.Point, error) {
	var size image.Point
	for _, p := range m.properties(m.primary, "") {
		f := newFields(p.body)
		switch p.kind {
		case "ispe":
			size = extent(p)
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

// extent returns the size in a property "ispe".
func extent(p box) image.Point {
	f := newFields(p.body)
	f.number(4)
	return image.Pt(int(f.number(4)), int(f.number(4)))
}

// exif returns the EXIF data of the item with these data, a TIFF file. If the
// picture has a property for its rotation, libheif turns the picture, and the
// EXIF data are ignored.
func (m *meta) exif(file *input.File) []byte {
	for _, p := range m.properties(m.primary, "") {
		if p.kind == "irot" || p.kind == "imir" {
			return nil
		}
	}
	for id, item := range m.items {
		l, ok := m.locations[id]
		if item.kind != "Exif" || !ok || l.length < 4 || l.length > input.MaxEXIF || l.offset > 1<<62 {
			continue
		}
		b := make([]byte, l.length)
		if _, err := file.ReadAt(b, int64(l.offset)); err != nil {
			continue
		}
		// The first four bytes say how many there are before the TIFF file.
		if skip := uint64(binary.BigEndian.Uint32(b)); skip <= uint64(len(b)-4) {
			return b[4+skip:]
		}
	}
	return nil
}

// coded returns the primary picture and the pictures of which it is made, such
// as tiles. Some of these have the codec's properties.
func (m *meta) coded() []uint32 { return m.sources(m.primary) }

// sources returns an item and all items of which it is made, as often as they
// are used, up to about maxSources.
func (m *meta) sources(id uint32) []uint32 {
	items := []uint32{id}
	for i := 0; i < len(items) && len(items) < maxSources; i++ {
		items = append(items, m.parts[items[i]]...)
	}
	return items
}

// alphas returns the items whose grey values are the alpha of the primary
// picture or of a picture of which it is made.
func (m *meta) alphas() (alphas []uint32) {
	wanted := map[uint32]bool{}
	for _, id := range m.coded() {
		wanted[id] = true
	}
	isAlpha := func(p box) bool {
		return bytes.Contains(p.body, []byte("urn:mpeg:hevc:2015:auxid:1")) || bytes.Contains(p.body, []byte("auxiliary:alpha"))
	}
	for _, r := range m.refs {
		if r.kind == "auxl" && slices.ContainsFunc(r.to, func(id uint32) bool { return wanted[id] }) && slices.ContainsFunc(m.properties(r.from, "auxC"), isAlpha) {
			alphas = append(alphas, r.from)
		}
	}
	return alphas
}

// coding reports whether the values of a coded picture have more than eight
// bits, and whether a coded picture has no colours.
func (m *meta) coding() (deep, grey bool) {
	const hevcChroma, hevcDepth, av1Byte, av1Deep, av1Grey = 16, 17, 2, 0x40, 0x10 // bytes of the codecs' configurations
	for _, id := range m.coded() {
		for _, p := range m.properties(id, "") {
			switch {
			case p.kind == "hvcC" && len(p.body) > hevcDepth:
				deep, grey = deep || p.body[hevcDepth]&7 > 0, grey || p.body[hevcChroma]&3 == 0
			case p.kind == "av1C" && len(p.body) > av1Byte:
				deep, grey = deep || p.body[av1Byte]&av1Deep != 0, grey || p.body[av1Byte]&av1Grey != 0
			}
		}
	}
	return deep, grey
}

// known reports whether libheif's program reads pictures of this kind
// everywhere.
func (m *meta) known() bool {
	switch m.items[m.primary].kind {
	case "hvc1", "av01", "grid", "iden", "iovl":
		return true
	}
	return false
}

// end returns the offset of the end of the picture's data, as far as known.
func (m *meta) end() (end uint64) {
	for _, id := range m.coded() {
		if l := m.locations[id]; l.length <= math.MaxInt64 && l.offset <= math.MaxInt64 {
			end = max(end, l.offset+l.length)
		}
	}
	return end
}

// oversized reports whether libheif would decode far more pixels than the
// picture shows. In a damaged file a picture may even be made of itself.
func (m *meta) oversized(shown image.Point) bool {
	const (
		most  = 5       // times the shown pixels: a grid counts twice, by its own size and by its tiles
		spare = 4 << 20 // pixels of tiles at the edges, and of cropped parts
	)
	coded, pixels := m.coded(), 0.0
	for _, id := range coded {
		for _, p := range m.properties(id, "ispe") {
			size := extent(p)
			pixels += float64(size.X) * float64(size.Y)
		}
	}
	return len(coded) >= maxSources || pixels > most*float64(shown.X)*float64(shown.Y)+spare
}

// onlyPrimary returns the changes by which the primary picture is the only one
// that is not hidden (ISO/IEC 23008-12, 6.4.2), nor a smaller copy of another.
// Items that the picture does not need are taken away, since libheif refuses
// the whole file if one of them is damaged or unknown.
func (m *meta) onlyPrimary() map[uint64][]byte {
	const flagsByte = 3
	needed := map[uint32]bool{}
	for _, id := range append(m.alphas(), m.primary) {
		for _, source := range m.sources(id) {
			needed[source] = true
		}
	}
	changes := maps.Clone(m.changes)
	for id, item := range m.items {
		flags := item.flags | 1
		if id == m.primary {
			flags = item.flags &^ 1
		}
		changes[uint64(item.entry.at+flagsByte)] = []byte{flags}
		if !needed[id] {
			changes[uint64(item.entry.kindAt)] = []byte("free")
		}
	}
	for _, r := range m.refs {
		if r.kind == "thmb" && r.from == m.primary {
			changes[uint64(r.entry.kindAt)] = []byte("free")
		}
	}
	return changes
}

// fields reads big-endian numbers in order, and returns 0 after the last byte.
type fields struct {
	rest    []byte
	missing int // number of reads beyond the end
}

func newFields(b []byte) *fields { return &fields{rest: b} }

func (f *fields) take(n int) []byte {
	if n > len(f.rest) {
		f.rest = nil
		f.missing++
		return make([]byte, n)
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) number(size int) uint64 {
	var v uint64
	for _, b := range f.take(size) {
		v = v<<8 | uint64(b)
	}
	return v
}

// id returns a number of two bytes, or of four.
func (f *fields) id(wide bool) uint32 {
	if wide {
		return uint32(f.number(4))
	}
	return uint32(f.number(2))
}
