package page_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/color/palette"
	"image/draw"
	"image/gif"
	"math/rand/v2"
	"slices"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/internal/input"
)

// Every colour model that the decoders can give arrives as the same picture.
func TestOpenColorModels(t *testing.T) {
	r := image.Rect(0, 0, 90, 60)
	files := map[string][]byte{
		"png rgba":             encodePNG(t, flag(image.NewRGBA(r))),
		"png nrgba64":          encodePNG(t, flag(image.NewNRGBA64(r))),
		"png rgba64":           encodePNG(t, flag(image.NewRGBA64(r))),
		"png paletted":         encodePNG(t, flag(image.NewPaletted(r, color.Palette{red, blue}))),
		"jpeg":                 encodeJPEG(t, flag(image.NewRGBA(r))),
		"jpeg cmyk":            readFile(t, "flag-cmyk.jpg"),
		"jpeg progressive":     readFile(t, "flag-progressive.jpg"),
		"gif":                  encodeGIF(t, flag(image.NewPaletted(r, palette.WebSafe))),
		"webp lossy":           readFile(t, "flag-lossy.webp"),
		"webp lossless":        readFile(t, "flag-lossless.webp"),
		"webp alpha":           readFile(t, "flag-alpha.webp"),
		"webp animated, alpha": webpAnimated(readFile(t, "flag-alpha.webp")),
		"webp animated":        webpAnimated(readFile(t, "flag-lossy.webp")),
	}
	sizes := map[string]func(int, int) (int, int){
		"kept":   nil,
		"halved": func(int, int) (int, int) { return 45, 30 },
		"odd":    func(int, int) (int, int) { return 31, 20 },
	}
	for name, file := range files {
		for size, canvas := range sizes {
			t.Run(name+" "+size, func(t *testing.T) {
				p, m := open(t, file, page.Options{Canvas: canvas})
				if got := m.At(p.Width/4, p.Height/2); !near(got, red) {
					t.Errorf("left is %v", got)
				}
				if got := m.At(p.Width*3/4, p.Height/2); !near(got, blue) {
					t.Errorf("right is %v", got)
				}
			})
		}
	}
}

func TestOpenGray(t *testing.T) {
	m := image.NewGray16(image.Rect(0, 0, 40, 40))
	draw.Draw(m, m.Rect, image.NewUniform(color.Gray{100}), image.Point{}, draw.Src)
	for _, file := range [][]byte{encodePNG(t, m), encodeJPEG(t, m)} {
		_, got := open(t, file, page.Options{})
		if _, ok := got.(*image.Gray); !ok {
			t.Errorf("a grey picture became %T", got)
		}
		if !near(got.At(20, 20), color.Gray{100}) {
			t.Errorf("grey became %v", got.At(20, 20))
		}
	}
}

// Transparent pixels show white paper, whatever colour hides below them, and
// half transparent ones show through to it.
func TestOpenFlattensOnWhite(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(m, m.Rect, image.NewUniform(color.NRGBA{0, 0, 0, 0}), image.Point{}, draw.Src)
	for y := range 64 {
		for x := range 32 {
			m.SetNRGBA(x, y, color.NRGBA{0, 0, 0, 128})
		}
	}
	for _, n := range []int{64, 32, 20} {
		p, got := open(t, encodePNG(t, m), page.Options{Canvas: func(int, int) (int, int) { return n, n }})
		if c := got.At(p.Width*7/8, n/2); !near(c, white) {
			t.Errorf("at %d pixels, transparent black became %v", n, c)
		}
		if c := got.At(p.Width/4, n/2); !near(c, color.Gray{127}) {
			t.Errorf("at %d pixels, half transparent black became %v", n, c)
		}
	}
}

