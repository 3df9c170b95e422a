package clean

import "bytes"

// blocks reads a page in DeepSeek-OCR's format, block by block: a label or a
// text in a <|ref|>, boxes in a <|det|>, then Markdown.
type blocks struct {
	rules       Rules
	out         normalizer
	edge        []byte // edge tokens, and spaces after, until the next text decides
	stray       bool   // edge tokens stood inside the text
	openStrikes int    // number of open <s> tags of HTML

	name       []byte // the start of the text in the open or last <|ref|>
	inRef      bool   // a <|ref|> is open
	mayBeLabel bool   // the text in <|ref|> may still be a label
	label      []byte // the label so far
	lastLabel  string // the label that was dropped last
	undecided  []byte // a name like a label's, with the text after, until that text decides
	inDet      bool   // a <|det|> is open
	det        detParser

	boxes []Box
	watch boxGuard
	loop  bool // only boxes come, or nothing at all
}

// blank reports whether there is no text yet.
func (c *blocks) blank() bool { return !c.out.written && !c.inRef && len(c.edge)+len(c.undecided) == 0 }

// end ends the text.
func (c *blocks) end() {
	if c.inRef {
		c.closeRef()
	}
	c.decideLabel(false)
	if c.stray {
		c.keepEdge()
	}
	c.out.finish()
}

// token handles a tag at the start of b and returns the tag's length, or 0 if
// b starts with text. If more is true, the next bytes must decide.
func (c *blocks) token(b []byte, last bool) (n int, more bool) {
	if b[0] == '<' {
		t, n, more := c.matchTag(b, last)
		if n == 0 && !more {
			c.inDet = false
		}
		c.handle(t, b[:n])
		return n, more
	}
	if c.inDet {
		if box, ok := c.det.take(b[0]); ok {
			if box != nil {
				c.box(*box)
			}
			return 1, false
		}
		c.inDet = false // this is no list of coordinates
	}
	if !c.rules.Bare || c.inRef {
		return 0, false
	}
	if b[0] == '[' {
		return c.bareBoxes(b, last)
	}
	if c.rules.Labels && c.lineStart() {
		return c.bareLabel(b, last)
	}
	return 0, false
}

func (c *blocks) handle(t tag, sign []byte) {
	switch t {
	case tagEdge:
		if !c.blank() && len(c.edge) < maxEdge {
			c.edge = append(c.edge, sign...)
		}
	case tagRef:
		if c.inRef {
			c.closeRef()
		}
		c.decideLabel(false)
		c.inRef, c.mayBeLabel, c.name, c.label = true, c.rules.Labels, c.name[:0], c.label[:0]
	case tagRefEnd:
		if c.inRef {
			c.closeRef()
		}
	case tagDet:
		c.inDet, c.det = true, detParser{}
	case tagDetEnd:
		c.inDet = false
	}
}

// text takes one byte of text.
func (c *blocks) text(b byte) {
	if !c.inRef {
		c.write(b)
		return
	}
	if len(c.name) < maxName {
		c.name = append(c.name, b)
	}
	if !c.mayBeLabel {
		c.write(b)
		return
	}
	if c.label = append(c.label, b); len(c.label) > maxLabel {
		c.keepLabel()
	}
}

// keepLabel writes the text that seemed to become a label.
func (c *blocks) keepLabel() {
	for _, b := range c.label {
		c.write(b)
	}
	c.mayBeLabel, c.label = false, c.label[:0]
}

func (c *blocks) closeRef() {
	c.inRef, c.lastLabel = false, ""
	switch {
	case !c.mayBeLabel:
	case labels[string(c.label)]:
		c.lastLabel, c.label = string(c.label), c.label[:0]
	case looksLikeLabel(c.label) && c.lineStart():
		c.undecided, c.label = append(c.undecided, c.label...), c.label[:0]
	}
	c.keepLabel()
}

// decideLabel decides about a name that looks like a label: a name above a text is
// a label and is dropped; a name before another tag is text.
func (c *blocks) decideLabel(label bool) {
	text := c.undecided
	c.undecided = nil
	if label {
		text = bytes.TrimLeft(text, labelBytes)
	}
	for _, b := range text {
		c.write(b)
	}
}

// write writes one byte of text, after the tokens that turned out to be text.
func (c *blocks) write(b byte) {
	if len(c.undecided) > 0 {
		if (b == '\n' || b == ' ') && len(c.undecided) <= 2*maxLabel {
			c.undecided = append(c.undecided, b)
			return
		}
		c.decideLabel(bytes.IndexByte(c.undecided, '\n') >= 0)
	}
	if len(c.edge) > 0 {
		if isSpace(b) && len(c.edge) < maxEdge {
			c.edge = append(c.edge, b)
			return
		}
		if !isSpace(b) {
			c.keepEdge()
			c.stray = true
		}
	}
	if c.out.put(b) {
		c.watch.reset()
	}
}

func (c *blocks) keepEdge() {
	for _, b := range c.edge {
		c.out.put(b)
	}
	c.edge = c.edge[:0]
}

// lineStart reports whether the next byte begins a line.
func (c *blocks) lineStart() bool {
	if n := len(c.edge); n > 0 {
		return c.edge[n-1] == '\n'
	}
	return c.out.lineStart()
}

// last returns the previous byte.
func (c *blocks) last() byte {
	if n := len(c.edge); n > 0 {
		return c.edge[n-1]
	}
	return c.out.last()
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// bareBoxes takes coordinates whose tags a server removed. Such coordinates
// end their line, and stand alone or directly after their text.
func (c *blocks) bareBoxes(b []byte, last bool) (n int, more bool) {
	boxes, n, more := boxList(b, last)
	if more || n == 0 {
		return 0, more
	}
	ends, more := endsLine(b[n:], last)
	if more {
		return 0, true
	}
	ends = ends && (c.lineStart() || c.last() > ' ' && !bytes.ContainsRune([]byte("=([{,:;<>+-*/&|^~"), rune(c.last())))
	if !ends && !c.rules.Boxes {
		return 0, false
	}
	c.name = c.name[:0] // the name belonged to another box
	for _, box := range boxes {
		c.box(box)
	}
	if !ends { // part of a sentence
		for _, b := range b[:n] {
			c.write(b)
		}
	}
	return n, false
}

// bareLabel takes a label and coordinates whose tags a server removed.
func (c *blocks) bareLabel(b []byte, last bool) (n int, more bool) {
	start := b[:min(len(b), maxLabel+1)]
	word := len(start) - len(bytes.TrimLeft(start, labelBytes))
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
	c.lastLabel = string(b[:word])
	for _, box := range boxes {
		c.box(box)
	}
	return word + n, false
}

// box takes one box of the page.
func (c *blocks) box(at corners) {
	if c.watch.box(at, c.lastLabel) {
		c.loop = true
	}
	if c.rules.Boxes && len(c.boxes) < maxBoxes {
		c.boxes = append(c.boxes, Box{Text: string(bytes.TrimSpace(bytes.ToValidUTF8(c.name, nil))), Corners: at})
	}
}
