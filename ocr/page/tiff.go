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

	"slackocr/ocr/page/internal/pixels"
)

// A directory is one page of a TIFF file (TIFF 6.0, section 2, "Image File
// Directory").
type directory struct {
	offset, next uint64
	tags         map[uint16]field
	format       tiffFormat
}

// A field is an entry of a directory, with its first numbers and the last one.
type field struct {
	entry   []byte
	numbers []uint64
	last    uint64
}

// A tiffFormat is the byte order of a file and the size of its offsets: 4, or 8
// in a BigTIFF file.
type tiffFormat struct {
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

// directories reads the chain of pages and skips smaller copies and masks. A
// damaged chain ends at the damage.
func directories(r io.ReaderAt) ([]directory, error) {
	var head [16]byte
	if n, err := r.ReadAt(head[:], 0); n < 8 {
		return nil, short(err)
	}
	format := tiffFormat{binary.LittleEndian, 4}
	if head[0] == 'M' {
		format.byteOrder = binary.BigEndian
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
func (f tiffFormat) append(b []byte, v uint64) []byte {
	if f.size == 8 {
		return f.AppendUint64(b, v)
	}
	return f.AppendUint32(b, uint32(v))
}

func (f tiffFormat) offset(b []byte) uint64 {
	if f.size == 8 {
		return f.Uint64(b)
	}
	return uint64(f.Uint32(b))
}

// field reads the entry e of a directory.
func (f tiffFormat) field(r io.ReaderAt, e []byte) field {
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

func (d directory) orientation() pixels.Orientation {
	if v := d.number(tagOrientation, 1); v >= 1 && v <= 8 {
		return pixels.Orientation(v)
	}
	return pixels.Upright
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

// opaque reports whether no sample of the page is alpha.
func (d directory) opaque() bool {
	return d.number(tagExtraSamples, 0) == 0 && !d.undeclared()
}

// undeclared reports whether the page has a fourth sample of which the file
// says nothing: mostly alpha.
func (d directory) undeclared() bool {
	return d.tags[tagExtraSamples].numbers == nil && d.number(tagPhotometric, photometricGrey) == photometricRGB && d.number(tagSamples, 1) == 4
}

// twoSizes reports whether the page has a plane of brightness and two smaller
// planes of colours, of one strip each.
func (d directory) twoSizes() bool {
	return d.number(tagPhotometric, photometricGrey) == photometricYCbCr && d.number(tagPlanar, 1) != 1 && d.number(tagBits, 1) == 8 &&
		!slices.Equal(d.tags[tagYCbCrSubsampling].numbers, []uint64{1, 1}) && len(d.tags[tagStripOffsets].numbers) == 3
}

// decodeTIFF decodes a page with x/image/tiff if that is known to be right,
// else with libtiff.
func decodeTIFF(src *source) (image.Image, error) {
	d, err := tiffPage(src)
	if err != nil {
		return nil, err
	}
	if d.plain() {
		start := make([]byte, 4)
		d.format.PutUint32(start, uint32(d.offset))
		m, err := tiff.Decode(&changed{src, map[uint64][]byte{4: start}})
		if err == nil || src.tools["tiff2rgba"] == "" {
			return m, err
		}
	}
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if max(d.number(tagStripOffsets, 0), d.number(tagTileOffsets, 0)) >= uint64(size) {
		return nil, io.ErrUnexpectedEOF
	}
	var m image.Image
	if d.unusual() {
		m, err = d.libtiffNumbers(src, d.alone(src, size))
	} else {
		m, err = libtiff(src, TIFF, d.alone(src, size), d.opaque())
	}
	if broken, ok := errors.AsType[*BrokenError](err); ok {
		return nil, d.failure(broken.err, size)
	}
	src.partial = src.partial && d.number(tagCompression, 1) != oldJPEG || d.end() > uint64(size)
	if c, ok := m.(*image.RGBA); ok && d.undeclared() {
		pixels.Reveal(c.Pix)
	}
	return m, err
}

// failure returns the error if libtiff returns nothing for a page in a file of
// the given size: the end of the page is missing, libtiff does not know its
// kind, or the page is damaged. Only the file decides.
func (d directory) failure(err error, size int64) error {
	if d.end() > uint64(size) {
		return &BrokenError{TIFF, fmt.Errorf("%w: %w", err, io.ErrUnexpectedEOF)}
	}
	if !d.known() {
		return fmt.Errorf("%w: %w", ErrNoDecoder, err)
	}
	return &BrokenError{TIFF, err}
}

// end returns the offset of the end of the page's data.
func (d directory) end() uint64 {
	return max(d.tags[tagStripOffsets].last+d.tags[tagStripLengths].last, d.tags[tagTileOffsets].last+d.tags[tagTileLengths].last)
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
