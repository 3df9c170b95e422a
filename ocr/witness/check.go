package witness

import (
	"slices"
	"strconv"
	"strings"
)

// A Report says how a model's text agrees with the layer.
type Report struct {
	// Text is the model's text, with numbers corrected, and marks where the layer
	// has something else or nothing.
	Text string
	// Corrected are the numbers that were set right, Marked those that carry a
	// mark, and MadeUp the passages that carry one, since the page does not show
	// them.
	Corrected, Marked, MadeUp int
	// Missing are the lines of the layer that the text does not have, as markdown.
	Missing []string
	// Covered is the share, from 0 to 1, of the layer's letters and digits that
	// the text has.
	Covered float64
	// Agrees is false where the two have less than half of the shorter one in
	// common. Then the layer is not this page's, and nothing is marked.
	Agrees bool

	central bool // a missing line stands between the page's upper and lower edge
}

const (
	// Mark follows what the layer does not confirm.
	Mark = " (?)"

	// maxTokens bounds what is compared: a page of a newspaper has some 10,000.
	maxTokens = 20_000
	// lost is the share of a line, in percent, that is not there where the line
	// counts as missing or as made up.
	lost = 60
	// minLine is how many letters or digits such a line has, minPassage how many a
	// passage within a longer one, and minTail how many at the page's end.
	minLine, minPassage, minTail = 2, 12, 4
	// minWord is the same of a word, or a number, that makes a line more than a formula.
	minWord = 3
	// maxPassage is how many tokens are looked through for the end of a passage.
	maxPassage = 200
	// maxPageNumber is how many digits the number of a page has.
	maxPageNumber = 4
	// smallHeight is how high a word in small print is at most, as a share of the
	// usual line.
	smallHeight = 0.8
	// edge is the share of a page's height, above and below, where models leave
	// lines out on purpose: running heads and page numbers.
	edge = 0.08
)

// Check holds a model's markdown against the layer. What only looks different is
// equal: the signs within numbers, ligatures, hyphens at line ends, the order of a
// table's cells. Of a layer that a scanner's program has read only Covered and
// Agrees are told.
func (l *Layer) Check(markdown string) Report {
	c := checker{page: l, markdown: markdown, rows: l.rows(), small: map[int]bool{}}
	usual := usualHeight(c.rows)
	var text strings.Builder
	for r, row := range c.rows {
		for _, line := range row.cells {
			for _, w := range line.Words {
				if w.Box.height() < smallHeight*usual {
					c.small[text.Len()] = true
				}
				text.WriteString(strings.ReplaceAll(w.Text, "\n", " "))
				text.WriteByte(' ')
			}
			text.WriteByte('\n')
			c.cells = append(c.cells, cell{row: r, Line: line})
		}
	}
	c.text = text.String()
	layer, read := tokenize(c.text), tokenize(visible(markdown))
	if len(layer) > maxTokens || len(read) > maxTokens {
		return Report{Text: markdown, Covered: 1, Agrees: true}
	}
	c.alignment = align(layer, read)
	return c.check()
}

// A checker is one call of Check.
type checker struct {
	*alignment
	page     *Layer
	markdown string
	text     string // the layer's, a cell in each line
	rows     []row
	cells    []cell
	small    map[int]bool // where words in small print begin in the text
	report   Report
	edits    []edit

	highest, lowest float64 // the middles of the highest and of the lowest cell
}

// A cell is a line of the layer, in the order of the rows.
type cell struct {
	Line
	row          int
	weight, gone int  // of its tokens, and of those without a counterpart
	number       bool // a number of it has none
	numbers      int  // short ones
	words        int  // other tokens
}

// An edit replaces some bytes of the markdown.
type edit struct {
	start, end int
	text       string
}

func (c *checker) check() Report {
	c.report = Report{Text: c.markdown}
	common, total := 0, 0
	for i, t := range c.layer {
		total += t.weight()
		if c.toRead[i] != none {
			common += t.weight()
		}
	}
	read := distinct(c.read)
	if total == 0 {
		return c.report
	}
	c.report.Covered = float64(common) / float64(total)
	c.report.Agrees = read > 0 && 2*common >= min(total, read)
	if !c.report.Agrees || c.page.Ink.Scanned {
		return c.report
	}
	changes := c.changes()
	passages := c.madeUp(changes)
	c.mark(changes, passages)
	c.missing(changes)
	c.apply()
	return c.report
}

// repeat is how many tokens in a row make a text that was there before.
const repeat = 2

// distinct weighs the tokens without what a model has written over and over.
func distinct(tokens []token) (weight int) {
	seen := map[[repeat]string]bool{}
	var last [repeat]string
	for _, t := range tokens {
		copy(last[:], last[1:])
		last[repeat-1] = t.key
		if !seen[last] {
			weight += t.weight()
		}
		seen[last] = true
	}
	return weight
}

