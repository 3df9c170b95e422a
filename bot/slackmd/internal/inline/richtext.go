package inline

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// richText is inline markdown as a person sees the text: every sign stands for
// itself, and some parts are code or emphasis.
type richText struct {
	text     []byte
	spans    []extent // code spans, in order; none is empty
	marks    []mark   // in order; see pair
	emphasis []emphasis
}

// extent is a part of a text.
type extent struct{ from, to int }

// writer writes a rich text as markdown.
type writer struct {
	text []byte
	at   Place
	out  []byte

	closing int // start of the # signs at the end of the text
}

// markdown writes the text in the form that Slack shows unchanged. Code and
// the ends of emphasis need no protection from links, since all addresses are
// code.
func (s *richText) markdown(at Place) string {
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

// write writes the text from i to end and escapes every sign that could have a
// meaning.
func (w *writer) write(i, end int) {
	for i < end {
		if w.atLineStart() {
			for i < end && (w.text[i] == ' ' || w.text[i] == '\t') {
				i++
			}
			if w.at == Text && i < end {
				if n := BeginsBlock(string(w.text[i:min(len(w.text), i+MaxLead)])); n >= 0 && i+n < end {
					w.out = append(append(append(w.out, w.text[i:i+n]...), '\\'), w.text[i+n])
					i += n + 1
				}
			}
		}
		n := bytes.IndexAny(w.text[i:end], escaped)
		if n < 0 {
			n = end - i
		}
		w.out = append(w.out, w.text[i:i+n]...)
		i += n
		if i < end {
			i += w.escape(i, end)
		}
	}
}

// escaped are the signs that may need an escape.
const escaped = "\\`*_~<>&]|\n#"

// escape writes the sign at i, or a run of that sign, and returns the length.
// Code or emphasis may follow at end.
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
		literal = !IsPunct(next) && next != '\n'
	case ']':
		literal = strings.IndexByte("([:", next) < 0
	case '|':
		literal = w.at != Cell
	case '#': // unescaped, these signs would close the heading
		literal = w.at != Heading || i < w.closing
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

// signs writes a run of * _ or ~. The signs are escaped, except for _ inside a
// word or between spaces, which has no meaning.
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
	// Two spaces mark a hard break. The documentation does not say whether
	// Slack keeps a soft break, and the lines of a receipt must stay apart:
	// https://spec.commonmark.org/0.31.2/#hard-line-breaks
	w.out = append(w.out, "  \n"...)
}

func (w *writer) atLineStart() bool {
	return len(w.out) == 0 || w.out[len(w.out)-1] == '\n'
}

// maxSpan bounds a code span, in bytes before escaping, so that every span
// fits a live message and a text can be split between spans.
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

// maxRun bounds the backticks side by side in a code span. A longer run is
// divided, because the marks around the code are longer than any run in it, and
// code that is cut has the marks on each piece.
const maxRun = "```"

func (w *writer) span(s string) {
	for strings.Contains(s, maxRun+"`") {
		s = strings.ReplaceAll(s, maxRun+"`", maxRun+" `")
	}
	if n := len(w.out); n > 0 && w.out[n-1] == '`' {
		w.out = append(w.out, ' ') // two spans must stay apart
	}
	ticks := "`"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) == "" {
		pad = " "
	}
	text := EscapeCode(s)
	if w.at == Cell {
		text = strings.ReplaceAll(text, "|", `\|`)
	}
	w.out = append(w.out, ticks+pad+text+pad+ticks...)
}

// end is a start or an end of emphasis.
type end struct {
	at   int
	sign string
}

