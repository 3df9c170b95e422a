package heif

import (
	"encoding/binary"
	"math"
	"slices"
)

// maxDerived bounds the pictures of which each differs from the next in its properties
// alone.
const maxDerived = 10

// underive returns the picture that is shown as the primary one. A picture of the kind
// "iden" is another picture with more properties (ISO/IEC 23008-12, 6.6.2.1), which
// libheif 1.15 refuses. The properties of such primary pictures are given to the picture
// of which they are made.
func (m *meta) underive() (source uint32) {
	same := []uint32{m.primary}
	for len(same) < maxDerived && m.items[same[0]].kind == "iden" && len(m.parts[same[0]]) == 1 {
		same = slices.Insert(same, 0, m.parts[same[0]][0])
	}
	const head = 8
	if len(same) == 1 || len(m.lists.body) < head {
		return m.primary
	}
	f := newFields(m.lists.body)
	version, flags := f.number(1), f.number(3)
	number, size := f.number(4), int(1+flags&1)
	var items []uint32
	lists := map[uint32][]byte{}
	for range number {
		id := f.id(version > 0)
		list := f.take(int(f.number(1)) * size)
		if f.missing > 0 || lists[id] != nil {
			return m.primary
		}
		items, lists[id] = append(items, id), list
	}
	source = same[0]
	for _, id := range same[1:] {
		lists[source] = slices.Concat(lists[source], lists[id])
		lists[id] = nil
	}
	changed := slices.Clone(m.lists.body[:head])
	for _, id := range items {
		changed = appendID(changed, id, version > 0)
		changed = append(append(changed, byte(len(lists[id])/size)), lists[id]...)
	}
	if len(lists[source])/size > math.MaxUint8 || len(changed) != len(m.lists.body)-len(f.rest) {
		return m.primary // the source has no list
	}
	m.changes[uint64(m.lists.at)] = changed
	for _, id := range same[1:] {
		m.associations[source] = append(m.associations[source], m.associations[id]...)
	}
	return source
}

// appendID appends a number of two bytes, or of four.
func appendID(b []byte, id uint32, wide bool) []byte {
	if wide {
		return binary.BigEndian.AppendUint32(b, id)
	}
	return binary.BigEndian.AppendUint16(b, uint16(id))
}
