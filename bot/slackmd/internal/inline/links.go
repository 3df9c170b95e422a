package inline

import (
	"path"
	"strconv"
	"strings"

	"slackocr/bot/slackmd/internal/texmath"
)

const (
	// maxTarget bounds a link's target, in bytes. A longer target is text.
	maxTarget = 2000
	// maxFootnote bounds the name of a footnote, in bytes.
	maxFootnote = 40
)

// link is the part of a link that follows the words.
type link struct {
	address, title string
	at             int // position in src of the ] before the target
	end            int // end of the link in src
	words          int // start of the words in the text
}

// bracket reads the footnote or link that a [ starts.
func (p *inliner) bracket() bool {
	end := p.closing(p.i)
	if end == 0 {
		return false
	}
	if words := p.src[p.i+1 : end]; strings.HasPrefix(words, "^") && len(words) > 1 && len(words) < maxFootnote {
		begins := p.i == 0 || p.src[p.i-1] == '\n'
		p.write(footnoteMark(words[1:]))
		if p.i = end + 1; begins && strings.HasPrefix(p.src[p.i:], ":") {
			p.i++ // the text of the footnote follows
		}
		return true
	}
	address, title, after := p.target(end + 1)
	if after == 0 {
		return false
	}
	p.i++
	p.links = append(p.links, link{address: address, title: title, at: end, end: after, words: len(p.text)})
	return true
}

// closeLink writes a link's target if this ] ends the words of a link, unless
// the words are the target.
func (p *inliner) closeLink() bool {
	n := len(p.links)
	for n > 0 && p.links[n-1].at < p.i { // the ] of this link was in code
		n--
	}
	p.links = p.links[:n]
	if n == 0 || p.links[n-1].at != p.i {
		return false
	}
	l := p.links[n-1]
	p.links = p.links[:n-1]
	words := p.text[l.words:]
	switch {
	case len(words) == 0:
		p.codeSpan(l.address)
	case l.title == "" && (string(words) == l.address || string(words) == strings.TrimPrefix(l.address, "mailto:")):
	default:
		p.write(" (")
		p.codeSpan(l.address)
		if l.title != "" {
			p.write(" " + l.title)
		}
		p.write(")")
	}
	p.i = l.end
	return true
}

// image reads a picture of the page.
func (p *inliner) image() bool {
	if !strings.HasPrefix(p.src[p.i:], "![") {
		return false
	}
	end := p.closing(p.i + 1)
	if end == 0 {
		return false
	}
	address, title, after := p.target(end + 1)
	if after == 0 && strings.HasPrefix(p.src[end+1:], "()") {
		after = end + len("]()")
	}
	if after == 0 {
		return false
	}
	p.write(figure(strings.TrimSpace(Decode(p.src[p.i+2:end])+" "+title), address))
	p.i = after
	return true
}

// closing returns the position of the bracket that closes the bracket at i, or
// 0. All brackets are paired at once, so many open brackets cost no more than
// a few.
func (p *inliner) closing(i int) int {
	if p.brackets == nil {
		p.brackets = make([]int32, len(p.src))
		var open []int32
		for j := 0; j < len(p.src); j++ {
			switch p.src[j] {
			case '\\':
				j++
			case '[':
				open = append(open, int32(j))
			case ']':
				if n := len(open); n > 0 {
					p.brackets[open[n-1]] = int32(j)
					open = open[:n-1]
				}
			}
		}
	}
	return int(p.brackets[i])
}

// target reads (address) or (address "title") at i, and returns end 0 if there
// is neither. The target must look like an address or a file: f[i](x) and
// [12](siehe Art. 5) are text.
func (p *inliner) target(i int) (address, title string, end int) {
	inside, end := p.parens(i)
	inside = strings.TrimSpace(inside)
	rest := ""
	if angle, ok := strings.CutPrefix(inside, "<"); ok {
		address, rest, ok = strings.Cut(angle, ">")
		if !ok {
			return "", "", 0
		}
	} else if n := strings.IndexAny(inside, " \t"); n >= 0 {
		address, rest = inside[:n], inside[n:]
	} else {
		address = inside
	}
	if !looksLikeAddress(address) {
		return "", "", 0
	}
	title = strings.TrimSpace(rest)
	return Decode(address), Decode(title), end
}

// looksLikeAddress reports whether s looks like an address or the name of a
// file or an anchor.
func looksLikeAddress(s string) bool {
	if strings.ContainsAny(s, "/@") || strings.HasPrefix(s, "#") && len(s) > 1 || strings.Contains(s, ":") && !strings.HasSuffix(s, ":") {
		return true
	}
	dot := strings.LastIndexByte(s, '.')
	return dot > 0 && dot+2 <= len(s) && isLetter(s[dot+1])
}

// parens returns the text in the parentheses that open at i, and their end, or
// 0 if the parentheses are not closed.
func (p *inliner) parens(i int) (inside string, end int) {
	if i >= len(p.src) || p.src[i] != '(' {
		return "", 0
	}
	depth := 0
	for end = i; end < len(p.src) && end-i < maxTarget && depth < 4; end++ {
		switch c := p.src[end]; {
		case c == '\\':
			end++
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return p.src[i+1 : end], end + 1
			}
		case c == '\n':
			return "", 0
		}
	}
	return "", 0
}

// figure returns the name of a picture of the page. A file name without
// meaning, such as 12.png, img_3.jpg or a hash, is left out.
func figure(words, file string) string {
	words = strings.Join(strings.Fields(words), " ")
	if words == "" && file != "" {
		words = path.Base(file)
	}
	if words == "." || words == "/" || words == "" || !isInformative(words) {
		return "[Figure]"
	}
	return "[Figure: " + words + "]"
}

// nameless are words that models and their tools build file names from.
var nameless = set(`img image figure fig page picture pic table chart formula box block crop in x y`)

// isInformative reports whether a picture's name says more than a number would.
func isInformative(name string) bool {
	stem := strings.ToLower(name)
	switch ext := path.Ext(stem); ext {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".bmp", ".tif", ".tiff":
		stem = strings.TrimSuffix(stem, ext)
	default:
		return stem != "image" && stem != "figure" && !isHash(stem)
	}
	for part := range strings.FieldsFuncSeq(stem, func(r rune) bool { return strings.ContainsRune("-_ .", r) }) {
		if word := strings.TrimRight(part, "0123456789"); word != "" && !nameless[word] && !isHash(part) {
			return true
		}
	}
	return false
}

// isHash reports whether s is a hexadecimal number.
func isHash(s string) bool {
	return strings.Trim(s, "0123456789abcdef") == "" && (strings.ContainsAny(s, "0123456789") || len(s) > 7)
}

// footnoteMark returns a footnote's number as superscript, and any other name in
// brackets.
func footnoteMark(name string) string {
	if _, err := strconv.Atoi(name); err == nil {
		return texmath.Script(name, true)
	}
	return "[" + name + "]"
}
