package page_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"slices"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"slackocr/ocr/page"
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/pagetest"
)

// examples are a small file of each kind, red at the left and blue at the
// right. The HEIC and AVIF files were made with heif-enc from the same picture
// as the others, 240 by 160 pixels.
func examples(t testing.TB) map[page.Kind][]byte {
	t.Helper()
	r := image.Rect(0, 0, 96, 64)
	return map[page.Kind][]byte{
		page.PNG:   encodePNG(t, flag(image.NewRGBA(r))),
		input.JPEG: encodeJPEG(t, flag(image.NewRGBA(r))),
		input.GIF:  encodeGIF(t, flag(image.NewPaletted(r, palette.WebSafe))),
		input.WebP: readFile(t, "flag-lossy.webp"),
		input.BMP:  encodeBMP(t, flag(image.NewRGBA(r))),
		input.TIFF: tiffOf(t, tiff.Deflate, flag(image.NewRGBA(r))),
		input.HEIC: readFile(t, "flag.heic"),
		input.PDF:  scan(t, flag(image.NewRGBA(r))),
	}
}

func encodeGIF(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeBMP(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bmp.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scan is a PDF with a page for each picture.
func scan(t testing.TB, pictures ...image.Image) []byte {
	t.Helper()
	var files [][]byte
	for _, m := range pictures {
		files = append(files, encodeJPEG(t, m))
	}
	return pagetest.Scan(150, files...)
}

// tiffOf is a file with a page for each picture. Each is written as a file of
// its own, and its offsets are moved.
func tiffOf(t testing.TB, compression tiff.CompressionType, pictures ...image.Image) []byte {
	t.Helper()
	var out []byte
	link := 4 // where the next page's offset is to be written
	for i, m := range pictures {
		var b bytes.Buffer
		if err := tiff.Encode(&b, m, &tiff.Options{Compression: compression}); err != nil {
			t.Fatal(err)
		}
		file, base := b.Bytes(), uint32(len(out))
		order := binary.LittleEndian
		at := order.Uint32(file[4:])
		entries := int(order.Uint16(file[at:]))
		for e := range entries {
			entry := file[int(at)+2+12*e:]
			size := map[uint16]uint32{1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[order.Uint16(entry[2:])] * order.Uint32(entry[4:])
			if size > 4 || order.Uint16(entry) == 273 { // StripOffsets
				order.PutUint32(entry[8:], order.Uint32(entry[8:])+base)
			}
		}
		out = append(out, file...)
		if i > 0 {
			order.PutUint32(out[link:], base+at)
		}
		link = int(base+at) + 2 + 12*entries
	}
	return out
}

// withTag sets a value of a TIFF file's first page, in place of its unit of
// resolution, which nobody needs.
func withTag(file []byte, tag, kind uint16, value uint32) []byte {
	const resolutionUnit = 296
	file = slices.Clone(file)
	order := binary.LittleEndian
	at := order.Uint32(file[4:])
	all := file[at+2:][:12*int(order.Uint16(file[at:]))]
	var entries [][]byte
	for entry := range slices.Chunk(slices.Clone(all), 12) {
		if order.Uint16(entry) == resolutionUnit {
			entry = order.AppendUint16(nil, tag)
			entry = order.AppendUint16(entry, kind)
			entry = order.AppendUint32(entry, 1)
			entry = order.AppendUint32(entry, value)
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b []byte) int { return int(order.Uint16(a)) - int(order.Uint16(b)) })
	copy(all, slices.Concat(entries...))
	return file
}

func deflate(content []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// Every kind of file arrives as the same picture, with and without a process
// between.
func TestEachKindOpens(t *testing.T) {
	canvases := map[string]func(int, int) (int, int){
		"kept": nil, "smaller": func(int, int) (int, int) { return 31, 20 },
	}
	decoders := map[string]*page.Decoder{
		"own process": newDecoder(t, page.DecoderConfig{}), "this process": page.NewDecoder(page.DecoderConfig{}),
	}
	for kind, file := range examples(t) {
		if got := input.Sniff(file); got != kind {
			t.Errorf("a %s file is taken for %q", kind, got)
		}
		for where, d := range decoders {
			for size, canvas := range canvases {
				t.Run(fmt.Sprintf("%s %s %s", kind, where, size), func(t *testing.T) {
					doc := openDocument(t, d, file, page.Options{Canvas: canvas})
					if doc.Len() != 1 || doc.Pages() != 1 || doc.Left() != 0 || doc.Number(0) != 1 || doc.Continues(0) {
						t.Errorf("%d pieces, %d pages, %d left", doc.Len(), doc.Pages(), doc.Left())
					}
					m := piece(t, doc, 0)
					s := m.Bounds().Size()
					if left := m.At(s.X/4, s.Y/2); !near(left, red) {
						t.Errorf("left is %v", left)
					}
					if right := m.At(s.X*3/4, s.Y/2); !near(right, blue) {
						t.Errorf("right is %v", right)
					}
					if canvas != nil && (s.Y < 20 || s.Y > 22 || s.X < 31) {
						t.Errorf("scaled to %v", s)
					}
				})
			}
		}
	}
}

// Each page of a TIFF is read, with the orientation it says, and none of the
// smaller copies.
func TestPagesOfTIFF(t *testing.T) {
	r := image.Rect(0, 0, 60, 40)
	colors := []color.RGBA{red, green, blue}
	var pictures []image.Image
	for _, c := range colors {
		pictures = append(pictures, image.NewPaletted(r, color.Palette{c}))
	}
	file := tiffOf(t, tiff.Deflate, pictures...)
	doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), file, page.Options{})
	if doc.Len() != 3 {
		t.Fatalf("%d pages", doc.Len())
	}
	for i, want := range colors {
		if got := piece(t, doc, i).At(5, 5); !near(got, want) || doc.Number(i) != i+1 {
			t.Errorf("page %d, called %d, is %v", i, doc.Number(i), got)
		}
	}
	doc = openDocument(t, newDecoder(t, page.DecoderConfig{}), file, page.Options{MaxPages: 2})
	if doc.Len() != 2 || doc.Left() != 1 {
		t.Errorf("%d pages, %d left", doc.Len(), doc.Left())
	}

	small := withTag(file, 254, 4, 1)
	doc = openDocument(t, newDecoder(t, page.DecoderConfig{}), small, page.Options{})
	if got := piece(t, doc, 0).At(5, 5); doc.Len() != 2 || !near(got, green) {
		t.Errorf("%d pages, the first is %v", doc.Len(), got)
	}

	turned := withTag(tiffOf(t, tiff.Uncompressed, flag(image.NewRGBA(r))), 274, 3, 6)
	_, m := open(t, turned, page.Options{})
	if m.Bounds().Dx() != 40 || !near(m.At(20, 10), red) || !near(m.At(20, 50), blue) {
		t.Errorf("a turned page is %v, %v over %v", m.Bounds(), m.At(20, 10), m.At(20, 50))
	}
}

func TestPagesOfPDF(t *testing.T) {
	var pictures []image.Image
	colors := []color.RGBA{red, green, blue, white}
	for _, c := range colors {
		pictures = append(pictures, image.NewPaletted(image.Rect(0, 0, 300, 200), color.Palette{c}))
	}
	doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), scan(t, pictures...), page.Options{MaxPages: 3})
	if doc.Len() != 3 || doc.Left() != 1 {
		t.Fatalf("%d pages, %d left", doc.Len(), doc.Left())
	}
	for i := range 3 {
		if got := piece(t, doc, i).At(50, 50); !near(got, colors[i]) {
			t.Errorf("page %d is %v", i, got)
		}
	}
}

