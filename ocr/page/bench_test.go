package page_test

import (
	"bytes"
	"fmt"
	"image"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// BenchmarkOpen reads photos as phones take them, 4:2:0 JPEG, down to the
// canvas of a 4:3 picture, and a screenshot.
func BenchmarkOpen(b *testing.B) {
	canvas := func(int, int) (int, int) { return 1280, 1280 }
	files := map[string][]byte{"screenshot": pagetest.PNG(pagetest.Article, pagetest.Layout{})}
	for _, size := range []image.Point{{4032, 3024}, {8064, 6048}} {
		name := fmt.Sprintf("%dMP", size.X*size.Y/1_000_000)
		files[name] = encodeJPEG(b, scene(size))
	}
	for name, file := range files {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := page.Open(b.Context(), bytes.NewReader(file), page.Options{Canvas: canvas}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// scene is a page of text with the grain of a photo.
func scene(size image.Point) image.Image {
	text := pagetest.Image(pagetest.Article, pagetest.Layout{})
	m := image.NewRGBA(image.Rectangle{Max: size})
	noise := uint32(1)
	for y := range size.Y {
		for x := range size.X {
			noise = noise*1664525 + 1013904223
			c := text.RGBAAt(x*text.Rect.Dx()/size.X, y*text.Rect.Dy()/size.Y)
			c.R, c.G, c.B = 20+c.R/5*4+uint8(noise>>28), 20+c.G/5*4+uint8(noise>>28), 10+c.B/5*4+uint8(noise>>28)
			m.SetRGBA(x, y, c)
		}
	}
	return m
}
