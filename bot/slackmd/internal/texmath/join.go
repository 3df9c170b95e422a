package texmath

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the role of a term beside its neighbours.
type kind int

const (
	blank       kind = iota // a space of the source, which LaTeX ignores
	space                   // a space that LaTeX draws
	ordinary                // letters and signs
	number                  // digits
	word                    // the name of a function
	bigSign                 // a sum, an integral
	operator                // + = ≤ →
	punctuation             // , ;
	opening                 // a bracket
	closing                 // a bracket
	other                   // opening or closing: |
	prose                   // words between formulas
	ratio                   // a/b
	root                    // √x
	block                   // rows
)

// term is a piece of a formula.
type term struct {
	kind    kind
	text    string
	scripts int  // number of scripts
	open    bool // ends in a script that a following letter would lengthen
	spaced  bool // an operator with a space after
	rows    *rows
}

// rows holds the rows of a block.
type rows struct {
	cells [][]string
	environment
}

// row returns a row, with gap between its columns.
func (r *rows) row(cells []string, gap string) string {
	if !r.columns {
		return strings.Join(slices.DeleteFunc(slices.Clone(cells), func(cell string) bool { return cell == "" }), " ")
	}
	for i := range cells[:len(cells)-1] {
		cells[i] = strings.TrimRight(cells[i], ",;")
	}
	line := strings.Join(cells, gap)
	if gap == inlineGap {
		return line
	}
	return strings.TrimSpace(r.left + " " + line + " " + r.right)
}

// inlineGap separates the columns of a matrix on one line.
const inlineGap = ", "

// inline returns all rows on one line.
func (r *rows) inline() string {
	var lines []string
	for _, row := range r.cells {
		lines = append(lines, r.row(row, inlineGap))
	}
	return r.left + strings.Join(lines, "; ") + r.right
}

// trim returns terms without blanks and spaces at both ends.
func trim(terms []term) []term {
	empty := func(t term) bool { return t.kind == blank || t.kind == space }
	for len(terms) > 0 && empty(terms[0]) {
		terms = terms[1:]
	}
	for len(terms) > 0 && empty(terms[len(terms)-1]) {
		terms = terms[:len(terms)-1]
	}
	return terms
}

// join returns terms on one line, with LaTeX's spaces. A fraction or a root
// gets parentheses if a neighbour would otherwise become a part of the
// fraction or root.
func join(terms []term) string {
	var out strings.Builder
	last := term{kind: operator} // the first term has nothing to multiply with
	blanks, spaces := false, ""
	for i, t := range terms {
		if t.kind == blank {
			blanks = true
			continue
		}
		if t.kind == space {
			spaces += t.text
			continue
		}
		next := term{kind: operator}
		for _, n := range terms[i+1:] {
			if n.kind != blank && !(n.kind == space && n.text == " ") {
				next = n
				break
			}
		}
		text := t.text
		switch {
		case t.rows != nil:
			text = t.rows.inline()
		case t.kind == ratio && spaces == "" && last.kind == number && isNumber(t.text): // as in 2 3/7
			spaces = " "
		case t.kind == ratio && (last.multiplies(false) && len(spaces) < 2 || next.multiplies(true) || strings.HasPrefix(next.text, "/") || last.text == "/"),
			t.kind == root && next.multiplies(true) && next.kind != root && next.kind != opening:
			text = "(" + text + ")"
		}
		if out.Len() > 0 {
			out.WriteString(between(last, t, text, blanks, spaces))
		}
		out.WriteString(text)
		if t.kind == operator { // an operator with a space before has a space after, unless it is a sign: = -1
			t.spaced = (blanks || spaces != "") && last.kind != operator && last.kind != opening && last.kind != punctuation ||
				out.Len() == len(text) && i+1 < len(terms) && terms[i+1].kind == blank && !strings.Contains("-+±∓", text)
		}
		last, blanks, spaces = t, false, ""
	}
	return out.String() + spaces
}

// between returns the text between two terms.
func between(last, t term, text string, blanks bool, spaces string) string {
	switch {
	case spaces != "":
		return spaces
	case t.kind == operator && (blanks || last.kind == word), last.kind == operator && last.spaced:
		return " "
	case last.kind == prose || t.kind == prose:
		if blanks && last.kind == prose && t.kind == prose {
			return " "
		}
	case last.kind == word && t.kind != opening && t.kind != punctuation && t.kind != closing && !strings.HasPrefix(text, "("),
		last.kind == bigSign && t.kind != punctuation && t.kind != closing && t.kind != bigSign && (t.kind != opening || !isLetter(last.text[0])):
		return " "
	case (t.kind == word || t.kind == bigSign) && last.kind != opening && last.kind != operator:
		return " "
	case last.open && (t.kind == ordinary || t.kind == number || t.kind == root):
		return " "
	case blanks && last.kind == punctuation && t.kind != punctuation:
		return " "
	}
	return ""
}

// multiplies reports whether a term behind or before a fraction is a factor, or a
// factorial.
func (t term) multiplies(behind bool) bool {
	switch t.kind {
	case ordinary, number, ratio, root, block:
		return true
	case word, bigSign:
		return behind || t.kind == word
	case opening:
		return behind
	case closing:
		return !behind || strings.HasPrefix(t.text, "!")
	}
	return false
}

// factors returns the number of factors of a product, or 0 for a sum or
// anything else that needs parentheses.
func factors(terms []term) (n int) {
	depth := 0
	last := blank
	for _, t := range trim(terms) {
		switch {
		case t.kind == opening:
			depth++
		case t.kind == closing && depth > 0:
			if depth--; depth == 0 {
				n++
			}
		case depth > 0, t.kind == blank:
			continue
		case t.kind == prose && isOne(t.text):
			n++
		case t.kind == operator, t.kind == space, t.kind == punctuation, t.kind == prose, t.kind == word, t.kind == bigSign, t.kind == ratio, t.kind == block, t.text == "/":
			return 0
		case t.kind == number && last == number:
		default:
			n++
			if t.kind == ordinary && strings.ContainsAny(t.text, " /+-=") {
				return 0
			}
		}
		last = t.kind
	}
	return n
}

// fraction returns a/b.
func fraction(above, below []term) term {
	up, down := strings.TrimSpace(join(above)), strings.TrimSpace(join(below))
	if sign, ok := fractions[up+"/"+down]; ok {
		return term{kind: ordinary, text: sign}
	}
	if factors(above) == 0 {
		up = "(" + up + ")"
	}
	if factors(below) != 1 && !isDifferential(down) {
		down = "(" + down + ")"
	}
	return term{kind: ratio, text: up + "/" + down}
}

// isDifferential reports whether s is a differential such as dx or ∂x, which
// reads as a single factor below a bar.
func isDifferential(s string) bool {
	rest, ok := strings.CutPrefix(s, "d")
	if !ok {
		rest, ok = strings.CutPrefix(s, "∂")
	}
	first, n := utf8.DecodeRuneInString(rest)
	return ok && unicode.IsLetter(first) && strings.TrimLeftFunc(rest[n:], isAttached) == ""
}

func choose(above, below []term) term {
	return term{kind: closing, text: "(" + strings.TrimSpace(join(above)) + " choose " + strings.TrimSpace(join(below)) + ")"}
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789/") == "" }