// A page is turned as it says, drawn with as many dots as the canvas wants,
// and no larger than its crop box.
func TestSizeOfPDFPage(t *testing.T) {
	for _, test := range []struct {
		name, page string
		canvas     image.Point
		want       image.Point
	}{
		{"a4", "/MediaBox [0 0 595 842]", image.Pt(1280, 1920), image.Pt(1357, 1920)},
		{"a4, no canvas", "/MediaBox [0 0 595 842]", image.Pt(0, 0), image.Pt(3362, 4758)},
		{"a4 turned", "/MediaBox [0 0 595 842] /Rotate 90", image.Pt(1920, 1280), image.Pt(1920, 1357)},
		{"cropped", "/MediaBox [0 0 595 842] /CropBox [100 100 172 172]", image.Pt(1280, 1280), image.Pt(600, 600)},
		{"a receipt", "/MediaBox [0 0 226 560]", image.Pt(960, 1920), image.Pt(960, 2379)},
		{"a card", "/MediaBox [0 0 243 153]", image.Pt(1920, 1280), image.Pt(2025, 1275)},
		{"a label", "/MediaBox [0 0 72 36]", image.Pt(1280, 640), image.Pt(600, 300)},
		{"a slide", "/MediaBox [0 0 720 405]", image.Pt(1920, 1280), image.Pt(2276, 1280)},
		{"an a0 plan", "/MediaBox [0 0 3370 2384]", image.Pt(1920, 1280), image.Pt(1920, 1358)},
		{"a field", "/MediaBox [0 0 200000 200000]", image.Pt(1280, 1280), image.Pt(1280, 1280)},
		{"a field, no canvas", "/MediaBox [0 0 200000 200000]", image.Pt(0, 0), image.Pt(4000, 4000)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b pagetest.PDFBuilder
			kid := b.Object("<< /Type /Page /Parent " + pagetest.PagesRef + " " + test.page + " >>")
			doc := openDocument(t, newDecoder(t, page.DecoderConfig{}), b.File([]string{kid}, 1, ""), page.Options{
				Canvas: func(int, int) (int, int) { return test.canvas.X, test.canvas.Y },
			})
			got := piece(t, doc, 0).Bounds().Size()
			if d := got.Sub(test.want); d.X*d.X > 4 || d.Y*d.Y > 4 {
				t.Errorf("drawn as %v, want %v", got, test.want)
			}
		})
	}
}

