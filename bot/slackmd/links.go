package slackmd

import (
	"path"
	"strconv"
	"strings"
)

const (
	// maxTarget bounds a link's target, in bytes. A longer one is no link.
	maxTarget = 2000
	// maxName bounds the name of a footnote, in bytes.
	maxFootnote = 40
)

// bracket reads what a [ begins: a footnote or a link.
func (p *inliner) bracket() bool {
	end := p.closing(p.i)
	if end == 0 {
		return false
	}
	if words := p.src[p.i+1 : end]; strings.HasPrefix(words, "^") && len(words) > 1 && len(words) < maxFootnote {
		begins := p.i == 0 || p.src[p.i-1] == '\n'
		p.literal(raised(words[1:]))
		if p.i = end + 1; begins && strings.HasPrefix(p.src[p.i:], ":") {
			p.i++ // its text follows
		}
		return true
	}
	address, after, ok := p.target(end + 1)
	if !ok {
		return false
	}
	p.i++
	p.settle()
	p.links = append(p.links, target{address: address, at: end, end: after, words: len(p.out)})
	return true
}

// closeLink writes a link's target, if this ] ends the words of one, unless the
// words are the target.
func (p *inliner) closeLink() bool {
	n := len(p.links)
	for n > 0 && p.links[n-1].at < p.i { // its ] was in code
		n--
	}
	p.links = p.links[:n]
	if n == 0 || p.links[n-1].at != p.i {
		return false
	}
	t := p.links[n-1]
	p.links = p.links[:n-1]
	p.settle()
	words := ""
	if at := min(t.words, len(p.out)); len(p.out)-at <= len(t.address)+2 {
		words = strings.Trim(string(p.out[at:]), "`")
	} else {
		words = "more"
	}
	switch {
	case words == t.address || words == strings.TrimPrefix(t.address, "mailto:"):
	case words == "":
		p.code(t.address)
	default:
		p.text(" (")
		p.code(t.address)
		p.text(")")
	}
	p.i = t.end
	return true
}

func (p *inliner) image() bool {
	if !strings.HasPrefix(p.src[p.i:], "![") {
		return false
	}
	end := p.closing(p.i + 1)
	if end == 0 {
		return false
	}
	alt := p.src[p.i+2 : end]
	address, after, ok := p.parens(end + 1)
	if !ok {
		return false
	}
	p.literal(figure(alt, address))
	p.i = after
	return true
}

// closing is where the bracket that opens at i is closed, or 0. All brackets
// are paired at once, so that many open ones cost no more than few.
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

// target reads the (target) of a link at i. What does not look like an address
// or a file is none: f[i](x) is text.
func (p *inliner) target(i int) (address string, end int, ok bool) {
	address, end, ok = p.parens(i)
	return address, end, ok && strings.ContainsAny(address, "/:.#@?")
}

// parens reads (target) or (target "title") at i.
func (p *inliner) parens(i int) (address string, end int, ok bool) {
	if i >= len(p.src) || p.src[i] != '(' {
		return "", 0, false
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
				inside := strings.TrimSpace(p.src[i+1 : end])
				address, _, _ = strings.Cut(inside, " ")
				if strings.HasPrefix(inside, "<") {
					address, _, _ = strings.Cut(inside[1:], ">")
				}
				return address, end + 1, true
			}
		case c == '\n':
			return "", 0, false
		}
	}
	return "", 0, false
}

// figure names a picture that stood on the page.
func figure(alt, file string) string {
	name := strings.Join(strings.Fields(alt), " ")
	if name == "" && file != "" {
		name = path.Base(file)
	}
	if name == "" || name == "." || name == "/" {
		return "[Figure]"
	}
	return "[Figure: " + name + "]"
}

// raised writes a footnote's number as superscript, another name in brackets.
func raised(name string) string {
	if _, err := strconv.Atoi(name); err == nil {
		if s, ok := mapRunes(name, superscripts); ok {
			return s
		}
	}
	return "[" + name + "]"
}
