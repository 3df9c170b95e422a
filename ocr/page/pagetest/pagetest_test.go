package pagetest

import (
	"bytes"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"pgregory.net/rapid"
)

func TestWords(t *testing.T) {
	for _, test := range []struct {
		got, want string
		share     float64
	}{
		{"", "", 1},
		{"anything", "", 1},
		{"", "one two", 0},
		{"one two", "one two", 1},
		{"one\n\n  two", "one two", 1},
		{"# one two", "one two", 1},
		{"one two", "# one - two", 1},
		{"two one", "one two", 0.5},
		{"one X two three", "one two three four", 0.75},
		{"One", "one", 0},
		{"one one one", "one", 1},
		{"one", "one one one one", 0.25},
	} {
		if got := Words(test.got, test.want); math.Abs(got-test.share) > 1e-9 {
			t.Errorf("%q of %q: %v, want %v", test.got, test.want, got, test.share)
		}
	}
}

// Words left out cost their share, and words put in cost nothing.
func TestWordsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.StringMatching("[a-c]{1,2}"), 1, 30).Draw(t, "want")
		var got []string
		kept := 0
		for _, word := range want {
			for range rapid.IntRange(0, 2).Draw(t, "put in") {
				got = append(got, "XX")
			}
			if rapid.Bool().Draw(t, "kept") {
				got = append(got, word)
				kept++
			}
		}
		share := Words(strings.Join(got, " "), strings.Join(want, "\n"))
		if math.Abs(share-float64(kept)/float64(len(want))) > 1e-9 {
			t.Fatalf("%v of %v: %v", got, want, share)
		}
	})
}

// No line is wider than the paper between its margins, and no word is lost.
func TestSet(t *testing.T) {
	body, heading := Layout{DPI: 150}.face(goregular.TTF, 11), Layout{DPI: 150}.face(gobold.TTF, 19)
	for _, text := range []string{Letter, Receipt, Invoice, Article} {
		var all []string
		for _, l := range set(text, 900, body, heading) {
			pen := font.MeasureString(l.face, l.left+strings.Join(l.cells, "")).Ceil()
			if pen > 900 {
				t.Errorf("%q is %d pixels wide", l.left, pen)
			}
			all = append(all, l.left)
			all = append(all, l.cells...)
		}
		if share := Words(strings.Join(all, " "), text); share != 1 {
			t.Errorf("%v of the words are set", share)
		}
	}
}

func TestPagesAreTheSameEveryTime(t *testing.T) {
	o := Layout{DPI: 60}
	if !bytes.Equal(PNG(Letter, o), PNG(Letter, o)) || !bytes.Equal(Photo(Letter, o), Photo(Letter, o)) {
		t.Error("two runs differ")
	}
}

// A4 paper by default, and longer where the text is.
func TestPageSize(t *testing.T) {
	size := func(text string, o Layout) image.Point {
		config, _, err := image.DecodeConfig(bytes.NewReader(PNG(text, o)))
		if err != nil {
			t.Fatal(err)
		}
		return image.Pt(config.Width, config.Height)
	}
	if got := size("Hello", Layout{}); got != image.Pt(1240, 1753) {
		t.Errorf("A4 is %v", got)
	}
	if got := size(strings.Repeat(Article+"\n\n", 4), Layout{DPI: 50}); got.X != 413 || got.Y < 1000 {
		t.Errorf("a long text is on %v", got)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(Photo("Hello", Layout{DPI: 50})))
	if err != nil || format != "jpeg" || config.Width <= config.Height {
		t.Errorf("a photo is stored on its side: %v, %v, %v", config, format, err)
	}
}
