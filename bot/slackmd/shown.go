package slackmd

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is inline markdown as a person sees it: a text in which every sign
// stands for itself, and what of it is set off.
type shown struct {
	text  []byte
	spans []extent     // code, in order; none is empty
	marks []mark       // in order; see pair
	bold  []emphasized // all emphasis
}

// extent is a part of a text.
type extent struct{ from, to int }

// writer writes a shown text as markdown.
type writer struct {
	text []byte
	at   place
	out  []byte

	closing int // where the # begin that end the text
}

// markdown writes the text so that Slack shows just that. Where emphasis begins
// or ends, and in code, nothing is live, since all addresses are code.
func (s *shown) markdown(at place) string {
	w := writer{text: s.text, at: at, out: make([]byte, 0, len(s.text)+len(s.text)/8)}
	w.closing = len(bytes.TrimRight(s.text, "# "))
	ends := s.ends()
	spans := s.spans
	for i := 0; ; {
		for len(ends) > 0 && ends[0].at <= i {
			w.out = append(w.out, ends[0].sign...)
			ends = ends[1:]
		}
		if i >= len(s.text) {
			break
		}
		if len(spans) > 0 && spans[0].from == i {
			w.code(string(s.text[i:spans[0].to]))
			i = spans[0].to
			spans = spans[1:]
			continue
		}
		next := len(s.text)
		if len(ends) > 0 {
			next = min(next, ends[0].at)
		}
		if len(spans) > 0 {
			next = min(next, spans[0].from)
		}
		w.write(i, next)
		i = next
	}
	return string(bytes.TrimSpace(w.out))
}

// write writes the text from i to end. A sign that could mean something is
// escaped.
func (w *writer) write(i, end int) {
	for i < end {
		if w.atLineStart() {
			for i < end && (w.text[i] == ' ' || w.text[i] == '\t') {
				i++
			}
			if w.at == inText && i < end {
				if n := beginsBlock(string(w.text[i:min(len(w.text), i+maxLead)])); n >= 0 && i+n < end {
					w.out = append(append(append(w.out, w.text[i:i+n]...), '\\'), w.text[i+n])
					i += n + 1
				}
			}
		}
		from := i
		for i < end && !escaped[w.text[i]] {
			i++
		}
		w.out = append(w.out, w.text[from:i]...)
		if i < end {
			i += w.escape(i, end)
		}
	}
}

// escaped are the bytes that may have to be escaped.
var escaped = func() (signs [256]bool) {
	for _, c := range "\\`*_~<>&]|\n#" {
		signs[c] = true
	}
	return signs
}()

// escape writes the sign at i, or a run of it, and returns how long it is. At end
// code or emphasis may follow.
func (w *writer) escape(i, end int) int {
	c, next := w.text[i], byte('*')
	if i+1 < end {
		next = w.text[i+1]
	}
	literal := true
	switch c {
	case '\n':
		w.newline()
		return 1
	case '<':
		w.out = append(w.out, "&lt;"...)
		return 1
	case '>':
		w.out = append(w.out, "&gt;"...)
		return 1
	case '&':
		w.out = append(w.out, c)
		if _, n := entity(string(w.text[i:min(len(w.text), i+maxEntity)])); n > 0 {
			w.out = append(w.out, "amp;"...)
		}
		return 1
	case '\\':
		literal = !isPunct(next) && next != '\n'
	case ']':
		literal = strings.IndexByte("([:", next) < 0
	case '|':
		literal = w.at != inCell
	case '#': // else it would close the heading
		literal = w.at != inLine || i < w.closing
	case '*', '_', '~':
		return w.signs(i, end)
	default:
		literal = false
	}
	if !literal {
		w.out = append(w.out, '\\')
	}
	w.out = append(w.out, c)
	return 1
}

// signs writes a run of * _ or ~, escaped but for _ in a word or between spaces,
// where it means nothing.
func (w *writer) signs(i, limit int) int {
	end := i + 1
	for end < limit && w.text[end] == w.text[i] {
		end++
	}
	before, _ := utf8.DecodeLastRune(w.text[:i])
	after := firstRune(w.text[end:])
	spaced := before <= ' ' && (end == len(w.text) || end < limit && after <= ' ')
	inWord := end < limit && isWordRune(before) && isWordRune(after)
	plain := w.text[i] == '_' && i > 0 && (spaced || inWord) && !w.atLineStart()
	for _, c := range w.text[i:end] {
		if !plain {
			w.out = append(w.out, '\\')
		}
		w.out = append(w.out, c)
	}
	return end - i
}

// newline breaks the line. No line is empty.
func (w *writer) newline() {
	w.out = bytes.TrimRight(w.out, " \t")
	if w.atLineStart() {
		return
	}
	// The two spaces say that the break is meant. Whether Slack keeps one
	// without is not documented, and a receipt must not become one line:
	// https://spec.commonmark.org/0.31.2/#hard-line-breaks
	w.out = append(w.out, "  \n"...)
}

func (w *writer) atLineStart() bool {
	return len(w.out) == 0 || w.out[len(w.out)-1] == '\n'
}

