package witness

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// proseWords is the average number of words on a line of prose, and
	// proseLetters the number of characters in a script without spaces.
	proseWords   = 6
	proseLetters = 18
	// headingHeight is the least height of a heading, in usual lines, and
	// headingWords the most words of a heading.
	headingHeight = 1.5
	headingWords  = 12
	// paragraphGap is the space before a paragraph, in heights of its first
	// line.
	paragraphGap = 0.8
	// tableGap is the space between two rows of a table, likewise.
	tableGap = 1.5
)

// Text returns the layer as markdown: headings, paragraphs with joined lines,
// and a line for each row of a table or an address.
func (l *Layer) Text() string {
	rows := l.rows()
	usual := usualHeight(rows)
	var out []string
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && !startsParagraph(rows[end-1], rows[end]) {
			end++
		}
		if text := paragraph(rows[start:end], usual); text != "" {
			out = append(out, text)
		}
		start = end
	}
	return strings.Join(out, "\n\n")
}

// usualHeight returns the median height of the rows.
func usualHeight(rows []row) float64 {
	var all []float64
	for _, r := range rows {
		all = append(all, r.box.height())
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// startsParagraph reports whether r starts a new paragraph after before.
func startsParagraph(before, r row) bool {
	if before.block == r.block {
		return false
	}
	gap, most := r.box.Top-before.box.Bottom, paragraphGap
	if len(before.cells) > 1 && len(r.cells) > 1 {
		most = tableGap
	}
	height := min(before.box.height(), r.box.height())
	sized := max(before.box.height(), r.box.height()) > headingHeight*height
	return sized || gap > most*height || gap < -height
}

func paragraph(rows []row, usual float64) string {
	var lines []string
	words, letters, cells := 0, 0, 0
	for _, r := range rows {
		text := r.text()
		if text == "" {
			continue
		}
		lines = append(lines, text)
		letters += utf8.RuneCountInString(text)
		cells += len(r.cells)
		for _, c := range r.cells {
			words += len(c.Words)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	n := len(lines)
	if n == 1 && words <= headingWords && rows[0].box.height() >= headingHeight*usual {
		return "# " + escape(lines[0])
	}
	prose := cells == n && (words >= proseWords*n || letters >= proseLetters*n && isUnspaced(lines[0]))
	if prose {
		return escape(joinLines(lines))
	}
	for i := range lines {
		lines[i] = escape(lines[i])
	}
	return strings.Join(lines, "\n")
}

// text returns the row's text, with gaps between cells.
func (r row) text() string {
	var cells []string
	for _, c := range r.cells {
		if text := c.text(); text != "" {
			cells = append(cells, text)
		}
	}
	return strings.Join(cells, "   ")
}

// text returns the line's text, without signs that no font can show.
func (l Line) text() string {
	var words []string
	for _, w := range l.Words {
		if word := readable(w.Text); word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// shapes are presentation forms, which are replaced by their letters: Latin
// ligatures, and the Arabic forms for the ends and the middle of words.
var shapes = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0xFB00, Hi: 0xFB06, Stride: 1}, {Lo: 0xFB13, Hi: 0xFDFB, Stride: 1}, {Lo: 0xFE70, Hi: 0xFEFC, Stride: 1}}}

// readable returns a word as people write the word: a bullet of a symbol font
// becomes a usual bullet, and marks of layout are removed.
func readable(word string) string {
	word = norm.NFC.String(word)
	if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(shapes, r) }) {
		word = norm.NFKC.String(word)
	}
	if r, size := utf8.DecodeRuneInString(word); size == len(word) && unicode.Is(unicode.Co, r) {
		return "•"
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || isStrange(r) && r != unicode.ReplacementChar {
			return -1
		}
		return r
	}, word)
}

// joinLines joins the lines of a paragraph. A hyphen at the end of a line divides
// a word if a small letter follows.
func joinLines(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		before, _ := utf8.DecodeLastRuneInString(b.String())
		next, _ := utf8.DecodeRuneInString(line)
		switch {
		case b.Len() == 0:
		case before == '-' && unicode.IsLower(next):
			text := b.String()
			b.Reset()
			b.WriteString(strings.TrimSuffix(text, "-"))
		case isIdeograph(before) && isIdeograph(next):
		default:
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}

// isUnspaced reports whether a line is in a script without spaces.
func isUnspaced(line string) bool {
	return strings.ContainsFunc(line, isIdeograph) || strings.ContainsFunc(line, func(r rune) bool {
		return unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
	})
}

// escaper escapes the signs that have a meaning in markdown.
var escaper = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "<", `\<`, "~~", `\~~`, "](", `]\(`)

// entity matches text that HTML and markdown read as another character.
var entity = regexp.MustCompile(`&(#?\w{1,32};)`)

// escape returns a line of text as markdown.
func escape(line string) string {
	line = entity.ReplaceAllString(escaper.Replace(line), `\&$1`)
	trimmed := strings.TrimLeft(line, " ")
	if trimmed == "" {
		return line
	}
	switch c := trimmed[0]; {
	case c == '#' || c == '>' || c == '=' || c == '|':
		return `\` + trimmed
	case (c == '-' || c == '+' || c == '_') && strings.Trim(trimmed, string(c)+" ") == "":
		return `\` + trimmed // the line would be a rule, or underline a heading
	}
	return line
}
