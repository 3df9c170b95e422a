package texmath

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDepth bounds the nesting of groups, arguments and environments.
	maxDepth = 40
	// maxScripts bounds the scripts of a term.
	maxScripts = 8
)

// parser reads LaTeX in one pass from left to right.
type parser struct {
	src    string
	i      int
	depth  int
	failed bool // a part of the formula has no signs
}

func (p *parser) fail() []term {
	p.failed = true
	return nil
}

// nest calls read for what is nested in something else.
func (p *parser) nest(read func() []term) []term {
	if p.depth++; p.depth > maxDepth {
		return p.fail()
	}
	inside := read()
	p.depth--
	return inside
}

// all reads the whole formula. Lines outside any environment are rows.
func (p *parser) all() []term {
	all := p.rows("")
	if p.i < len(p.src) {
		return p.fail()
	}
	if len(all) == 1 && len(all[0]) == 1 {
		return all[0][0]
	}
	return []term{{kind: block, rows: &rows{cells: texts(all)}}}
}

// rows reads rows of cells up to the end of an environment, or of the source.
func (p *parser) rows(environment string) (rows [][][]term) {
	row := [][]term{nil}
	for !p.failed {
		row[len(row)-1] = p.line()
		switch rest := p.src[p.i:]; {
		case strings.HasPrefix(rest, "&"):
			p.i++
			row = append(row, nil)
			continue
		case strings.HasPrefix(rest, `\\`):
			p.i += 2
			p.skipOption(distance)
			rows = append(rows, row)
			row = [][]term{nil}
			continue
		case strings.HasPrefix(rest, `\end`):
			p.i += len(`\end`)
			if name, ok := p.raw(); !ok || name != environment {
				p.fail()
			}
		case environment != "" || rest != "":
			p.fail()
		}
		break
	}
	if len(row) > 1 || len(row[0]) > 0 || len(rows) == 0 {
		rows = append(rows, row)
	}
	return rows
}

// line reads terms up to the end of a cell, a group or the source.
func (p *parser) line() []term {
	var terms []term
	for !p.failed && p.i < len(p.src) {
		rest := p.src[p.i:]
		switch c := rest[0]; {
		case c == '}' || c == '&' || strings.HasPrefix(rest, `\\`) || isCommand(rest, `\end`):
			return terms
		case c == '^' || c == '_':
			p.i++
			terms = p.script(terms, c == '^')
		case c == '\'':
			n := len(rest) - len(strings.TrimLeft(rest, "'"))
			p.i += n
			terms = p.attach(terms, strings.Repeat("′", n))
		case isCommand(rest, `\over`):
			p.i += len(`\over`)
			return []term{fraction(terms, p.nest(p.line))}
		case isCommand(rest, `\choose`):
			p.i += len(`\choose`)
			return []term{choose(terms, p.nest(p.line))}
		default:
			terms = append(terms, p.atom()...)
		}
	}
	return terms
}

// isCommand reports whether s starts with a command, not with a longer one.
func isCommand(s, command string) bool {
	rest, ok := strings.CutPrefix(s, command)
	return ok && (rest == "" || !isLetter(rest[0]))
}

// atom reads a sign, a command or a group.
func (p *parser) atom() []term {
	if p.i >= len(p.src) {
		return p.fail()
	}
	r, n := utf8.DecodeRuneInString(p.src[p.i:])
	switch {
	case r == '{':
		return p.group()
	case r == '\\':
		return p.command()
	case r == '~':
		p.i++
		return []term{{kind: space, text: " "}}
	case r == '$' || r == '}' || r == '&':
		return p.fail()
	}
	from := p.i
	p.i += n
	if r <= ' ' {
		return []term{{kind: blank}}
	}
	if isDigit(r) {
		for p.i < len(p.src) && (isDigit(rune(p.src[p.i])) || strings.IndexByte(".,", p.src[p.i]) >= 0 && p.i+1 < len(p.src) && isDigit(rune(p.src[p.i+1]))) {
			p.i++
		}
	}
	return []term{{kind: kindOf(r), text: p.src[from:p.i]}}
}

