package page

import (
	"errors"
	"image"
	"image/color"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/image/draw"
	"pgregory.net/rapid"

	"slackocr/ocr/page/pagetest"
)

func TestPlan(t *testing.T) {
	canvas := func(w, h int) (int, int) {
		if w*5 < h*2 {
			return 640, 1920
		}
		return 1280, 1920
	}
	for _, test := range []struct {
		name string
		w, h int
		want layout
	}{
		{"one screen", 1170, 2532, layout{1170, 2532, 1}},
		{"a scrolled screen", 1170, 15000, layout{1170, 15000, 9}},
		{"a scrolled large screen", 2560, 20000, layout{1475, 11523, 6}},
		{"a receipt that fits", 400, 1900, layout{400, 1900, 1}},
		{"the longest", 300, 60000, layout{300, 60000, 25}},
		{"too many pixels", 1170, 60000, layout{883, 45291, 25}},
	} {
		if got := plan(test.w, test.h, canvas); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 3000).Draw(t, "w"), rapid.IntRange(1, 100_000).Draw(t, "h")
		cw, ch := rapid.IntRange(0, 2000).Draw(t, "cw"), rapid.IntRange(0, 4000).Draw(t, "ch")
		l := plan(w, h, func(int, int) (int, int) { return cw, ch })
		if l.Width < 1 || l.Height < l.Parts || l.Width > w || l.Height > h || l.Parts < 1 || l.Parts > maxParts {
			t.Fatalf("%d×%d is %+v", w, h, l)
		}
		if l.Parts > 1 && (l.Width*l.Height > maxCutPixels || h <= tall*w) {
			t.Fatalf("%d×%d is %+v", w, h, l)
		}
	})
}

// Put together, the parts are the picture, and no line of text is cut.
func TestCut(t *testing.T) {
	m := pagetest.Image(strings.Repeat(pagetest.Article+"\n\n", 3), pagetest.Layout{DPI: 90})
	for n := 1; n <= 8; n++ {
		y := 0
		for i, part := range cut(m, n) {
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
	if got := cut(m, 2)[0].Rect.Dy(); got != 140 {
		t.Errorf("cut at %d", got)
	}
}

func TestNoisy(t *testing.T) {
	m := pagetest.Image(pagetest.Letter, pagetest.Layout{DPI: 60})
	if noisy(m) {
		t.Error("a drawn page")
	}
	random := uint32(1)
	for i := range m.Pix {
		random = random*1664525 + 1013904223
		m.Pix[i] ^= uint8(random >> 30)
	}
	if !noisy(m) {
		t.Error("a photo")
	}
}

// A full disk is told as what it is, also through another process.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no full device:", err)
	}
	defer full.Close()
	file, err := os.Open("testdata/flag-lossy.webp")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, command := range [][]string{nil, DecodeCommand()} {
		d := NewDecoder(DecoderConfig{Command: command})
		_, err := d.run(t.Context(), d.newAccount(""), request{Task: taskDraw, Kind: WebP, MaxPixels: 1e6, Layout: layout{20, 10, 1}}, file, full, nil)
		if !errors.Is(err, syscall.ENOSPC) || d.Kills() != 0 {
			t.Errorf("got %v", err)
		}
	}
}

// Each error arrives on the other side as it was.
func TestErrorsCross(t *testing.T) {
	for _, err := range []error{
		ErrEmpty, ErrUnsupported, ErrNoDecoder, ErrPassword, ErrNoPages, ErrNoTool, ErrBlank,
		&TooLargeError{1, 2, 3}, &ShapeError{4, 5}, &BrokenError{PDF, errors.New("bad")}, &KilledError{Kind: PDF, Limit: LimitTime},
	} {
		got := failureOf(err).err()
		if got.Error() != err.Error() || !final(got) {
			t.Errorf("%v arrives as %v", err, got)
		}
	}
	if got := failureOf(errors.New(strings.Repeat("x", 9999))).err(); final(got) || len(got.Error()) > 400 {
		t.Errorf("another error arrives as %v", got)
	}
}
