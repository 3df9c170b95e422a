package pdf

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"slackocr/ocr/witness"
)

const (
	// spotSide is the side of a spot, in pixels of a drawing, see
	// [witness.Ink].
	spotSide = 4
	// minContrast is the least difference between two pixels that counts as
	// ink.
	minContrast = 24
	// minInkHeight is the height, in pixels, up to which a drawn word cannot
	// be judged.
	minInkHeight = 4
	// aroundWord is the reach of a word's ink beyond its box, as a share of
	// the height: accents, brackets, lines below.
	aroundWord = 0.3
)

// gray is a drawing of a page.
type gray struct {
	width, height int
	pixels        []byte
}

// compare records how a layer agrees with a drawing of its page. compare turns
// the layer's page like the drawing, and removes words that nobody sees.
func compare(layer *witness.Layer, m gray) {
	if (layer.Width > layer.Height) != (m.width > m.height) {
		layer.Width, layer.Height = layer.Height, layer.Width // pdftotext returns the size before rotation
	}
	ink, covered := inked(m), coveredWords(layer)
	words := map[int]bool{} // spots inside the layer's words
	scale := float64(m.width) / max(layer.Width, 1)
	n := 0
	for i := range layer.Lines {
		line := &layer.Lines[i]
		line.Words = slices.DeleteFunc(line.Words, func(w witness.Word) bool {
			n++
			if !covered[n-1] { // the ink there may belong to another word
				ink.note(w.Box, scale, words)
			}
			if !strings.ContainsFunc(w.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
				return false
			}
			layer.Ink.Words++
			if m.hasInk(w.Box, scale) && !covered[n-1] {
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

// coveredWords returns words that lie above each other, of which a page shows
// at most one, as in a diagram drawn over another one. The keys count all
// words of the layer.
func coveredWords(layer *witness.Layer) map[int]bool {
	type place struct {
		n   int
		box witness.Box
	}
	var all []place
	n := 0
	for _, line := range layer.Lines {
		for _, w := range line.Words {
			all = append(all, place{n, w.Box})
			n++
		}
	}
	slices.SortFunc(all, func(a, b place) int { return cmp.Compare(a.box.Top, b.box.Top) })
	covered := map[int]bool{}
	for i, a := range all {
		for _, b := range all[i+1:] {
			if b.box.Top >= a.box.Bottom {
				break
			}
			if overlap(a.box, b.box) {
				covered[a.n], covered[b.n] = true, true
			}
		}
	}
	return covered
}

// overlap reports whether a third of the narrower box lies above the other
// box, at the same level. Boxes may be far higher than their letters.
func overlap(a, b witness.Box) bool {
	across := min(a.Right, b.Right) - max(a.Left, b.Left)
	apart := (a.Top + a.Bottom - b.Top - b.Bottom) / 2
	narrower := min(a.Right-a.Left, b.Right-b.Left)
	lower := min(a.Bottom-a.Top, b.Bottom-b.Top)
	return narrower > 0 && across >= narrower/3 && max(apart, -apart) <= lower/3
}

// differ reports whether the change between two pixels is ink.
func differ(a, b byte) bool { return max(a, b)-min(a, b) >= minContrast }

// hasInk reports whether a box has ink: the brightness changes both across and
// down. For a word that is drawn too small to judge, hasInk returns true if
// the word is on the page.
func (m gray) hasInk(b witness.Box, scale float64) bool {
	left, right := within(b.Left*scale, b.Right*scale, m.width)
	top, bottom := within(b.Top*scale, b.Bottom*scale, m.height)
	if left == right || top == bottom {
		return false // outside the page
	}
	if bottom-top <= minInkHeight {
		return true
	}
	across, down := false, false
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			at := y*m.width + x
			across = across || x+1 < right && differ(m.pixels[at], m.pixels[at+1])
			down = down || y+1 < bottom && differ(m.pixels[at], m.pixels[at+m.width])
		}
		if across && down {
			return true
		}
	}
	return false
}

// within returns the integers from one position to another, limited to those
// below n.
func within(from, to float64, n int) (first, after int) {
	first = min(max(int(from), 0), n)
	return first, min(max(int(to)+1, first), n)
}

// spots holds the places with ink.
type spots struct {
	width, height int
	on            []bool
}

// inked returns the spots in which the brightness changes both across and
// down.
func inked(m gray) spots {
	s := spots{width: m.width/spotSide + 1, height: m.height/spotSide + 1}
	across, down := make([]bool, s.width*s.height), make([]bool, s.width*s.height)
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

// note adds the spots of a box, and those close around the box, to words.
func (s spots) note(b witness.Box, scale float64, words map[int]bool) {
	around := aroundWord * (b.Bottom - b.Top)
	side := scale / spotSide
	left, right := within((b.Left-around)*side, (b.Right+around)*side, s.width)
	top, bottom := within((b.Top-around)*side, (b.Bottom+around)*side, s.height)
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			words[y*s.width+x] = true
		}
	}
}
