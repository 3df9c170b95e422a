package page_test

import (
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
	"slackocr/ocr/witness"
)

// prose are lines of a page that a program wrote.
var prose = []string{
	"Harbour Street 14, Thornbury", "3 March 2026", "Dear Mrs Okafor,",
	"thank you for showing us the garden on Saturday. The children have", "talked about nothing but the pond since: 1,234.50 litres of it.",
}

// sheetOf sets lines one below the other.
func sheetOf(lines ...string) (s pagetest.Sheet) {
	for i, line := range lines {
		s.Texts = append(s.Texts, pagetest.Text{X: 60, Y: 80 + 14*float64(i), Text: line})
	}
	return s
}

// layerOf returns the layer of a PDF's first page.
func layerOf(t *testing.T, file []byte) *witness.Layer {
	t.Helper()
	doc := openDocument(t, page.NewDecoder(page.DecoderConfig{}), file, page.Options{Canvas: canvas})
	layer, err := doc.Layer(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return layer
}

func TestLayerIsThePagesText(t *testing.T) {
	want := strings.Join(prose, " ")
	turned, cropped := sheetOf(prose...), sheetOf(prose...)
	turned.Rotate = 270
	cropped.Texts = append(cropped.Texts, pagetest.Text{X: 60, Y: 820, Text: "Cut off below the page"})
	cropped.Height, cropped.Width = 600, 595
	for name, s := range map[string]pagetest.Sheet{"upright": sheetOf(prose...), "turned": turned, "with a text beside it": cropped} {
		l := layerOf(t, pagetest.TextPDF(s))
		if l == nil {
			t.Errorf("%s: no layer", name)
			continue
		}
		if got := strings.Join(strings.Fields(l.Text()), " "); got != want {
			t.Errorf("%s: %q", name, got)
		}
		if (l.Width > l.Height) != (name == "turned") {
			t.Errorf("%s: %v×%v points", name, l.Width, l.Height)
		}
	}
}

func TestLayerOfOtherScripts(t *testing.T) {
	lines := []string{"Итого к оплате 1 234,50 рублей", "合計金額は 345 円です", "Σύνολο 12,50 ευρώ", "סך הכל לתשלום 1,234.50 שקל", "المجموع 99 درهم"}
	l := layerOf(t, pagetest.TextPDF(sheetOf(lines...)))
	if l == nil {
		t.Fatal("no layer")
	}
	for _, line := range lines {
		if !strings.Contains(l.Text(), line) {
			t.Errorf("%q is not in\n%s", line, l.Text())
		}
	}
}

// A layer that is not what the page shows is left alone.
func TestBadLayers(t *testing.T) {
	scan := pagetest.Photo(pagetest.Letter, pagetest.Layout{DPI: 100})
	over := func(change func(*pagetest.Text)) pagetest.Sheet {
		s := sheetOf(prose...)
		for i := range s.Texts {
			change(&s.Texts[i])
		}
		return s
	}
	scanned := over(func(t *pagetest.Text) { t.Invisible = true })
	scanned.Picture = scan
	stamped := sheetOf("Page 1 of 3")
	stamped.Picture = scan
	for name, s := range map[string]pagetest.Sheet{
		"nothing":         {},
		"invisible":       over(func(t *pagetest.Text) { t.Invisible = true }),
		"white":           over(func(t *pagetest.Text) { t.White = true }),
		"over a scan":     scanned,
		"a scan's stamp":  stamped,
		"beside the page": over(func(t *pagetest.Text) { t.X += 5000 }),
		"other letters":   over(func(t *pagetest.Text) { t.Encoded = shifted(t.Text) }),
		"private signs":   over(func(t *pagetest.Text) { t.Encoded = strings.Map(func(r rune) rune { return 0xE000 + r }, t.Text) }),
		"replaced":        over(func(t *pagetest.Text) { t.Encoded = strings.ReplaceAll(t.Text, "a", "\uFFFD") }),
		"Latin for Greek": over(func(t *pagetest.Text) {
			t.Encoded = strings.Map(func(r rune) rune {
				if r >= 'a' {
					return r - 'a' + 0xE0
				}
				return r
			}, t.Text)
		}),
	} {
		if l := layerOf(t, pagetest.TextPDF(s)); l != nil {
			t.Errorf("%s: %+v\n%s", name, l.Ink, l.Text())
		}
	}
	if l := layerOf(t, pagetest.Scan(100, scan)); l != nil {
		t.Errorf("a scan: %+v", l.Ink)
	}
}

// shifted are other letters: those of a font that does not say what it shows.
func shifted(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' {
			return r - 29
		}
		return r
	}, strings.ToLower(text))
}