// ends returns the two ends of every emphasis, in order, moved to positions
// that CommonMark accepts. Emphasis without such positions is left out.
func (s *richText) ends() []end {
	if len(s.emphasis) == 0 {
		return nil
	}
	fitting := s.emphasis[:0]
	for _, e := range s.emphasis {
		if s.fit(&e) {
			fitting = append(fitting, e)
		}
	}
	s.emphasis = fitting
	slices.SortFunc(s.emphasis, func(a, b emphasis) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var ends []end
	var open []emphasis
	last := end{at: -1}
	shut := func(at int) {
		for len(open) > 0 && open[len(open)-1].to <= at {
			last = end{at: open[len(open)-1].to, sign: open[len(open)-1].sign}
			ends = append(ends, last)
			open = open[:len(open)-1]
		}
	}
	for _, e := range s.emphasis {
		shut(e.from)
		if n := len(open); n > 0 {
			e.to = min(e.to, open[n-1].to)
		}
		same := func(o emphasis) bool { return o.sign == e.sign || o.sign[0] == e.sign[0] && s.inWord(e) }
		if e.from >= e.to || slices.ContainsFunc(open, same) || last.at == e.from && last.sign[0] == e.sign[0] {
			continue
		}
		open = append(open, e)
		ends = append(ends, end{at: e.from, sign: e.sign})
	}
	shut(len(s.text))
	return ends
}

// inWord reports whether e starts or ends inside a word. CommonMark would pair
// such an end with a mark of other emphasis.
func (s *richText) inWord(e emphasis) bool {
	before, _ := utf8.DecodeLastRune(s.text[:e.from])
	return isWordRune(before) || isWordRune(firstRune(s.text[e.to:]))
}

// fit moves the ends of emphasis off spaces, and off punctuation marks next to
// a letter, as in **注意：**请:
// https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
// fit returns false if the emphasis has no words then, or starts or ends inside
// code or with code next to a letter.
func (s *richText) fit(e *emphasis) bool {
	before, _ := utf8.DecodeLastRune(s.text[:e.from])
	after := firstRune(s.text[e.to:])
	head, tail := s.text[e.from:min(e.to, e.from+maxPlain)], s.text[max(e.from, e.to-maxPlain):e.to]
	first := bytes.TrimLeftFunc(head, func(r rune) bool { return !mayEnd(r, before) })
	last := bytes.TrimRightFunc(tail, func(r rune) bool { return !mayEnd(r, after) })
	e.from += len(head) - len(first)
	e.to -= len(tail) - len(last)
	if len(first) == 0 || len(last) == 0 || e.from >= e.to {
		return false
	}
	start, end := s.codeAt(e.from), s.codeAt(e.to-1)
	return (start.to == 0 || start.from == e.from && (len(first) < len(head) || mayEnd('`', before))) &&
		(end.to == 0 || end.to == e.to && (len(last) < len(tail) || mayEnd('`', after)))
}

// mayEnd reports whether emphasis may start or end between the runes inside and
// outside. The rune outside the whole text is utf8.RuneError, which counts as
// punctuation.
func mayEnd(inside, outside rune) bool {
	return !unicode.IsSpace(inside) && (unicode.IsSpace(outside) || isPunctRune(outside) || !isPunctRune(inside))
}

// codeAt returns the code span with the byte at a position, or the zero extent.
func (s *richText) codeAt(at int) extent {
	k, _ := slices.BinarySearchFunc(s.spans, at, func(x extent, at int) int { return x.to - at - 1 })
	if k < len(s.spans) && s.spans[k].from <= at {
		return s.spans[k]
	}
	return extent{}
}

func isPunctRune(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }

// MaxLead bounds the start of a line that is examined, in bytes. A longer rule
// of hyphens is broken all the same.
const MaxLead = 200

// BeginsBlock returns the position of the sign to escape in a line that starts
// like s, so that the line is no heading, item, underline or table, or -1 if
// nothing must be escaped.
func BeginsBlock(s string) int {
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

// blockEscapes escapes text in markdown blocks, in which Slack's <…> tokens
// are live. The ampersand stays: an escaped ampersand corrupts link
// destinations (https://github.com/PostHog/posthog/pull/95054).
var blockEscapes = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// EscapeCode escapes code. An ampersand is escaped if Slack would take the
// ampersand for the start of an escape.
func EscapeCode(s string) string {
	if strings.Contains(s, "&") {
		parts := strings.Split(s, "&")
		for i, rest := range parts[1:] {
			if _, n := entity("&" + rest[:min(len(rest), maxEntity)]); n > 0 {
				parts[i+1] = "amp;" + rest
			}
		}
		s = strings.Join(parts, "&")
	}
	return blockEscapes.Replace(s)
}
