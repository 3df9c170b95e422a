package pdf

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slackocr/ocr/page/internal/input"
)

func TestParseInfo(t *testing.T) {
	const info = `Title:           A page
Pages:           2
Page    3 size:  595 x 842 pts (A4)
Author:          Somebody
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
	pages, total := parseInfo(info, 5)
	if total != 9 || len(pages) != 5 {
		t.Fatalf("%d of %d", len(pages), total)
	}
	if l := pages[0]; l.Width != 4959 || l.Height != 7017 || l.Error != nil {
		t.Errorf("%+v", l)
	}
	if l := pages[1]; l.Width != 7016 || l.Height != 4961 || l.Error != nil {
		t.Errorf("turned: %+v", l)
	}
	for i, thin := range map[int]bool{2: false, 3: false, 4: true} {
		if l := pages[i]; l.Error == nil || (l.Error.Shape != nil) != thin || (l.Error.Broken == input.PDF) == thin {
			t.Errorf("%d: %+v", i, l.Error)
		}
	}
	for _, none := range []string{"", "Pages: 0\n", "Pages: 7\nPages: 0\n", "Pages: -4\n", "Pages: many\n", "Page 1 size: 1 x 1\n"} {
		if _, total := parseInfo(none, 5); total != 0 {
			t.Errorf("%q has %d pages", none, total)
		}
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add("Pages: 2\nPage 1 size: 595 x 842 pts (A4)\nPage 1 rot: 90\nPage 2 size: 1e300 x nan pts\n")
	f.Fuzz(func(t *testing.T, text string) {
		pages, total := parseInfo(text, 7)
		if len(pages) > 7 || len(pages) > total {
			t.Fatalf("%d of %d pages", len(pages), total)
		}
		for _, l := range pages {
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
		f := fileFor(t, t.Context(), test.file, map[string]string{"pdftoppm": test.ends})
		_, err := Draw(f, 0, image.Pt(10, 10), false)
		if _, broken := errors.AsType[*input.BrokenError](err); errors.Is(err, input.ErrPassword) != test.locked || broken == test.locked {
			t.Errorf("%s of %q: %v", test.ends, test.file, err)
		}
	}
}

// fileFor returns a file with shell scripts in place of poppler's programs.
func fileFor(t *testing.T, ctx context.Context, content string, scripts map[string]string) *input.File {
	t.Helper()
	folder := t.TempDir()
	name := filepath.Join(folder, "file.pdf")
	err := os.WriteFile(name, []byte(content), 0o600)
	paths := map[string]string{}
	for tool, script := range scripts {
		paths[tool] = filepath.Join(folder, tool)
		err = errors.Join(err, os.WriteFile(paths[tool], []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	}
	file, openErr := os.Open(name)
	if err = errors.Join(err, openErr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	f := input.NewFile(ctx, file, int64(len(content)))
	f.Tools = input.Tools{Paths: paths, Stdin: file}
	return f
}

// Pages without a word are not drawn for their text: Layers ends long before its time
// is over.
func TestScansAreNotDrawnForTheirText(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const pages = 1000 // which have more than four minutes
	for name, script := range map[string]string{
		"no word":  `printf '1\t1\t0\t0\t0\t0\t0\t0\t595\t842\t-1\t###PAGE###\n'`,
		"no pages": "exit 1",
	} {
		f := fileFor(t, ctx, "", map[string]string{"pdftotext": script, "pdfimages": "exec sleep 600", "pdftoppm": "exec sleep 600"})
		for _, layer := range Layers(f, 0, pages) {
			if layer.Good() {
				t.Errorf("%s: %+v", name, layer)
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: the programs ran on", name)
		}
	}
}

// A PDF whose title is longer than pdfinfo may print is broken, and pdfinfo did not crash.
func TestInfoWithoutEnd(t *testing.T) {
	f := fileFor(t, t.Context(), "%%EOF", map[string]string{"pdfinfo": "exec yes 'Title: long'", "pdftoppm": "exit 1"})
	_, _, err := Examine(f, 5)
	if _, broken := errors.AsType[*input.BrokenError](err); !broken {
		t.Errorf("%T: %v", err, err)
	}
}