// A word that nobody sees is not of the page.
func TestHiddenWords(t *testing.T) {
	s := sheetOf(append(prose, prose...)...)
	s.Texts[2].White = true
	s.Texts = append(s.Texts, pagetest.Text{X: 60, Y: 500, Text: "9,999.99", Invisible: true})
	l := layerOf(t, pagetest.TextPDF(s))
	if l == nil {
		t.Fatal("no layer")
	}
	if text := l.Text(); strings.Contains(text, "9,999") || strings.Count(text, "Okafor") != 1 {
		t.Error(text)
	}
}

// Of two texts in one place a page shows one, and nobody says which.
func TestTextsOverEachOther(t *testing.T) {
	s := sheetOf(append(prose, prose...)...)
	s.Texts = append(s.Texts, pagetest.Text{X: 60, Y: 500, Text: "1,111.11"}, pagetest.Text{X: 62, Y: 502, Text: "2,222.22"})
	l := layerOf(t, pagetest.TextPDF(s))
	if l == nil {
		t.Fatal("no layer")
	}
	if text := l.Text(); strings.Contains(text, "111") || strings.Contains(text, "222") {
		t.Error(text)
	}
}

// Words over a picture of the whole page may be a scanner's reading of it: they can
// stand for the page, and say nothing of what the model has read.
func TestTextOverAPicture(t *testing.T) {
	s := sheetOf(append(prose, prose...)...)
	s.Picture = encodeJPEG(t, blank(595, 842))
	layer := layerOf(t, pagetest.TextPDF(s))
	if layer == nil || !layer.Ink.Scanned {
		t.Fatalf("%+v", layer)
	}
	read := strings.Replace(layer.Text(), "1,234.50", "1,284.50", 1)
	if r := layer.Check(read); r.Text != read || !r.Agrees {
		t.Errorf("%+v", r)
	}
}

// What a page shows beside its layer, as what was filled into a form, is not made up.
func TestTextThatTheLayerLacks(t *testing.T) {
	s := sheetOf(append(prose, prose...)...)
	const filled = "Northgate 4711 School"
	whole := layerOf(t, pagetest.TextPDF(s))
	for i := range filled { // strokes, as letters have them
		x := 60 + 7*float64(i)
		s.Rules = append(s.Rules, pagetest.Rule{X: x, Y: 500, ToX: x + 4, ToY: 493}, pagetest.Rule{X: x, Y: 493, ToX: x + 4, ToY: 496})
	}
	layer := layerOf(t, pagetest.TextPDF(s))
	if layer == nil || whole == nil {
		t.Fatal("no layer")
	}
	read := layer.Text() + "\n\n" + filled
	if r := layer.Check(read); r.Text != read {
		t.Errorf("%+v\n%s", layer.Ink, r.Text)
	}
	if r := whole.Check(read); r.MadeUp != 1 {
		t.Errorf("where the page does not show it: %+v", r)
	}
}

