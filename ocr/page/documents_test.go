package page_test

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"testing"

	"slackocr/ocr/page"
)

// newDecoder decodes in processes of their own.
func newDecoder(t testing.TB, c page.DecoderConfig) *page.Decoder {
	t.Helper()
	c.Command = page.DecodeCommand()
	return page.NewDecoder(c)
}

// onDisk writes a file without a name, as downloads are, that is closed at the
// test's end.
func onDisk(t testing.TB, content []byte) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := os.Remove(f.Name()); err != nil {
		t.Fatal(err)
	}
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