func kindOf(r rune) kind {
	switch {
	case r < utf8.RuneSelf && isLetter(byte(r)):
		return ordinary
	case strings.ContainsRune("([{⟨⌊⌈", r):
		return opening
	case strings.ContainsRune(")]}⟩⌋⌉!", r):
		return closing
	case strings.ContainsRune(",;.:?", r):
		return punctuation
	case unicode.IsDigit(r):
		return number
	case r == '|' || r == '‖' || r == '/':
		return other
	case unicode.In(r, unicode.Sm) || strings.ContainsRune("-*·", r):
		if strings.ContainsRune("∞∂∇∀∃∄∅∠√¬", r) {
			return ordinary
		}
		return operator
	}
	return ordinary
}

// group reads a group in braces.
func (p *parser) group() []term {
	p.i++
	inside := p.nest(p.line)
	if p.i >= len(p.src) || p.src[p.i] != '}' {
		return p.fail()
	}
	p.i++
	return inside
}

// argument reads spaces and the argument of a command or of a script.
func (p *parser) argument() []term {
	p.spaces()
	if p.i < len(p.src) && isDigit(rune(p.src[p.i])) { // as in \frac12
		p.i++
		return []term{{kind: number, text: p.src[p.i-1 : p.i]}}
	}
	if p.i < len(p.src) && (p.src[p.i] == '^' || p.src[p.i] == '_') {
		return p.fail()
	}
	return p.nest(p.atom)
}

func (p *parser) spaces() {
	for p.i < len(p.src) && p.src[p.i] <= ' ' {
		p.i++
	}
}

// option reads an argument in brackets, if there is one.
func (p *parser) option() (text string, ok bool) {
	if !strings.HasPrefix(p.src[p.i:], "[") {
		return "", false
	}
	end := strings.IndexByte(p.src[p.i:], ']')
	if end < 0 || end > 40 {
		return "", false
	}
	text = p.src[p.i+1 : p.i+end]
	p.i += end + 1
	return text, true
}

// skipOption skips an argument in brackets that has the given form.
func (p *parser) skipOption(form *regexp.Regexp) {
	from := p.i
	p.spaces()
	if text, ok := p.option(); !ok || !form.MatchString(text) {
		p.i = from
	}
}

// The arguments that only arrange rows, after \\ and after \begin{…}. Anything else
// in brackets is a part of the formula, also a unit without a number.
var (
	distance  = regexp.MustCompile(`^ *[-+]?([0-9.,]+ *(pt|pc|bp|em|ex|mm|cm|in|mu|px)|[0-9.,]* *\\(jot|[a-z]*skip[a-z]*)) *$`)
	placement = regexp.MustCompile(`^[tbclr| ]*$`)
)

// raw reads an argument in braces without interpreting the argument.
func (p *parser) raw() (string, bool) {
	p.spaces()
	depth := 0
	for i := p.i; i < len(p.src); i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			if p.src[p.i] != '{' {
				break
			}
			text := p.src[p.i+1 : i]
			p.i = i + 1
			return text, true
		}
	}
	p.failed = true
	return "", false
}

// script reads a superscript or subscript of the last term.
func (p *parser) script(terms []term, raised bool) []term {
	return p.attach(terms, Script(strings.TrimSpace(join(p.argument())), raised))
}

// attach adds a script, which may be empty, to the last term.
func (p *parser) attach(terms []term, script string) []term {
	if script == "" {
		return terms
	}
	for len(terms) > 0 && terms[len(terms)-1].kind == blank {
		terms = terms[:len(terms)-1]
	}
	if len(terms) == 0 || terms[len(terms)-1].rows != nil || terms[len(terms)-1].kind == space {
		return append(terms, term{kind: ordinary, text: script})
	}
	t := &terms[len(terms)-1]
	if t.kind == ratio || t.kind == root {
		t.text, t.kind = "("+t.text+")", closing
	}
	if t.scripts++; t.scripts > maxScripts {
		return p.fail()
	}
	t.text += script
	t.open = (script[0] == '^' || script[0] == '_') && !strings.HasSuffix(script, ")")
	return terms
}

// texts returns the cells of rows as text.
func texts(rows [][][]term) (out [][]string) {
	for _, row := range rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, strings.TrimSpace(join(cell)))
		}
		if strings.Join(cells, "") != "" {
			out = append(out, cells)
		}
	}
	return out
}

func isLetter(c byte) bool { return (c|0x20) >= 'a' && (c|0x20) <= 'z' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
