package ocr

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTextIsTheSumOfItsUpdates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text Text
		naive := ""
		for range rapid.IntRange(0, 30).Draw(t, "updates") {
			u := Update{
				Keep: rapid.IntRange(-2, len(naive)+2).Draw(t, "keep"),
				Add:  rapid.String().Draw(t, "add"),
			}
			keep := min(max(u.Keep, 0), len(naive))
			before := text.String()
			text.Apply(u)
			if before != naive {
				t.Fatalf("an earlier copy changed to %q", before)
			}
			naive = naive[:keep] + u.Add
			if text.String() != naive || text.Len() != len(naive) {
				t.Fatalf("text = %q (%d), want %q", text.String(), text.Len(), naive)
			}
		}
	})
}

func TestCountWords(t *testing.T) {
	for s, want := range map[string]int{
		"":                                    0,
		"one":                                 1,
		" one\ttwo\nthree ":                   3,
		"# Title\n\n- a\n- b":                 3,
		"| a | b |\n| --- | :-: |\n| 1 | 2 |": 4,
		"don't e-mail 1,234.50, please.":      4,
		"don’t":                               1,
		"a--b":                                2,
		"**bold** _x_ `code`":                 3,
		"naïve café Ünï":                      3,
		"e\u0301te\u0301":                     1,
		"漢字かな":                                4,
		"カタカナ語 text":                          6,
		"한국어 단어":                              2,
		"价格100元":                              4,
		"<table><tr><td>Alpha</td><td>Beta 2</td></tr></table>": 3,
		"a < b and c > d":              5,
		"<|ref|>title<|/ref|>":         1,
		"<b":                           0,
		"x <b\nnext line":              3,
		"<" + strings.Repeat("a", 300): 1,
		"… — · ©":                      0,
		"50 % of £3":                   3,
		"Привет, мир":                  2,
	} {
		if got := CountWords(s); got != want {
			t.Errorf("CountWords(%q) = %d, want %d", s, got, want)
		}
	}
}

// TestCanvas holds the documented table of aspect ratios.
func TestCanvas(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		w, h      int
	}{
		{0.001, 0.183, 640, 3840},
		{0.184, 0.225, 640, 3200},
		{0.226, 0.291, 640, 2560},
		{0.292, 0.416, 640, 1920},
		{0.417, 0.583, 640, 1280},
		{0.584, 0.833, 1280, 1920},
		{0.834, 1.249, 1280, 1280},
		{1.251, 1.749, 1920, 1280},
		{1.751, 2.499, 1280, 640},
		{2.501, 3.499, 1920, 640},
		{3.501, 4.499, 2560, 640},
		{4.501, 5.499, 3200, 640},
		{5.501, 1000, 3840, 640},
	} {
		for _, ratio := range []float64{c.low, (c.low + c.high) / 2, c.high} {
			const height = 100_000
			if w, h := Canvas(int(ratio*height), height); w != c.w || h != c.h {
				t.Errorf("ratio %v: canvas %d×%d, want %d×%d", ratio, w, h, c.w, c.h)
			}
		}
	}
	for _, size := range [][2]int{{0, 0}, {-1, 5}, {5, 0}} {
		if w, h := Canvas(size[0], size[1]); w != 1280 || h != 1280 {
			t.Errorf("%v: canvas %d×%d", size, w, h)
		}
	}
}
