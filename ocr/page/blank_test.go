package page

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

func TestBlank(t *testing.T) {
	sheet := func(ground color.Gray, width, height int, ink image.Rectangle) image.Image {
		m := image.NewGray(image.Rect(0, 0, width, height))
		for i := range m.Pix {
			m.Pix[i] = ground.Y
		}
		for y := ink.Min.Y; y < ink.Max.Y; y++ {
			for x := ink.Min.X; x < ink.Max.X; x++ {
				m.SetGray(x, y, color.Gray{255 - ground.Y})
			}
		}
		return m
	}
	for name, c := range map[string]struct {
		picture image.Image
		want    bool
	}{
		"white":                    {sheet(color.Gray{255}, 800, 1000, image.Rectangle{}), true},
		"black":                    {sheet(color.Gray{0}, 800, 1000, image.Rectangle{}), true},
		"grey paper":               {sheet(color.Gray{190}, 800, 1000, image.Rectangle{}), true},
		"dust":                     {sheet(color.Gray{255}, 800, 1000, image.Rect(9, 9, 12, 12)), true},
		"a word on a page":         {sheet(color.Gray{255}, 1300, 1900, image.Rect(100, 100, 140, 104)), false},
		"a letter on a small page": {sheet(color.Gray{255}, 64, 64, image.Rect(10, 10, 14, 18)), false},
		"white on black":           {sheet(color.Gray{0}, 800, 1000, image.Rect(100, 100, 140, 104)), false},
	} {
		for kind, encode := range map[string]func(*bytes.Buffer) error{
			"image/png":  func(b *bytes.Buffer) error { return png.Encode(b, c.picture) },
			"image/jpeg": func(b *bytes.Buffer) error { return jpeg.Encode(b, c.picture, &jpeg.Options{Quality: 90}) },
		} {
			var b bytes.Buffer
			if err := encode(&b); err != nil {
				t.Fatal(err)
			}
			if got, err := Blank(t.Context(), Page{Data: b.Bytes(), MediaType: kind}); err != nil || got != c.want {
				t.Errorf("%s as %s: blank %v, %v; want %v", name, kind, got, err, c.want)
			}
		}
	}
	if _, err := Blank(t.Context(), Page{Data: []byte("no picture"), MediaType: "image/png"}); err == nil {
		t.Error("what is no picture is measured")
	}
}
