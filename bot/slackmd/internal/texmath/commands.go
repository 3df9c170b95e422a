package texmath

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// command reads a command and its arguments.
func (p *parser) command() []term {
	from := p.i + 1
	end := from
	for end < len(p.src) && isLetter(p.src[end]) {
		end++
	}
	if end == from {
		return p.sign()
	}
	name := p.src[from:end]
	p.i = end
	if sign, ok := signs[name]; ok {
		r, _ := utf8.DecodeRuneInString(sign)
		return []term{{kind: kindOf(r), text: sign}}
	}
	if words[name] {
		return []term{{kind: word, text: name}}
	}
	if big := bigSigns[name]; big != "" {
		return []term{{kind: bigSign, text: big}}
	}
	if mark, ok := accents[name]; ok {
		return p.accent(name, mark)
	}
	if width, ok := spacing[name]; ok {
		if strings.HasSuffix(name, "space") {
			p.raw()
		}
		return []term{{kind: space, text: width}}
	}
	return p.build(name)
}

// build reads the arguments of a command and returns the result.
func (p *parser) build(name string) []term {
	switch name {
	case "left", "right", "middle":
		p.spaces()
		if strings.HasPrefix(p.src[p.i:], ".") {
			p.i++
			return nil
		}
		terms := p.atom()
		if len(terms) == 1 && terms[0].kind == other && name != "middle" {
			terms[0].kind = map[string]kind{"left": opening, "right": closing}[name]
		}
		return terms
	case "frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac":
		return []term{fraction(p.argument(), p.argument())}
	case "binom", "dbinom", "tbinom":
		return []term{choose(p.argument(), p.argument())}
	case "sqrt":
		return p.root()
	case "begin":
		return p.environment()
	case "overset", "stackrel", "underset":
		script := join(p.argument())
		return p.attach(p.argument(), Script(strings.TrimSpace(script), name != "underset"))
	case "xrightarrow", "xleftarrow":
		if p.spaces(); strings.HasPrefix(p.src[p.i:], "[") { // words below the arrow
			return p.fail()
		}
		arrow := map[string]string{"xrightarrow": "→", "xleftarrow": "←"}[name]
		return p.attach([]term{{kind: operator, text: arrow}}, Script(strings.TrimSpace(join(p.argument())), true))
	case "not":
		terms := p.argument()
		if len(terms) != 1 {
			return p.fail()
		}
		if sign := negated[terms[0].text]; sign != "" {
			terms[0].text = sign
		} else {
			terms[0].text += "\u0338"
		}
		return terms
	case "tag":
		text, _ := p.raw()
		return []term{{kind: space, text: "  "}, {kind: prose, text: "(" + text + ")"}}
	case "pmod", "bmod":
		if name == "bmod" {
			return []term{{kind: word, text: "mod"}}
		}
		return []term{{kind: space, text: " "}, {kind: prose, text: "(mod " + strings.TrimSpace(join(p.argument())) + ")"}}
	case "label", "phantom", "vphantom", "hphantom", "color":
		p.raw()
		return nil
	case "textcolor":
		p.raw()
		return p.argument()
	}
	return p.font(name)
}

// sign reads a command that stands for a single sign.
func (p *parser) sign() []term {
	from := p.i + 1
	if p.i = min(from+1, len(p.src)); from == len(p.src) { // a space that ended the formula
		return nil
	}
	switch c := p.src[from]; c {
	case ',', ';', ':', ' ', '>', '\n':
		return []term{{kind: space, text: " "}}
	case '!', '/':
		return nil
	case '%', '$', '&', '#', '_':
		return []term{{kind: ordinary, text: string(c)}}
	case '{':
		return []term{{kind: opening, text: "{"}}
	case '}':
		return []term{{kind: closing, text: "}"}}
	case '|':
		return []term{{kind: other, text: "‖"}}
	}
	return p.fail()
}

