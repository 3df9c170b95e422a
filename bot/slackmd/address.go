package slackmd

import "strings"

// address reads the word at i and reports whether it was an address, which is
// written as code. Else wordEnd says how far it looked.
func (p *inliner) address() bool {
	end := p.i
	for end < len(p.src) && isWordByte(p.src[end]) {
		end++
	}
	p.wordEnd = end
	rest := p.src[end:]
	word := p.src[p.i:end]
	switch {
	case strings.HasPrefix(rest, "://"), len(word) > 4 && strings.EqualFold(word[:4], "www."):
		end += addressLength(rest)
	case len(rest) > 1 && rest[0] == '@':
		domain := end + 1
		for end = domain; end < len(p.src) && isWordByte(p.src[end]); end++ {
		}
		if !strings.Contains(strings.Trim(p.src[domain:end], "."), ".") {
			return false
		}
	default:
		return false
	}
	end = p.i + len(strings.TrimRight(p.src[p.i:end], ".,;:!?'*_~-+"))
	p.code(p.src[p.i:end])
	p.i, p.wordEnd = end, end
	return true
}

// addressLength is how much of an address follows its first word. It ends
// before what is not in addresses: spaces, quotes, East Asian text, and a
// bracket that was not opened in it.
func addressLength(s string) int {
	depth := 0
	for i, r := range s {
		switch {
		case r <= ' ', strings.ContainsRune("<>\"`|\\^{}", r), r >= '\u2000':
			return i
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			if depth--; depth < 0 {
				return i
			}
		}
	}
	return len(s)
}

func indexWWW(s string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '.')
		if i < 0 {
			return -1
		}
		from += i + 1
		if from >= 4 && strings.EqualFold(s[from-4:from], "www.") {
			return from - 4
		}
	}
}
