//go:build ignore

// Chinese sets the Chinese receipt of the demo: go run ocr/page/pagetest/chinese.go FONT,
// where FONT is a TrueType font with simplified Chinese. The picture in the repository
// was set in Droid Sans Fallback (Debian's fonts-droid-fallback); digits are of Go Regular.
package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"slackocr/ocr/page/pagetest"
)

// A pair of faces: ASCII is set in the second one.
type pair struct {
	font.Face
	ascii font.Face
}

func (p pair) of(r rune) font.Face {
	if r < 0x80 {
		return p.ascii
	}
	return p.Face
}

func (p pair) Glyph(dot fixed.Point26_6, r rune) (image.Rectangle, image.Image, image.Point, fixed.Int26_6, bool) {
	return p.of(r).Glyph(dot, r)
}

func (p pair) GlyphBounds(r rune) (fixed.Rectangle26_6, fixed.Int26_6, bool) {
	return p.of(r).GlyphBounds(r)
}

func (p pair) GlyphAdvance(r rune) (fixed.Int26_6, bool) { return p.of(r).GlyphAdvance(r) }

func (p pair) Kern(_, _ rune) fixed.Int26_6 { return 0 }

func main() {
	if len(os.Args) != 2 {
		log.Fatal("the font is missing: go run ocr/page/pagetest/chinese.go FONT")
	}
	file, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	faces := func(points, dpi float64) font.Face {
		return pair{face(file, points, dpi), face(goregular.TTF, points, dpi)}
	}
	page := pagetest.Image(pagetest.ChineseReceipt, pagetest.Layout{Face: faces, Width: 5, Height: 1, Margin: 0.4, Points: 13})
	shades := make(color.Palette, 16) // a quarter of the size, and no less sharp
	for i := range shades {
		shades[i] = color.Gray{uint8(i * 17)}
	}
	small := image.NewPaletted(page.Rect, shades)
	draw.Draw(small, small.Rect, page, image.Point{}, draw.Src)
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, small); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("ocr/page/pagetest/receipt-chinese.png", b.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func face(ttf []byte, points, dpi float64) font.Face {
	f, err := opentype.Parse(ttf)
	if err != nil {
		log.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: dpi})
	if err != nil {
		log.Fatal(err)
	}
	return face
}
