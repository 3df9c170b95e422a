// Package pagetest sets real text into pictures of pages, for tests and for
// the demo. All pictures and files are the same on every run.
package pagetest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// A Layout is the paper and the type of a page. The zero value is an A4 page with 11 point
// type, seen at 150 dots per inch.
type Layout struct {
	DPI    float64 // dots per inch; 0 means 150
	Points float64 // size of the body type; 0 means 11
	Width  float64 // of the paper in inches; 0 means 8.27, A4
	Height float64 // of the paper in inches, at least; 0 means 11.69, A4
	Margin float64 // in inches; 0 means 0.9

	Ink, Paper color.Color // nil means black on white

	// Face makes a font's face of so many points and dots per inch; nil means the Go
	// fonts, without Chinese.
	Face func(points, dpi float64) font.Face
}

func (o Layout) withDefaults() Layout {
	for _, d := range []struct {
		field *float64
		value float64
	}{{&o.DPI, 150}, {&o.Points, 11}, {&o.Width, 8.27}, {&o.Height, 11.69}, {&o.Margin, 0.9}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Ink == nil {
		o.Ink = color.Black
	}
	if o.Paper == nil {
		o.Paper = color.White
	}
	return o
}

// PNG sets text on a page and returns it as a PNG file. A line that begins with
// "# " is a heading, and an empty line ends a paragraph. Tabs divide the cells of a
// table: the first begins at the left margin, and the last ends at the right one. The
// line "---" is a rule across the page. Longer lines are wrapped at words. The page is
// as long as the text needs.
func PNG(text string, o Layout) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, Image(text, o)); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

// Image is PNG's picture before it is encoded.
func Image(text string, o Layout) *image.RGBA {
	o = o.withDefaults()
	body := o.face(goregular.TTF, o.Points)
	heading := o.face(gobold.TTF, 1.7*o.Points)
	defer body.Close()
	defer heading.Close()

	margin, width := int(o.Margin*o.DPI), int(o.Width*o.DPI)
	lines := set(text, width-2*margin, body, heading)
	height := 2 * margin
	for _, l := range lines {
		height += l.height
	}
	page := image.NewRGBA(image.Rect(0, 0, width, max(height, int(o.Height*o.DPI))))
	draw.Draw(page, page.Rect, image.NewUniform(o.Paper), image.Point{}, draw.Src)
	y := margin
	for _, l := range lines {
		pen := font.Drawer{Dst: page, Src: image.NewUniform(o.Ink), Face: l.face}
		base := y + l.face.Metrics().Ascent.Ceil()
		pen.Dot = fixed.P(margin, base)
		pen.DrawString(l.left)
		for i, cell := range l.cells {
			// A column is a sixth of the page wide, but the first one.
			pen.Dot = fixed.P(width-margin-(len(l.cells)-1-i)*width/6, base)
			pen.Dot.X -= pen.MeasureString(cell)
			pen.DrawString(cell)
		}
		if l.rule {
			draw.Draw(page, image.Rect(margin, y+l.height/3, width-margin, y+l.height/3+2), pen.Src, image.Point{}, draw.Src)
		}
		y += l.height
	}
	return page
}

// A line is set on the page: at the left margin, with the cells of a table at the
// right, or as a rule.
type line struct {
	left   string
	cells  []string
	rule   bool
	face   font.Face
	height int // down to the next line, in pixels
}

// set breaks the text into lines of at most width pixels.
func set(text string, width int, body, heading font.Face) []line {
	var lines []line
	for text := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		l := line{face: body}
		if rest, ok := strings.CutPrefix(text, "# "); ok {
			text, l.face = rest, heading
		}
		l.height = l.face.Metrics().Height.Ceil() * 5 / 4
		if l.rule = text == "---"; l.rule {
			text = ""
		}
		all := strings.Split(text, "\t")
		text, l.cells = all[0], all[1:]
		for word := range strings.FieldsSeq(text) {
			longer := strings.TrimSpace(l.left + " " + word)
			if l.left != "" && font.MeasureString(l.face, longer).Ceil() > width {
				lines = append(lines, line{left: l.left, face: l.face, height: l.height})
				longer = word
			}
			l.left = longer
		}
		if l.left == "" && len(l.cells) == 0 {
			l.height = l.height * 2 / 3 // the space between paragraphs
		}
		lines = append(lines, l)
	}
	return lines
}

// face returns the layout's face, or else one of this font.
func (o Layout) face(ttf []byte, points float64) font.Face {
	if o.Face != nil {
		return o.Face(points, o.DPI)
	}
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // the font is part of the program
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: o.DPI, Hinting: font.HintingNone})
	if err != nil {
		panic(err)
	}
	return face
}