// Boxes around links are left out, also where the links are within an object
// stream, but nothing that was written into a form or onto a page.
func TestAnnotationsOfPDF(t *testing.T) {
	const (
		box  = "/Rect [20 20 180 80] /Border [0 0 8] /C [0 0 1]"
		link = "<< /Type /Annot /Subtype /Link " + box + " >>"
		note = "<< /Type /Annot /Subtype/FreeText " + box + " /DA (0 0 1 rg /Helv 60 Tf) /Contents (MMM) >>"
	)
	stream := func(b *pagetest.PDFBuilder, content string) {
		b.Stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", deflate([]byte(content)))
	}
	for _, test := range []struct {
		name        string
		annotations string
		hidden      string // what an object stream holds
		drawn       bool
	}{
		{"links", link, "", false},
		{"links and what is hidden", link, "9 0 << /Subtype /Link >>", false},
		{"a note", note, "", true},
		{"a link and a note", link + note, "", true},
		{"a link and a field that is hidden", link, "9 0 << /Subtype /Widget >>", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b pagetest.PDFBuilder
			kid := b.Object("<< /Type /Page /Parent " + pagetest.PagesRef + " /MediaBox [0 0 200 100] /Annots [" + test.annotations + "] >>")
			if test.hidden != "" {
				stream(&b, test.hidden)
			}
			m := piece(t, openDocument(t, newDecoder(t, page.DecoderConfig{}), b.File([]string{kid}, 1, ""), page.Options{
				Canvas: func(int, int) (int, int) { return 200, 100 },
			}), 0)
			drawn := false
			for y := range m.Bounds().Dy() {
				for x := range m.Bounds().Dx() {
					drawn = drawn || !near(m.At(x, y), white)
				}
			}
			if drawn != test.drawn {
				t.Errorf("anything drawn: %v", drawn)
			}
		})
	}
}
