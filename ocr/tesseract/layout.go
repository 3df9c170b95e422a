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

// rows returns the cells of each line, without specks that tesseract took for
// letters.
func rows(words []word) [][]cell {
	var all [][]cell
	for line := range runs(words, func(a, b word) bool { return a.line == b.line }) {
		if letters, confidence := meanConfidence(line); letters > 3 || confidence > speckConfidence {
			all = append(all, cells(line))
		}
	}
	return all
}

// speckConfidence is the mean confidence, in percent, below which a few letters are
// specks.
const speckConfidence = 60

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

// runs yields the longest runs of neighbours for which together returns true.
func runs[E any](all []E, together func(a, b E) bool) iter.Seq[[]E] {
	return func(yield func([]E) bool) {
		for len(all) > 0 {
			n := 1
			for n < len(all) && together(all[n-1], all[n]) {
				n++
			}
			if !yield(all[:n:n]) {
				return
			}
			all = all[n:]
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
		if n > 0 && rows[n][0].Min.Y-rows[n-1][0].Max.Y > 3*rows[n][0].Dy() {
			break
		}
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