// A PNG file may say how bright its numbers are meant: here 64 of 255 is 136.
func TestOpenAdjustsBrightness(t *testing.T) {
	dark := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	for i := range dark.Pix {
		dark.Pix[i] = []uint8{64, 64, 64, 255}[i%4]
	}
	clear := image.NewNRGBA(dark.Rect)
	for i := range clear.Pix {
		clear.Pix[i] = []uint8{64, 64, 64, 128}[i%4]
	}
	linear := chunk("gAMA", []byte{0, 1, 0x86, 0xa0}) // 100,000: as the light is
	sRGB := chunk("sRGB", []byte{0})
	for name, c := range map[string]struct {
		m      image.Image
		chunks []byte
		want   uint8
	}{
		"linear":              {dark, linear, 136},
		"linear, alpha":       {clear, linear, 195},
		"linear, also sRGB":   {dark, slices.Concat(sRGB, linear), 64},
		"as screens":          {dark, chunk("gAMA", []byte{0, 0, 0xb1, 0x8f}), 64},
		"of no possible kind": {dark, chunk("gAMA", []byte{0, 0, 0, 1}), 64},
	} {
		const afterHeader = 8 + 25
		file := encodePNG(t, c.m)
		_, got := open(t, slices.Concat(file[:afterHeader], c.chunks, file[afterHeader:]), page.Options{})
		if level := got.(*image.Gray).GrayAt(20, 20).Y; max(level, c.want)-min(level, c.want) > 2 {
			t.Errorf("%s: %d, want %d", name, level, c.want)
		}
	}
}

// A second frame is not decoded: here it is damaged, and nobody notices.
func TestOpenReadsFirstFrameOnly(t *testing.T) {
	r := image.Rect(0, 0, 40, 40)
	first, second := image.NewPaletted(r, color.Palette{red, blue}), image.NewPaletted(r, color.Palette{green})
	flag(first)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	_, m := open(t, file[:len(file)-10], page.Options{})
	if !near(m.At(5, 5), red) {
		t.Errorf("the first frame became %v", m.At(5, 5))
	}
}

func TestOpenErrors(t *testing.T) {
	good := encodePNG(t, flag(image.NewRGBA(image.Rect(0, 0, 300, 200))))
	goodJPEG := encodeJPEG(t, flag(image.NewRGBA(image.Rect(0, 0, 300, 200))))
	strip := encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 60000)))
	webpFile := readFile(t, "flag-lossy.webp")
	for _, test := range []struct {
		name string
		file []byte
		want any
	}{
		{"empty", nil, page.ErrEmpty},
		{"one byte", []byte{0x89}, page.ErrUnsupported},
		{"login page", []byte("<!DOCTYPE html><html>"), page.ErrUnsupported},
		{"pdf", []byte("%PDF-1.7\n"), page.ErrUnsupported},
		{"html behind a png signature", append([]byte("\x89PNG\r\n\x1a\n"), "<!DOCTYPE html>"...), page.PNG},
		{"png signature alone", good[:8], page.PNG},
		{"png cut in its header", good[:20], page.PNG},
		{"png cut before its pixels", good[:45], page.PNG},
		{"jpeg signature alone", goodJPEG[:3], input.JPEG},
		{"jpeg cut in its pixels", goodJPEG[:len(goodJPEG)/2], input.JPEG},
		{"jpeg without end", goodJPEG[:len(goodJPEG)-9], input.JPEG},
		{"gif header alone", []byte("GIF89a\x10\x00\x10\x00\x00\x00\x00"), input.GIF},
		{"gif of no size", []byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;"), input.GIF},
		{"webp header alone", webpFile[:12], input.WebP},
		{"webp cut", webpFile[:len(webpFile)/2], input.WebP},
		{"strip", strip, &page.ShapeError{Width: 1, Height: 60000}},
		{"png header lies large", pngHeader(60000, 60000, 8), &page.TooLargeError{Width: 60000, Height: 60000, MaxPixels: 100e6}},
		{"png header lies huge", pngHeader(1<<31-1, 1<<31-1, 8), page.PNG},
		{"png header, 16 bits", pngHeader(8000, 8000, 16), &page.TooLargeError{Width: 8000, Height: 8000, MaxPixels: 50e6}},
		{"png of no width", pngHeader(0, 5, 8), page.PNG},
		{"webp of 38 bytes", webpBomb(), &page.TooLargeError{Width: 16384, Height: 16384, MaxPixels: 100e6}},
		{"jpeg bomb", jpegHeader(0xc0, 0x22, 60000, 60000), &page.TooLargeError{Width: 60000, Height: 60000, MaxPixels: 100e6}},
		{"jpeg, progressive 4:2:0", jpegHeader(0xc2, 0x22, 8000, 7000), &page.TooLargeError{Width: 8000, Height: 7000, MaxPixels: 53333333}},
		{"jpeg, progressive 4:4:4", jpegHeader(0xc2, 0x11, 6000, 6000), &page.TooLargeError{Width: 6000, Height: 6000, MaxPixels: 26666666}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := page.Open(t.Context(), bytes.NewReader(test.file), page.Options{})
			if p.Data != nil {
				t.Error("a page beside an error")
			}
			switch want := test.want.(type) {
			case error:
				if !errors.Is(err, want) && (err == nil || err.Error() != want.Error()) {
					t.Errorf("got %v, want %v", err, want)
				}
			case page.Kind:
				broken, ok := errors.AsType[*page.BrokenError](err)
				if !ok || broken.Kind != want || broken.Unwrap() == nil {
					t.Errorf("got %v, want a broken %s", err, want)
				}
			}
		})
	}
}

