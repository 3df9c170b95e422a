package page

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"slackocr/ocr/page/internal/pixels"
)

func TestParseInfo(t *testing.T) {
	const info = `Title:           A page
Pages:           9
Encrypted:       no
Page    1 size:  595 x 842 pts (A4)
Page    1 rot:   0
Page    2 size:  595.28 x 841.89 pts (A4)
Page    2 rot:   90
Page    3 size:  0 x 842 pts
Page    3 rot:   0
Page    5 size:  5 x 4000 pts
Page    12 size: 5 x 4 pts
`
	leaves, total := parseInfo(info, 5)
	if total != 9 || len(leaves) != 5 {
		t.Fatalf("%d of %d", len(leaves), total)
	}
	if l := leaves[0]; l.Width != 4959 || l.Height != 7017 || l.Error != nil {
		t.Errorf("%+v", l)
	}
	if l := leaves[1]; l.Width != 7016 || l.Height != 4961 || l.Error != nil {
		t.Errorf("turned: %+v", l)
	}
	for i, want := range map[int]code{2: codeBroken, 3: codeBroken, 4: codeShape} {
		if l := leaves[i]; l.Error == nil || l.Error.Code != want {
			t.Errorf("%d: %+v", i, l.Error)
		}
	}
	for _, none := range []string{"", "Pages: 0\n", "Pages: -4\n", "Pages: many\n", "Page 1 size: 1 x 1\n"} {
		if _, total := parseInfo(none, 5); total != 0 {
			t.Errorf("%q has %d pages", none, total)
		}
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add("Pages: 2\nPage 1 size: 595 x 842 pts (A4)\nPage 1 rot: 90\nPage 2 size: 1e300 x nan pts\n")
	f.Fuzz(func(t *testing.T, text string) {
		leaves, total := parseInfo(text, 7)
		if len(leaves) > 7 || len(leaves) > total {
			t.Fatalf("%d of %d pages", len(leaves), total)
		}
		for _, l := range leaves {
			if l.Error == nil && (l.Width < 1 || l.Height < 1 || l.Width > 1e7 || l.Height > 1e7) {
				t.Errorf("%+v", l)
			}
		}
	})
}

func TestReadPPM(t *testing.T) {
	m, err := readPPM(bufio.NewReader(strings.NewReader("P6\n2 1\n255\nabcdef")), 100)
	if err != nil || m.Rect != image.Rect(0, 0, 2, 1) || string(m.Pix) != "abc\xffdef\xff" {
		t.Errorf("%v, %v", m, err)
	}
	for _, bad := range []string{
		"", "P", "P5\n2 1\n255\nab", "P6\n2 1\n255\nabcde", "P6\n0 1\n255\n", "P6\n11 10\n255\n", "P6\n2 1\n65535\nabcdef",
		"P6\n2 -1\n255\n", "P6\n2", "P6\n99999999999 1\n255\n", "P6" + strings.Repeat(" ", 99),
	} {
		if _, err := readPPM(bufio.NewReader(strings.NewReader(bad)), 100); err == nil {
			t.Errorf("%q is a picture", bad)
		}
	}
}

func FuzzReadPPM(f *testing.F) {
	f.Add([]byte("P6\n2 1\n255\nabcdef"))
	f.Add([]byte("P6 2\t1\r255 abcdef"))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := readPPM(bufio.NewReader(bytes.NewReader(file)), 1000)
		if err == nil && (m.Rect.Empty() || m.Rect.Dx()*m.Rect.Dy() > 1000) {
			t.Errorf("%v", m.Rect)
		}
	})
}

// The chain of a TIFF's pages ends, whatever the file says, and names no page
// twice.
func FuzzDirectories(f *testing.F) {
	var b bytes.Buffer
	if err := tiff.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x08"))
	f.Fuzz(func(t *testing.T, file []byte) {
		src := &source{ctx: context.Background(), r: bytes.NewReader(file)}
		pages, err := directories(src)
		if (err == nil) != (len(pages) > 0) {
			t.Fatalf("%d pages, %v", len(pages), err)
		}
		seen := map[uint64]bool{}
		for i, p := range pages {
			if seen[p.offset] || p.orientation() < 1 || p.orientation() > 8 {
				t.Errorf("page %d: %+v", i, p)
			}
			seen[p.offset] = true
			if _, ok := p.tags[tagWidth]; !ok {
				continue
			}
			file, err := io.ReadAll(p.alone(src, int64(len(file))))
			if err != nil {
				t.Fatal(err)
			}
			alone, err := directories(bytes.NewReader(file))
			if err != nil || len(alone) != 1 || alone[0].orientation() != pixels.Upright {
				t.Errorf("page %d by itself: %+v, %v", i, alone, err)
			}
		}
	})
}

