// Package inline rewrites the text of a block of the model's markdown, with
// HTML, mathematics and links, in inline markdown that Slack only formats:
// nothing in the result links, mentions, becomes an emoji or starts a block.
//
// All functions are pure, take hostile input, and take linear time.
package inline

import (
	"html"
	"strings"
	"unicode/utf8"
)

// Place is the kind of block around inline markdown.
type Place int

const (
	Text    Place = iota
	Heading       // a heading: no line breaks
	Cell          // a table cell: no line breaks, and bars are escaped
)

// Markdown returns the model's inline markdown in Slack's form. It has two
// steps: [read] finds the text that people see, and [richText.markdown] writes
// that text.
func Markdown(s string, at Place) string {
	text := read(s, at, false)
	return text.markdown(at)
}

// Literal returns markdown for lines in which every sign stands for itself.
func Literal(lines string) string {
	text := richText{text: []byte(Clean(lines))}
	text.spans = findAddresses(string(text.text), nil)
	return text.markdown(Text)
}

// Plain returns the model's inline markdown as plain text.
func Plain(s string) string {
	return strings.TrimSpace(string(read(s, Cell, false).text))
}

// PlainWritten is Plain for inline markdown that [Markdown] wrote.
func PlainWritten(s string) string {
	return strings.TrimSpace(string(read(s, Cell, true).text))
}

// inliner reads inline markdown in one pass over src. Finders and tables, each
// made once, answer every question about the text ahead.
type inliner struct {
	richText
	src string
	i   int
	at  Place

	brackets []int32            // for each [ in src the matching ], or 0; made when needed
	links    []link             // links whose words are being read, the innermost last
	unclosed [maxTicks + 1]bool // for each length of a run of backticks: no code span starts with such a run any more
	source   bool               // src shows the source of HTML
	written  bool               // src is in Slack's form: code is escaped, and $ is a sign like others
	lines    int32              // line breaks so far
	aligned  int                // number of open <div align>

	mathEnd, blockEnd, dollar, tableEnd Finder
}

// inlineSigns are the signs that read must examine.
const inlineSigns = "\\`<>&![]$*_~:@\n|"

// read returns the text that a person sees of inline markdown. written is true for
// markdown in Slack's form.
func read(s string, at Place, written bool) richText {
	p := inliner{src: s, at: at, source: showsSource(s), written: written}
	p.text = make([]byte, 0, len(s))
	p.mathEnd.What, p.blockEnd.What, p.dollar.What = `\)`, `\]`, "$"
	addresses := findAddresses(s, nil)
	for p.i < len(s) {
		for len(addresses) > 0 && addresses[0].from < p.i {
			addresses = addresses[1:]
		}
		end := len(s)
		if len(addresses) > 0 {
			if end = addresses[0].from; end == p.i { // only an entity can mean more than itself here
				p.write(Decode(s[p.i:addresses[0].to]))
				p.i = addresses[0].to
				continue
			}
		}
		n := strings.IndexAny(s[p.i:end], inlineSigns)
		if n < 0 {
			n = end - p.i
		}
		p.write(s[p.i : p.i+n])
		p.i += n
		if p.i < end && !p.sign(s[p.i]) {
			p.write(s[p.i : p.i+1])
			p.i++
		}
	}
	p.pair()
	p.remove(excessMarks(p.text))
	p.spans = findAddresses(string(p.text), p.spans)
	return p.richText
}

// write adds text in which every sign stands for itself.
func (p *inliner) write(s string) { p.text = append(p.text, s...) }

// codeSpan adds text set in code.
func (p *inliner) codeSpan(s string) {
	from := len(p.text)
	if p.written {
		s = Decode(s)
	}
	if p.write(strings.TrimSpace(s)); len(p.text) > from {
		p.spans = append(p.spans, extent{from, len(p.text)})
	}
}

