package page_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"math"
	"math/bits"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// shows opens a file in a process of its own, and checks what its left and right
// halves look like.
func shows(t *testing.T, name string, file []byte, left, right color.Color) (p page.Page) {
	t.Helper()
	doc, err := newDecoder(t, page.DecoderConfig{}).Open(t.Context(), onDisk(t, file), page.Options{})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return p
	}
	defer doc.Close()
	if p, err = doc.Page(t.Context(), 0); err != nil {
		t.Errorf("%s: %v", name, err)
		return p
	}
	m, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	s := m.Bounds().Size()
	if got := m.At(s.X/4, s.Y/2); !near(got, left) {
		t.Errorf("%s: the left half is %v, want %v", name, got, left)
	}
	if got := m.At(s.X*3/4, s.Y/2); !near(got, right) {
		t.Errorf("%s: the right half is %v, want %v", name, got, right)
	}
	return p
}

func needsLibtiff(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("tiff2rgba"); err != nil {
		t.Fatal("this test needs tiff2rgba, which is not installed: `make test` installs it")
	}
}

var black = color.RGBA{A: 255}

// halves repeats a pixel of the left half and one of the right half eight times
// each, in sixteen rows.
func halves(left, right []byte) []byte {
	row := slices.Concat(bytes.Repeat(left, 8), bytes.Repeat(right, 8))
	return bytes.Repeat(row, 16)
}

// reversed has the bits of each byte in the other order.
func reversed(b []byte) []byte {
	b = slices.Clone(b)
	for i := range b {
		b[i] = bits.Reverse8(b[i])
	}
	return b
}

// packed makes bytes of "0" and "1"; all else is left out. The last one is filled
// with zeros.
func packed(text string) (b []byte) {
	n := 0
	for _, c := range text {
		if c != '0' && c != '1' {
			continue
		}
		if n%8 == 0 {
			b = append(b, 0)
		}
		b[n/8] |= byte(c-'0') << (7 - n%8)
		n++
	}
	return b
}

