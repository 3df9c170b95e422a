package tesseract

import (
	"slices"
	"strings"
)

// A joiner turns the words of a page into text, part by part.
type joiner struct {
	markdown    bool
	height      int   // of a usual line of the page
	right       int   // end of the longest line
	sizes       []int // type sizes of the lines so far
	steps       []int // vertical steps from line to line
	begun       bool
	afterTable  bool // the previous item was a table
	heading     bool // the previous line was a heading
	last        cell // the previous line
	lastHasGaps bool // the previous line had wide spaces
}

// add returns the text of further rows, line by line, with separators.
func (j *joiner) add(rows [][]cell) (pieces []string) {
	for i, row := range rows {
		for _, c := range row {
			j.sizes = append(j.sizes, c.size)
			j.right = max(j.right, c.Max.X)
		}
		if i > 0 {
			j.steps = append(j.steps, row[0].Min.Y-rows[i-1][0].Max.Y)
		}
	}
	for len(rows) > 0 {
		n, columns := table(rows)
		if j.markdown && n > 0 {
			pieces = append(pieces, j.separate(markdownTable(rows[:n], columns)))
		} else {
			n = 1
			pieces = append(pieces, j.line(rows[0]))
		}
		rows = rows[n:]
	}
	return pieces
}

// separate returns a text with empty lines around.
func (j *joiner) separate(text string) string {
	if j.begun {
		text = "\n\n" + text
	}
	j.begun, j.afterTable = true, true
	return text
}

// line returns a row as a line of text.
func (j *joiner) line(row []cell) string {
	c := row[0]
	for _, next := range row[1:] {
		c.text += space(c.text, next.text, true) + next.text
		c.Rectangle = c.Union(next.Rectangle)
	}
	usual := j.height
	if len(j.sizes) >= 3 {
		usual = median(j.sizes)
	}
	heading := j.markdown && len(row) == 1 && 10*c.size > 13*usual
	step := c.Min.Y - j.last.Max.Y
	gap := step > usualStep(j.steps)+usual/2 || c.Max.Y < j.last.Min.Y // a new column
	separator := "\n"
	switch {
	case !j.begun:
		separator = ""
	case heading && j.heading && !gap:
		separator = " " // a heading of two lines
	case gap || j.afterTable || heading != j.heading:
		separator = "\n\n"
	case j.markdown && j.wraps(c):
		separator = space(j.last.text, c.text, false)
	}
	if heading && !(j.heading && separator == " ") {
		separator += "# "
	}
	j.begun, j.afterTable, j.heading, j.last, j.lastHasGaps = true, false, heading, c, len(row) > 1
	return separator + c.text
}

// wraps reports whether a line continues the previous line, which ended only
// because the next word had no room.
func (j *joiner) wraps(c cell) bool {
	if j.lastHasGaps || strings.HasPrefix(c.text, "- ") || strings.HasPrefix(c.text, "• ") {
		return false
	}
	return j.last.Max.X+c.first+c.Dy()/2 > j.right
}

// usualStep returns the usual space between lines. In a letter every other
// space separates paragraphs, so the usual space is among the small ones.
func usualStep(steps []int) int {
	if len(steps) == 0 {
		return 0
	}
	return max(0, slices.Sorted(slices.Values(steps))[len(steps)/4])
}
