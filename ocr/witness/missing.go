package witness

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	// minLineNumbers is the least number of numbers beside a text that number
	// its lines.
	minLineNumbers = 4
	// smallHeight is the greatest height of a word in small print, as a share
	// of the usual line.
	smallHeight = 0.8
	// edge is the share of a page's height, above and below, in which models
	// leave out lines on purpose: running heads and page numbers.
	edge = 0.08
)

// A cell is a line of the layer, in the order of the rows.
type cell struct {
	Line
	row          int
	weight, gone int  // weight of all tokens, and of the missing ones
	number       bool // a number is missing
}

// layOut returns the rows and cells of the layer, its text with a cell on each
// line, and where in that text the words in small print start.
func (l *Layer) layOut() (rows []row, cells []cell, source string, small map[int]bool) {
	rows, small = l.rows(), map[int]bool{}
	usual := usualHeight(rows)
	var text strings.Builder
	for r, row := range rows {
		for _, line := range row.cells {
			for _, w := range line.Words {
				if w.Box.height() < smallHeight*usual {
					small[text.Len()] = true
				}
				text.WriteString(readable(w.Text))
				text.WriteByte(' ')
			}
			text.WriteByte('\n')
			cells = append(cells, cell{row: r, Line: line})
		}
	}
	return rows, cells, text.String(), small
}

// missing records the parts of the layer that the text does not have: rows
// with a missing cell or number, and passages inside longer lines.
func (c *checker) missing() {
	tokens := c.layer.tokens
	gone := make([]bool, len(tokens))
	for i := range tokens {
		gone[i] = !c.layer.found[i]
	}
	for _, ch := range c.changes {
		if ch.layer != none {
			gone[ch.layer] = false
		}
	}
	for i, t := range tokens {
		cell, weight := &c.cells[t.line], c.layer.weight(t)
		cell.weight += weight
		if gone[i] && !(t.number && c.isNoteSign(t)) {
			cell.gone += weight
			cell.number = cell.number || t.number
		}
	}
	reported, ignored := map[int]bool{}, c.counters() // of rows and of cells
	for i, cell := range c.cells {
		whole := cell.weight >= minLine && 100*cell.gone >= missingPercent*cell.weight
		if (whole || cell.number) && !reported[cell.row] && !ignored[i] {
			reported[cell.row] = true
			c.addMissing(c.rows[cell.row].text(), cell)
		}
	}
	passage := func(i int) bool {
		return gone[i] && !ignored[tokens[i].line] && !reported[c.cells[tokens[i].line].row]
	}
	for _, r := range runs(len(tokens), passage, func(i int) int { return c.cells[tokens[i].line].Block }) {
		least := minPassage
		if r[1] == len(tokens) {
			least = minTail // the answer may have been cut there
		}
		if first := tokens[r[0]]; c.layer.weigh(tokens[r[0]:r[1]]) >= least {
			text := c.layer.source[first.start:tokens[r[1]-1].end]
			c.addMissing(strings.Join(strings.Fields(text), " "), c.cells[first.line])
		}
	}
}

// addMissing records a missing text and its place.
func (c *checker) addMissing(text string, where cell) {
	c.report.Missing = append(c.report.Missing, escape(text))
	middle := where.box().middle() / c.page.Height
	c.report.Again = c.report.Again || middle > edge && middle < 1-edge
}

// isNoteSign reports whether a number of the layer is the sign of a footnote:
// a short number directly after a word, or in small print.
func (c *checker) isNoteSign(t token) bool {
	return t.to-t.from <= 2 && (t.attached || c.small[t.start])
}

// pageNumber matches "7", "Page 7" and "Page 7 of 9".
var pageNumber = regexp.MustCompile(`^[^\pL\d]*(\pL+\.? )?\d{1,4}( (\pL+|/) \d{1,4})?[^\pL\d]*$`)

// counters returns the cells that count pages or lines, which models leave out:
// a page number above or below all other cells, and missing cells that are only
// a number, each 1 more than another, as beside a program or a statute.
func (c *checker) counters() map[int]bool {
	highest, lowest := c.page.Height, 0.0
	for _, cell := range c.cells {
		middle := cell.box().middle()
		highest, lowest = min(highest, middle), max(lowest, middle)
	}
	found, numbers := map[int]bool{}, map[int]int{} // cells, and the cell of each number
	for i, cell := range c.cells {
		text, box := cell.text(), cell.box()
		outermost := min(box.middle()-highest, lowest-box.middle()) <= level*box.height()
		found[i] = outermost && pageNumber.MatchString(text)
		if n, err := strconv.Atoi(text); err == nil && cell.gone > 0 {
			numbers[n] = i
		}
	}
	var lines []int
	for n, i := range numbers {
		_, before := numbers[n-1]
		_, after := numbers[n+1]
		if before || after {
			lines = append(lines, i)
		}
	}
	if len(lines) >= minLineNumbers {
		for _, i := range lines {
			found[i] = true
		}
	}
	return found
}
