package witness

import (
	"html"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxTag    = 200 // bytes of an HTML tag
	maxNote   = 30  // bytes of a comment that a model makes, such as <!-- image -->
	maxEntity = 12  // bytes of an HTML entity
	maxLink   = 500 // bytes of a link's address
)

// visible returns the visible text of markdown at unchanged offsets.
// Everything else becomes a space, or ignorable if no word is divided there.
// HTML that ends a line becomes a newline.
func visible(markdown string) string {
	m := masker{out: []byte(markdown), in: markdown}
	for m.at < len(m.in) {
		m.step()
	}
	return string(m.out)
}

// A masker reads markdown in one pass.
type masker struct {
	in   string
	out  []byte
	at   int
	math bool // in a formula
}

func (m *masker) step() {
	rest := m.in[m.at:]
	switch c := rest[0]; {
	case c == '<':
		m.tag(rest)
	case c == '&':
		m.entity(rest)
	case c == '\\':
		m.backslash(rest)
	case c == '$':
		m.math = !m.math
		m.blank(1)
	case c == '\n' && strings.HasPrefix(rest, "\n\n"):
		m.math = false // a formula ends at an empty line, since prices have dollar signs too
		m.at += 2
	case strings.HasPrefix(rest, "](") && strings.IndexByte(rest[:min(len(rest), maxLink)], ')') > 0:
		m.blank(strings.IndexByte(rest, ')') + 1)
	case strings.HasPrefix(rest, "```") && (m.at == 0 || m.in[m.at-1] == '\n'):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		m.blank(end)
	case c == '`', c == '~', c == '*' && (m.next(1) == '*' || m.previous() == '*' || !m.betweenDigits()),
		m.math && (c == '{' || c == '}'):
		m.out[m.at] = ignorable
		m.at++
	default:
		m.at++
	}
}

// blank turns the next n bytes into spaces.
func (m *masker) blank(n int) {
	for range n {
		m.out[m.at] = ' '
		m.at++
	}
}

func (m *masker) next(n int) byte {
	if m.at+n < len(m.in) {
		return m.in[m.at+n]
	}
	return 0
}

func (m *masker) previous() byte {
	if m.at > 0 {
		return m.in[m.at-1]
	}
	return 0
}

func (m *masker) betweenDigits() bool {
	return isASCIIDigit(m.previous()) && isASCIIDigit(m.next(1))
}

func isASCIIDigit(c byte) bool { return '0' <= c && c <= '9' }

// lineTags end a line; textTags stand inside a line. Anything else in the form
// of a tag is text, since pages show code too.
var (
	lineTags = strings.Fields("tr br p li ul ol div table thead tbody tfoot caption h1 h2 h3 h4 h5 h6 hr pre blockquote figure figcaption details summary center")
	textTags = strings.Fields("td th b i u s em strong sup sub del ins mark small big font span code kbd a img col colgroup")
)

func (m *masker) tag(rest string) {
	end := strings.IndexByte(rest[:min(len(rest), maxTag)], '>')
	if end < 0 {
		m.at++
		return
	}
	name := strings.ToLower(strings.TrimPrefix(rest[1:end], "/"))
	if n := strings.IndexAny(name, " \t/"); n >= 0 {
		name = name[:n]
	}
	switch {
	case slices.Contains(lineTags, name):
		m.out[m.at] = '\n'
		m.at++
		m.blank(end)
	case slices.Contains(textTags, name), strings.HasPrefix(rest, "<!--") && end <= maxNote, strings.HasPrefix(rest, "<|"):
		m.blank(end + 1)
	default:
		m.at++
	}
}

// entity decodes an HTML entity in place.
func (m *masker) entity(rest string) {
	end := strings.IndexByte(rest[:min(len(rest), maxEntity)], ';')
	if end < 2 {
		m.at++
		return
	}
	text := html.UnescapeString(rest[:end+1])
	if len(text) > end || text == rest[:end+1] {
		m.at++
		return
	}
	copy(m.out[m.at:], text)
	for i := len(text); i <= end; i++ {
		m.out[m.at+i] = ignorable
	}
	m.at += end + 1
}

// backslash takes an escaped sign, the end of a formula, or a TeX command
// inside a formula.
func (m *masker) backslash(rest string) {
	c := m.next(1)
	switch {
	case c == '(' || c == '[':
		m.math = true
	case c == ')' || c == ']':
		m.math = false
	}
	n := 1
	for m.math && n < len(rest) && (rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z') {
		n++
	}
	switch {
	case n > 1:
		m.blank(n)
	case c < utf8.RuneSelf && c != 0 && c != '\n':
		m.out[m.at] = ignorable
		if m.math && c == ',' || c == '(' || c == '[' || c == ')' || c == ']' {
			m.blank(2)
			return
		}
		m.at++
		if c == '*' || c == '`' || c == '~' || c == '<' || c == '&' || c == '\\' || c == '$' {
			m.at++ // an escaped sign of the text
		}
	default:
		m.at++
	}
}
