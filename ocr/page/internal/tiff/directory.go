package tiff

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pixels"
)

// A directory is one page of a TIFF file (TIFF 6.0, section 2, "Image File
// Directory").
type directory struct {
	offset, next uint64
	tags         map[uint16]field
	format       format
}

// A field is an entry of a directory, with its first numbers and the last one.
type field struct {
	entry   []byte
	numbers []uint64
	last    uint64
}

// A format is the byte order of a file and the size of its offsets: 4, or 8
// in a BigTIFF file.
type format struct {
	byteOrder
	size int
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

const (
	maxDirectories = 10_000 // counted; fewer are read
	maxTags        = 4096   // of a directory
	maxNumbers     = 4      // of a field that are kept

	tagSubfileType         = 254 // its lowest bits mark a smaller copy and a mask
	tagWidth               = 256
	tagHeight              = 257
	tagBits                = 258
	tagCompression         = 259
	tagPhotometric         = 262
	tagFillOrder           = 266
	tagStripOffsets        = 273
	tagOrientation         = 274
	tagSamples             = 277
	tagRowsPerStrip        = 278
	tagStripLengths        = 279
	tagPlanar              = 284
	tagColorMap            = 320
	tagTileWidth           = 322
	tagTileHeight          = 323
	tagTileOffsets         = 324
	tagTileLengths         = 325
	tagInkSet              = 332
	tagExtraSamples        = 338
	tagSampleFormat        = 339
	tagYCbCrCoefficients   = 529
	tagYCbCrSubsampling    = 530
	tagYCbCrPositioning    = 531
	tagReferenceBlackWhite = 532

	oldJPEG = 6 // a compression that libtiff warns of

	photometricNegative = 0 // grey, 0 is white
	photometricGrey     = 1
	photometricRGB      = 2
	photometricIndex    = 3
	photometricCMYK     = 5
	photometricYCbCr    = 6
	photometricLab      = 8

	unsignedFormat = 1 // sample formats
	signedFormat   = 2
	floatFormat    = 3

	premultipliedAlpha = 1 // an extra sample
	alpha              = 2
)

// directories reads the chain of pages, up to the given number of them, and skips
// smaller copies and masks. A damaged chain ends at the damage.
func directories(r io.ReaderAt, most int) ([]directory, error) {
	var head [16]byte
	n, err := r.ReadAt(head[:], 0)
	switch {
	case n < 8:
		return nil, input.UnexpectedEOF(err)
	case input.Sniff(head[:n]) != input.TIFF:
		return nil, errors.New("it does not begin as a TIFF file")
	}
	format := format{binary.LittleEndian, 4}
	if head[0] == 'M' {
		format.byteOrder = binary.BigEndian
	}
	next := uint64(format.Uint32(head[4:]))
	if head[2] == '+' || head[3] == '+' {
		format.size, next = 8, format.Uint64(head[8:])
	}
	seen := map[uint64]bool{}
	var pages, others []directory
	for next != 0 && !seen[next] && len(pages) < most && len(seen) < maxDirectories {
		seen[next] = true
		d, err := format.directory(r, next)
		if err != nil {
			if len(seen) > 1 {
				break
			}
			return nil, err
		}
		if d.number(tagSubfileType, 0)&5 == 0 {
			pages = append(pages, d)
		} else {
			others = append(others, d)
		}
		next = d.next
	}
	if pages == nil {
		pages = others
	}
	if len(pages) == 0 {
		return nil, errors.New("it has no pages")
	}
	return pages, nil
}

// directory reads a directory. Entries beyond the end of the file are left
// out.
func (f format) directory(r io.ReaderAt, offset uint64) (directory, error) {
	d := directory{offset: offset, tags: map[uint16]field{}, format: f}
	count, entry := 2, 12
	if f.size == 8 {
		count, entry = 8, 20
	}
	if offset > 1<<62 {
		return d, io.ErrUnexpectedEOF
	}
	head := make([]byte, count)
	if _, err := r.ReadAt(head, int64(offset)); err != nil {
		return d, input.UnexpectedEOF(err)
	}
	tags := uint64(f.Uint16(head))
	if f.size == 8 {
		tags = f.Uint64(head)
	}
	if tags > maxTags {
		return d, fmt.Errorf("a directory has %d tags", tags)
	}
	entries := make([]byte, int(tags)*entry+f.size)
	n, err := r.ReadAt(entries, int64(offset)+int64(count))
	if n < entry {
		return d, cmp.Or(input.UnexpectedEOF(err), errors.New("a directory has no tags"))
	}
	if n == len(entries) {
		d.next = f.offset(entries[n-f.size:])
	}
	for i := 0; i+entry <= n && i < int(tags)*entry; i += entry {
		e := entries[i : i+entry]
		if tag := f.Uint16(e); d.tags[tag].numbers == nil {
			d.tags[tag] = f.field(r, e)
		}
	}
	return d, nil
}

// append appends an offset, or another number of that size.
func (f format) append(b []byte, v uint64) []byte {
	if f.size == 8 {
		return f.AppendUint64(b, v)
	}
	return f.AppendUint32(b, uint32(v))
}

// offset returns the offset at the start of b.
func (f format) offset(b []byte) uint64 { return f.number(b[:f.size]) }

// field reads the entry e of a directory.
func (f format) field(r io.ReaderAt, e []byte) field {
	size := map[uint16]uint64{1: 1, 3: 2, 4: 4, 16: 8}[f.Uint16(e[2:])] // of BYTE, SHORT, LONG, LONG8
	count := f.offset(e[4:])
	value := e[4+f.size:]
	v := field{entry: e}
	kept := min(count, maxNumbers)
	if size == 0 || count == 0 {
		return v
	}
	var last []byte
	if count <= uint64(f.size)/size {
		last = value[size*(count-1):]
	} else {
		stands := f.offset(value)
		value, last = make([]byte, size*kept), make([]byte, size)
		if stands > 1<<62 || count > 1<<32 {
			return v
		}
		if _, err := r.ReadAt(value, int64(stands)); err != nil {
			return v
		}
		if _, err := r.ReadAt(last, int64(stands+size*(count-1))); err != nil {
			return v
		}
	}
	for b := range slices.Chunk(value[:size*kept], int(size)) {
		v.numbers = append(v.numbers, f.number(b))
	}
	v.last = f.number(last[:size])
	return v
}

// number returns the integer in b, of at most 8 bytes.
func (f format) number(b []byte) (v uint64) {
	for i, c := range b {
		if f.byteOrder == binary.LittleEndian {
			c = b[len(b)-1-i]
		}
		v = v<<8 | uint64(c)
	}
	return v
}

// number returns the first number of a field, or missing if there is no such
// field.
func (d directory) number(tag uint16, missing uint64) uint64 {
	if numbers := d.tags[tag].numbers; len(numbers) > 0 {
		return numbers[0]
	}
	return missing
}

// photometric returns the meaning of the page's numbers.
func (d directory) photometric() uint64 { return d.number(tagPhotometric, photometricGrey) }

func (d directory) orientation() pixels.Orientation {
	if v := d.number(tagOrientation, 1); v >= 1 && v <= 8 {
		return pixels.Orientation(v)
	}
	return pixels.Upright
}