// sign reads the construct that c starts at i, and reports whether there is
// one.
func (p *inliner) sign(c byte) bool {
	switch c {
	case '\\':
		return p.backslash()
	case '`':
		return p.ticks()
	case '<':
		return p.angle()
	case '&':
		if text, n := entity(p.src[p.i:]); n > 0 {
			p.write(text)
			p.i += n
			return true
		}
	case '!':
		return p.image()
	case '[':
		return p.bracket()
	case ']':
		return p.closeLink()
	case '$':
		return !p.written && p.dollars()
	case '*', '_', '~':
		p.run(c)
		return true
	case '\n':
		p.newline()
		p.i++
		return true
	}
	return false
}

// ticks reads a code span: https://spec.commonmark.org/0.31.2/#code-spans
func (p *inliner) ticks() bool {
	rest := p.src[p.i:]
	n := len(rest) - len(strings.TrimLeft(rest, "`"))
	if n <= maxTicks && !p.unclosed[n] {
		if span := CodeSpan(rest); len(span) > n {
			p.codeSpan(strings.ReplaceAll(span[n:len(span)-n], "\n", " "))
			p.i += len(span)
			return true
		}
		p.unclosed[n] = true // no need to look again
	}
	p.write(rest[:n])
	p.i += n
	return true
}

// maxTicks bounds the backticks around a code span. A longer run is text.
const maxTicks = 20

// CodeSpan returns the code span at the start of s, or the run of backticks if
// no run of the same length follows.
func CodeSpan(s string) string {
	n := len(s) - len(strings.TrimLeft(s, "`"))
	for at := n; at < len(s); {
		i := strings.IndexByte(s[at:], '`')
		if i < 0 {
			break
		}
		end := at + i
		at = end + len(s[end:]) - len(strings.TrimLeft(s[end:], "`"))
		if at-end == n {
			return s[:at]
		}
	}
	return s[:n]
}

// newline adds a line break, or a space if the place has only one line.
func (p *inliner) newline() {
	p.lines++
	if p.at == Text {
		p.write("\n")
	} else {
		p.write(" ")
	}
}

func (p *inliner) backslash() bool {
	rest := p.src[p.i+1:]
	switch {
	case rest == "":
		return false
	case rest[0] == '(' && p.math(&p.mathEnd), rest[0] == '[' && p.math(&p.blockEnd):
	case rest[0] == '\n':
		p.i++
	case IsPunct(rest[0]):
		p.write(rest[:1])
		p.i += 2
	default:
		return false
	}
	return true
}

// maxEntity bounds a character's name in HTML. The longest is
// &CounterClockwiseContourIntegral;
// (https://html.spec.whatwg.org/entities.json).
const maxEntity = 34

// entity returns the character that is named at the start of s and the length
// of the name, or 0 if no character is named.
func entity(s string) (text string, length int) {
	s = s[:min(len(s), maxEntity)]
	end := 1
	for end < len(s) && (s[end] == '#' || isLetter(s[end]) || isDigit(s[end])) {
		end++
	}
	if end == len(s) || s[end] != ';' {
		return "", 0
	}
	name := s[:end+1]
	text = html.UnescapeString(name)
	switch {
	case name == "&parag;": // models write this name
		text = "¶"
	case text == name, strings.HasSuffix(text, ";") && len(text) > 1: // html.UnescapeString matched only the start of another name
		return "", 0
	}
	if text = Clean(text); strings.TrimSpace(text) == "" {
		text = " " // also for a no-break space: nothing is aligned here
	}
	return text, len(name)
}

// Decode returns s with every named character replaced, and so the code that
// [EscapeCode] escaped.
func Decode(s string) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		text, n := entity(s[i:])
		if n == 0 {
			text, n = "&", 1
		}
		out.WriteString(s[:i] + text)
		s = s[i+n:]
	}
	return out.String() + s
}

// isWordByte reports whether c may stand in a host name, a mail name or a
// scheme.
func isWordByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '.' || c == '-' || c == '+' || c == '%'
}

func isLetter(c byte) bool { return (c|0x20) >= 'a' && (c|0x20) <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsPunct reports whether a backslash escapes c:
// https://spec.commonmark.org/0.31.2/#backslash-escapes
func IsPunct(c byte) bool {
	return c > ' ' && c < utf8.RuneSelf-1 && !isLetter(c) && !isDigit(c)
}
