package inline

import (
	"strings"

	"slackocr/bot/slackmd/internal/texmath"
)

// MaxMath bounds a formula, in bytes. A longer formula is text.
const MaxMath = 4000

// math reads \(…\) or \[…\] in a line.
func (p *inliner) math(end *Finder) bool {
	from := p.i + 2
	to := end.Next(p.src, from)
	if to >= len(p.src) || to-from > MaxMath {
		return false
	}
	tex := p.src[from:to]
	if end == &p.blockEnd && !strings.ContainsAny(tex, `\^_=`) {
		return false // the brackets were escaped
	}
	p.formula(tex)
	p.i = to + 2
	return true
}

// formula writes mathematics as Unicode signs if all of tex has such signs,
// else as source.
func (p *inliner) formula(tex string) {
	if line, ok := texmath.Line(tex); ok {
		p.write(Clean(line))
	} else {
		p.codeSpan(strings.Join(strings.Fields(tex), " "))
	}
}

// dollars reads $…$ and $$…$$. An amount of money is not a formula.
func (p *inliner) dollars() bool {
	double := strings.HasPrefix(p.src[p.i:], "$$")
	from := p.i + 1
	if double {
		from++
	}
	to := p.dollar.Next(p.src, from)
	if to >= len(p.src) || to-from > MaxMath || to == from {
		return false
	}
	tex, after := p.src[from:to], to+1
	if double {
		if !strings.HasPrefix(p.src[to:], "$$") {
			return false
		}
		after++
	} else if !isFormula(tex, p.src[after:]) {
		return false
	}
	p.formula(tex)
	p.i = after
	return true
}

// isFormula reports whether the text between two dollars is a formula, rather
// than the words between two amounts of money or two shell variables. As in
// Pandoc, no digit may follow (https://pandoc.org/MANUAL.html#math). A formula
// has signs that only formulas have, or consists of single letters.
func isFormula(tex, after string) bool {
	if after != "" && isDigit(after[0]) || strings.Contains(tex, "`") {
		return false
	}
	for i := range len(tex) - 1 {
		if tex[i] == '\\' && (isLetter(tex[i+1]) || strings.IndexByte(",;:!{}|", tex[i+1]) >= 0) {
			return true
		}
	}
	words, spaced := longestWord(tex) > 2, strings.TrimSpace(tex) != tex
	if strings.ContainsAny(tex, "^_{") {
		return !words || !spaced
	}
	if single := strings.Trim(tex, " "); len(single) == 1 && isLetter(single[0]) {
		return true
	}
	if words || spaced || strings.Contains(tex, "\n") {
		return strings.Contains(tex, "=") && !words
	}
	if after != "" && isLetter(after[0]) && !strings.HasPrefix(after, "th") && !strings.HasPrefix(after, "s ") {
		return false
	}
	return strings.Contains(tex, "=") || longestWord(tex) == 1 && (!isDigit(tex[0]) || !strings.Contains(tex, " "))
}

// longestWord returns the length of the longest run of letters.
func longestWord(s string) (longest int) {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r < 'A' || r > 'Z' && r < 'a' || r > 'z' && r < 0x80 }) {
		longest = max(longest, len(word))
	}
	return longest
}
