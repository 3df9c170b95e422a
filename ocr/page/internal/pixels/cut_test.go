package pixels

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"slackocr/ocr/page/pagetest"
)

// Put together, the parts are the picture, and no line of text is cut.
func TestCut(t *testing.T) {
	m := pagetest.Image(strings.Repeat(pagetest.Article+"\n\n", 3), pagetest.Layout{DPI: 90})
	for n := 1; n <= 8; n++ {
		y := 0
		for i, part := range Cut(m, n) {
			if part.Rect.Dx() != m.Rect.Dx() || part.Rect.Dy() < m.Rect.Dy()/n/4 {
				t.Fatalf("part %d of %d is %v of %v", i, n, part.Rect, m.Rect)
			}
			if i > 0 {
				for _, row := range []int{y - 1, y} {
					if s := spread(m.Pix[row*m.Stride:][:4*m.Rect.Dx()]); s > paper {
						t.Errorf("part %d of %d begins in a line of text", i, n)
					}
				}
			}
			for row := range part.Rect.Dy() {
				got, want := part.Pix[row*part.Stride:][:4*part.Rect.Dx()], m.Pix[(y+row)*m.Stride:][:4*m.Rect.Dx()]
				if string(got) != string(want) {
					t.Fatalf("row %d of part %d of %d differs", row, i, n)
				}
			}
			y += part.Rect.Dy()
		}
		if y != m.Rect.Dy() {
			t.Errorf("%d parts are %d rows of %d", n, y, m.Rect.Dy())
		}
	}
}

// Where there is ink on every row, it is cut where there is least of it.
func TestCutWithoutPaper(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 40, 300))
	for y := range 300 {
		draw.Draw(m, image.Rect(0, y, 20, y+1), image.NewUniform(color.Gray{200}), image.Point{}, draw.Src)
		if y == 140 {
			draw.Draw(m, image.Rect(0, y, 20, y+1), image.NewUniform(color.Gray{80}), image.Point{}, draw.Src)
		}
	}
	if got := Cut(m, 2)[0].Rect.Dy(); got != 140 {
		t.Errorf("cut at %d", got)
	}
}
