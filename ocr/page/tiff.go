package page

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"

	"golang.org/x/image/tiff"
)

// A directory is one page of a TIFF file (TIFF 6.0, section 2, "Image File
// Directory").
type directory struct {
	offset uint64
	next   field // where the next directory's offset stands
	tags   map[uint16]field
	format tiffFormat
}

// A field is a value of a directory: its offset in the file, its first
// numbers, and the last number.
type field struct {
	at      uint64 // offset of the value if it is short enough, else of its offset
	numbers []uint64
	last    uint64
}

// A tiffFormat is the byte order of a file and the size of its offsets: 4, or 8
// in a BigTIFF file.
type tiffFormat struct {
	binary.ByteOrder
	size int
}

const (
	maxDirectories = 10_000 // counted; fewer are read
	maxTags        = 4096   // of a directory
	maxNumbers     = 4      // of a field that are kept

	tagSubfileType      = 254 // its lowest bits mark a smaller copy and a mask
	tagWidth            = 256
	tagHeight           = 257
	tagBits             = 258
	tagCompression      = 259
	tagPhotometric      = 262
	tagFillOrder        = 266
	tagStripOffsets     = 273
	tagOrientation      = 274
	tagSamples          = 277
	tagRowsPerStrip     = 278
	tagStripLengths     = 279
	tagPlanar           = 284
	tagTileOffsets      = 324
	tagTileLengths      = 325
	tagExtraSamples     = 338
	tagSampleFormat     = 339
	tagYCbCrSubsampling = 530

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

// directories reads the chain of pages and skips smaller copies and masks. A
// damaged chain ends at the damage.
func directories(r io.ReaderAt) ([]directory, error) {
	var head [16]byte
	if n, err := r.ReadAt(head[:], 0); n < 8 {
		return nil, short(err)
	}
	format := tiffFormat{binary.LittleEndian, 4}
	if head[0] == 'M' {
		format.ByteOrder = binary.BigEndian
	}
	next := uint64(format.Uint32(head[4:]))
	if head[2] == '+' || head[3] == '+' {
		format.size, next = 8, format.Uint64(head[8:])
	}
	seen := map[uint64]bool{}
	var pages, others []directory
	for next != 0 && !seen[next] && len(seen) < maxDirectories {
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
		next = d.next.numbers[0]
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
func (f tiffFormat) directory(r io.ReaderAt, offset uint64) (directory, error) {
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
		return d, short(err)
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
		return d, cmp.Or(short(err), errors.New("a directory has no tags"))
	}
	at := offset + uint64(count)
	d.next = field{at: at + tags*uint64(entry), numbers: []uint64{0}}
	if n == len(entries) {
		d.next.numbers[0] = f.offset(entries[n-f.size:])
	}
	for i := 0; i+entry <= n && i < int(tags)*entry; i += entry {
		e := entries[i : i+entry]
		if tag := f.Uint16(e); d.tags[tag].numbers == nil {
			d.tags[tag] = f.field(r, e, at+uint64(i))
		}
	}
	return d, nil
}

func (f tiffFormat) offset(b []byte) uint64 {
	if f.size == 8 {
		return f.Uint64(b)
	}
	return uint64(f.Uint32(b))
}

// field reads the entry e of a directory, at offset at.
func (f tiffFormat) field(r io.ReaderAt, e []byte, at uint64) field {
	size := map[uint16]uint64{1: 1, 3: 2, 4: 4, 16: 8}[f.Uint16(e[2:])] // of BYTE, SHORT, LONG, LONG8
	count := f.offset(e[4:])
	value := e[4+f.size:]
	v := field{at: at + 4 + uint64(f.size)}
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

// number returns the integer in b, of 1, 2, 4 or 8 bytes.
func (f tiffFormat) number(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(f.Uint16(b))
	case 4:
		return uint64(f.Uint32(b))
	}
	return f.Uint64(b)
}

// number returns the first number of a field, or missing if there is no such
// field.
func (d directory) number(tag uint16, missing uint64) uint64 {
	if numbers := d.tags[tag].numbers; len(numbers) > 0 {
		return numbers[0]
	}
	return missing
}

func (d directory) orientation() orientation {
	if v := d.number(tagOrientation, 1); v >= 1 && v <= 8 {
		return orientation(v)
	}
	return upright
}

// plain reports whether x/image/tiff is known to read the page right: grey,
// palette or RGB pixels of whole bytes or of one bit, in one plane, and not
// compressed for fax or as JPEG. libtiff reads everything else.
func (d directory) plain() bool {
	switch d.number(tagCompression, 1) {
	case 1, 5, 8, 32773, 32946: // none, LZW, Deflate, PackBits, the older Deflate
	default:
		return false
	}
	if d.number(tagPlanar, 1) != 1 || d.number(tagSampleFormat, 1) != 1 || d.number(tagFillOrder, 1) != 1 || d.format.size != 4 {
		return false
	}
	extra := d.number(tagExtraSamples, 0) != 0 // 0 is for a sample that is not said to be alpha
	depths, samples := d.tags[tagBits].numbers, d.number(tagSamples, 1)
	switch d.number(tagPhotometric, photometricGrey) {
	case photometricNegative, photometricGrey:
		return samples == 1 && (depths == nil || depths[0] == 1 || depths[0] == 8)
	case photometricIndex:
		return samples == 1 && slices.Equal(depths, []uint64{8})
	case photometricRGB:
		return samples == 3 && slices.Equal(depths, []uint64{8, 8, 8}) || samples == 4 && extra && slices.Equal(depths, []uint64{8, 8, 8, 8})
	}
	return false
}

// tiffPage returns the page to decode.
func tiffPage(src *source) (directory, error) {
	pages, err := directories(src)
	if err != nil {
		return directory{}, err
	}
	if src.page >= len(pages) {
		return directory{}, fmt.Errorf("it has %d pages, not %d", len(pages), src.page+1)
	}
	return pages[src.page], nil
}

// tiffConfig returns the size of the page. Its colour model determines the
// memory: see tiffBytesPerPixel.
func tiffConfig(src *source) (image.Config, error) {
	d, err := tiffPage(src)
	if err != nil {
		return image.Config{}, err
	}
	w, h := d.number(tagWidth, 0), d.number(tagHeight, 0)
	if w > maxSide || h > maxSide {
		w, h = min(w, maxSide), min(h, maxSide)
	}
	c := image.Config{Width: int(w), Height: int(h), ColorModel: color.NRGBAModel}
	if d.plain() && d.number(tagSamples, 1) == 1 {
		c.ColorModel = color.GrayModel
	} else if d.opaque() {
		c.ColorModel = color.YCbCrModel
	}
	return c, nil
}

// tiffBytesPerPixel returns twice the size of the picture for x/image/tiff,
// which unpacks a strip beside the picture, and a strip may be the whole
// picture. tiff2rgba writes a file of three or four bytes for each pixel,
// which has a limit of its own.
func tiffBytesPerPixel(m color.Model) float64 {
	switch m {
	case color.GrayModel:
		return 2
	case color.YCbCrModel:
		return 5
	}
	return 6.5
}

// opaque reports whether no sample of the page is declared as alpha. libtiff
// also takes an undeclared sample for alpha.
func (d directory) opaque() bool { return d.number(tagExtraSamples, 0) == 0 }

// decodeTIFF decodes a page with x/image/tiff if that is known to be right,
// else with libtiff.
func decodeTIFF(src *source) (image.Image, error) {
	d, err := tiffPage(src)
	if err != nil {
		return nil, err
	}
	if d.plain() {
		m, err := tiff.Decode(d.alone(src))
		if err == nil || src.tiff2rgba == "" {
			return m, err
		}
	}
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	file := io.NewSectionReader(d.alone(src), 0, size)
	var m image.Image
	var said string
	if d.unusual() {
		m, err = d.libtiffNumbers(src, file)
	} else {
		m, said, err = libtiff(src, TIFF, file, d.opaque())
	}
	if broken, ok := errors.AsType[*BrokenError](err); ok {
		return nil, d.failure(broken.err, size)
	}
	src.partial = said != ""
	return m, err
}

// failure returns the error if libtiff returns nothing for a page in a file of
// the given size: the end of the page is missing, libtiff does not know its
// kind, or the page is damaged. Only the file decides.
func (d directory) failure(err error, size int64) error {
	end := func(offsets, lengths uint16) uint64 { return d.tags[offsets].last + d.tags[lengths].last }
	if max(end(tagStripOffsets, tagStripLengths), end(tagTileOffsets, tagTileLengths)) > uint64(size) {
		return &BrokenError{TIFF, fmt.Errorf("%w: %w", err, io.ErrUnexpectedEOF)}
	}
	if !d.known() {
		return fmt.Errorf("%w: %w", ErrNoDecoder, err)
	}
	return &BrokenError{TIFF, err}
}

// known reports whether libtiff's programs read all pages of this kind.
func (d directory) known() bool {
	switch d.number(tagCompression, 1) {
	case 1, 2, 3, 4, 5, 8, 32773, 32946: // those of plain, and for fax
	default:
		return false
	}
	if d.unusual() {
		return true
	}
	depth := d.number(tagBits, 1)
	switch d.number(tagPhotometric, photometricGrey) {
	case photometricNegative, photometricGrey, photometricRGB, photometricCMYK:
		return true
	case photometricIndex:
		return depth <= 8
	case photometricYCbCr, photometricLab:
		return depth == 8 && d.number(tagPlanar, 1) == 1 && d.number(tagSamples, 1) == 3
	}
	return false
}

// A changed file is a file with some bytes put over its own.
type changed struct {
	*source
	changes map[uint64][]byte // by offset
}

// alone returns the file with only this page. The caller handles the
// orientation, since libtiff supports only half of the values.
func (d directory) alone(src *source) *changed {
	first := uint64(4)
	if d.format.size == 8 {
		first = 8
	}
	start := make([]byte, d.format.size)
	if d.format.size == 8 {
		d.format.PutUint64(start, d.offset)
	} else {
		d.format.PutUint32(start, uint32(d.offset))
	}
	c := &changed{src, map[uint64][]byte{first: start, d.next.at: make([]byte, d.format.size)}}
	if turn, ok := d.tags[tagOrientation]; ok {
		one := make([]byte, 2)
		d.format.PutUint16(one, uint16(upright))
		c.changes[turn.at] = one
	}
	return c
}

func (c *changed) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.source.ReadAt(p, off)
	for at, b := range c.changes {
		if from := int64(at) - off; from < int64(n) && from+int64(len(b)) > 0 {
			copy(p[max(from, 0):n], b[max(-from, 0):])
		}
	}
	return n, err
}

// short returns the error for a file that ends too early.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
