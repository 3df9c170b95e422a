package slackmd

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// writer writes inline markdown so that nothing in it means more than it
// should.
type writer struct {
	out     []byte
	at      place
	pending byte     // a \, ] or & whose escape depends on what follows
	open    []string // emphasis that HTML tags have begun
	waiting []string // emphasis that begins with the next word
}

// end closes what is open and returns what was written.
func (w *writer) end() []byte {
	for len(w.open) > 0 {
		w.closeMark(w.open[len(w.open)-1])
	}
	w.settle()
	return bytes.TrimSpace(w.out)
}

// text writes the model's own text, in which signs of markdown stay what they
// are.
func (w *writer) text(s string) {
	if s = w.space(s); s == "" {
		return
	}
	w.begin(s[0])
	if w.at == inText && w.atLineStart() && beginsBlock(s) {
		w.out = append(w.out, '\\')
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == ']' && i == len(s)-1 && w.at != inCSV:
			w.pending = ']'
		case c == '|' && w.at == inCell:
			w.out = append(w.out, `\|`...)
		default:
			w.char(c)
		}
	}
}

// literal writes text in which no sign means anything.
func (w *writer) literal(s string) {
	if s = w.space(s); s == "" {
		return
	}
	w.begin(s[0])
	for i := range len(s) {
		c := s[i]
		switch {
		case w.at == inCSV:
			w.char(c)
		case c == '\\' && i == len(s)-1:
			w.pending = '\\'
		case c == '&' && i == len(s)-1:
			w.pending = '&'
		case c == '&' && (isLetter(s[i+1]) || s[i+1] == '#'):
			w.out = append(w.out, "&amp;"...)
		case c == '\n' && w.at != inText:
			w.out = append(w.out, ' ')
		case c == '[' || c == ']':
			if c == ']' && i == len(s)-1 {
				w.pending = ']'
			} else if c == ']' && strings.IndexByte("([:", s[i+1]) >= 0 {
				w.out = append(w.out, '\\', ']')
			} else {
				w.out = append(w.out, c)
			}
		case strings.IndexByte("\\`*_~|", c) >= 0, w.at == inText && w.atLineStart() && beginsBlock(s[i:]):
			w.out = append(w.out, '\\', c)
		default:
			w.char(c)
		}
	}
}

// char writes a byte, escaped as Slack wants it. An ampersand stays: the caller
// knows whether it could be taken for an entity.
func (w *writer) char(c byte) {
	switch {
	case w.at == inCSV:
		w.out = append(w.out, c)
	case c == '<':
		w.out = append(w.out, "&lt;"...)
	case c == '>':
		w.out = append(w.out, "&gt;"...)
	default:
		w.out = append(w.out, c)
	}
}

// maxSpan bounds a code span, in bytes before escaping, so that any span fits a
// live message and text can be cut between spans.
const maxSpan = 500

// code writes code spans that cannot be closed from inside.
func (w *writer) code(s string) {
	for s = strings.TrimSpace(s); s != ""; {
		piece := s
		if len(s) > maxSpan {
			end := maxSpan
			for end > 0 && !utf8.RuneStart(s[end]) {
				end--
			}
			piece = s[:end]
		}
		w.span(piece)
		s = s[len(piece):]
	}
}

func (w *writer) span(s string) {
	w.begin('`')
	if w.at == inCSV {
		w.out = append(w.out, s...)
		return
	}
	if n := len(w.out); n > 0 && w.out[n-1] == '`' {
		w.out = append(w.out, ' ') // two spans must not become one
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) == "" {
		pad = " "
	}
	text := escapeCode(s)
	if w.at == inCell {
		text = strings.ReplaceAll(text, "|", `\|`)
	}
	w.out = append(w.out, ticks+pad+text+pad+ticks...)
}

// mark writes signs of emphasis as the model wrote them.
func (w *writer) mark(s string) {
	w.begin(s[0])
	w.out = append(w.out, s...)
}

// openMark begins emphasis with the next word; closeMark ends it after the last.
func (w *writer) openMark(mark string) {
	if w.at != inCSV && len(w.open) < 4 && !slices.Contains(w.open, mark) {
		w.open = append(w.open, mark)
		w.waiting = append(w.waiting, mark)
	}
}

func (w *writer) closeMark(mark string) {
	i := slices.Index(w.open, mark)
	if i < 0 {
		return
	}
	for len(w.open) > i { // what was begun later ends too
		last := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		if n := len(w.waiting); n > 0 { // there was no word
			w.waiting = w.waiting[:n-1]
			continue
		}
		w.settle()
		words := bytes.TrimRight(w.out, " \n")
		space := string(w.out[len(words):])
		w.out = append(append(words, last...), space...)
	}
}

// newline breaks the line, or not, where there is but one. No line is empty.
func (w *writer) newline() {
	w.settle()
	if w.atLineStart() {
		return
	}
	w.out = bytes.TrimRight(w.out, " \t")
	if w.at == inText {
		// The two spaces say that the break is meant. Whether Slack keeps one
		// without is not documented, and a receipt must not become one line:
		// https://spec.commonmark.org/0.31.2/#hard-line-breaks
		w.out = append(w.out, "  \n"...)
	} else {
		w.out = append(w.out, ' ')
	}
}

// space writes the spaces that s begins with, if they mean anything, and
// returns the rest.
func (w *writer) space(s string) string {
	rest := strings.TrimLeft(s, " \t")
	if n := len(s) - len(rest); n > 0 {
		w.settle()
		if !w.atLineStart() {
			w.out = append(w.out, s[:n]...)
		}
	}
	return rest
}

// begin goes before the byte c is written: what waited for it is written now.
func (w *writer) begin(c byte) {
	if w.pending == '&' && (isLetter(c) || c == '#') {
		w.flush()
		w.out = append(w.out, "amp;"...)
	}
	if w.pending == ']' && strings.IndexByte("([:", c) >= 0 || w.pending == '\\' && (isPunct(c) || c == '\n') {
		w.out = append(w.out, '\\')
	}
	w.flush()
	for _, mark := range w.waiting {
		w.out = append(w.out, mark...)
	}
	w.waiting = w.waiting[:0]
}

// settle writes what waits for a next byte that is not known.
func (w *writer) settle() {
	if w.pending == '\\' {
		w.out = append(w.out, '\\')
	}
	w.flush()
}

func (w *writer) flush() {
	if w.pending != 0 {
		w.out = append(w.out, w.pending)
		w.pending = 0
	}
}

func (w *writer) atLineStart() bool {
	return len(w.out) == 0 || w.out[len(w.out)-1] == '\n'
}

// beginsBlock reports whether a line that begins like s could be a heading, an
// item or an underline.
func beginsBlock(s string) bool {
	return strings.IndexByte("#-+=", s[0]) >= 0 && (len(s) == 1 || s[1] == ' ' || s[1] == s[0])
}

// longestRun is the length of the longest run of c in s.
func longestRun(s string, c byte) (longest int) {
	n := 0
	for i := range len(s) {
		if s[i] == c {
			n++
			longest = max(longest, n)
		} else {
			n = 0
		}
	}
	return longest
}
