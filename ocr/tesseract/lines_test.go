package tesseract

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slackocr/ocr/page/pagetest"
)

// Whatever the picture, finding lines ends, and the lines lie in it, one
// below the other, large enough to be cut out.
func TestFindLinesProperties(t *testing.T) {
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
		darkOnLight(m)
		evenLight(m)
		level, lines, ok := findLines(m)
		if !ok {
			return
		}
		below := 0
		for i, l := range lines {
			if l.Empty() || !l.In(level.Rect) || l.Min.Y < below {
				t.Fatalf("line %d is %v on a page of %v, after %d", i, l, level.Rect, below)
			}
			below = l.Max.Y
			if cut := cutLine(level, lines, i); cut.Rect.Dy() > highest+2*pad || cut.Rect.Dx() > 90*lineHeight {
				t.Fatalf("line %d is cut as %v", i, cut.Rect)
			}
		}
	})
}

// The slope that a page is turned by is found, within a pixel over its width.
func TestSkew(t *testing.T) {
	level := gray(pagetest.Image(pagetest.Article, pagetest.Layout{DPI: 100}))
	w := float64(level.Rect.Dx())
	for _, slope := range []float64{0, 0.004, -0.0123, 0.03, -0.045} {
		got := skew(straighten(level, -slope))
		if math.Abs(got-slope)*w > 1 {
			t.Errorf("a slope of %v is found as %v", slope, got)
		}
	}
}

// Shadows are taken out, and letters stay.
func TestEvenLight(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 400, 300))
	for y := range 300 {
		for x := range 400 {
			paper := 230 - x/6 - y/6
			if x%40 < 4 {
				paper /= 4
			}
			m.SetGray(x, y, color.Gray{uint8(paper)})
		}
	}
	evenLight(m)
	for y := range 300 {
		for x := range 400 {
			if v := m.GrayAt(x, y).Y; (v < 120) != (x%40 < 4) || x%40 >= 4 && v < 210 {
				t.Fatalf("at %d,%d: %d", x, y, v)
			}
		}
	}
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
	left, right, _ := strings.Cut(pagetest.Article, "\n\n# ")
	got, _ := readAll(t, beside(left, right), true)
	if share := pagetest.Words(got, left+"\n"+right); share < 0.95 {
		t.Errorf("%.1f %% of the words in order:\n%s", 100*share, got)
	}
}

// A table with rules has no empty rows between its lines.
func TestRuledTable(t *testing.T) {
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
	got, _ := readAll(t, b.Bytes(), true)
	for _, word := range []string{"Apples", "Pears", "Plums and cherries", "Oranges", "Total", "31", "54"} {
		if !strings.Contains(got, word) {
			t.Errorf("%q is missing in %q", word, got)
		}
	}
}

// A rule drawn between two lines is no line of text.
func TestRulesAreLeftOut(t *testing.T) {
	m := gray(pagetest.Image(pagetest.Receipt, pagetest.Layout{Width: 5}))
	_, want, ok := findLines(m)
	if !ok {
		t.Fatal("no lines")
	}
	between := (want[5].Max.Y + want[6].Min.Y) / 2
	draw.Draw(m, image.Rect(100, between, 600, between+4), image.Black, image.Point{}, draw.Src)
	if _, got, ok := findLines(m); !ok || len(got) != len(want) {
		t.Errorf("%d lines, and %d with a rule", len(want), len(got))
	}
}

// Lines set so tight that their letters touch are told apart where there is
// the least ink, and a line in large type is not cut.
func TestSplitTall(t *testing.T) {
	one := []int{2, 9, 30, 40, 30, 40, 30, 6, 3} // from the top of an l to the foot of a p
	var ink []int
	var runs []band
	for range 4 {
		runs = append(runs, band{len(ink), len(ink) + len(one)})
		ink = append(append(ink, one...), 0, 0)
	}
	tight := band{len(ink), len(ink) + 2*len(one)}
	ink = append(append(append(ink, one...), one...), 0)
	large := band{len(ink), len(ink) + 2*len(one)}
	for _, v := range one {
		ink = append(ink, v, v)
	}
	got := splitTall(ink, append(runs, tight, large))
	if len(got) != 7 || got[4] != (band{tight.first, tight.first + len(one)}) && got[4] != (band{tight.first, tight.first + len(one) - 1}) || got[6] != large {
		t.Errorf("%v of %v", got, append(runs, tight, large))
	}

	// The same rows as a picture.
	m := image.NewGray(image.Rect(0, 0, 150, len(ink)))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	for y, n := range ink {
		for x := range n {
			m.SetGray(3*x, y, color.Gray{0})
		}
	}
	if _, lines, ok := findLines(m); !ok || len(lines) != 7 {
		t.Errorf("%d lines, %v", len(lines), ok)
	}
}

// A scratch down the page, one pixel wide, does not join its lines.
func TestScratch(t *testing.T) {
	m := gray(pagetest.Image(pagetest.Receipt, pagetest.Layout{}))
	_, want, _ := findLines(m)
	draw.Draw(m, image.Rect(60, 0, 61, m.Rect.Dy()), image.Black, image.Point{}, draw.Src)
	if _, got, ok := findLines(m); !ok || len(got) != len(want) {
		t.Errorf("%d lines, and %d with a scratch", len(want), len(got))
	}
}
