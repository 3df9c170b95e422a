package heif

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"slackocr/ocr/page/internal/input"
)

const maxMeta = 8 << 20 // bytes of a file's description that are read

// A heif holds the used parts of a file's description, the box "meta" (ISO/IEC
// 14496-12, 8.11, and 23008-12). If an item is described twice, the first
// counts.
type heif struct {
	primary      uint32
	primaryAt    int64 // offset of the primary item's number in the file
	wide         bool  // that number has four bytes, not two
	items        map[uint32]item
	locations    map[uint32]location
	refs         []reference
	parts        map[uint32][]uint32 // of which an item is made: the references "dimg"
	boxes        []box               // the properties
	associations map[uint32][]int    // an item's properties, counted from 1, in their order
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
		all = append(all, box{string(b[4:8]), at + 4, at + int64(head), b[head:size]})
		b, at = b[size:], at+int64(size)
	}
	return all
}

var errNoMeta = errors.New("it has no description of its picture")

// readHEIF reads the description.
func readHEIF(file *input.File) (*heif, error) {
	var at int64
	film := false
	for range 64 {
		var head [16]byte
		n, err := file.ReadAt(head[:], at)
		switch {
		case n < 8 && film:
			return nil, fmt.Errorf("%w: HEIC of a film alone", input.ErrNoDecoder)
		case n < 8:
			return nil, input.UnexpectedEOF(err)
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
			if _, err := file.ReadAt(b, body); err != nil {
				return nil, input.UnexpectedEOF(err)
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
	h := &heif{items: map[uint32]item{}, locations: map[uint32]location{}, parts: map[uint32][]uint32{}, associations: map[uint32][]int{}}
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
			for _, entry := range boxesOf(f.rest, x.at+int64(len(x.body)-len(f.rest))) {
				e := newFields(entry.body)
				version := e.number(1)
				flags := e.number(3)
				id := uint32(e.id(version > 2))
				e.number(2)
				h.items[id] = item{string(e.take(4)), byte(flags), entry}
			}
		case "iloc":
			h.readLocations(f, version)
		case "iref":
			for _, entry := range boxesOf(f.rest, x.at+int64(len(x.body)-len(f.rest))) {
				e := newFields(entry.body)
				r := reference{kind: entry.kind, from: uint32(e.id(version > 0)), entry: entry}
				for range e.number(2) {
					if !e.ok {
						break
					}
					r.to = append(r.to, uint32(e.id(version > 0)))
				}
				if r.kind == "dimg" {
					h.parts[r.from] = append(h.parts[r.from], r.to...)
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
		if !f.ok {
			return // the number of items is the file's word
		}
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
			h.associations[id] = append(h.associations[id], int(index))
		}
	}
}

// properties returns an item's properties of a kind, or all properties for "".
func (h *heif) properties(id uint32, kind string) []box {
	var all []box
	for _, i := range h.associations[id] {
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
func (h *heif) exif(file *input.File) []byte {
	for _, p := range h.properties(h.primary, "") {
		if p.kind == "irot" || p.kind == "imir" {
			return nil
		}
	}
	for id, item := range h.items {
		l, ok := h.locations[id]
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

// alpha returns the item whose grey values are the primary picture's alpha.
func (h *heif) alpha() (uint32, bool) {
	all := h.alphaOf(h.primary)
	if len(all) == 0 {
		return 0, false
	}
	return all[0], true
}

// alphas returns the items whose grey values are the alpha of the primary
// picture or of a picture of which it is made.
func (h *heif) alphas() []uint32 { return h.alphaOf(h.coded()...) }

func (h *heif) alphaOf(pictures ...uint32) (alphas []uint32) {
	wanted := map[uint32]bool{}
	for _, id := range pictures {
		wanted[id] = true
	}
	for _, r := range h.refs {
		if r.kind != "auxl" || !slices.ContainsFunc(r.to, func(id uint32) bool { return wanted[id] }) {
			continue
		}
		for _, p := range h.properties(r.from, "auxC") {
			if bytes.Contains(p.body, []byte("urn:mpeg:hevc:2015:auxid:1")) || bytes.Contains(p.body, []byte("auxiliary:alpha")) {
				alphas = append(alphas, r.from)
				break
			}
		}
	}
	return alphas
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

// coded returns the primary picture and the pictures of which it is made, such
// as tiles. Some of these have the codec's properties.
func (h *heif) coded() []uint32 { return h.sources(h.primary) }

// sources returns an item and all items of which it is made, as often as they
// are used, up to about maxSources.
func (h *heif) sources(id uint32) []uint32 {
	items := []uint32{id}
	for i := 0; i < len(items) && len(items) < maxSources; i++ {
		items = append(items, h.parts[items[i]]...)
	}
	return items
}

// maxSources is more than the 65,536 tiles that a grid can have.
const maxSources = 70_000

// configurations returns the codec's properties of the coded pictures.
func (h *heif) configurations() (all []box) {
	for _, id := range h.coded() {
		all = slices.Concat(all, h.properties(id, "hvcC"), h.properties(id, "av1C"))
	}
	return all
}

// sequences returns the parameter sets of the primary picture and of its
// tiles.
func (h *heif) sequences() (all []sequence) {
	for _, p := range h.configurations() {
		if sps := firstSPS(p.body); p.kind == "hvcC" && sps != nil {
			all = append(all, readSequence(sps))
		}
	}
	return all
}

// deep reports whether the picture's values have more than eight bits.
func (h *heif) deep() bool {
	const hevcDepth, av1Depth = 17, 2 // the bytes of the depth
	return slices.ContainsFunc(h.configurations(), func(p box) bool {
		return p.kind == "hvcC" && len(p.body) > hevcDepth && p.body[hevcDepth]&7 > 0 || p.kind == "av1C" && len(p.body) > av1Depth && p.body[av1Depth]&0x40 != 0
	})
}

// chromaByte is the byte of an HEVC configuration with the format of the
// colours in its lowest bits: 0 is grey.
const chromaByte = 16

// grey reports whether the picture is coded without colours.
func (h *heif) grey() bool {
	const av1Byte, av1Grey = 2, 0x10 // of an AV1 configuration
	return slices.ContainsFunc(h.configurations(), func(p box) bool {
		return p.kind == "hvcC" && len(p.body) > chromaByte && p.body[chromaByte]&3 == 0 || p.kind == "av1C" && len(p.body) > av1Byte && p.body[av1Byte]&av1Grey != 0
	})
}

// known reports whether libheif's program reads pictures of this kind
// everywhere.
func (h *heif) known() bool {
	switch h.items[h.primary].kind {
	case "hvc1", "av01", "grid", "iden", "iovl":
		return true
	}
	return false
}

// end returns the offset of the end of the picture's data, as far as known.
func (h *heif) end() (end uint64) {
	for _, id := range h.coded() {
		if l := h.locations[id]; l.length <= math.MaxInt64 && l.offset <= math.MaxInt64 {
			end = max(end, l.offset+l.length)
		}
	}
	return end
}

// onlyPrimary returns the changes by which the primary picture is the only one
// that is not hidden (ISO/IEC 23008-12, 6.4.2), nor a smaller copy of another.
// Items that the picture does not need are taken away, since libheif refuses
// the whole file if one of them is damaged or unknown.
func (h *heif) onlyPrimary() map[uint64][]byte {
	const flagsByte = 3
	needed := map[uint32]bool{}
	for _, id := range h.coded() {
		needed[id] = true
	}
	for _, alpha := range h.alphas() {
		for _, id := range h.sources(alpha) {
			needed[id] = true
		}
	}
	changes := map[uint64][]byte{}
	for id, item := range h.items {
		flags := item.flags | 1
		if id == h.primary {
			flags = item.flags &^ 1
		}
		changes[uint64(item.entry.at+flagsByte)] = []byte{flags}
		if !needed[id] {
			changes[uint64(item.entry.kindAt)] = []byte("free")
		}
	}
	for _, r := range h.refs {
		if r.kind == "thmb" && r.from == h.primary {
			changes[uint64(r.entry.kindAt)] = []byte("free")
		}
	}
	return changes
}

// oversized reports whether far more pixels are coded than the file says, since
// all would be decoded.
func (h *heif) oversized(size image.Point) bool {
	const spare = 4 << 20 // tiles at the edges, and cropped parts
	coded := 0.0
	for _, s := range h.sequences() {
		coded += float64(s.width) * float64(s.height)
	}
	return len(h.coded()) >= maxSources || coded > 4*float64(size.X)*float64(size.Y)+spare
}