func FuzzSniff(f *testing.F) {
	for _, head := range []string{"\x89PNG\r\n\x1a\n", "BM", "II*\x00", "%PDF-", "\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00heicavif", "RIFF\x00\x00\x00\x00WEBP"} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		kind := Sniff(head)
		if kind == PDF || kind == AVIF || kind == "" {
			return
		}
		if _, ok := codecs[kind]; !ok {
			t.Errorf("%q is %q, which nothing decodes", head, kind)
		}
	})
}

// FuzzLook is for the parsers of headers, our own among them.
func FuzzLook(f *testing.F) {
	f.Add(string(HEIC), []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
	f.Add(string(JPEG), []byte("\xff\xd8\xff\xc0\x00\x11\x08\x00\x01\x00\x01\x03"))
	f.Add(string(WebP), []byte("RIFF\x00\x00\x00\x00WEBPVP8X"))
	f.Add(string(TIFF), []byte("II*\x00\x08\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, kind string, file []byte) {
		src := &source{ctx: context.Background(), r: bytes.NewReader(file)}
		size, turn, err := look(src, Kind(kind), 1e6)
		if err == nil && (size.X < 1 || size.Y < 1 || size.X*size.Y > 1e6 || turn < 1 || turn > 8) {
			t.Errorf("%v, %v", size, turn)
		}
		if err != nil && strings.Contains(err.Error(), "panicked") {
			t.Error(err)
		}
	})
}

// What a process answers is not trusted more than the file that it read.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"Error":{"Code":"broken","Kind":"pdf","Text":"x"}}`))
	f.Add([]byte(`{"Pages":[{"Width":-1,"Height":0}],"Total":1}`))
	f.Add([]byte(`{"Pages":[{"Width":3,"Height":99999999}],"Total":4}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var a answer
		if json.Unmarshal(text, &a) != nil {
			return
		}
		if a.Error != nil && a.Error.err() == nil {
			t.Error("a failure without an error")
		}
		doc, err := newDocument(PDF, Options{MaxPages: 9, Canvas: func(int, int) (int, int) { return 300, 400 }}, a)
		if err == nil && (doc.Len() < 1 || doc.Len() > 9*maxParts || doc.Pages() > 9 || doc.Left() < 0) {
			t.Errorf("%d pieces, %d pages, %d left", doc.Len(), doc.Pages(), doc.Left())
		}
	})
}

func TestParseTSV(t *testing.T) {
	const tsv = "level\tpage_num\tpar_num\tblock_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n" +
		"1\t4\t0\t0\t0\t0\t0.000000\t0.000000\t595.000000\t842.000000\t-1\t###PAGE###\n" +
		"3\t4\t0\t0\t0\t0\t60.0\t49.0\t148.0\t16.6\t-1\t###FLOW###\n" +
		"4\t4\t0\t0\t0\t0\t60.0\t49.0\t148.0\t16.6\t-1\t###LINE###\n" +
		"5\t4\t0\t0\t0\t0\t60.00\t49.08\t57.02\t16.65\t100\tInvoice\n" +
		"5\t4\t0\t0\t0\t1\t122.03\t49.08\t86.06\t16.65\t100\t2026\n" +
		"4\t4\t0\t0\t1\t0\t60.0\t70.0\t148.0\t16.6\t-1\t###LINE###\n" +
		"5\t4\t0\t0\t1\t0\t60.00\t70.00\t57.02\t16.65\t100\tnext\n" +
		"1\t9\t0\t0\t0\t0\t0\t0\t595\t842\t-1\t###PAGE###\n" +
		"5\t9\t0\t0\t0\t0\t1\t1\t1\t1\t100\tafter\n" +
		"5\t4\t0\t0\t1\t0\tNaN\t70.00\t57.02\t16.65\t100\tnowhere\n" +
		"5\t4\t0\t0\n"
	all := parseTSV(strings.NewReader(tsv), 3, 2)
	if len(all) != 2 || all[1] != nil || len(all[0].Lines) != 2 || len(all[0].Lines[0].Words) != 2 {
		t.Fatalf("%+v", all)
	}
	l := all[0]
	if w := l.Lines[0].Words[1]; l.Width != 595 || w.Text != "2026" || w.Box.Left != 122.03 || math.Abs(w.Box.Bottom-65.73) > 1e-6 || l.Lines[1].Block != l.Lines[0].Block {
		t.Errorf("%+v", l)
	}
}

func FuzzParseTSV(f *testing.F) {
	f.Add("1\t1\t0\t0\t0\t0\t0\t0\t595\t842\t-1\t###PAGE###\n4\t1\t0\t0\t0\t0\t6\t4\t1\t1\t-1\t###LINE###\n5\t1\t0\t0\t0\t0\t60\t49\t57\t16\t100\tשלום12\n")
	m := gray{width: 20, height: 30, pixels: make([]byte, 600)}
	for i := range m.pixels {
		m.pixels[i] = byte(i * 37)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, layer := range parseTSV(strings.NewReader(text), 0, 2) {
			if layer == nil {
				continue
			}
			compare(layer, m)
			layer.Good()
			layer.Text()
			if _, err := json.Marshal(layer); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestParseImages(t *testing.T) {
	const list = `page   num  type   width height color comp bpc  enc interp  object ID x-ppi y-ppi size ratio
--------------------------------------------------------------------------------------------
   1     0 image    1654  2339  rgb     3   8  jpeg   no         4  0   200   200  327K 2.9%
   1     1 smask    1654  2339  gray    1   8  image  no         5  0   200   200  327K 2.9%
   2     2 stencil    72    72  -       1   1  ccitt  no   [inline]    72    72  327K 2.9%
   3     3 image    1654  2339  rgb     3   8  jpeg   no         4  0     0     0  327K 2.9%
`
	got := parseImages(strings.NewReader(list), 0, 3)
	if a4 := 1654.0 / 200 * 2339 / 200 * 72 * 72; got[0] < a4-1 || got[0] > a4+1 || got[1] != 72*72 || got[2] != 0 {
		t.Error(got)
	}
}

// A PDF that poppler does not open is locked if it is encrypted, and not if
// poppler opens it but cannot draw a page.
func TestLockedPages(t *testing.T) {
	const plain, locked = "%PDF-1.7\ntrailer <</Root 1 0 R>>\n%%EOF\n", "%PDF-1.7\ntrailer <</Encrypt 5 0 R/Root 1 0 R>>\n%%EOF\n"
	for _, test := range []struct {
		file, ends string
		locked     bool
	}{
		{locked, "exit 1", true},
		{locked, "exit 2", false},
		{locked, "exit 0", false},
		{plain, "exit 1", false},
	} {
		folder := t.TempDir()
		tool, name := filepath.Join(folder, "pdftoppm"), filepath.Join(folder, "file.pdf")
		err := errors.Join(os.WriteFile(tool, []byte("#!/bin/sh\n"+test.ends+"\n"), 0o700), os.WriteFile(name, []byte(test.file), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		_, err = drawPDF(&source{ctx: t.Context()}, file, request{Tools: map[string]string{"pdftoppm": tool}, Layout: layout{10, 10, 1}})
		if _, broken := errors.AsType[*BrokenError](err); errors.Is(err, ErrPassword) != test.locked || broken == test.locked {
			t.Errorf("%s of %q: %v", test.ends, test.file, err)
		}
	}
}

// FuzzHEIF is for what is read of a HEIC file's description: it ends, and panics
// at nothing.
func FuzzHEIF(f *testing.F) {
	for _, name := range []string{"flag.heic", "flag-alpha.heic", "flag-exif.heic", "limited-range.heic"} {
		file, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		src := &source{ctx: context.Background(), r: bytes.NewReader(file)}
		h, err := readHEIF(src)
		if err != nil {
			return
		}
		if size, err := h.size(); err == nil && (size.X < 1 || size.Y < 1) {
			t.Errorf("%v", size)
		}
		h.exif(src)
		h.alpha()
		h.limited()
	})
}
