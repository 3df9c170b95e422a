package page_test

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"testing"

	"slackocr/ocr/page"
)

// onDisk writes a file that is closed at the test's end.
func onDisk(t testing.TB, content []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	return f
}

// openDocument opens a file that must open.
func openDocument(t testing.TB, d *page.Decoder, content []byte, o page.Options) *page.Document {
	t.Helper()
	doc, err := d.Open(t.Context(), onDisk(t, content), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { doc.Close() })
	return doc
}

// piece gives one piece of a document as pixels.
func piece(t testing.TB, doc *page.Document, i int) image.Image {
	t.Helper()
	p, err := doc.Page(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	if s := m.Bounds().Size(); s != image.Pt(p.Width, p.Height) {
		t.Errorf("the page says %d×%d, the data is %v", p.Width, p.Height, s)
	}
	return m
}

func TestQuick(t *testing.T) {
	d := newDecoder(t, page.DecoderConfig{})
	doc := openDocument(t, d, encodePNG(t, flag(image.NewRGBA(image.Rect(0, 0, 90, 60)))), page.Options{})
	m := piece(t, doc, 0)
	if !near(m.At(10, 10), red) {
		t.Error(m.At(10, 10))
	}
	t.Log(doc.Len(), doc.Pages(), doc.Left(), m.Bounds())
}
