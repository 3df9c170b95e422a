package page

import (
	"image"
	"image/color"
	"testing"

	"pgregory.net/rapid"
)

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

// Scaling gives exactly the size asked for, and a picture of one colour stays
// of that colour to its last edge.
func TestScaleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 150)
		w, h := side.Draw(t, "w"), side.Draw(t, "h")
		tw, th := rapid.IntRange(1, w).Draw(t, "tw"), rapid.IntRange(1, h).Draw(t, "th")
		x, y := rapid.IntRange(-3, 3).Draw(t, "x"), rapid.IntRange(-3, 3).Draw(t, "y")
		src := image.NewPaletted(image.Rect(x, y, x+w, y+h), color.Palette{color.RGBA{10, 130, 250, 255}})
		dst, err := scale(t.Context(), src, tw, th)
		if err != nil {
			t.Fatal(err)
		}
		if dst.Rect != image.Rect(0, 0, tw, th) {
			t.Fatalf("asked for %d×%d, got %v", tw, th, dst.Rect)
		}
		for y := range th {
			for x := range tw {
				c := dst.RGBAAt(x, y)
				if max(c.R, 10)-min(c.R, 10) > 1 || max(c.G, 130)-min(c.G, 130) > 1 || max(c.B, 250)-min(c.B, 250) > 1 || c.A < 254 {
					t.Fatalf("at %d,%d of %d×%d from %d×%d: %v", x, y, tw, th, w, h, c)
				}
			}
		}
	})
}

// A box is the mean of its pixels, also at the edge where it is cut.
func TestShrinkAverages(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 3, 3))
	src.Pix = []byte{
		0, 100, 40,
		20, 200, 80,
		10, 30, 90,
	}
	dst, err := shrink(t.Context(), src, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint8{80, 60, 20, 90} {
		if got := dst.RGBAAt(i%2, i/2); got != (color.RGBA{want, want, want, 255}) {
			t.Errorf("box %d is %v, want %d", i, got, want)
		}
	}
}