func TestPagesHaveTheirLayers(t *testing.T) {
	var sheets []pagetest.Sheet
	const pages = 20
	for i := range pages {
		s := sheetOf(prose...)
		s.Texts = append(s.Texts, pagetest.Text{X: 60, Y: 300, Text: "Number " + strings.Repeat("I", i+1)})
		sheets = append(sheets, s)
	}
	d := newDecoder(t, page.DecoderConfig{})
	doc := openDocument(t, d, pagetest.TextPDF(sheets...), page.Options{Canvas: canvas})
	for _, i := range []int{0, 1, 16, 17, pages - 1} {
		p, err := doc.Page(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if p.Layer == nil || !strings.HasSuffix(p.Layer.Text(), "Number "+strings.Repeat("I", i+1)) {
			t.Errorf("page %d: %+v", i+1, p.Layer)
		}
	}
	if n := d.Kills(); n > 0 {
		t.Errorf("%d processes were ended", n)
	}
}

func TestNoLayerWhereNoneIsWanted(t *testing.T) {
	doc := openDocument(t, page.NewDecoder(page.DecoderConfig{IgnoreText: true}), pagetest.TextPDF(sheetOf(prose...)), page.Options{Canvas: canvas})
	p, err := doc.Page(t.Context(), 0)
	if layer, layerErr := doc.Layer(t.Context(), 0); err != nil || layerErr != nil || p.Layer != nil || layer != nil {
		t.Errorf("%+v, %+v, %v, %v", p.Layer, layer, err, layerErr)
	}
}

// The pieces of a tall page have what stands on them.
func TestLayersOfPieces(t *testing.T) {
	var lines []string
	for range 40 {
		lines = append(lines, prose...)
	}
	s := sheetOf(lines...)
	s.Width, s.Height = 500, 3000
	doc := openDocument(t, page.NewDecoder(page.DecoderConfig{}), pagetest.TextPDF(s), page.Options{Canvas: func(int, int) (int, int) { return 640, 1280 }})
	if doc.Len() < 2 {
		t.Fatalf("%d parts", doc.Len())
	}
	var all []string
	for i := range doc.Len() {
		p, err := doc.Page(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if p.Layer == nil {
			t.Fatalf("part %d has no layer", i+1)
		}
		all = append(all, strings.Fields(p.Layer.Text())...)
	}
	if got, want := strings.Join(all, " "), strings.Join(lines, " "); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// A pdftotext that fails, waits or writes without end leaves a page without text.
func TestTextThatCannotBeHad(t *testing.T) {
	file := pagetest.TextPDF(sheetOf(prose...))
	for name, script := range map[string]string{
		"fails":   "exit 1",
		"waits":   "exec sleep 600",
		"no end":  "exec yes '5\t1\t0\t0\t0\t0\t1\t1\t1\t1\t100\tword'",
		"no text": "echo nothing",
		"no file": "",
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			for dir := range strings.SplitSeq(os.Getenv("PATH"), ":") {
				for _, tool := range []string{"pdfinfo", "pdftoppm", "pdfimages"} {
					if _, err := os.Stat(filepath.Join(dir, tool)); err == nil {
						_ = os.Symlink(filepath.Join(dir, tool), filepath.Join(path, tool)) // the first one counts
					}
				}
			}
			if script != "" {
				script := "#!/bin/sh\nPATH=/usr/bin:/bin\n" + script + "\n"
				if err := os.WriteFile(filepath.Join(path, "pdftotext"), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			d := newDecoder(t, page.DecoderConfig{})
			t.Setenv("PATH", path)
			doc := openDocument(t, d, file, page.Options{Canvas: canvas})
			p, err := doc.Page(t.Context(), 0)
			if err != nil || len(p.Data) == 0 || p.Layer != nil || d.Kills() > 0 {
				t.Errorf("%d bytes, %+v, %v, %d processes were ended", len(p.Data), p.Layer, err, d.Kills())
			}
		})
	}
}

// BenchmarkLayers takes the texts of 50 pages, as they are read where no model
// answers.
func BenchmarkLayers(b *testing.B) {
	const pages, lines = 50, 50
	var sheets []pagetest.Sheet
	for range pages {
		sheets = append(sheets, sheetOf(slices.Repeat(prose, lines/len(prose))...))
	}
	file := onDisk(b, pagetest.TextPDF(sheets...))
	d := newDecoder(b, page.DecoderConfig{})
	var first, all time.Duration
	for b.Loop() {
		begun := time.Now()
		doc, err := d.Open(b.Context(), file, page.Options{Canvas: canvas})
		if err != nil {
			b.Fatal(err)
		}
		for i := range doc.Len() {
			layer, err := doc.Layer(b.Context(), i)
			if err != nil || layer == nil || !strings.Contains(layer.Text(), "children") {
				b.Fatal(i, err)
			}
			if i == 0 {
				first += time.Since(begun)
			}
		}
		all += time.Since(begun)
		if err := doc.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(first.Milliseconds())/float64(b.N), "first-ms")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "all-ms")
}

// BenchmarkFirstPage opens a PDF and gives its first page, with its picture and its
// text if the page has one: what somebody waits for until text is shown.
func BenchmarkFirstPage(b *testing.B) {
	for name, content := range map[string][]byte{
		"text": pagetest.TextPDF(sheetOf(slices.Repeat(prose, 10)...)),
		"scan": scanned(),
	} {
		b.Run(name, func(b *testing.B) {
			file := onDisk(b, content)
			d := newDecoder(b, page.DecoderConfig{})
			for b.Loop() {
				doc, err := d.Open(b.Context(), file, page.Options{Canvas: canvas})
				if err != nil {
					b.Fatal(err)
				}
				if p, err := doc.Page(b.Context(), 0); err != nil || (p.Layer != nil) != (name == "text") {
					b.Fatal(p.Layer, err)
				}
				if err := doc.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// blank is a picture of white paper.
func blank(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	return m
}
