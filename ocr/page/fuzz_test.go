package page_test

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"

	"golang.org/x/image/tiff"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"flag-lossy.webp", "flag-lossless.webp", "flag-alpha.webp", "flag-cmyk.jpg", "flag-progressive.jpg"} {
		f.Add(readFile(f, name))
	}
	f.Add(webpAnimated(readFile(f, "flag-alpha.webp")))
	f.Add(webpWithEXIF(readFile(f, "flag-lossy.webp"), 8))
	small := flag(image.NewPaletted(image.Rect(0, 0, 9, 7), color.Palette{red, blue}))
	f.Add(encodePNG(f, small))
	f.Add(encodeJPEG(f, small))
	f.Add(pagetest.WithEXIF(encodeJPEG(f, small), 6))
	f.Add([]byte("GIF89a\x10\x00\x10\x00\x00\x00\x00;"))
	f.Add([]byte("<html>"))
	f.Add(encodeBMP(f, small))
	f.Add(tiffOf(f, tiff.Deflate, small, small))
	f.Add(withTag(tiffOf(f, tiff.Uncompressed, small), 274, 3, 6))
	f.Fuzz(func(t *testing.T, file []byte) {
		const maxPixels = 1 << 16
		canvas := func(int, int) (int, int) { return 16, 8 }
		p, err := page.OpenWithin(t.Context(), bytes.NewReader(file), maxPixels, page.Options{Canvas: canvas})
		if err == nil {
			config, _, err := image.DecodeConfig(bytes.NewReader(p.Data))
			if err != nil || config.Width != p.Width || config.Height != p.Height {
				t.Errorf("a page of %d×%d is %v, %v", p.Width, p.Height, config, err)
			}
			if p.Width*p.Height > maxPixels {
				t.Errorf("%d×%d is over the limit", p.Width, p.Height)
			}
			return
		}
		if !isTyped(err) || strings.Contains(err.Error(), "panicked") {
			t.Errorf("%T: %v", err, err)
		}
	})
}
