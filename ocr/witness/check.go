package witness

import (
	"slices"
	"strconv"
	"strings"
)

// A Report is the result of a comparison of a model's text with the layer.
type Report struct {
	// Text is the model's text, with numbers corrected, and marks at the
	// places that the layer contradicts or does not have.
	Text string
	// Corrected is the number of corrected numbers, Marked the number of
	// marked numbers, and MadeUp the number of marked passages that the page
	// does not show.
	Corrected, Marked, MadeUp int
	// Missing holds the lines of the layer that the text does not have, as
	// markdown.
	Missing []string
	// Covered is the share, from 0 to 1, of the layer's letters and digits
	// that the text has.
	Covered float64
	// Agrees is false if layer and text have less than half of the shorter in
	// common. The layer then belongs to another page, and nothing is marked.
	Agrees bool

	// Again is true if the page should be read again: lines are missing, and
	// not only at the upper and lower edge, which models always leave out.
	Again bool
}

const (
	// Mark follows each number or passage that the layer does not confirm.
	Mark = " (?)"

	// maxTokens bounds the tokens that are compared; a newspaper page has
	// about 10,000.
	maxTokens = 20_000
	// missingPercent is the share of a line, in percent, from which on the line counts
	// as missing or as made up.
	missingPercent = 60
	// minLine is the least number of letters or digits of a missing line,
	// minPassage that of a passage inside a longer line, and minTail that of a
	// passage at the end of the page.
	minLine, minPassage, minTail = 2, 12, 4
	// minWord is the least length of a word or number that makes a line more
	// than a formula.
	minWord = 3
	// maxPassage bounds the tokens in which the end of a passage is looked
	// for.
	maxPassage = 200
	// maxPageNumber is the most digits of a page number.
	maxPageNumber = 4
	// smallHeight is the greatest height of a word in small print, as a share
	// of the usual line.
	smallHeight = 0.8
	// edge is the share of a page's height, above and below, in which models
	// leave out lines on purpose: running heads and page numbers.
	edge = 0.08
)

// Check compares a model's markdown with the layer. Differences of form are
// ignored: signs inside numbers, ligatures, hyphens at line ends, the order of
// a table's cells. If the layer comes from a scanner's program, only Covered
// and Agrees are set.
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

// A checker holds the state of one call of Check.
type checker struct {
	*alignment
	page     *Layer
	markdown string
	text     string // text of the layer, a cell on each line
	rows     []row
	cells    []cell
	small    map[int]bool // start of each word in small print
	report   Report
	edits    []edit

	highest, lowest float64 // vertical middles of the highest and of the lowest cell
}

// A cell is a line of the layer, in the order of the rows.
type cell struct {
	Line
	row          int
	weight, gone int  // weight of all tokens, and of those without a counterpart
	number       bool // a number has no counterpart
	numbers      int  // short numbers
	words        int  // other tokens
}

// An edit replaces bytes of the markdown.
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

// repeat is the number of tokens in a row that count as repeated text.
const repeat = 2

// distinct returns the weight of the tokens without repeated text.
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

// apply carries out the edits.
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

// missing records the parts of the layer that the text does not have: rows
// with a missing cell or number, and passages inside longer lines.
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
		whole := cell.weight >= minLine && 100*cell.gone >= missingPercent*cell.weight
		if (whole || cell.number) && !rows[cell.row] && !c.isPageNumber(i) && !counted[i] {
			rows[cell.row] = true
			c.addMissing(c.rows[cell.row].text(), cell)
		}
	}
	for start := 0; start < len(c.layer); {
		end := start + 1
		for end < len(c.layer) && c.cells[c.layer[end].line].Block == c.cells[c.layer[start].line].Block {
			end++
		}
		tail := minPassage
		if end == len(c.layer) {
			tail = minTail // an answer may have been cut there
		}
		for _, p := range passages(c.layer[start:end], func(i int) bool { return gone(start + i) }, tail) {
			first, last := c.layer[start+p.first], c.layer[start+p.last]
			known := rows[c.cells[first.line].row] || rows[c.cells[last.line].row]
			if !known && !c.isPageNumber(first.line) && !counted[first.line] {
				c.addMissing(strings.Join(strings.Fields(c.text[first.start:last.end]), " "), c.cells[first.line])
			}
		}
		start = end
	}
}

// addMissing records a missing text and its place.
func (c *checker) addMissing(text string, where cell) {
	c.report.Missing = append(c.report.Missing, escape(text))
	middle := where.box().middle() / c.page.Height
	c.report.Again = c.report.Again || middle > edge && middle < 1-edge
}

// A passage is a run of tokens from first to last, both included.
type passage struct{ first, last int }

// passages returns the runs of foreign tokens that weigh at least minPassage,
// or at least tail if a run ends with the last token. A run may contain single
// tokens that are not foreign.
func passages(tokens []token, foreign func(int) bool, tail int) []passage {
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
			if 100*strange >= missingPercent*weight {
				to, best = k, strange
			}
		}
		if best >= minPassage || to == len(tokens)-1 && best >= tail {
			found = append(found, passage{from, to})
		}
		from = to
	}
	return found
}

// isNoteSign reports whether a number of the layer is the sign of a footnote:
// a short number directly after a word, or in small print.
func (c *checker) isNoteSign(t token) bool {
	if len(t.key) > 2 {
		return false
	}
	attached, _ := attached(c.text, t)
	return attached || c.small[t.start] || t.start > 0 && strings.IndexByte(".,;:!?)\"", c.text[t.start-1]) >= 0
}

// isPageNumber reports whether cell i is only a page number, such as "7",
// "Page 7" or "Page 7 of 9", above or below all other cells.
func (c *checker) isPageNumber(i int) bool {
	cell := c.cells[i]
	if cell.numbers == 0 || cell.numbers > 2 || cell.words > cell.numbers {
		return false
	}
	box := cell.box()
	return box.Top <= c.highest || box.Bottom >= c.lowest
}

// minLineNumbers is the least number of numbers beside a text that number its
// lines.
const minLineNumbers = 4

// lineNumbers returns the missing cells that are only a number, each 1 more
// than another. Such cells number the lines of a program or a statute, and
// models leave them out.
func (c *checker) lineNumbers() map[int]bool {
	at := map[int]int{} // cell of each number
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
