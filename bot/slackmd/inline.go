package slackmd

import (
	"html"
	"strings"
	"unicode/utf8"
)

// place is the kind of block around inline markdown.
type place int

const (
	inText place = iota
	inLine       // a heading: no line breaks
	inCell       // a table cell: no line breaks, and bars are escaped
)

// inline turns the model's inline markdown, with HTML, mathematics and links,
// into inline markdown that Slack only formats: nothing in the result links,
// mentions or becomes an emoji. inline has two steps: [read] finds the text
// that people see, and [shown.markdown] writes that text in Slack's markdown.
func inline(s string, at place) string {
	if isPlain(s, at) {
		return strings.TrimSpace(s)
	}
	text := read(s, at)
	return text.markdown(at)
}

// literal returns markdown for lines in which every sign stands for itself.
func literal(lines string) string {
	text := shown{text: []byte(clean(lines))}
	text.spans = findAddresses(string(text.text), nil)
	return text.markdown(inText)
}

// plain returns inline markdown as plain text.
func plain(s string) string {
	if isPlain(s, inCell) {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(string(read(s, inCell).text))
}

// isPlain reports whether s has no sign that needs a closer look. Most texts
// have none.
func isPlain(s string, at place) bool {
	if s == "" || at == inText && beginsBlock(s) >= 0 {
		return s == ""
	}
	for i := range len(s) {
		if c := s[i]; inlineSigns[c] || c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www") {
			return false
		}
	}
	return at != inLine || s[len(s)-1] != '#'
}

// inliner reads inline markdown in one pass over src. Finders and tables, each
// made once, answer every question about the text ahead.
type inliner struct {
	shown
	src string
	i   int
	at  place

	brackets []int32   // for each [ in src the matching ], or 0; made when needed
	links    []link    // links whose words are being read, the innermost last
	ticked   *tickRuns // made when needed
	source   bool      // src shows the source of HTML
	lines    int32     // line breaks so far
	aligned  int       // number of open <div align>

	mathEnd, blockEnd, dollar, tableEnd finder
}

// inlineSigns are the bytes that read must examine.
var inlineSigns = func() (signs [256]bool) {
	for _, c := range "\\`<>&![]$*_~:@\n|" {
		signs[c] = true
	}
	return signs
}()

// read returns the text that a person sees of inline markdown.
func read(s string, at place) shown {
	p := inliner{src: s, at: at, source: showsSource(s)}
	p.text = make([]byte, 0, len(s))
	p.mathEnd.what, p.blockEnd.what, p.dollar.what = `\)`, `\]`, "$"
	addresses := findAddresses(s, nil)
	for p.i < len(s) {
		for len(addresses) > 0 && addresses[0].from < p.i {
			addresses = addresses[1:]
		}
		end := len(s)
		if len(addresses) > 0 {
			if end = addresses[0].from; end == p.i { // only an entity can mean more than itself here
				p.write(decode(s[p.i:addresses[0].to]))
				p.i = addresses[0].to
				continue
			}
		}
		from := p.i
		for p.i < end && !inlineSigns[s[p.i]] {
			p.i++
		}
		p.write(s[from:p.i])
		if p.i < end && !p.sign(s[p.i]) {
			p.write(s[p.i : p.i+1])
			p.i++
		}
	}
	p.pair()
	p.remove(excessMarks(p.text))
	p.spans = findAddresses(string(p.text), p.spans)
	return p.shown
}

// write adds text in which every sign stands for itself.
func (p *inliner) write(s string) { p.text = append(p.text, s...) }

// codeSpan adds text set in code.
func (p *inliner) codeSpan(s string) {
	from := len(p.text)
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
		return p.dollars()
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

// newline adds a line break, or a space if the place has only one line.
func (p *inliner) newline() {
	p.lines++
	if p.at == inText {
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
	case isPunct(rest[0]):
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
	if text = clean(text); strings.TrimSpace(text) == "" {
		text = " " // also for a no-break space: nothing is aligned here
	}
	return text, len(name)
}

// decode returns s with every named character replaced.
func decode(s string) string {
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
	if out.Len() == 0 {
		return s
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

// isPunct reports whether a backslash escapes c:
// https://spec.commonmark.org/0.31.2/#backslash-escapes
func isPunct(c byte) bool {
	return c > ' ' && c < utf8.RuneSelf-1 && !isLetter(c) && !isDigit(c)
}