// font reads a command that only changes how the argument is drawn.
func (p *parser) font(name string) []term {
	switch name {
	case "text", "textrm", "textbf", "textit", "textsf", "texttt", "mbox", "hbox", "textnormal":
		raw, _ := p.raw()
		if strings.ContainsAny(raw, `\${}^_`) { // the argument has mathematics
			inner := parser{src: strings.NewReplacer("$", " ", " ", "~").Replace(raw), depth: p.depth + 1}
			if inner.depth > maxDepth {
				return p.fail()
			}
			terms := inner.all()
			p.failed = p.failed || inner.failed
			return []term{{kind: prose, text: join(terms)}}
		}
		return []term{{kind: prose, text: raw}}
	case "operatorname":
		if strings.HasPrefix(p.src[p.i:], "*") {
			p.i++
		}
		return []term{{kind: word, text: strings.TrimSpace(join(p.argument()))}}
	case "mathbb", "mathcal", "mathscr":
		text := strings.ReplaceAll(join(p.argument()), " ", "")
		letters, ok := mapRunes(text, alphabets[name])
		if !ok {
			letters = text
			p.failed = p.failed || name == "mathbb"
		}
		return []term{{kind: ordinary, text: letters}}
	case "mathrm", "mathit", "mathsf", "mathtt":
		text := join(p.argument())
		if words[strings.TrimSpace(text)] {
			return []term{{kind: word, text: strings.TrimSpace(text)}}
		}
		return []term{{kind: ordinary, text: text}}
	case "mathbf", "boldsymbol", "bm", "pmb", "mathfrak", "mathord", "mathop", "mathbin", "mathrel", "mathopen", "mathclose", "mathpunct", "boxed", "fbox", "smash", "ensuremath", "substack":
		return p.argument()
	}
	if !silent[name] {
		return p.fail()
	}
	return nil
}

func (p *parser) accent(name, mark string) []term {
	terms := p.argument()
	text := strings.TrimSpace(join(terms))
	first, n := utf8.DecodeRuneInString(text)
	switch rest := text[n:]; {
	case text == "" || len(text) > 60:
		return p.fail()
	case strings.TrimLeftFunc(rest, isAttached) == "":
		return []term{{kind: ordinary, text: string(first) + mark + rest}}
	case !strings.HasPrefix(name, "over") && !strings.HasPrefix(name, "under") && name != "bar" && name != "vec":
		return p.fail()
	}
	var out strings.Builder
	for _, r := range text {
		out.WriteRune(r)
		if !unicode.Is(unicode.Mn, r) {
			out.WriteString(mark)
		}
	}
	return []term{{kind: ordinary, text: out.String()}}
}

// isAttached reports whether r only goes with the letter before.
func isAttached(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Lm, unicode.No) || r == '′' }

func (p *parser) root() []term {
	p.spaces()
	sign := "√"
	if degree, ok := p.option(); ok {
		degree = strings.Trim(degree, " {}")
		switch raised, mapped := mapRunes(degree, superscripts); {
		case degree == "2":
		case degree == "3":
			sign = "∛"
		case degree == "4":
			sign = "∜"
		case mapped:
			sign = raised + "√"
		default:
			return p.fail()
		}
	}
	inside := p.argument()
	if len(trim(inside)) == 1 && factors(inside) == 1 {
		return []term{{kind: root, text: sign + join(trim(inside))}}
	}
	return []term{{kind: closing, text: sign + "(" + strings.TrimSpace(join(inside)) + ")"}}
}

// environment reads \begin{…}…\end{…}.
func (p *parser) environment() []term {
	name, ok := p.raw()
	if !ok {
		return nil
	}
	e, ok := environments[strings.TrimSuffix(name, "*")]
	if !ok {
		return p.fail()
	}
	if e.argument || strings.HasPrefix(p.src[p.i:], "[") { // in the others, [c] after a space is text
		p.skipOption(placement)
	}
	if e.argument {
		p.raw()
	}
	return p.nest(func() []term {
		return []term{{kind: block, rows: &rows{cells: texts(p.rows(name)), environment: e}}}
	})
}
