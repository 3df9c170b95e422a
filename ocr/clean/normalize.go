package clean

const (
	// maxSilent is how many bytes of nothing but tags are taken, before they
	// are a loop: a page full of pictures has some dozens of tags of 60 bytes.
	maxSilent = 8 << 10
	// maxSpaces bounds the spaces before a word: far over what a page is wide.
	maxSpaces = 500
)

// A normalizer collects clean text: one kind of line end, at most one empty line in a
// row, none at the start, no spaces before a line's end.
type normalizer struct {
	out      []byte
	written  bool
	final    byte // the last byte written that is no space
	newlines int  // not written yet
	spaces   []byte
	carriage bool // the last byte was a carriage return
	silent   int  // bytes of the model's that came since something visible did
}

// put takes one byte and reports whether it can be seen.
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

// last is the byte before the next one.
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

// finish ends the text with the line ends that came.
func (p *normalizer) finish() { p.breakLines() }

func (p *normalizer) breakLines() {
	if p.written {
		for range min(p.newlines, 2) {
			p.out = append(p.out, '\n')
		}
	}
	p.newlines = 0
}
