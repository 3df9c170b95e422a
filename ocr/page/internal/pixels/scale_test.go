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

// A picture that is halved has the mean of each four pixels.
func TestScaleAverages(t *testing.T) {
	src := image.NewGray(image.Rect(0, 0, 4, 2))
	src.Pix = []byte{
		0, 100, 40, 44,
		20, 200, 80, 96,
	}
	dst, err := Scale(t.Context(), src, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range []uint8{80, 65} {
		if got := dst.RGBAAt(x, 0); max(got.R, want)-min(got.R, want) > 1 || got.A != 255 {
			t.Errorf("pixel %d is %v, want %d", x, got, want)
		}
	}
}
