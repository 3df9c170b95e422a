package page

import (
	"slices"
	"strings"
	"unicode"

	"slackocr/ocr/witness"
)

const (
	// spotSide is the side of a spot in pixels of a drawing, see [witness.Ink].
	spotSide = 4
	// minContrast is the difference between two pixels that is ink.
	minContrast = 24
	// minInkHeight is how high a word must be drawn, in pixels, to say that there
	// is nothing.
	minInkHeight = 3
	// aroundWord is how far the ink of a word may go beyond its box, as a share of
	// its height: accents, brackets, lines below it.
	aroundWord = 0.3
)

// gray is a drawing of a page.
type gray struct {
	width, height int
	pixels        []byte
}

// compare notes how a layer agrees with a drawing of its page. It turns the layer's
// page as the drawing is turned, and takes words away that nobody sees.
func compare(layer *witness.Layer, m gray) {
	if (layer.Width > layer.Height) != (m.width > m.height) {
		layer.Width, layer.Height = layer.Height, layer.Width // pdftotext gives the size before turning
	}
	ink := inked(m)
	words := map[int]bool{} // spots where the layer has words
	scale := float64(m.width) / max(layer.Width, 1)
	for i := range layer.Lines {
		line := &layer.Lines[i]
		line.Words = slices.DeleteFunc(line.Words, func(w witness.Word) bool {
			drawn := ink.under(w.Box, scale, words)
			if !strings.ContainsFunc(w.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
				return false
			}
			layer.Ink.Words++
			if drawn || (w.Box.Bottom-w.Box.Top)*scale < minInkHeight && ink.inside(w.Box, scale) {
				return false
			}
			layer.Ink.Bare++
			return true
		})
	}
	layer.Lines = slices.DeleteFunc(layer.Lines, func(l witness.Line) bool { return len(l.Words) == 0 })
	for at, on := range ink.on {
		switch {
		case on && words[at]:
			layer.Ink.Inside++
		case on:
			layer.Ink.Outside++
		}
	}
}

// spots tell where there is ink.
type spots struct {
	width, height int
	on            []bool
}

// inked finds the spots in which the brightness changes both across and down.
func inked(m gray) spots {
	s := spots{width: m.width/spotSide + 1, height: m.height/spotSide + 1}
	across, down := make([]bool, s.width*s.height), make([]bool, s.width*s.height)
	differ := func(a, b byte) bool { return max(a, b)-min(a, b) >= minContrast }
	for y := range m.height - 1 {
		row, below := m.pixels[y*m.width:(y+1)*m.width], m.pixels[(y+1)*m.width:]
		spot := y / spotSide * s.width
		for x := range m.width - 1 {
			at := spot + x/spotSide
			across[at] = across[at] || differ(row[x], row[x+1])
			down[at] = down[at] || differ(row[x], below[x])
		}
	}
	s.on = across
	for i := range s.on {
		s.on[i] = across[i] && down[i]
	}
	return s
}

// under reports whether there is ink in a box. It notes the spots of the box, and
// those close around it, in words.
func (s spots) under(b witness.Box, scale float64, words map[int]bool) bool {
	found := false
	around := aroundWord * (b.Bottom - b.Top)
	left, right := s.between(b.Left*scale, b.Right*scale, s.width)
	top, bottom := s.between(b.Top*scale, b.Bottom*scale, s.height)
	outerLeft, outerRight := s.between((b.Left-around)*scale, (b.Right+around)*scale, s.width)
	outerTop, outerBottom := s.between((b.Top-around)*scale, (b.Bottom+around)*scale, s.height)
	for y := outerTop; y < outerBottom; y++ {
		for x := outerLeft; x < outerRight; x++ {
			words[y*s.width+x] = true
			if s.on[y*s.width+x] && y >= top && y < bottom && x >= left && x < right {
				found = true
			}
		}
	}
	return found
}

// between returns the spots from one pixel to another, of n.
func (s spots) between(from, to float64, n int) (first, after int) {
	first = min(max(int(from)/spotSide, 0), n)
	return first, min(max(int(to)/spotSide+1, first), n)
}

// inside reports whether the middle of a box is on the page.
func (s spots) inside(b witness.Box, scale float64) bool {
	x, y := (b.Left+b.Right)/2*scale, (b.Top+b.Bottom)/2*scale
	return x >= 0 && y >= 0 && x < float64(s.width*spotSide) && y < float64(s.height*spotSide)
}
