package page_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"testing"

	"slackocr/ocr/page"
	"slackocr/ocr/page/pagetest"
)

// corners is a picture with another colour in each quarter: seen upright, red
// and blue above green and white.
func corners(w, h int, colors [4]color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i, c := range colors {
		at := image.Pt(i%2*w/2, i/2*h/2)
		draw.Draw(m, image.Rectangle{at, at.Add(image.Pt(w/2, h/2))}, image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

// How each orientation stores the upright picture red blue / green white:
// which colours its first and second line begin with, as EXIF defines where
// the stored first line and column belong.
var stored = map[int][4]color.Color{
	1: {red, blue, green, white},
	2: {blue, red, white, green},
	3: {white, green, blue, red},
	4: {green, white, red, blue},
	5: {red, green, blue, white},
	6: {blue, white, red, green},
	7: {white, blue, green, red},
	8: {green, red, white, blue},
}

func TestOpenTurnsUpright(t *testing.T) {
	formats := map[string]func(m image.Image, orientation int) []byte{
		"jpeg": func(m image.Image, o int) []byte { return pagetest.WithEXIF(encodeJPEG(t, m), o) },
		"png":  func(m image.Image, o int) []byte { return pngWithEXIF(encodePNG(t, m), o) },
	}
	for format, write := range formats {
		for o, colors := range stored {
			t.Run(fmt.Sprint(format, " ", o), func(t *testing.T) {
				w, h := 96, 64
				if o >= 5 {
					w, h = h, w
				}
				file := write(corners(w, h, colors), o)
				for _, canvas := range []image.Point{{96, 64}, {48, 32}, {33, 22}} {
					var asked image.Point
					p, m := open(t, file, page.Options{Canvas: func(w, h int) (int, int) {
						asked = image.Pt(w, h)
						return canvas.X, canvas.Y
					}})
					if asked != image.Pt(96, 64) {
						t.Errorf("the canvas was asked for %v", asked)
					}
					if image.Pt(p.Width, p.Height) != canvas {
						t.Errorf("%d×%d, want %v", p.Width, p.Height, canvas)
					}
					for i, want := range [4]color.Color{red, blue, green, white} {
						x, y := (1+2*(i%2))*canvas.X/4, (1+2*(i/2))*canvas.Y/4
						if got := m.At(x, y); !near(got, want) {
							t.Errorf("at %v, quarter %d is %v, want %v", canvas, i, got, want)
						}
					}
				}
			})
		}
	}
}

func TestOpenTurnsWebP(t *testing.T) {
	file := webpWithEXIF(readFile(t, "flag-lossy.webp"), 6)
	p, m := open(t, file, page.Options{})
	if p.Width != 60 || p.Height != 90 {
		t.Fatalf("%d×%d", p.Width, p.Height)
	}
	// What was at the left is at the top after a quarter turn clockwise.
	if !near(m.At(30, 10), red) || !near(m.At(30, 80), blue) {
		t.Errorf("top %v, bottom %v", m.At(30, 10), m.At(30, 80))
	}
}

// Damaged or odd metadata does not keep anybody from reading the picture.
func TestOpenToleratesBrokenEXIF(t *testing.T) {
	plain := encodeJPEG(t, flag(image.NewRGBA(image.Rect(0, 0, 90, 60))))
	good := pagetest.WithEXIF(plain, 6)
	exifAt := bytes.Index(good, []byte("MM\x00*"))
	files := map[string][]byte{"orientation 0": pagetest.WithEXIF(plain, 0), "orientation 9": pagetest.WithEXIF(plain, 9)}
	for offset, value := range map[int]byte{
		0:  'X',  // no TIFF
		4:  0xff, // the first directory far away
		8:  0xff, // 65,000 entries
		25: 0xff, // another type of value
		27: 0xff, // many values
	} {
		file := bytes.Clone(good)
		file[exifAt+offset] = value
		files[fmt.Sprint("byte ", offset)] = file
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			if p, _ := open(t, file, page.Options{}); p.Width+p.Height != 150 {
				t.Errorf("%d×%d", p.Width, p.Height)
			}
		})
	}
}

// Where and with what a picture was taken stays here.
func TestOpenLeavesMetadataBehind(t *testing.T) {
	m := flag(image.NewRGBA(image.Rect(0, 0, 90, 60)))
	for name, file := range map[string][]byte{
		"jpeg":  pagetest.WithEXIF(encodeJPEG(t, m), 1),
		"png":   pngWithEXIF(encodePNG(t, m), 1),
		"webp":  webpWithEXIF(readFile(t, "flag-lossy.webp"), 1),
		"photo": pagetest.Photo("Hello", pagetest.Layout{DPI: 40}),
	} {
		secret, place := []byte(pagetest.Secret), pagetest.GPS()
		if !bytes.Contains(file, secret) || !bytes.Contains(file, place) {
			t.Fatalf("%s: the test's own file has nothing to hide", name)
		}
		p, _ := open(t, file, page.Options{})
		for _, hidden := range [][]byte{secret, place, []byte("Exif"), []byte("eXIf")} {
			if bytes.Contains(p.Data, hidden) {
				t.Errorf("%s: the page holds %q", name, hidden)
			}
		}
	}
}
