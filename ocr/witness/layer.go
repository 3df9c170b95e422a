// Package witness holds the text that a PDF page carries, its layer, against
// what a model has read of the same page: which numbers differ, which lines are
// missing, which were made up. It also gives the layer as text of its own, for
// pages that no model reads.
//
// The package is pure. A layer comes from a file that somebody posted, and is
// trusted no more than what the model writes.
package witness

// A Layer is the text that a page of a PDF carries, with where it stands.
type Layer struct {
	// Width and Height are the page's, upright, in points.
	Width, Height float64
	// Lines are in the order in which pdftotext reads the page: column by
	// column, and the cells of a table as lines of their own.
	Lines []Line
	// Ink says how well the layer agrees with what the page shows.
	Ink Ink
}

// A Line is a line of text, or a cell of a table.
type Line struct {
	Block int // its paragraph or column, counted on the page
	Words []Word
}

// A Word is what stands between two spaces.
type Word struct {
	Text string
	Box  Box
}

// A Box is where something stands: the distances, in points, from the left and
// the upper edge of the upright page.
type Box struct{ Left, Top, Right, Bottom float64 }

// Ink compares the layer with a drawing of the page. A spot is a small square of
// that drawing in which the brightness changes both across and down, as it does in
// letters and pictures, but not along rules and the edges of panels.
type Ink struct {
	Words   int  // words of the layer that have letters or digits
	Bare    int  // of them, those under which nothing is drawn
	Inside  int  // spots where the layer has words
	Outside int  // spots where it has none
	Scanned bool // one picture covers the page, so the words may be another program's reading of it
}

const (
	// maxBare is how many words may be invisible, for each hundred.
	maxBare = 10
	// strayInk are spots outside of all words that every page may have, and for each
	// hundred that have words, strayShare: a list's dots, the corners of boxes, signs
	// of formulas. A letter has some five.
	strayInk, strayShare = 20, 1
	// minInside is the share of a scan's spots, in percent, that must have words.
	minInside = 85
)

// Good reports whether the layer can stand for the page's text: it is written in a
// language, and stands where something is drawn, with little drawn elsewhere. A
// nil Layer is not good.
func (l *Layer) Good() bool {
	if l == nil || l.Ink.Words == 0 || 100*l.Ink.Bare > maxBare*l.Ink.Words {
		return false
	}
	covered := l.Ink.Inside >= l.Ink.Outside
	if l.Ink.Scanned {
		covered = 100*l.Ink.Inside >= minInside*(l.Ink.Inside+l.Ink.Outside)
	}
	return covered && isLanguage(l.Lines)
}

// exact reports whether the layer is what the page was drawn from, and not what a
// scanner's program has read.
func (l *Layer) exact() bool { return !l.Ink.Scanned }

// complete reports whether the page shows nothing but what the layer has: a text
// that is not in it is not on the page.
func (l *Layer) complete() bool {
	return l.exact() && 100*l.Ink.Outside <= strayShare*l.Ink.Inside+100*strayInk
}

// Between returns the part of the layer that stands between two heights of the
// page, as shares of its height. It is nil where nothing does.
func (l *Layer) Between(top, bottom float64) *Layer {
	part := &Layer{Width: l.Width, Height: (bottom - top) * l.Height, Ink: l.Ink}
	for _, line := range l.Lines {
		box := line.box()
		middle := (box.Top + box.Bottom) / 2 / l.Height
		if middle < top || middle >= bottom {
			continue
		}
		moved := Line{Block: line.Block}
		for _, w := range line.Words {
			w.Box.Top -= top * l.Height
			w.Box.Bottom -= top * l.Height
			moved.Words = append(moved.Words, w)
		}
		part.Lines = append(part.Lines, moved)
	}
	if len(part.Lines) == 0 {
		return nil
	}
	return part
}

// box is the smallest box around the line's words.
func (l Line) box() Box {
	if len(l.Words) == 0 {
		return Box{}
	}
	b := l.Words[0].Box
	for _, w := range l.Words[1:] {
		b.Left, b.Top = min(b.Left, w.Box.Left), min(b.Top, w.Box.Top)
		b.Right, b.Bottom = max(b.Right, w.Box.Right), max(b.Bottom, w.Box.Bottom)
	}
	return b
}

func (b Box) height() float64 { return b.Bottom - b.Top }
func (b Box) middle() float64 { return (b.Top + b.Bottom) / 2 }
