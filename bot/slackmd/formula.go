package slackmd

import "strings"

// math reads \(…\) or \[…\] in a line.
func (p *inliner) math(end *finder) bool {
	from := p.i + 2
	to := end.next(p.src, from)
	if to >= len(p.src) || to-from > maxMath {
		return false
	}
	tex := p.src[from:to]
	if end == &p.blockEnd && !strings.ContainsAny(tex, `\^_=`) {
		p.literal("[" + tex + "]") // brackets that were escaped
	} else {
		p.formula(tex)
	}
	p.i = to + 2
	return true
}

// formula writes mathematics: as signs, where there are some for all of it.
func (p *inliner) formula(tex string) {
	if signs, ok := unicodeMath(tex); ok {
		p.literal(signs)
	} else {
		p.code(strings.Join(strings.Fields(tex), " "))
	}
}

// dollars reads $…$ and $$…$$. An amount of money is no formula: as in Pandoc,
// there is no space inside of the signs and no digit behind, and something that
// only formulas have (https://pandoc.org/MANUAL.html#math).
func (p *inliner) dollars() bool {
	double := strings.HasPrefix(p.src[p.i:], "$$")
	from := p.i + 1
	if double {
		from++
	}
	to := p.dollar.next(p.src, from)
	if to >= len(p.src) || to-from > maxMath || to == from {
		return false
	}
	tex, after := p.src[from:to], to+1
	if double {
		if !strings.HasPrefix(p.src[to:], "$$") {
			return false
		}
		after++
	} else {
		spaced := strings.TrimSpace(tex) != tex
		digit := after < len(p.src) && isDigit(p.src[after])
		if spaced || digit || (!strings.ContainsAny(tex, `\^_={`) && (len(tex) > 1 || !isLetter(tex[0]))) {
			return false
		}
	}
	p.formula(tex)
	p.i = after
	return true
}
