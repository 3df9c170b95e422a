package slackmd

import (
	"strconv"
	"strings"

	"slackocr/bot/slackmd/internal/inline"
)

// htmlTable reads the HTML table at the start of s and returns its length in
// bytes. A table that is not closed ends at its first blank line. A table in a
// cell becomes words of that cell. The reader is written by hand because the
// tokenizer of golang.org/x/net/html takes 4 KB for each of a hundred thousand
// tables.
func htmlTable(s string, closed bool) (t Table, length int) {
	var b tableBuilder
	depth := 0
	for i := 0; i < len(s); {
		end := i + strings.IndexByte(s[i:], '<')
		if end < i {
			end = len(s)
		}
		if gap := strings.Index(s[i:end], "\n\n"); gap >= 0 && !closed {
			b.write(s[i : i+gap])
			return b.end(), i + gap
		}
		b.write(s[i:end])
		if i = end; i == len(s) {
			break
		}
		tag := inline.TagAt(s[i:])
		if tag.Length == 0 {
			b.write("<")
			i++
			continue
		}
		raw := s[i : i+tag.Length]
		i += tag.Length
		if tag.Name == "table" && tag.Closes {
			depth--
		} else if tag.Name == "table" {
			depth++
		}
		switch {
		case depth <= 0:
			return b.end(), i
		case tag.Name == "table", depth > 1 && tag.IsTablePart(), cellTags[tag.Name]:
			b.write(" ")
		case !tag.IsTablePart():
			b.write(raw)
		case tag.Closes:
			b.close(tag.Name)
		default:
			b.open(tag)
		}
	}
	return b.end(), len(s)
}

// cellTags only separate the words of a cell. A model escapes tags that the
// page itself shows.
var cellTags = map[string]bool{"p": true, "div": true, "span": true, "ul": true, "ol": true, "li": true, "font": true, "a": true}

// tableBuilder arranges the cells of an HTML table in a grid:
// https://html.spec.whatwg.org/multipage/tables.html#forming-a-table
type tableBuilder struct {
	t       Table
	row     []string
	inCell  bool
	cell    []string        // the text of the open cell
	down    [maxColumns]int // rows that a cell above still spans, per column
	across  int             // columns that the open cell spans
	rows    int             // rows that the open cell spans
	spanned int             // empty cells made so far
}

func (b *tableBuilder) write(s string) {
	if s != "" {
		b.cell = append(b.cell, s)
	}
}

func (b *tableBuilder) open(tag inline.Tag) {
	if tag.Name != "td" && tag.Name != "th" {
		b.endRow()
		return
	}
	if b.inCell && len(b.row) == maxColumns-1 {
		b.write(" ") // the last cell takes the surplus
		return
	}
	b.endCell()
	b.inCell, b.across, b.rows = true, span(tag, "colspan"), span(tag, "rowspan")
}

// span returns the value of a colspan or rowspan. A value that is not a number
// counts as 1, as in browsers.
func span(tag inline.Tag, name string) int {
	if len(tag.Attributes) <= len(name) {
		return 1
	}
	n, err := strconv.Atoi(strings.TrimSpace(tag.Attribute(name)))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, 1000)
}

func (b *tableBuilder) close(name string) {
	if name == "td" || name == "th" {
		b.endCell()
	} else {
		b.endRow()
	}
}

// endCell puts the open cell into the grid. Words between the cells, such as a
// caption, are kept apart.
func (b *tableBuilder) endCell() {
	text := oneLine(b.cell)
	b.cell = b.cell[:0]
	if !b.inCell {
		if text != "" {
			b.t.beside = append(b.t.beside, text)
		}
		return
	}
	b.inCell = false
	for len(b.row) < maxColumns-1 && b.down[len(b.row)] > 0 && b.fill() {
		continue
	}
	b.down[len(b.row)] = b.rows
	b.row = append(b.row, text)
	for range b.across - 1 {
		at := len(b.row)
		if at >= maxColumns || b.down[at] > 0 || !b.fill() {
			return
		}
		b.down[at] = b.rows
	}
}

// oneLine joins texts into a single line.
func oneLine(texts []string) string {
	text := strings.TrimSpace(strings.Join(texts, ""))
	if strings.ContainsAny(text, "\n\t") || strings.Contains(text, "  ") {
		return strings.Join(strings.Fields(text), " ")
	}
	return text
}

// fill adds an empty cell and reports whether the table may have more.
func (b *tableBuilder) fill() bool {
	b.spanned++
	if b.spanned > maxSpanned {
		b.down = [maxColumns]int{}
		return false
	}
	b.row = append(b.row, "")
	return true
}

func (b *tableBuilder) endRow() {
	b.endCell()
	if len(b.row) == 0 {
		return
	}
	for i := range b.down {
		b.down[i] = max(0, b.down[i]-1)
	}
	b.t.Rows = append(b.t.Rows, b.row)
	b.row = nil
}

func (b *tableBuilder) end() Table {
	b.endRow()
	return b.t
}
