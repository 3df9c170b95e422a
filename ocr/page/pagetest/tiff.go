package pagetest

import (
	"encoding/binary"
	"slices"
)

// A TIFFTag is a field of a TIFF file. Its values are written as SHORT, or as LONG
// if one is larger.
type TIFFTag struct {
	ID     uint16
	Values []uint32
}

// TIFF returns a TIFF file of one page, without any check. The tags keep their
// order, and come before those of the strips. A big file is a BigTIFF.
func TIFF(order binary.AppendByteOrder, big bool, tags []TIFFTag, strips ...[]byte) []byte {
	const (
		tagStripOffsets, tagStripLengths     = 273, 279
		typeShort, typeLong                  = 3, 4
		headLen, entryLen, bigHead, bigEntry = 8, 12, 16, 20
	)
	word := func(b []byte, v uint32) []byte { return order.AppendUint32(b, v) }
	head, entry, countLen, room := headLen, entryLen, 2, 4
	if big {
		word = func(b []byte, v uint32) []byte { return order.AppendUint64(b, uint64(v)) }
		head, entry, countLen, room = bigHead, bigEntry, 8, 8
	}
	tags = append(slices.Clone(tags), TIFFTag{tagStripOffsets, make([]uint32, len(strips))}, TIFFTag{tagStripLengths, nil})
	last := &tags[len(tags)-1]
	for _, strip := range strips {
		last.Values = append(last.Values, uint32(len(strip)))
	}
	values := func(t TIFFTag) (kind uint16, b []byte) {
		if t.ID == tagStripOffsets || slices.Max(t.Values) > 0xffff {
			for _, v := range t.Values {
				b = order.AppendUint32(b, v)
			}
			return typeLong, b
		}
		for _, v := range t.Values {
			b = order.AppendUint16(b, uint16(v))
		}
		return typeShort, b
	}
	// The pixels follow the directory and the longer values.
	directory := head + countLen + entry*len(tags) + room
	at := directory
	for _, t := range tags {
		if _, b := values(t); len(b) > room {
			at += len(b)
		}
	}
	for i, strip := range strips {
		tags[len(tags)-2].Values[i] = uint32(at)
		at += len(strip)
	}

	out := []byte("II")
	if order.AppendUint16(nil, 1)[0] == 0 {
		out = []byte("MM")
	}
	if big {
		out = order.AppendUint16(order.AppendUint16(order.AppendUint16(out, 43), 8), 0)
		out = word(word(out, bigHead), 0)[:bigHead]
		out = order.AppendUint64(out, uint64(len(tags)))
	} else {
		out = word(order.AppendUint16(out, 42), headLen)
		out = order.AppendUint16(out, uint16(len(tags)))
	}
	var rest []byte
	for _, t := range tags {
		kind, b := values(t)
		out = order.AppendUint16(order.AppendUint16(out, t.ID), kind)
		out = word(out, uint32(len(t.Values)))
		if len(b) > room {
			out = word(out, uint32(directory+len(rest)))
			rest = append(rest, b...)
			continue
		}
		out = append(out, append(b, make([]byte, room-len(b))...)...)
	}
	out = append(word(out, 0), rest...)
	return append(out, slices.Concat(strips...)...)
}
