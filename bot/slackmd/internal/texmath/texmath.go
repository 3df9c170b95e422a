// Package texmath writes LaTeX's mathematics with Unicode signs, if the signs
// keep the meaning: a fraction with a neighbour gets parentheses, and a
// formula with a part that has no signs is refused as a whole.
//
// All functions are pure and take hostile input. They take time linear in the
// length of a formula, which callers must bound.
package texmath

import "strings"

// Line returns a formula on one line, with semicolons between the rows of a
// matrix. If a part of the formula has no Unicode signs, ok is false.
func Line(tex string) (line string, ok bool) {
	p := parser{src: tex}
	terms := p.all()
	line = strings.TrimSpace(join(terms))
	return line, !p.failed && line != ""
}

// Lines returns a displayed formula on as many lines as the formula has: the
// lines of align, the cases of cases and the rows of a matrix. If a part of
// the formula has no Unicode signs, ok is false.
func Lines(tex string) (lines []string, ok bool) {
	p := parser{src: tex}
	terms := p.all()
	if p.failed {
		return nil, false
	}
	block, blocks := 0, 0
	for i, t := range terms {
		if t.rows != nil {
			block = i
			blocks++
		}
	}
	add := func(line string) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if blocks != 1 {
		add(join(terms))
		return lines, len(lines) > 0
	}
	before, after := trim(terms[:block]), trim(terms[block+1:])
	r := terms[block].rows
	if n := len(before); n > 0 && before[n-1].kind == opening && r.left == "" { // as in \left[ \begin{array}
		r.left = before[n-1].text
		before = before[:n-1]
		if len(after) > 0 && after[0].kind == closing {
			r.right = after[0].text
			after = after[1:]
		}
	}
	gap := "  "
	if r.right == "" { // as in cases
		gap = ",  "
	}
	add(join(before))
	for _, row := range r.cells {
		add(r.row(row, gap))
	}
	rest := strings.TrimSpace(join(after))
	if sign := rest[:len(rest)-len(strings.TrimLeft(rest, ".,;"))]; len(lines) > 0 {
		lines[len(lines)-1] += sign
		rest = rest[len(sign):]
	}
	add(rest)
	return lines, len(lines) > 0
}

// Script returns s as superscript or subscript: in Unicode's signs if every
// character has such a sign, else after a ^ or a _.
func Script(s string, raised bool) string {
	sign, table := "_", subscripts
	if raised {
		sign, table = "^", superscripts
	}
	switch s {
	case "°", "∘":
		if raised {
			return "°"
		}
	case "":
		return ""
	case "′", "″", "‴", "†", "‡", "*", "®", "™", "©", "§", "¶", "#": // these signs are high already, or read as notes
		if raised {
			return s
		}
	}
	if signs, ok := mapRunes(strings.ReplaceAll(s, " ", ""), table); ok {
		return signs
	}
	if isOne(s) {
		return sign + s
	}
	return sign + "(" + s + ")"
}

// isOne reports whether s reads as a single thing: 12, x, π, max.
func isOne(s string) bool {
	return s != "" && !strings.ContainsAny(s, " +-=/,;:<>^_()[]|*·×±∓≤≥≠→∈")
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