// A progressive 4:2:0 photo of 48 megapixels is let through: phones and
// editors write them.
func TestOpenLetsLargeProgressivePhotoThrough(t *testing.T) {
	_, err := page.Open(t.Context(), bytes.NewReader(jpegHeader(0xc2, 0x22, 8064, 6048)), page.Options{})
	if _, ok := errors.AsType[*page.BrokenError](err); !ok {
		t.Errorf("got %v, want the decoder's complaint about the missing rest", err)
	}
}

func TestOpenStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the person has gone")
	cancel(gone)
	file := encodePNG(t, flag(image.NewRGBA(image.Rect(0, 0, 300, 200))))
	if _, err := page.Open(ctx, bytes.NewReader(file), page.Options{}); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

// failing gives an error of the disk after some bytes.
type failing struct {
	*bytes.Reader
	left int64
	err  error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if end := off + int64(len(p)); end > f.left {
		n, _ := f.Reader.ReadAt(p[:max(0, f.left-off)], off)
		return n, f.err
	}
	return f.Reader.ReadAt(p, off)
}

// A disk that fails is not a broken picture.
func TestOpenTellsReadErrorsApart(t *testing.T) {
	disk := errors.New("input/output error")
	var frame bytes.Buffer
	noise := image.NewPaletted(image.Rect(0, 0, 500, 500), palette.Plan9)
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rand.IntN(256))
	}
	if err := gif.Encode(&frame, noise, nil); err != nil {
		t.Fatal(err)
	}
	for _, file := range [][]byte{encodePNG(t, noise), encodeJPEG(t, noise), frame.Bytes()} {
		for _, left := range []int64{0, 600, 100_000} {
			_, err := page.Open(t.Context(), &failing{bytes.NewReader(file), left, disk}, page.Options{})
			if !errors.Is(err, disk) {
				t.Errorf("after %d bytes of %s: got %v", left, input.Sniff(file), err)
			}
		}
	}
}

func TestOpenChoosesFormat(t *testing.T) {
	noise := image.NewRGBA(image.Rect(0, 0, 1280, 1280))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.Uint32()) | 3
	}
	for i := 3; i < len(noise.Pix); i += 4 {
		noise.Pix[i] = 255
	}
	flat := flag(image.NewRGBA(image.Rect(0, 0, 1280, 1280)))
	for _, test := range []struct {
		name string
		file []byte
		want page.Kind
	}{
		{"screenshot", encodePNG(t, flat), page.PNG},
		{"photo as png", encodePNG(t, noise), input.JPEG},
		{"photo", encodeJPEG(t, flat), input.JPEG},
	} {
		p, _ := open(t, test.file, page.Options{})
		if p.MediaType != test.want.MediaType() {
			t.Errorf("a %s became %s of %d bytes", test.name, p.MediaType, len(p.Data))
		}
	}
}

// Coloured lines of a pixel keep their colours in a small picture.
func TestOpenKeepsColorsOfSmallPicture(t *testing.T) {
	lines := image.NewRGBA(image.Rect(0, 0, 300, 200))
	for i := range 300 * 200 {
		lines.SetRGBA(i%300, i/300, []color.RGBA{red, blue}[i%2])
	}
	_, m := open(t, encodePNG(t, lines), page.Options{})
	for x := range 300 {
		if got := m.At(x, 100); !near(got, lines.At(x, 100)) {
			t.Fatalf("column %d became %v", x, got)
		}
	}
	if p, _ := open(t, encodeJPEG(t, lines), page.Options{}); p.MediaType != page.PNG.MediaType() {
		t.Errorf("a small JPEG file became %s", p.MediaType)
	}
}
