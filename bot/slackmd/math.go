package slackmd

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unicodeMath writes simple LaTeX with the signs of Unicode. ok is false where
// there are none for some of it: matrices, stacked fractions, unknown commands.
func unicodeMath(tex string) (signs string, ok bool) {
	p := texParser{src: strings.TrimSpace(tex), ok: true}
	signs = strings.Join(strings.Fields(p.group(0)), " ")
	return signs, p.ok && p.i >= len(p.src) && signs != ""
}

// maxSigns bounds what a formula may be to be simple, in bytes, and with it the
// nesting of braces.
const maxSigns = 400

// texParser reads LaTeX from left to right, once.
type texParser struct {
	src string
	i   int
	ok  bool
}

// group reads up to the brace that closes the group, or the end.
func (p *texParser) group(depth int) string {
	var out strings.Builder
	if len(p.src) > maxSigns {
		p.ok = false
	}
	for p.ok && p.i < len(p.src) {
		if p.src[p.i] == '}' {
			p.ok = p.ok && depth > 0
			break
		}
		out.WriteString(p.term(depth))
	}
	return out.String()
}

// term reads one sign, command or group, and what is raised or lowered at it.
func (p *texParser) term(depth int) string {
	switch c := p.src[p.i]; c {
	case '^', '_':
		p.i++
		return p.script(c, depth)
	case '\'':
		p.i++
		return "′"
	case '*':
		p.i++
		return "∗"
	case '~':
		p.i++
		return " "
	case '&', '#', '$', '%', '`':
		p.ok = false
		return ""
	}
	return p.atom(depth)
}

// atom reads what a script or a fraction can be made of: a sign, a command or a
// group.
func (p *texParser) atom(depth int) string {
	for p.i < len(p.src) && p.src[p.i] == ' ' {
		p.i++
		return " "
	}
	if p.i >= len(p.src) {
		p.ok = false
		return ""
	}
	switch p.src[p.i] {
	case '{':
		p.i++
		inside := p.group(depth + 1)
		if p.i >= len(p.src) {
			p.ok = false
			return ""
		}
		p.i++
		return inside
	case '\\':
		return p.command(depth)
	}
	_, n := utf8.DecodeRuneInString(p.src[p.i:])
	p.i += n
	return p.src[p.i-n : p.i]
}

// argument is an atom after spaces.
func (p *texParser) argument(depth int) string {
	for p.i < len(p.src) && p.src[p.i] == ' ' {
		p.i++
	}
	if p.i < len(p.src) && p.src[p.i] == '}' {
		p.ok = false
		return ""
	}
	return strings.TrimSpace(p.atom(depth))
}

func (p *texParser) script(c byte, depth int) string {
	text := p.argument(depth)
	table := superscripts
	if c == '_' {
		table = subscripts
	}
	if text == "°" || text == "∘" && c == '^' {
		return "°"
	}
	if text == "′" && c == '^' {
		return text
	}
	if signs, ok := mapRunes(text, table); ok {
		return signs
	}
	if isWord(text) {
		return string(c) + text
	}
	return string(c) + "(" + text + ")"
}

func (p *texParser) command(depth int) string {
	from := p.i + 1
	end := from
	for end < len(p.src) && isLetter(p.src[end]) {
		end++
	}
	if end == from { // a sign
		if from >= len(p.src) {
			p.ok = false
			return ""
		}
		p.i = from + 1
		switch c := p.src[from]; c {
		case ',', ';', ':', ' ':
			return " "
		case '!':
			return ""
		case '{', '}', '%', '$', '&', '#', '_':
			return string(c)
		case '|':
			return "‖"
		}
		p.ok = false
		return ""
	}
	name := p.src[from:end]
	p.i = end
	if sign, ok := texSigns[name]; ok {
		if strings.HasPrefix(p.src[p.i:], " ") && isWord(sign) {
			return sign
		}
		p.skipSpace(sign)
		return sign
	}
	if mark, ok := texAccents[name]; ok {
		text := p.argument(depth)
		p.ok = p.ok && utf8.RuneCountInString(text) == 1
		return text + mark
	}
	switch name {
	case "frac", "dfrac", "tfrac", "cfrac":
		above, below := p.argument(depth), p.argument(depth)
		if sign, ok := fractions[above+"/"+below]; ok {
			return sign
		}
		return inParens(above) + "/" + inParens(below)
	case "sqrt":
		root := "√"
		if strings.HasPrefix(p.src[p.i:], "[3]") {
			root, p.i = "∛", p.i+3
		}
		return root + inParens(p.argument(depth))
	case "text", "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "textbf", "textit", "textrm", "operatorname", "boldsymbol", "bm", "mathcal", "rm", "bf":
		return strings.TrimPrefix(p.argument(depth), " ")
	case "mathbb":
		text, ok := mapRunes(p.argument(depth), blackboard)
		p.ok = p.ok && ok
		return text
	case "left", "right", "big", "Big", "bigg", "Bigg", "displaystyle", "limits", "nolimits":
		if strings.HasPrefix(p.src[p.i:], ".") {
			p.i++
		}
		return ""
	case "tag":
		return " (" + p.argument(depth) + ")"
	}
	p.ok = false
	return ""
}

// skipSpace drops the space that only ends a command's name.
func (p *texParser) skipSpace(sign string) {
	if utf8.RuneCountInString(sign) == 1 && strings.HasPrefix(p.src[p.i:], " ") {
		next := strings.TrimLeft(p.src[p.i:], " ")
		if next != "" && (next[0] == '_' || next[0] == '^') {
			p.i = len(p.src) - len(next)
		}
	}
}

// inParens puts what is not read as one thing in parentheses: a number, a name,
// or one sign with what is raised and lowered at it stay as they are.
func inParens(s string) string {
	runes := []rune(s)
	all := func(is func(rune) bool, runes []rune) bool {
		return !slices.ContainsFunc(runes, func(r rune) bool { return !is(r) })
	}
	script := func(r rune) bool {
		return unicode.In(r, unicode.No, unicode.Lm, unicode.Mn) || r == '′' || r == '⁻'
	}
	if len(runes) > 0 && (all(unicode.IsDigit, runes) || all(unicode.IsLetter, runes) && len(runes) <= 3 || isWord(s) && all(script, runes[1:])) {
		return s
	}
	return "(" + s + ")"
}

// isWord reports whether s reads as one thing: 12, x, π, x².
func isWord(s string) bool {
	return s != "" && !strings.ContainsAny(s, " +-=/,<>^_()*·×±∓≤≥≠→")
}

func mapRunes(s string, table map[rune]rune) (string, bool) {
	var out strings.Builder
	for _, r := range s {
		sign, ok := table[r]
		if !ok {
			return "", false
		}
		out.WriteRune(sign)
	}
	return out.String(), s != ""
}
