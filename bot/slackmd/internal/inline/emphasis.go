package inline

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark is a run of * _ or ~, or a tag such as <b>, that may start or end
// emphasis. A mark is text until pair finds its partner.
type mark struct {
	at, n         int32 // position and length in the text
	line          int32
	used          int16  // number of signs in the run that are paired
	style         string // "*", "_", "~" or the name of a tag; only equal styles are paired
	opens, closes bool
	glued         bool // between two ASCII letters or digits
}

// tagSigns are the tags of emphasis that models write, with their markdown. Only
// pairs of tags count: "i<u > 3" stays.
var tagSigns = map[string]string{
	"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~",
	"u": "", "ins": "", "mark": "", "small": "", "sup": "", "sub": "",
}

// emphasis is a part of a text in bold ("**"), italics ("*") or struck out
// ("~~").
type emphasis struct {
	extent
	sign string
}

// run reads a run of * _ or ~.
func (p *inliner) run(c byte) {
	end := p.i
	for end < len(p.src) && p.src[end] == c {
		end++
	}
	m := mark{at: int32(len(p.text)), n: int32(end - p.i), line: p.lines, style: p.src[p.i : p.i+1]}
	before, after := ' ', ' '
	if p.i > 0 {
		before, _ = utf8.DecodeLastRuneInString(p.src[:p.i])
	}
	if end < len(p.src) {
		after, _ = utf8.DecodeRuneInString(p.src[end:])
	}
	m.flank(before, after)
	if m.opens || m.closes {
		p.marks = append(p.marks, m)
	}
	p.write(p.src[p.i:end])
	p.i = end
}

// flank sets which end of emphasis a run between two characters can be. A run
// in a product (10*20*30), a power (2**3), a name (snake_case), a range
// (10:00~18:00) or a masked number (138****5678) is neither. Unlike
// CommonMark, flank allows ** between a punctuation mark and a letter, which
// is common in scripts without spaces.
func (m *mark) flank(before, after rune) {
	if m.n > 3 || m.style == "~" && m.n != 2 {
		return
	}
	m.glued = before < utf8.RuneSelf && after < utf8.RuneSelf && isWordRune(before) && isWordRune(after)
	if m.glued && unicode.IsDigit(before) && unicode.IsDigit(after) {
		return
	}
	m.opens = !unicode.IsSpace(after) && !strings.ContainsRune(")]},;:!?、。，；：！？）】」』”’", after)
	m.closes = !unicode.IsSpace(before) && !strings.ContainsRune("([{（【「『“‘", before)
	single := m.n == 1 || m.style == "_"
	if single || m.style == "~" {
		m.opens = m.opens && !isWordRune(before)
	}
	if single {
		m.opens = m.opens && after != '.'
		m.closes = m.closes && !isWordRune(after) && !strings.ContainsRune("([{", after)
	}
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// pair pairs the marks and removes them from the text. The time is linear: an
// opening mark that was passed over is dropped.
func (p *richText) pair() {
	var open []int32 // the marks that may still be closed
	taken := make([]extent, 0, len(p.marks))
	for i := range p.marks {
		m := &p.marks[i]
		for m.closes && m.left() > 0 {
			k := p.opener(open, m)
			if k < 0 {
				break
			}
			first := &p.marks[open[k]]
			n, last := first.left(), m.left()
			if !m.isTag() {
				n = min(n, last, 2)
				last = n
			}
			from, to := int(first.end()-int32(first.used)), int(m.at+int32(m.used))
			if sign := m.sign(n); sign != "" {
				p.emphasis = append(p.emphasis, emphasis{extent{from, to}, sign})
			}
			taken = append(taken, extent{from - int(n), from}, extent{to, to + int(last)})
			first.used += int16(n)
			m.used += int16(last)
			if open = open[:k]; first.left() > 0 {
				open = open[:k+1]
			}
		}
		if m.opens && m.used == 0 {
			open = append(open, int32(i))
		}
	}
	p.remove(taken)
}

// left returns the number of signs in a run that are not paired yet.
func (m *mark) left() int32 { return m.n - int32(m.used) }

// end returns the position after a run.
func (m *mark) end() int32 { return m.at + m.n }

// maxPassed bounds the opening marks that are passed over for a closing mark.
const maxPassed = 100

// opener returns the index in open of the mark that m closes, or -1. Two runs
// match if they have the same length, or if a run has three signs.
func (p *richText) opener(open []int32, m *mark) int {
	for k := len(open) - 1; k >= max(0, len(open)-maxPassed); k-- {
		first := &p.marks[open[k]]
		if first.style != m.style {
			continue
		}
		if m.isTag() {
			return k
		}
		left, right := first.left(), m.left()
		if left != right && left != 3 && right != 3 {
			continue
		}
		if words := p.text[first.end():m.at]; len(words) > 0 && p.isEmphasis(first, m, int(min(left, right)), words) {
			return k
		}
	}
	return -1
}

// isEmphasis reports whether two runs with the given words between are emphasis.
func (p *richText) isEmphasis(first, last *mark, n int, words []byte) bool {
	switch {
	case first.glued && last.glued: // as in x**2 + y**2
		return len(words) > 2 && len(words) <= maxPlain && !slices.ContainsFunc(words, func(c byte) bool { return !isLetter(c) })
	case n == 1 && first.line != last.line:
		return false
	case n == 1 && first.style == "*": // as on Chinese invoices: *服务*
		return len(words) > maxPlain || !unicode.Is(unicode.Han, firstRune(words)) || strings.IndexFunc(string(words), func(r rune) bool { return r < utf8.RuneSelf }) >= 0
	case n == 2 && first.style == "_": // as in __init__
		return len(words) > maxPlain || strings.Trim(string(words), "abcdefghijklmnopqrstuvwxyz0123456789_") != ""
	}
	return true
}

// maxPlain bounds the words between two marks that are examined, in bytes.
const maxPlain = 60

func firstRune(b []byte) rune {
	r, _ := utf8.DecodeRune(b)
	return r
}

// sign returns the markdown of n signs, or of a tag.
func (m *mark) sign(n int32) string {
	switch {
	case m.isTag():
		return tagSigns[m.style]
	case m.style == "~":
		return "~~"
	}
	return "**"[:n]
}

// isTag reports whether m is a tag, not a run of signs.
func (m *mark) isTag() bool { return isLetter(m.style[0]) }

// remove removes parts from the text and moves everything marked in the text.
func (p *richText) remove(parts []extent) {
	if len(parts) == 0 {
		return
	}
	slices.SortFunc(parts, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	shift := make([]int, 0, len(parts)+1) // number of bytes removed before each part
	text := p.text[:0]
	from, sum := 0, 0
	for _, part := range parts {
		shift = append(shift, sum)
		text = append(text, p.text[from:part.from]...)
		from = part.to
		sum += part.to - part.from
	}
	text = append(text, p.text[from:]...)
	shift = append(shift, sum)
	move := func(at int) int {
		k, _ := slices.BinarySearchFunc(parts, at+1, func(part extent, end int) int { return part.to - end }) // the first part that ends after at
		if k < len(parts) {
			at = min(at, parts[k].from)
		}
		return at - shift[k]
	}
	for i, x := range p.spans {
		p.spans[i] = extent{move(x.from), move(x.to)}
	}
	for i, x := range p.emphasis {
		p.emphasis[i].extent = extent{move(x.from), move(x.to)}
	}
	p.spans = slices.DeleteFunc(p.spans, func(x extent) bool { return x.from == x.to })
	p.emphasis = slices.DeleteFunc(p.emphasis, func(x emphasis) bool { return x.from == x.to })
	p.text = text
}
