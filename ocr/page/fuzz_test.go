package page_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

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
	f.Fuzz(func(t *testing.T, file []byte) {
		const maxPixels = 1 << 16
		canvas := func(int, int) (int, int) { return 16, 8 }
		p, err := page.Open(t.Context(), bytes.NewReader(file), page.Options{MaxPixels: maxPixels, Canvas: canvas})
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
		_, broken := errors.AsType[*page.BrokenError](err)
		_, large := errors.AsType[*page.TooLargeError](err)
		_, thin := errors.AsType[*page.ShapeError](err)
		known := broken || large || thin || errors.Is(err, page.ErrEmpty) || errors.Is(err, page.ErrUnsupported)
		if !known || strings.Contains(err.Error(), "panicked") {
			t.Errorf("%T: %v", err, err)
		}
	})
}
