package ocr

import (
	"bytes"

	"slackocr/ocr/page"
)

// A cleaning says what becomes of the model's layout tags.
type cleaning struct {
	labels bool // a known layout label is dropped; else what a tag holds is text
	bare   bool // coordinates that lost their tags are dropped too
	boxes  bool // the boxes are part of the answer and are kept
}

// cleaningOf is what the answers of a mode need: where somebody asks for places
// or for something of their own, the tags hold the answer.
func cleaningOf(m Mode) cleaning {
	switch m.Kind {
	case Locate:
		return cleaning{bare: true, boxes: true}
	case Prompt:
		return cleaning{boxes: true}
	}
	return cleaning{labels: true, bare: true}
}

// maxName bounds what is kept of the text in a <|ref|> for its boxes, in bytes.
const maxName = 200

// A cleaner takes the model's own signs out of its text as that comes, in
// pieces that may be cut anywhere. What it gives does not depend on the cuts.
// It looks at each byte a bounded number of times and holds back at most
// maxBare bytes of text whose meaning the next piece decides.
type cleaner struct {
	rules cleaning
	held  []byte
	out   paper

	name  []byte // the start of what stands in the <|ref|> that is open, or was last
	open  bool   // a <|ref|> is open
	maybe bool   // what stands in it may still be a label
	label []byte // and is this
	known string // the label that was dropped last
	in    bool   // a <|det|> is open
	det   detParser

	boxes []Box
	watch boxWatch
	loop  bool // nothing but boxes comes, or nothing at all
}

// add takes the next piece and returns the clean text that it completes.
func (c *cleaner) add(s string) string {
	c.held = append(c.held, s...)
	c.scan(false)
	return c.out.take()
}

// end returns what was held back, where the text ends here.
func (c *cleaner) end() string {
	c.scan(true)
	if c.open {
		c.closeRef()
	}
	return c.out.finish()
}

// abandon is end for a text that broke off: half a tag is no text then.
func (c *cleaner) abandon() string {
	if len(c.held) > 0 && (c.held[0] == '<' || c.held[0] == '[') {
		c.held = c.held[:0]
	}
	return c.end()
}

// looped reports whether the model writes tags without end.
func (c *cleaner) looped() bool { return c.loop || c.out.silent > maxSilent }

func (c *cleaner) scan(last bool) {
	rest := c.held
	for len(rest) > 0 {
		n, more := c.token(rest, last)
		if more {
			break
		}
		if n == 0 {
			c.text(rest[0])
			n = 1
		}
		c.out.silent += n
		rest = rest[n:]
	}
	c.held = append(c.held[:0], rest...)
}

// token obeys a sign of the model's at the start of b and returns its length;
// 0 where b begins with text. more says that what follows decides.
func (c *cleaner) token(b []byte, last bool) (n int, more bool) {
	if b[0] == '<' {
		t, n, more := matchTag(b, last)
		if n == 0 && !more {
			c.in = false
		}
		c.obey(t)
		return n, more
	}
	if c.in {
		if box, ok := c.det.take(b[0]); ok {
			if box != nil {
				c.box(*box)
			}
			return 1, false
		}
		c.in = false // whatever this is, it is no list of coordinates
	}
	if !c.rules.bare || c.open {
		return 0, false
	}
	if b[0] == '[' {
		return c.bareBoxes(b, last)
	}
	if c.rules.labels && c.out.lineStart() {
		return c.bareLabel(b, last)
	}
	return 0, false
}

func (c *cleaner) obey(t tag) {
	switch t {
	case tagRef:
		if c.open {
			c.closeRef()
		}
		c.open, c.maybe, c.name, c.label = true, c.rules.labels, c.name[:0], c.label[:0]
	case tagRefEnd:
		if c.open {
			c.closeRef()
		}
	case tagDet:
		c.in, c.det = true, detParser{}
	case tagDetEnd:
		c.in = false
	}
}

// text takes one byte that is no sign.
func (c *cleaner) text(b byte) {
	if !c.open {
		c.write(b)
		return
	}
	if len(c.name) < maxName {
		c.name = append(c.name, b)
	}
	if !c.maybe {
		c.write(b)
		return
	}
	if c.label = append(c.label, b); len(c.label) > maxLabel {
		c.keepLabel()
	}
}

// keepLabel writes what was thought to become a label.
func (c *cleaner) keepLabel() {
	for _, b := range c.label {
		c.write(b)
	}
	c.maybe, c.label = false, c.label[:0]
}

func (c *cleaner) closeRef() {
	c.open, c.known = false, ""
	if c.maybe && labels[string(c.label)] {
		c.known, c.label = string(c.label), c.label[:0]
	}
	c.keepLabel()
}

func (c *cleaner) write(b byte) {
	if c.out.put(b) {
		c.watch.text()
	}
}

// bareBoxes takes coordinates whose tags a server dropped: they end their line,
// and stand alone or directly after the text they belong to.
func (c *cleaner) bareBoxes(b []byte, last bool) (n int, more bool) {
	boxes, n, more := boxList(b, last)
	if more || n == 0 {
		return 0, more
	}
	ends, more := endsLine(b[n:], last)
	if more {
		return 0, true
	}
	ends = ends && (c.out.lineStart() || c.out.last() > ' ' && !bytes.ContainsRune([]byte("=([{,:;<>+-*/&|^~"), rune(c.out.last())))
	if !ends && !c.rules.boxes {
		return 0, false
	}
	c.name = c.name[:0] // that was another's
	for _, box := range boxes {
		c.box(box)
	}
	if !ends { // it stands in a sentence
		for _, b := range b[:n] {
			c.write(b)
		}
	}
	return n, false
}

// bareLabel takes a label and coordinates whose tags a server dropped.
func (c *cleaner) bareLabel(b []byte, last bool) (n int, more bool) {
	word := 0
	for word < len(b) && word <= maxLabel && isLabelByte(b[word]) {
		word++
	}
	if word == len(b) && !last && beginsLabel(b) {
		return 0, true
	}
	if word == len(b) || b[word] != '[' || !labels[string(b[:word])] {
		return 0, false
	}
	boxes, n, more := boxList(b[word:], last)
	if more || n == 0 {
		return 0, more
	}
	if ends, more := endsLine(b[word+n:], last); more || !ends {
		return 0, more
	}
	c.known = string(b[:word])
	for _, box := range boxes {
		c.box(box)
	}
	return word + n, false
}

// box takes one box of the page.
func (c *cleaner) box(at corners) {
	if c.watch.box(at, c.known) {
		c.loop = true
	}
	if c.rules.boxes && len(c.boxes) < maxBoxes {
		c.boxes = append(c.boxes, Box{Text: string(bytes.TrimSpace(bytes.ToValidUTF8(c.name, nil))), Area: at.area()})
	}
}

// A Box is a place on the page that the model names.
type Box struct {
	// Text is what stands there; it may be empty.
	Text string
	page.Area
}

// maxBoxes bounds the boxes of one answer.
const maxBoxes = 200
