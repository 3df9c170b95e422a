package ocr

import (
	"slackocr/ocr/clean"
	"slackocr/ocr/page"
)

// An Update is a step of a growing text.
type Update struct {
	// Keep is the number of bytes of the text so far that stand. If text is
	// only added, Keep is the whole length.
	Keep int
	// Add is the text after the kept bytes; it may be empty.
	Add string
	// Outcome is set on the last update only.
	Outcome *Outcome
}

// An Outcome says how a reading ended without failing.
type Outcome struct {
	// Model is the name of the model in the endpoint's answer, else in the
	// request; "" if FromLayer is set.
	Model string
	// Words is the number of words of the whole text, see [CountWords]. For a
	// picture without text Words is 0.
	Words int
	// Cut is true if the text ends before the page does, even after the page
	// was read again in halves.
	Cut bool
	// Looped is true if the model repeated itself each time, rather than
	// reaching the length limit. One copy was kept; the rest of the page is
	// missing.
	Looped bool
	// FromLayer is true if the text is the one that the page itself carries,
	// since the model returned no complete text.
	FromLayer bool
	// Boxes are the places that the mode Locate asked for, or that the answer
	// to a prompt names, at most 200.
	Boxes []Box
}

// A Text is a page's text so far: the sum of its updates. Applying an update
// takes time linear in the update. The zero value is an empty text. A Text
// must not be used by several goroutines at once.
type Text struct {
	buf []byte
}

// Apply removes the text that u does not keep and adds the text that u adds.
// If Keep is outside the text, Apply takes the nearest end.
func (t *Text) Apply(u Update) {
	keep := max(0, min(u.Keep, len(t.buf)))
	t.buf = append(t.buf[:keep], u.Add...)
}

// String returns a copy of the text so far.
func (t *Text) String() string { return string(t.buf) }

// Len returns the length of the text so far in bytes.
func (t *Text) Len() int { return len(t.buf) }

// A Box is a place on the page that the model names.
type Box struct {
	// Text is the text in the box; it may be empty.
	Text string
	page.Area
}

// boxesOf converts the model's corners to shares of the page.
func boxesOf(found []clean.Box) (boxes []Box) {
	for _, b := range found {
		boxes = append(boxes, Box{Text: b.Text, Area: areaOf(b.Corners)})
	}
	return boxes
}

func areaOf(corners [4]int) page.Area {
	at := func(i int) float64 { return float64(min(corners[i], clean.Grid)) / clean.Grid }
	return page.Area{
		Left: min(at(0), at(2)), Top: min(at(1), at(3)),
		Right: max(at(0), at(2)), Bottom: max(at(1), at(3)),
	}
}