// TIFF files as scanners, fax machines and programs of all ages write them.
func TestKindsOfTIFF(t *testing.T) {
	needsLibtiff(t)
	const (
		bitsPerSample, compression, photometric, fillOrder = 258, 259, 262, 266
		samples, planar, t4Options, colorMap, extra        = 277, 284, 292, 320, 338
	)
	le, be := binary.LittleEndian, binary.BigEndian
	tag := func(id uint16, values ...uint32) pagetest.TIFFTag { return pagetest.TIFFTag{ID: id, Values: values} }
	size := []pagetest.TIFFTag{tag(256, 16), tag(257, 16), tag(278, 16)}
	with := func(tags ...pagetest.TIFFTag) []pagetest.TIFFTag { return slices.Concat(size, tags) }

	rgb := with(tag(bitsPerSample, 8, 8, 8), tag(photometric, 2), tag(samples, 3))
	rgbPixels := halves([]byte{200, 30, 30}, []byte{30, 60, 200})
	plane := func(left, right byte, n int) []byte {
		return halves(bytes.Repeat([]byte{left}, n), bytes.Repeat([]byte{right}, n))
	}
	unsorted := slices.Clone(rgb)
	slices.Reverse(unsorted)
	picture := encodeJPEG(t, flag(image.NewRGBA(image.Rect(0, 0, 16, 16))))

	// Eight white pixels and eight black ones: in a row's own codes, and in the
	// rows below as the one above (ITU-T T.4 and T.6).
	const row, same, endOfLine = "10011 000101", "11", "000000000001"
	repeat := func(line string, n int) (all string) {
		for range n {
			all += line
		}
		return all
	}
	group4 := packed("001" + row + repeat(same, 15) + endOfLine + endOfLine)
	group3 := packed(repeat(endOfLine+row, 16))
	filled := packed(repeat("0000"+endOfLine+row+"0", 16)) // to whole bytes
	twoD := packed(endOfLine + "1" + row + repeat(endOfLine+"0"+same, 15))
	huffman := bytes.Repeat(packed(row), 16)
	bilevel := func(how, what uint32, more ...pagetest.TIFFTag) []pagetest.TIFFTag {
		return with(append([]pagetest.TIFFTag{tag(bitsPerSample, 1), tag(compression, how), tag(photometric, what)}, more...)...)
	}

	length := func(n int) []byte { // the entry of a strip's
		return le.AppendUint32([]byte{0x17, 0x01, 3, 0, 1, 0, 0, 0}, uint32(n))
	}

	for _, test := range []struct {
		name        string
		file        []byte
		left, right color.Color
	}{
		{"plain", pagetest.TIFF(le, false, rgb, rgbPixels), red, blue},
		{"motorola", pagetest.TIFF(be, false, rgb, rgbPixels), red, blue},
		{"big", pagetest.TIFF(le, true, rgb, rgbPixels), red, blue},
		{"big, motorola", pagetest.TIFF(be, true, rgb, rgbPixels), red, blue},
		{"unsorted", pagetest.TIFF(le, false, unsorted, rgbPixels), red, blue},
		{"planar", pagetest.TIFF(le, false, append(slices.Clone(rgb), tag(planar, 2)), plane(200, 30, 1), plane(30, 60, 1), plane(30, 200, 1)), red, blue},
		{"planar, 16 bit", pagetest.TIFF(le, false, with(tag(bitsPerSample, 16, 16, 16), tag(photometric, 2), tag(samples, 3), tag(planar, 2)), plane(200, 30, 2), plane(30, 60, 2), plane(30, 200, 2)), red, blue},
		{"turned", pagetest.TIFF(le, true, append(slices.Clone(rgb), tag(274, 3)), rgbPixels), blue, red},
		{"cmyk", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8, 8), tag(photometric, 5), tag(samples, 4)), halves([]byte{55, 225, 225, 0}, []byte{225, 195, 55, 0})), red, blue},
		{"cmyk with alpha", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8, 8, 8), tag(photometric, 5), tag(samples, 5), tag(extra, 2)), halves([]byte{55, 225, 225, 0, 255}, []byte{0, 0, 0, 255, 0})), red, white},
		{"jpeg", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8), tag(compression, 7), tag(photometric, 6), tag(samples, 3), tag(530, 2, 2)), picture), red, blue},
		{"unnamed sample", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8, 8), tag(photometric, 2), tag(samples, 4), tag(extra, 0)), halves([]byte{200, 30, 30, 0}, []byte{30, 60, 200, 0})), red, blue},
		{"undeclared sample, 0", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8, 8), tag(photometric, 2), tag(samples, 4)), halves([]byte{200, 30, 30, 0}, []byte{30, 60, 200, 0})), red, blue},
		{"undeclared alpha", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8, 8), tag(photometric, 2), tag(samples, 4)), halves([]byte{200, 30, 30, 255}, []byte{0, 0, 0, 0})), red, white},
		{"colours in smaller planes", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8), tag(photometric, 6), tag(samples, 3), tag(planar, 2)), plane(0, 255, 1), make([]byte, 64), make([]byte, 64)), black, white},
		{"colours in smaller planes, big", pagetest.TIFF(be, true, with(tag(bitsPerSample, 8, 8, 8), tag(photometric, 6), tag(samples, 3), tag(planar, 2)), plane(0, 255, 1), make([]byte, 64), make([]byte, 64)), black, white},
		{"lightness with alpha", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8, 8, 8), tag(photometric, 8), tag(samples, 4), tag(extra, 2)), halves([]byte{0, 50, 50, 255}, []byte{0, 50, 50, 0})), black, white},
		{"tags of another program", pagetest.TIFF(le, false, append(slices.Clone(unsorted), tag(planar, 2), tag(60000, 5), tag(700, 7)), plane(200, 30, 1), plane(30, 60, 1), plane(30, 200, 1)), red, blue},
		{"strip of no length", replaced(t, pagetest.TIFF(le, false, bilevel(4, 0), group4), string(length(len(group4))), string(length(0))), white, black},
		{"grey with alpha", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8), tag(photometric, 1), tag(samples, 2), tag(extra, 2)), halves([]byte{0, 255}, []byte{0, 0})), black, white},
		{"palette with alpha", pagetest.TIFF(le, false, with(tag(bitsPerSample, 8, 8), tag(photometric, 3), tag(samples, 2), tag(extra, 2), tag(colorMap, palette16()...)), halves([]byte{1, 255}, []byte{2, 255})), red, blue},
		{"4 bit", pagetest.TIFF(le, false, with(tag(bitsPerSample, 4), tag(photometric, 1)), bytes.Repeat([]byte{0, 0, 0, 0, 255, 255, 255, 255}, 16)), black, white},
		{"2 bit, negative", pagetest.TIFF(le, false, with(tag(bitsPerSample, 2), tag(photometric, 0)), bytes.Repeat([]byte{0, 0, 255, 255}, 16)), white, black},
		{"4 bit, reversed", pagetest.TIFF(le, false, with(tag(bitsPerSample, 4), tag(photometric, 1), tag(fillOrder, 2)), reversed(bytes.Repeat([]byte{0x11, 0x11, 0x11, 0x11, 0xee, 0xee, 0xee, 0xee}, 16))), color.Gray{17}, color.Gray{238}},
		{"1 bit, reversed", pagetest.TIFF(le, false, bilevel(1, 1, tag(fillOrder, 2)), reversed(bytes.Repeat([]byte{0x01, 0xfe}, 16))), black, white},
		{"group 4", pagetest.TIFF(le, false, bilevel(4, 0), group4), white, black},
		{"group 4, black is zero", pagetest.TIFF(le, false, bilevel(4, 1), group4), black, white},
		{"group 4, reversed", pagetest.TIFF(le, false, bilevel(4, 0, tag(fillOrder, 2)), reversed(group4)), white, black},
		{"group 3", pagetest.TIFF(le, false, bilevel(3, 0), group3), white, black},
		{"group 3, filled", pagetest.TIFF(le, false, bilevel(3, 0, tag(t4Options, 4)), filled), white, black},
		{"group 3, two-dimensional", pagetest.TIFF(le, false, bilevel(3, 0, tag(t4Options, 1)), twoD), white, black},
		{"modified huffman", pagetest.TIFF(le, false, bilevel(2, 0), huffman), white, black},
	} {
		if p := shows(t, test.name, test.file, test.left, test.right); p.Width != 16 || p.Height != 16 || p.Partial {
			t.Errorf("%s: %d×%d, partial: %v", test.name, p.Width, p.Height, p.Partial)
		}
	}
	group4[4] ^= 0xff
	if p := shows(t, "damaged", pagetest.TIFF(le, false, bilevel(4, 0), group4), white, black); !p.Partial {
		t.Error("a damaged page is not called partial")
	}
	broken := pagetest.TIFF(le, false, bilevel(1, 1), nil)
	if _, err := readAll(t.Context(), newDecoder(t, page.DecoderConfig{}), onDisk(t, broken), page.Options{}); !page.TryThumbnail(err) {
		t.Errorf("a page without pixels: %v", err)
	}
}

