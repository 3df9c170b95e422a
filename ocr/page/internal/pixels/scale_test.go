package pixels

import (
	"image"
	"image/color"
	"testing"

	"pgregory.net/rapid"
)

// Scaling gives exactly the size asked for, and a picture of one colour stays
// of that colour to its last edge.
func TestScaleProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 150)
		w, h := side.Draw(t, "w"), side.Draw(t, "h")
		tw, th := rapid.IntRange(1, w).Draw(t, "tw"), rapid.IntRange(1, h).Draw(t, "th")
		x, y := rapid.IntRange(-3, 3).Draw(t, "x"), rapid.IntRange(-3, 3).Draw(t, "y")
		src := image.NewPaletted(image.Rect(x, y, x+w, y+h), color.Palette{color.RGBA{10, 130, 250, 255}})
		dst, err := Scale(t.Context(), src, tw, th)
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
