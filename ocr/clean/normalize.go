package clean

const (
	// maxSilent bounds a run of tags without text, in bytes; a longer run is a
	// loop. A page full of pictures has some dozens of tags of 60 bytes.
	maxSilent = 8 << 10
	// maxSpaces bounds the spaces before a word, far above the width of a
	// page.
	maxSpaces = 500
)

// A normalizer collects clean text: one kind of line end, at most one empty
// line in a row, none at the start, and no spaces at the end of a line.
type normalizer struct {
	out      []byte
	written  bool
	final    byte // the last byte written that is not a space
	newlines int  // not written yet
	spaces   []byte
	carriage bool // the last byte was a carriage return
	silent   int  // bytes of the model since the last visible byte
}

// put takes one byte and reports whether the byte is visible.
func (p *normalizer) put(b byte) bool {
	if b == '\n' && p.carriage {
		p.carriage = false
		return false
	}
	p.carriage = b == '\r'
	switch b {
	case '\r', '\n':
		p.newlines++
		if len(p.spaces) > 0 {
			p.spaces = p.spaces[:0]
		}
		return false
	case ' ', '\t':
		if len(p.spaces) < maxSpaces {
			p.spaces = append(p.spaces, b)
		}
		return false
	}
	if p.newlines > 0 {
		p.breakLines()
	}
	if len(p.spaces) > 0 {
		p.out = append(p.out, p.spaces...)
		p.spaces = p.spaces[:0]
	}
	p.out = append(p.out, b)
	p.written, p.final, p.silent = true, b, -1
	return true
}

func (p *normalizer) lineStart() bool {
	return (p.newlines > 0 || !p.written) && len(p.spaces) == 0
}

// last returns the previous byte.
func (p *normalizer) last() byte {
	switch {
	case len(p.spaces) > 0:
		return ' '
	case p.newlines > 0:
		return '\n'
	}
	return p.final
}

// take returns the text since the last call.
func (p *normalizer) take() string {
	s := string(p.out)
	p.out = p.out[:0]
	return s
}

// finish ends the text with the pending line ends.
func (p *normalizer) finish() { p.breakLines() }

func (p *normalizer) breakLines() {
	if p.written {
		for range min(p.newlines, 2) {
			p.out = append(p.out, '\n')
		}
	}
	p.newlines = 0
}