// apply carries the edits out.
func (c *checker) apply() {
	slices.SortStableFunc(c.edits, func(a, b edit) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, e := range c.edits {
		if e.start < at {
			continue
		}
		b.WriteString(c.markdown[at:e.start])
		b.WriteString(e.text)
		at = e.end
	}
	b.WriteString(c.markdown[at:])
	c.report.Text = b.String()
}

// missing notes what of the layer is not in the text: rows of which a cell or a
// number is not there, and passages within longer lines.
func (c *checker) missing(changes map[int]change) {
	explained := map[int]bool{}
	for _, ch := range changes {
		explained[ch.layer] = true
	}
	gone := func(i int) bool { return c.toRead[i] == none && !explained[i] }
	c.highest, c.lowest = c.page.Height, 0
	for _, cell := range c.cells {
		box := cell.box()
		c.highest, c.lowest = min(c.highest, box.middle()), max(c.lowest, box.middle())
	}
	for i, t := range c.layer {
		cell := &c.cells[t.line]
		cell.weight += t.weight()
		if t.number && len(t.key) <= maxPageNumber {
			cell.numbers++
		} else {
			cell.words++
		}
		if gone(i) && !(t.number && c.isNoteSign(t)) {
			cell.gone += t.weight()
			cell.number = cell.number || t.number
		}
	}
	rows, counted := map[int]bool{}, c.lineNumbers()
	for i, cell := range c.cells {
		whole := cell.weight >= minLine && 100*cell.gone >= lost*cell.weight
		if (whole || cell.number) && !rows[cell.row] && !c.isPageNumber(i) && !counted[i] {
			rows[cell.row] = true
			c.lacks(c.rows[cell.row].text(), cell)
		}
	}
	for start := 0; start < len(c.layer); {
		end := start + 1
		for end < len(c.layer) && c.cells[c.layer[end].line].Block == c.cells[c.layer[start].line].Block {
			end++
		}
		for _, p := range c.passages(start, end, gone) {
			first, last := c.layer[p.first], c.layer[p.last]
			said := rows[c.cells[first.line].row] || rows[c.cells[last.line].row]
			if !said && !c.isPageNumber(first.line) && !counted[first.line] {
				c.lacks(strings.Join(strings.Fields(c.text[first.start:last.end]), " "), c.cells[first.line])
			}
		}
		start = end
	}
}

// lacks notes a text that is missing, and where it stands.
func (c *checker) lacks(text string, where cell) {
	c.report.Missing = append(c.report.Missing, escape(text))
	middle := where.box().middle() / c.page.Height
	c.report.central = c.report.central || middle > edge && middle < 1-edge
}

// A passage is a run of tokens, its last one included.
type passage struct{ first, last int }

// passages finds the runs of layer tokens, of those from start to before end, that
// are gone. At the end of the page less is one: there an answer was cut.
func (c *checker) passages(start, end int, gone func(int) bool) []passage {
	found := passages(c.layer[start:end], func(k int) bool { return gone(start + k) }, minPassage)
	if end == len(c.layer) {
		last := passages(c.layer[start:end], func(k int) bool { return gone(start + k) }, minTail)
		if n := len(last); n > 0 && last[n-1].last == end-start-1 && (len(found) == 0 || found[len(found)-1] != last[n-1]) {
			found = append(found, last[n-1])
		}
	}
	for i := range found {
		found[i].first += start
		found[i].last += start
	}
	return found
}

// passages finds the runs that weigh at least so much and are of foreign tokens, but
// for single ones between them.
func passages(tokens []token, foreign func(int) bool, least int) []passage {
	var found []passage
	for from := 0; from < len(tokens); from++ {
		if !foreign(from) {
			continue
		}
		to, weight, strange, best := from, 0, 0, 0
		for k, own := from, 0; k < min(len(tokens), from+maxPassage) && own < 2; k++ {
			weight += tokens[k].weight()
			if !foreign(k) {
				own++
				continue
			}
			own = 0
			strange += tokens[k].weight()
			if 100*strange >= lost*weight {
				to, best = k, strange
			}
		}
		if best >= least {
			found = append(found, passage{from, to})
		}
		from = to
	}
	return found
}

// isNoteSign reports whether a number of the layer is a short one that is set at a
// word, or in small print, as the sign of a footnote.
func (c *checker) isNoteSign(t token) bool {
	if len(t.key) > 2 {
		return false
	}
	attached, _ := attached(c.text, t)
	return attached || c.small[t.start] || t.start > 0 && strings.IndexByte(".,;:!?)\"", c.text[t.start-1]) >= 0
}

// isPageNumber reports whether cell i holds nothing but a page's number, such as
// "7", "Page 7" or "Page 7 of 9", above or below all others.
func (c *checker) isPageNumber(i int) bool {
	cell := c.cells[i]
	if cell.numbers == 0 || cell.numbers > 2 || cell.words > cell.numbers {
		return false
	}
	box := cell.box()
	return box.Top <= c.highest || box.Bottom >= c.lowest
}

// minLineNumbers is how many numbers beside a text number its lines.
const minLineNumbers = 4

// lineNumbers returns the missing cells that hold nothing but one number, each one
// more than another: they number the lines of a program or a statute, and models
// leave them out.
func (c *checker) lineNumbers() map[int]bool {
	at := map[int]int{} // a number's cell
	for _, t := range c.layer {
		cell := c.cells[t.line]
		if t.number && cell.numbers == 1 && cell.words == 0 && cell.gone > 0 {
			if n, err := strconv.Atoi(t.key); err == nil {
				at[n] = t.line
			}
		}
	}
	counted := map[int]bool{}
	for n, line := range at {
		_, before := at[n-1]
		_, after := at[n+1]
		if before || after {
			counted[line] = true
		}
	}
	if len(counted) < minLineNumbers {
		return nil
	}
	return counted
}

// Again reports whether the page should be read once more: lines are missing, and
// not only at its upper and lower edge, where models leave them out each time.
func (r Report) Again() bool { return r.central }