// Numbers of every depth and format are read, below zero and with a point too.
func TestNumbersOfTIFF(t *testing.T) {
	needsLibtiff(t)
	const bitsPerSample, photometric, planar, extra, format = 258, 262, 284, 338, 339
	const negative, grey, rgb, ink, signed, float = 0, 1, 2, 5, 2, 3
	le, be := binary.LittleEndian, binary.BigEndian
	tags := func(depth, samples, color uint32, more ...uint32) []pagetest.TIFFTag {
		all := []pagetest.TIFFTag{
			{ID: 256, Values: []uint32{16}},
			{ID: 257, Values: []uint32{16}},
			{ID: bitsPerSample, Values: slices.Repeat([]uint32{depth}, int(samples))},
			{ID: photometric, Values: []uint32{color}},
			{ID: 277, Values: []uint32{samples}},
		}
		for pair := range slices.Chunk(more, 2) {
			all = append(all, pagetest.TIFFTag{ID: uint16(pair[0]), Values: pair[1:]})
		}
		return all
	}
	double := func(v float64) []byte { return le.AppendUint64(nil, math.Float64bits(v)) }
	single := func(all ...float32) (b []byte) {
		for _, v := range all {
			b = be.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	bits := func(left, right string) []byte {
		return bytes.Repeat(packed(strings.Repeat(left, 8)+strings.Repeat(right, 8)), 16)
	}
	middle := color.Gray{128}
	for _, test := range []struct {
		name        string
		file        []byte
		left, right color.Color
	}{
		{"6 bit, negative", pagetest.TIFF(le, false, tags(6, 1, negative), bits("000000", "111111")), white, black},
		{"12 bit", pagetest.TIFF(le, false, tags(12, 1, grey), bits("000000000000", "100000000000")), black, middle},
		{"colours of 4 bit", pagetest.TIFF(le, false, tags(4, 3, rgb), bits("110000100010", "001000111100")), red, blue},
		{"colours of 24 bit", pagetest.TIFF(be, false, tags(24, 3, rgb), halves([]byte{200, 0, 0, 30, 0, 0, 30, 0, 0}, []byte{30, 0, 0, 60, 0, 0, 200, 0, 0})), red, blue},
		{"32 bit", pagetest.TIFF(le, true, tags(32, 1, grey), halves([]byte{255, 255, 255, 0}, []byte{0, 0, 0, 128})), black, middle},
		{"bytes below zero", pagetest.TIFF(be, false, tags(8, 1, grey, format, signed), halves([]byte{0x20}, []byte{0xff})), color.Gray{32}, white},
		{"below zero", pagetest.TIFF(be, false, tags(16, 1, grey, format, signed), halves([]byte{0xff, 0x00}, []byte{0x01, 0x00})), black, white},
		{"half", pagetest.TIFF(be, false, tags(16, 1, grey, format, float), halves([]byte{0x38, 0x00}, []byte{0x3c, 0x00})), middle, white},
		{"colours of single precision", pagetest.TIFF(be, false, tags(32, 3, rgb, format, float), halves(single(0.8, 0.1, 0.1), single(0.1, 0.2, 0.8))), red, blue},
		{"with alpha", pagetest.TIFF(be, false, tags(32, 2, grey, format, float, extra, 2), halves(single(0, 1), single(0, 0))), black, white},
		{"planes", pagetest.TIFF(be, false, tags(32, 3, rgb, format, float, planar, 2), halves(single(0.8), single(0.1)), halves(single(0.1), single(0.2)), halves(single(0.1), single(0.8))), red, blue},
		{"double precision", pagetest.TIFF(le, false, tags(64, 1, grey, format, float), halves(double(-1000), double(1000))), black, white},
		{"ink of 16 bit", pagetest.TIFF(le, false, tags(16, 4, ink), halves([]byte{0, 55, 0, 225, 0, 225, 0, 0}, []byte{0, 225, 0, 195, 0, 55, 0, 0})), red, blue},
	} {
		if p := shows(t, test.name, test.file, test.left, test.right); p.Width != 16 || p.Height != 16 || p.Partial {
			t.Errorf("%s: %d×%d, partial: %v", test.name, p.Width, p.Height, p.Partial)
		}
	}

	// What libtiff does not know is told from what is damaged by the file alone.
	const yCbCr, jpegInside = 6, 7
	lossless := encodeJPEG(t, image.NewRGBA(image.Rect(0, 0, 16, 16)))
	lossless[bytes.Index(lossless, []byte{0xff, 0xc0})+1] = 0xc3
	for _, test := range []struct {
		name           string
		file           []byte
		noDecoder, cut bool
	}{
		{"lossless JPEG", pagetest.TIFF(le, false, tags(8, 3, yCbCr, 259, jpegInside, 278, 16), lossless), true, false},
		{"numbers that end early", pagetest.TIFF(le, false, tags(64, 1, grey, format, float), make([]byte, 8*16*16))[:500], false, true},
	} {
		_, err := readAll(t.Context(), newDecoder(t, page.DecoderConfig{}), onDisk(t, test.file), page.Options{})
		broken, ok := errors.AsType[*page.BrokenError](err)
		if errors.Is(err, page.ErrNoDecoder) != test.noDecoder || test.cut != (ok && broken.Cut()) {
			t.Errorf("%s: %v, cut: %v", test.name, err, ok && broken.Cut())
		}
	}
}

// palette16 is a TIFF palette of 256 colours: the second is red, and the third
// blue.
func palette16() []uint32 {
	all := make([]uint32, 3*256)
	for channel, values := range [3][2]uint32{{200, 30}, {30, 60}, {30, 200}} {
		all[256*channel+1], all[256*channel+2] = values[0]*257, values[1]*257
	}
	return all
}

// What viewers show of a file that is not quite right is read.
func TestDamagedFiles(t *testing.T) {
	needsLibtiff(t)
	m := flag(image.NewRGBA(image.Rect(0, 0, 300, 200)))
	good := encodePNG(t, m)
	const afterHeader, endLen = 8 + 25, 12
	side := chunk("tEXt", []byte("Title\x00x"))
	side[len(side)-1]++ // its checksum
	noise := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for i := range noise.Pix {
		noise.Pix[i] = byte(crc32.ChecksumIEEE([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
	}
	noisy := encodePNG(t, noise)

	photo, progressive := encodeJPEG(t, m), readFile(t, "flag-progressive.jpg")
	strange := func(jpeg []byte) []byte { // with a segment that image/jpeg does not know
		return slices.Concat(jpeg[:2], []byte{0xff, 0xdc, 0, 4, 0, 0}, jpeg[2:])
	}
	lossy := readFile(t, "flag-lossy.webp")
	for _, test := range []struct {
		name    string
		file    []byte
		partial bool
	}{
		{"png, side chunk", slices.Concat(good[:afterHeader], side, good[afterHeader:]), false},
		{"png, no end", good[:len(good)-endLen], false},
		{"jpeg, no tail", photo[:len(photo)-30], true},
		{"jpeg, strange segment", strange(photo), false},
		{"progressive jpeg, strange segment", strange(progressive), false},
		{"progressive jpeg, no tail", progressive[:len(progressive)-10], true},
		{"progressive jpeg, broken off", slices.Concat(progressive[:len(progressive)-10], []byte{0xff, 0xfe, 0, 2}, progressive[len(progressive)-10:]), true}, // a comment amid pixels
		{"webp, a byte short", lossy[:len(lossy)-1], false},
	} {
		if p := shows(t, test.name, test.file, red, blue); p.Partial != test.partial {
			t.Errorf("%s: partial: %v", test.name, p.Partial)
		}
	}
	doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), noisy[:len(noisy)/2], page.Options{})
	p, err := doc.Page(t.Context(), 0)
	if err != nil || !p.Partial || p.Width != 300 || p.Height != 200 {
		t.Errorf("half a png: %d×%d, partial: %v, %v", p.Width, p.Height, p.Partial, err)
	}
	if last := piece(t, doc, 0).At(150, 190); !near(last, white) {
		t.Errorf("what is missing of a png is %v", last)
	}
}

// Only a file whose end is missing is called cut: to post it again helps with no
// other.
func TestCutFiles(t *testing.T) {
	pdf := scan(t, flag(image.NewRGBA(image.Rect(0, 0, 300, 200))))
	for _, test := range []struct {
		name string
		file []byte
		cut  bool
	}{
		{"png", encodePNG(t, image.NewGray(image.Rect(0, 0, 30, 30)))[:20], true},
		{"png without a header", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...), false},
		{"pdf", pdf[:len(pdf)/20], true},
		{"pdf of nothing", []byte("%PDF-1.7\n%%EOF\n"), false},
		{"heic", readFile(t, "flag.heic")[:300], true},
		{"tiff", append([]byte("II*\x00\x20\x00\x00\x00"), 0), true},
	} {
		_, err := readAll(t.Context(), newDecoder(t, page.DecoderConfig{}), onDisk(t, test.file), page.Options{})
		broken, ok := errors.AsType[*page.BrokenError](err)
		if !ok || broken.Cut() != test.cut {
			t.Errorf("%s: %v, cut: %v", test.name, err, ok && broken.Cut())
		}
	}
}

// WebP's EXIF is found where cameras and converters put it, and white is white.
func TestKindsOfWebP(t *testing.T) {
	header, picture := webpParts(readFile(t, "flag-lossy.webp"))
	header[0] |= 0x08
	exif := pagetest.EXIF(6)
	prefixed := append([]byte("Exif\x00\x00"), exif...)
	for name, file := range map[string][]byte{
		"prefix":            webpFile(webpChunk("VP8X", header), picture, webpChunk("EXIF", prefixed)),
		"after an odd one":  webpFile(webpChunk("VP8X", header), webpChunk("ICCP", make([]byte, 7)), picture, webpChunk("XXXX", make([]byte, 3)), webpChunk("EXIF", exif)),
		"before the pixels": webpFile(webpChunk("VP8X", header), webpChunk("EXIF", exif), picture),
	} {
		if p, m := open(t, file, page.Options{}); p.Width != 60 || p.Height != 90 || !near(m.At(30, 10), red) || !near(m.At(30, 80), blue) {
			t.Errorf("%s: %d×%d, %v over %v", name, p.Width, p.Height, m.At(30, 10), m.At(30, 80))
		}
	}
	_, m := open(t, readFile(t, "flag-lossy.webp"), page.Options{})
	r, g, b, _ := m.At(20, 30).RGBA()
	if r>>8 < 190 || r>>8 > 210 || g>>8 > 40 || b>>8 > 40 {
		t.Errorf("red (200, 30, 30) became (%d, %d, %d)", r>>8, g>>8, b>>8)
	}
}

// A picture of one colour that comes out of a long file is not believed.
func TestBlankPicture(t *testing.T) {
	blank := encodePNG(t, image.NewGray(image.Rect(0, 0, 300, 200)))
	const afterHeader = 8 + 25
	long := slices.Concat(blank[:afterHeader], chunk("prVt", make([]byte, 200<<10)), blank[afterHeader:])
	_, err := readAll(t.Context(), newDecoder(t, page.DecoderConfig{}), onDisk(t, long), page.Options{})
	if !errors.Is(err, page.ErrBlank) || !page.TryThumbnail(err) {
		t.Errorf("got %v", err)
	}
	if _, err := readAll(t.Context(), newDecoder(t, page.DecoderConfig{}), onDisk(t, blank), page.Options{}); err != nil {
		t.Errorf("an empty page: %v", err)
	}
}