// maxSpan bounds a code span, in bytes before escaping, so that any span fits a
// live message and text can be cut between spans.
const maxSpan = 500

// code writes code spans that cannot be closed from inside.
func (w *writer) code(s string) {
	for s = strings.ReplaceAll(s, "\n", " "); s != ""; {
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

// end is where emphasis begins or ends.
type end struct {
	at   int
	sign string
}

// ends are the two ends of all emphasis, in order: moved to where CommonMark
// takes them for ends, and without emphasis that would not be one then.
func (s *shown) ends() []end {
	if len(s.bold) == 0 {
		return nil
	}
	for i := range s.bold {
		s.fit(&s.bold[i])
	}
	slices.SortFunc(s.bold, func(a, b emphasized) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var ends []end
	var open []emphasized
	last := end{at: -1}
	shut := func(at int) {
		for len(open) > 0 && open[len(open)-1].to <= at {
			last = end{at: open[len(open)-1].to, sign: open[len(open)-1].sign}
			ends = append(ends, last)
			open = open[:len(open)-1]
		}
	}
	for _, e := range s.bold {
		shut(e.from)
		if n := len(open); n > 0 {
			e.to = min(e.to, open[n-1].to)
		}
		same := func(o emphasized) bool { return o.sign == e.sign || o.sign[0] == e.sign[0] && s.inWord(e) }
		if e.from >= e.to || slices.ContainsFunc(open, same) || last.at == e.from && last.sign[0] == e.sign[0] {
			continue
		}
		open = append(open, e)
		ends = append(ends, end{at: e.from, sign: e.sign})
	}
	shut(len(s.text))
	return ends
}

// inWord reports whether emphasis begins or ends within a word: such ends in other
// emphasis are taken for other ones.
func (s *shown) inWord(e emphasized) bool {
	before, _ := utf8.DecodeLastRune(s.text[:e.from])
	return isWordRune(before) || isWordRune(firstRune(s.text[e.to:]))
}

// fit moves the ends of emphasis out of code, off spaces, and off punctuation
// marks where a letter stands on the other side, as in **注意：**请:
// https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
func (s *shown) fit(e *emphasized) {
	if k := s.spanAt(e.from); k >= 0 {
		e.from = s.spans[k].to
	}
	if k := s.spanAt(e.to); k >= 0 {
		e.to = s.spans[k].from
	}
	for e.from < e.to {
		r, n := utf8.DecodeRune(s.text[e.from:])
		before, _ := utf8.DecodeLastRune(s.text[:e.from])
		outside := e.from == 0 || unicode.IsSpace(before) || isPunctRune(before)
		if !unicode.IsSpace(r) && (outside || !isPunctRune(r) && !s.isSpan(e.from, true)) {
			break
		}
		if s.isSpan(e.from, true) {
			e.to = e.from // it begins with code, behind a letter
			return
		}
		e.from += n
	}
	for e.from < e.to {
		r, n := utf8.DecodeLastRune(s.text[:e.to])
		after := firstRune(s.text[e.to:])
		outside := e.to == len(s.text) || unicode.IsSpace(after) || isPunctRune(after)
		if !unicode.IsSpace(r) && (outside || !isPunctRune(r) && !s.isSpan(e.to, false)) {
			break
		}
		if s.isSpan(e.to, false) {
			e.to = e.from
			return
		}
		e.to -= n
	}
}

// spanAt is the code span that at is within, or -1.
func (s *shown) spanAt(at int) int {
	k, _ := slices.BinarySearchFunc(s.spans, at, func(x extent, at int) int { return x.to - at - 1 })
	if k < len(s.spans) && s.spans[k].from < at {
		return k
	}
	return -1
}

// isSpan reports whether a code span begins, or ends, at a place.
func (s *shown) isSpan(at int, begins bool) bool {
	k, found := slices.BinarySearchFunc(s.spans, at, func(x extent, at int) int {
		if begins {
			return x.from - at
		}
		return x.to - at
	})
	return found && k < len(s.spans)
}

func isPunctRune(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// maxLead is how much of a line's beginning is looked at, in bytes: a rule of
// hyphens that is longer is broken all the same.
const maxLead = 200

// beginsBlock is the sign to escape in a line that begins like s, so that it is
// no heading, item, underline or table: -1 where it is none of them.
func beginsBlock(s string) int {
	line, _, _ := strings.Cut(s, "\n")
	if line == "" {
		return -1
	}
	if strings.IndexByte("#-+", line[0]) >= 0 && (len(line) == 1 || line[1] == ' ' || line[1] == '\t' || line[1] == line[0]) {
		return 0
	}
	if strings.IndexByte("|:-", line[0]) >= 0 && strings.Trim(line, "|:- \t") == "" || line[0] == '=' && strings.Trim(line, "= \t") == "" {
		return 0
	}
	n := 0
	for n < len(line) && n < 10 && isDigit(line[n]) {
		n++
	}
	if n > 0 && n < 10 && n < len(line) && (line[n] == '.' || line[n] == ')') && (n+1 == len(line) || line[n+1] == ' ' || line[n+1] == '\t') {
		return n
	}
	return -1
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
