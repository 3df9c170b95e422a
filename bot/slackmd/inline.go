package slackmd

import (
	"html"
	"strings"
	"unicode/utf8"
)

// place is where inline markdown stands.
type place int

const (
	inText place = iota
	inLine       // a heading: no line breaks
	inCell       // of a table: no line breaks, and bars are escaped
	inCSV        // plain text
)

// inline turns the model's inline markdown, with HTML, mathematics and links in
// it, into inline markdown that Slack only formats: nothing in it links,
// mentions or becomes an emoji. An address is shown as code, since Slack makes
// links of bare addresses.
func inline(s string, at place) string {
	if isPlain(s, at) {
		return strings.TrimSpace(s)
	}
	p := inliner{src: s, writer: writer{at: at}}
	p.out = make([]byte, 0, len(s)+len(s)/8)
	p.run()
	return string(p.end())
}

// isPlain recognises most of all texts: words without any sign that must be
// looked at.
func isPlain(s string, at place) bool {
	if s == "" || at == inText && beginsBlock(s) {
		return s == ""
	}
	for i := range len(s) {
		if c := s[i]; inlineSigns[c] || c == '@' || c == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www") {
			return false
		}
	}
	return true
}

// plain is inline markdown as plain text.
func plain(s string) string { return strings.TrimSpace(inline(s, inCSV)) }

// inliner reads inline markdown. It goes through src once; what it must find
// further on, it finds through finders and tables that are made once.
type inliner struct {
	writer
	src string
	i   int

	brackets []int32   // for each [ in src its ], or 0; made when needed
	links    []target  // whose words are being read, the innermost last
	ticked   *tickRuns // made when needed
	wordEnd  int       // addresses were looked for up to here

	mathEnd, blockEnd, dollar, comment finder
	hrefs                              []string // of the open <a>
}

// target is what follows the words of a link.
type target struct {
	address string
	at      int // the ] before it in src
	end     int // of the link in src
	words   int // where they begin in the output
}

// inlineSigns are the bytes at which run must look closer.
var inlineSigns = func() (signs [256]bool) {
	for _, c := range "\\`<>&![]$*_~:\n|" {
		signs[c] = true
	}
	return signs
}()

func (p *inliner) run() {
	p.mathEnd.what, p.blockEnd.what, p.dollar.what, p.comment.what = `\)`, `\]`, "$", "-->"
	addresses := strings.Contains(p.src, "://") || strings.Contains(p.src, "@") || indexWWW(p.src) >= 0
	for p.i < len(p.src) {
		c := p.src[p.i]
		if addresses && p.i >= p.wordEnd && isWordByte(c) {
			if p.address() {
				continue
			}
			p.text(p.src[p.i:p.wordEnd])
			p.i = p.wordEnd
			continue
		}
		if !inlineSigns[c] {
			end := p.i + 1
			for end < len(p.src) && !inlineSigns[p.src[end]] && !(addresses && isWordByte(p.src[end])) {
				end++
			}
			p.text(p.src[p.i:end])
			p.i = end
			continue
		}
		p.sign(c)
	}
}

// sign reads what the sign at i begins.
func (p *inliner) sign(c byte) {
	done := false
	switch c {
	case '\\':
		done = p.backslash()
	case '`':
		done = p.ticks()
	case '<':
		done = p.angle()
	case '&':
		done = p.entity()
	case '!':
		done = p.image()
	case '[':
		done = p.bracket()
	case ']':
		done = p.closeLink()
	case '$':
		done = p.dollars()
	case ':':
		done = p.emoji()
	case '*', '_', '~':
		p.emphasis(c)
		done = true
	case '\n':
		p.newline()
		p.i++
		for p.i < len(p.src) && (p.src[p.i] == ' ' || p.src[p.i] == '\t') {
			p.i++
		}
		done = true
	}
	if !done {
		p.text(p.src[p.i : p.i+1])
		p.i++
	}
}

func (p *inliner) backslash() bool {
	rest := p.src[p.i+1:]
	switch {
	case rest == "":
		p.literal(`\`)
	case rest[0] == '(' && p.math(&p.mathEnd), rest[0] == '[' && p.math(&p.blockEnd):
		return true
	case rest[0] == '\n':
	case isPunct(rest[0]):
		p.literal(rest[:1])
		p.i++
	default:
		p.literal(`\`)
	}
	p.i++
	return true
}

// maxEntity is the length of the longest name that is looked up.
const maxEntity = 34

func (p *inliner) entity() bool {
	rest := p.src[p.i:min(len(p.src), p.i+maxEntity)]
	end := 1
	for end < len(rest) && (rest[end] == '#' || isLetter(rest[end]) || isDigit(rest[end])) {
		end++
	}
	if end == len(rest) || rest[end] != ';' {
		return false
	}
	text := html.UnescapeString(rest[:end+1])
	if text == rest[:end+1] {
		return false
	}
	if text = clean(text); strings.TrimSpace(text) == "" {
		text = " " // also a no-break space: nothing is aligned with it here
	}
	p.literal(text)
	p.i += end + 1
	return true
}

// emoji keeps a :name: from becoming a picture.
func (p *inliner) emoji() bool {
	if p.i > 0 && (isWordByte(p.src[p.i-1]) || p.src[p.i-1] == ':') {
		return false
	}
	end := p.i + 1
	for end < len(p.src) && end-p.i < 50 && (isWordByte(p.src[end]) || p.src[end] == '_') {
		end++
	}
	if end == p.i+1 || end == len(p.src) || p.src[end] != ':' || (end+1 < len(p.src) && isWordByte(p.src[end+1])) {
		return false
	}
	p.code(p.src[p.i : end+1])
	p.i = end + 1
	return true
}

// emphasis writes a run of * _ or ~ as it is. A run that could begin a fence, a
// rule or an item is text.
func (p *inliner) emphasis(c byte) {
	end := p.i
	for end < len(p.src) && p.src[end] == c {
		end++
	}
	run := p.src[p.i:end]
	spaced := (p.i == 0 || p.src[p.i-1] <= ' ') && (end == len(p.src) || p.src[end] <= ' ')
	switch {
	case len(run) > 3 && !spaced: // a line to fill in, a number that is masked
		p.literal(run)
	case c == '~' && len(run) > 2 && p.atLineStart(), p.atLineStart() && (end == len(p.src) || p.src[end] == '\n' || p.src[end] == ' '):
		p.literal(run)
	case p.at == inCSV:
		if len(run) == 1 || len(run) > 3 {
			p.literal(run)
		}
	default:
		p.mark(run)
	}
	p.i = end
}

// isWordByte is for the bytes of host names, mail names and schemes.
func isWordByte(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '.' || c == '-' || c == '+' || c == '%'
}

func isLetter(c byte) bool { return (c|0x20) >= 'a' && (c|0x20) <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isPunct is for the bytes that a backslash escapes:
// https://spec.commonmark.org/0.31.2/#backslash-escapes
func isPunct(c byte) bool {
	return c > ' ' && c < utf8.RuneSelf-1 && !isLetter(c) && !isDigit(c)
}
