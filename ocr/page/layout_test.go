package page

import (
	"testing"

	"pgregory.net/rapid"
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
		if got := plan(test.w, test.h, PNG, canvas); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 3000).Draw(t, "w"), rapid.IntRange(1, 100_000).Draw(t, "h")
		cw, ch := rapid.IntRange(0, 2000).Draw(t, "cw"), rapid.IntRange(0, 4000).Draw(t, "ch")
		l := plan(w, h, PNG, func(int, int) (int, int) { return cw, ch })
		if l.Width < 1 || l.Height < l.Pieces || l.Width > w || l.Height > h || l.Pieces < 1 || l.Pieces > maxPieces {
			t.Fatalf("%d×%d is %+v", w, h, l)
		}
		if l.Pieces > 1 && (l.Width*l.Height > maxCutPixels || h <= tall*w) {
			t.Fatalf("%d×%d is %+v", w, h, l)
		}
	})
}

func TestTarget(t *testing.T) {
	for _, test := range []struct{ w, h, canvasW, canvasH, wantW, wantH int }{
		{1240, 1754, 1280, 1920, 1240, 1754},   // smaller: never up
		{2480, 3508, 1280, 1920, 1358, 1920},   // A4 at 300 dpi, as wide as it must be
		{1000, 3001, 500, 640, 500, 1501},      // rounded up
		{4000, 3000, 1280, 1280, 1707, 1280},   // a photo
		{1920, 1080, 1280, 640, 1280, 720},     // a screenshot
		{1280, 1280, 1280, 1280, 1280, 1280},   // exact
		{5000, 700, 1920, 640, 4572, 640},      // a banner
		{600, 100_000, 640, 3840, 600, 26_666}, // a strip that would cover with 60 megapixels
		{80_000, 1200, 1920, 640, 25_000, 640}, // squeezed along its long side alone
		{100, 100, 0, 0, 100, 100},             // no canvas
	} {
		w, h := target(test.w, test.h, func(w, h int) (int, int) { return test.canvasW, test.canvasH })
		if w != test.wantW || h != test.wantH {
			t.Errorf("%d×%d on %d×%d: %d×%d, want %d×%d", test.w, test.h, test.canvasW, test.canvasH, w, h, test.wantW, test.wantH)
		}
	}
}

// For any picture and canvas: never up, always covering, hardly distorted,
// no larger than needed, and bounded.
func TestTargetProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 20_000)
		w, h := side.Draw(t, "w"), side.Draw(t, "h")
		cw, ch := rapid.IntRange(1, 4000).Draw(t, "cw"), rapid.IntRange(1, 4000).Draw(t, "ch")
		tw, th := target(w, h, func(int, int) (int, int) { return cw, ch })
		if tw < 1 || th < 1 || tw > w || th > h {
			t.Fatalf("%d×%d became %d×%d", w, h, tw, th)
		}
		if tw < min(w, cw) || th < min(h, ch) {
			t.Fatalf("%d×%d does not cover %d×%d", tw, th, cw, ch)
		}
		if tw*th > maxPagePixels && tw*th > max(cw, tw)*ch && tw*th > cw*max(ch, th) {
			t.Fatalf("%d×%d is over the limit", tw, th)
		}
		if tw*th > maxPagePixels*9/10 {
			return // squeezed
		}
		if w > cw && h > ch && tw != cw && th != ch {
			t.Fatalf("%d×%d is larger than %d×%d needs", tw, th, cw, ch)
		}
		// Rounding moves the long side by less than a pixel.
		if d := float64(tw)*float64(h)/float64(w) - float64(th); d > 1+float64(h)/float64(w) || d < -1 {
			t.Fatalf("%d×%d became %d×%d", w, h, tw, th)
		}
	})
}
