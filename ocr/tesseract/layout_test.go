package tesseract

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slackocr/ocr/page/pagetest"
)

// TestStripsProperties: whatever the picture, its strips follow each other from its
// top to its bottom.
func TestStripsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 90).Draw(t, "w"), rapid.IntRange(1, 90).Draw(t, "h")
		m := image.NewGray(image.Rect(0, 0, w, h))
		for i := range m.Pix {
			m.Pix[i] = rapid.SampledFrom([]byte{0, 90, 255, 255, 255}).Draw(t, "")
		}
		for range rapid.IntRange(0, 10).Draw(t, "empty rows") {
			y := rapid.IntRange(0, h-1).Draw(t, "y")
			draw.Draw(m, image.Rect(0, y, w, y+rapid.IntRange(1, 9).Draw(t, "n")), image.White, image.Point{}, draw.Src)
		}
		y := 0
		all, _ := strips(m)
		for _, s := range all {
			if s.Min != image.Pt(0, y) || s.Max.X != w || s.Empty() {
				t.Fatalf("%v of %v", all, m.Rect)
			}
			y = s.Max.Y
		}
		if len(all) > 0 && y != h {
			t.Fatalf("%v of %v", all, m.Rect)
		}
	})
}

// beside sets two texts in columns.
func beside(left, right string) []byte {
	o := pagetest.Layout{Width: 4.2, Margin: 0.35}
	l, r := pagetest.Image(left, o), pagetest.Image(right, o)
	page := image.NewRGBA(image.Rect(0, 0, l.Rect.Dx()+r.Rect.Dx(), max(l.Rect.Dy(), r.Rect.Dy())))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(page, l.Rect, l, image.Point{}, draw.Src)
	draw.Draw(page, r.Rect.Add(image.Pt(l.Rect.Dx(), 0)), r, image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, page); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Columns are read one after the other, not across.
func TestColumns(t *testing.T) {
	skipUnderRaceDetector(t)
	left, right, _ := strings.Cut(pagetest.Article, "\n\n# ")
	got, _ := readAll(t, beside(left, right), true)
	if share := pagetest.Words(got, left+"\n"+right); share < 0.95 {
		t.Errorf("%.1f %% of the words in order:\n%s", 100*share, got)
	}
}

// The lines of an address are lines of their own, and those of a column are a
// paragraph, whatever stands beside it.
func TestLinesOfParagraphs(t *testing.T) {
	skipUnderRaceDetector(t)
	letter := func() (b bytes.Buffer) {
		if err := png.Encode(&b, pagetest.Image(pagetest.Letter, pagetest.Layout{})); err != nil {
			t.Fatal(err)
		}
		return b
	}()
	left, right, _ := strings.Cut(pagetest.Article, "\n\n# ")
	for want, picture := range map[string][]byte{
		"Harbour Street 14\nThornbury\n\n":   letter.Bytes(),
		"Wick Point was kept by hand. Every": beside(left, right),
	} {
		if got, _ := readAll(t, picture, true, "eng"); !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}

// Mostly Chinese words are read in Chinese alone, in lines that go across.
func TestBetterLanguages(t *testing.T) {
	r := reader{languages: []string{"deu", "eng", "chi_sim", "chi_sim_vert", "chi_tra"}}
	if got := r.better([]word{{text: "漢字"}, {text: "文"}, {text: "abc"}}); !slices.Equal(got, []string{"chi_sim", "chi_tra"}) {
		t.Errorf("%v", got)
	}
	if got := r.better([]word{{text: "漢字"}, {text: "def"}, {text: "abc"}}); !slices.Equal(got, r.languages) {
		t.Errorf("%v", got)
	}
}

// A heading on the left of a column and numbers on its right are one column, though
// none is above another.
func TestHeadingBesideItsNumbers(t *testing.T) {
	row := func(text string, from, to int, next string, nextFrom, nextTo int) []cell {
		return []cell{
			{Rectangle: image.Rect(from, 0, to, 20), text: text},
			{Rectangle: image.Rect(nextFrom, 0, nextTo, 20), text: next},
		}
	}
	rows := [][]cell{
		row("Item", 0, 60, "Price", 200, 260), row("Chairs", 0, 90, "540.00", 280, 360), row("Desks", 0, 80, "75.00", 290, 360),
	}
	n, columns := table(rows)
	if got := markdownTable(rows[:n], columns); n != 3 || len(columns) != 2 {
		t.Errorf("%d rows, %d columns:\n%s", n, len(columns), got)
	}
}

// A table with rules has no empty rows between its lines.
func TestRuledTable(t *testing.T) {
	skipUnderRaceDetector(t)
	const text = "Apples\t12\nPears\t7\nPlums and cherries\t31\nOranges\t4\nTotal\t54"
	m := pagetest.Image(text, pagetest.Layout{Width: 4, Height: 2.5})
	box := image.Rect(100, 100, m.Rect.Dx()-100, m.Rect.Dy()-60)
	for _, rule := range []image.Rectangle{
		{box.Min, image.Pt(box.Max.X, box.Min.Y+3)},
		{image.Pt(box.Min.X, box.Max.Y-3), box.Max},
		{box.Min, image.Pt(box.Min.X+3, box.Max.Y)},
		{image.Pt(box.Max.X-3, box.Min.Y), box.Max},
	} {
		draw.Draw(m, rule, image.Black, image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	got, _ := readAll(t, b.Bytes(), true, "eng")
	for _, word := range []string{"Apples", "Pears", "Plums and cherries", "Oranges", "Total", "31", "54"} {
		if !strings.Contains(got, word) {
			t.Errorf("%q is missing in %q", word, got)
		}
	}
}
