// Package witness compares the text that a PDF page carries, its layer, with
// the text that a model read from the same page: which numbers differ, which
// lines are missing, and which were made up. The package also returns the
// layer as markdown, for pages that no model reads.
//
// All functions are pure. A layer comes from a file that somebody posted, and
// is trusted no more than the model's text.
package witness

// A Layer is the text that a page of a PDF carries, with positions.
type Layer struct {
	// Width and Height are those of the upright page, in points.
	Width, Height float64
	// Lines are in the order of pdftotext: column by column, with the cells of
	// a table as separate lines.
	Lines []Line
	// Ink says how well the layer agrees with the drawn page.
	Ink Ink
}

// A Line is a line of text, or a cell of a table.
type Line struct {
	Block int // number of the paragraph or column on the page
	Words []Word
}

// A Word is the text between two spaces.
type Word struct {
	Text string
	Box  Box
}

// A Box is a position: distances, in points, from the left and the upper edge
// of the upright page.
type Box struct{ Left, Top, Right, Bottom float64 }

// Ink compares the layer with a drawing of the page. A spot is a small square
// of that drawing whose brightness changes both across and down, as in letters
// and pictures, but not along rules and the edges of panels.
type Ink struct {
	Words   int  // words of the layer that have letters or digits
	Bare    int  // of these, words without any ink
	Inside  int  // spots inside the layer's words
	Outside int  // spots outside all words
	Scanned bool // one picture covers the page, so another program may have read the words
}

const (
	// maxBare is the most invisible words, per hundred.
	maxBare = 10
	// strayInk is the number of spots outside all words that every page may
	// have. strayShare more are allowed per hundred spots inside words, for
	// the dots of a list, the corners of boxes, and signs of formulas. A
	// letter has about five spots.
	strayInk, strayShare = 20, 1
	// minInside is the least share of a scan's spots inside words, in percent.
	minInside = 85
)

// Good reports whether the layer can stand for the page's text: the layer is
// written in a language, ink is where the words are, and little ink is
// elsewhere. A nil Layer is not good.
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

// complete reports whether the layer has all text that the page shows.
func (l *Layer) complete() bool {
	return !l.Ink.Scanned && 100*l.Ink.Outside <= strayShare*l.Ink.Inside+100*strayInk
}

// Between returns the part of the layer between two heights of the page, given
// as shares of the page's height, or nil if that part is empty.
func (l *Layer) Between(top, bottom float64) *Layer {
	part := &Layer{Width: l.Width, Height: (bottom - top) * l.Height, Ink: l.Ink}
	for _, line := range l.Lines {
		middle := line.box().middle() / l.Height
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

// box returns the smallest box around the line's words.
func (l Line) box() Box {
	if len(l.Words) == 0 {
		return Box{}
	}
	b := l.Words[0].Box
	for _, w := range l.Words[1:] {
		b = b.union(w.Box)
	}
	return b
}

func (b Box) height() float64 { return b.Bottom - b.Top }
func (b Box) middle() float64 { return (b.Top + b.Bottom) / 2 }

// union returns the smallest box around both.
func (b Box) union(o Box) Box {
	return Box{min(b.Left, o.Left), min(b.Top, o.Top), max(b.Right, o.Right), max(b.Bottom, o.Bottom)}
}
