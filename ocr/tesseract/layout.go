package tesseract

import (
	"cmp"
	"image"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A word is a word of the page with its position.
type word struct {
	image.Rectangle
	part, block int    // numbers of the part of the page, and of the block in the part
	line        string // name of the line
	confidence  float64
	text        string
}

// parseRow parses a row of tesseract's table: level, page, block, paragraph,
// line, word, left, top, width, height, confidence, text. A page of tesseract
// is a part of the picture. If the row is not a word, ok is false.
func parseRow(cells []string, parts []image.Rectangle) (w word, ok bool) {
	if len(cells) != 12 || cells[0] != "5" || strings.TrimSpace(cells[11]) == "" {
		return word{}, false
	}
	var n [9]int // from the page to the height
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(cells[i+1]); err != nil || n[i] < 0 || n[i] > maxSide {
			return word{}, false
		}
	}
	if n[0] < 1 || n[0] > len(parts) {
		return word{}, false
	}
	confidence, err := strconv.ParseFloat(cells[10], 64)
	return word{
		Rectangle:  image.Rect(n[5], n[6], n[5]+n[7], n[6]+n[8]).Add(parts[n[0]-1].Min),
		part:       n[0] - 1,
		block:      n[1],
		line:       strings.Join(cells[1:5], "/"),
		confidence: confidence,
		text:       strings.TrimSpace(cells[11]),
	}, err == nil
}

// A cell is a line of text, or the part of a line between wide spaces.
type cell struct {
	image.Rectangle
	text  string
	words int
	first int // the width of the first word
	size  int // type size in pixels
}

// cells splits the words of a line at wide spaces.
func cells(line []word) []cell {
	var all []cell
	for i, w := range line {
		if i > 0 {
			c := &all[len(all)-1]
			if gap := w.Min.X - c.Max.X; gap <= 3*max(w.Dy(), line[i-1].Dy())/2 {
				c.text += space(line[i-1].text, w.text, gap > w.Dy()/2) + w.text
				c.words++
				c.size = (c.size*(c.words-1) + w.size()) / c.words
				c.Rectangle = c.Union(w.Rectangle)
				continue
			}
		}
		all = append(all, cell{w.Rectangle, w.text, 1, w.Dx(), w.size()})
	}
	return all
}

// rows returns the cells of each line.
func rows(words []word) (all [][]cell) {
	for line := range lines(words) {
		all = append(all, cells(line))
	}
	return all
}

// meanConfidence returns the number of letters, and tesseract's mean confidence.
func meanConfidence(words []word) (letters int, confidence float64) {
	for _, w := range words {
		n := utf8.RuneCountInString(w.text)
		letters += n
		confidence += w.confidence * float64(n)
	}
	return letters, confidence / float64(max(letters, 1))
}

// size returns the height of a word, including the space for descenders.
func (w word) size() int {
	if strings.ContainsAny(w.text, "gjpqy,;()/|ßQ") || strings.ContainsFunc(w.text, isEastAsian) {
		return w.Dy()
	}
	return w.Dy() * 5 / 4
}

// space returns the separator between two words: none between Chinese words,
// and none between a Chinese word and another unless they are apart.
func space(a, b string, apart bool) string {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	if isEastAsian(last) && isEastAsian(first) || !apart && (isEastAsian(last) || isEastAsian(first)) {
		return ""
	}
	return " "
}

// isEastAsian reports whether r is a letter or sign of a script without spaces.
func isEastAsian(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || '\u3000' <= r && r < '\u3040' || r >= '\uff00' && r < '\uff66'
}

// lines yields the words of each line, and blocks those of each block.
func lines(words []word) iter.Seq[[]word] {
	return runs(words, func(a, b word) bool { return a.line == b.line })
}

func blocks(words []word) iter.Seq[[]word] {
	return runs(words, func(a, b word) bool { return a.block == b.block })
}

// runs yields the longest runs of words for which together returns true.
func runs(words []word, together func(a, b word) bool) iter.Seq[[]word] {
	return func(yield func([]word) bool) {
		for len(words) > 0 {
			n := 1
			for n < len(words) && together(words[0], words[n]) {
				n++
			}
			if !yield(words[:n]) {
				return
			}
			words = words[n:]
		}
	}
}

// inColumns reports whether rows are text in columns rather than a table: many
// long cells.
func inColumns(rows [][]cell) bool {
	var words []int
	for _, row := range rows {
		for _, c := range row {
			if len(row) > 1 {
				words = append(words, c.words)
			}
		}
	}
	return len(words) >= 4 && median(words) >= 4
}

// A span is a range of pixel columns.
type span struct{ from, to int }

// table returns the number of first rows that form a table, and its columns.
func table(rows [][]cell) (n int, columns []span) {
	var spans []span
	for n < len(rows) && len(rows[n]) > 1 {
		for _, c := range rows[n] {
			spans = append(spans, span{c.Min.X, c.Max.X})
		}
		n++
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range spans {
		if last := len(columns) - 1; last >= 0 && s.from < columns[last].to {
			columns[last].to = max(columns[last].to, s.to)
		} else {
			columns = append(columns, s)
		}
	}
	columns = merged(columns, rows[:n])
	if n < 2 || len(columns) < 2 {
		return 0, nil
	}
	return n, columns
}

// merged merges two columns that are never both filled: a heading on the left
// and numbers on the right of a column need not overlap.
func merged(columns []span, rows [][]cell) []span {
	for i := 1; i < len(columns); {
		left, right := columns[i-1], columns[i]
		if slices.ContainsFunc(rows, func(row []cell) bool {
			return slices.ContainsFunc(row, left.has) && slices.ContainsFunc(row, right.has)
		}) {
			i++
			continue
		}
		columns[i-1].to = right.to
		columns = slices.Delete(columns, i, i+1)
	}
	return columns
}

func (s span) has(c cell) bool { return s.from <= c.Min.X && c.Min.X < s.to }

// markdownTable returns a table whose first row is the header.
func markdownTable(rows [][]cell, columns []span) string {
	var text strings.Builder
	for i, row := range rows {
		for _, column := range columns {
			text.WriteString("|")
			for _, c := range row {
				if column.has(c) {
					text.WriteString(" " + strings.ReplaceAll(c.text, "|", "\\|"))
				}
			}
			text.WriteString(" ")
		}
		text.WriteString("|")
		if i == 0 {
			text.WriteString("\n|" + strings.Repeat(" --- |", len(columns)))
		}
		if i+1 < len(rows) {
			text.WriteString("\n")
		}
	}
	return text.String()
}

// A joiner turns the words of a page into text, part by part.
type joiner struct {
	write       func(piece string) error
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

// addColumns writes the words of a part with columns, one block after the other.
func (j *joiner) addColumns(words []word) error {
	j.right = 0 // each column ends elsewhere
	for block := range blocks(words) {
		if err := j.add(block); err != nil {
			return err
		}
	}
	return nil
}

// add writes further words, line by line, with separators.
func (j *joiner) add(words []word) error {
	rows := rows(words)
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
		piece := ""
		if j.markdown && n > 0 {
			piece = j.gap() + markdownTable(rows[:n], columns)
			j.begun, j.afterTable = true, true
		} else {
			n = 1
			piece = j.line(rows[0])
		}
		if err := j.write(piece); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// gap returns an empty line, but none before the first text.
func (j *joiner) gap() string {
	if j.begun {
		return "\n\n"
	}
	return ""
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
