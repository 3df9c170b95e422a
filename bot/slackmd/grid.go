package slackmd

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"slackocr/bot/slackmd/internal/inline"
)

// maxGrid bounds the width of a table that is drawn with spaces, in columns of
// type. Slack wraps longer lines on usual screens.
const maxGrid = 100

// trimmed returns the table without empty columns and without empty rows at
// the end.
func (t Table) trimmed() Table {
	var full [maxColumns]bool
	last, columns := 0, 0
	for i, row := range t.Rows {
		for j, cell := range row {
			if !isBlank(cell) {
				full[j], last, columns = true, i, max(columns, j+1)
			}
		}
	}
	t.Rows = slices.Clone(t.Rows[:min(len(t.Rows), last+1)])
	for i, row := range t.Rows {
		t.Rows[i] = keep(row, full[:columns])
	}
	t.align = keep(t.align, full[:columns])
	return t
}

// keep returns the cells of a row that stand in the kept columns.
func keep[T any](row []T, columns []bool) (kept []T) {
	for i, cell := range row[:min(len(row), len(columns))] {
		if columns[i] {
			kept = append(kept, cell)
		}
	}
	return kept
}

// isBlank reports whether a cell shows nothing, as "&nbsp;" or "<br>".
func isBlank(cell string) bool {
	return cell == "" || !inline.Visible(cell) || (cell[0] == '<' || cell[0] == '&') && !inline.Visible(inline.Plain(cell))
}

// pipes returns the table in GitHub's markdown: the header with its rule, and
// the rows. If the header or a row is longer than limit, ok is false.
func (t Table) pipes(limit int) (head, rows string, ok bool) {
	columns := t.columns()
	var out strings.Builder
	write := func(row []string) bool {
		from := out.Len()
		for i := range columns {
			out.WriteString("| ")
			if i < len(row) && row[i] != "" {
				out.WriteString(inline.Markdown(row[i], inline.Cell))
				out.WriteByte(' ')
			}
		}
		out.WriteString("|\n")
		return utf16Length(out.String()[from:]) <= limit
	}
	if !write(t.Rows[0]) {
		return "", "", false
	}
	for i := range columns {
		out.WriteString("|")
		out.WriteString(t.rule(i))
	}
	out.WriteString("|\n")
	if head = out.String(); utf16Length(head) > limit {
		return "", "", false
	}
	out.Reset()
	for _, row := range t.Rows[1:] {
		if !write(row) {
			return "", "", false
		}
	}
	return head, strings.TrimSuffix(out.String(), "\n"), true
}

// rule returns the delimiter cell under the header of a column. A column of
// numbers is aligned right unless the model gave an alignment.
func (t Table) rule(column int) string {
	side := byte(0)
	if column < len(t.align) {
		side = t.align[column]
	}
	if side == 0 && t.numbers(column) {
		side = 'r'
	}
	switch side {
	case 'l':
		return ":---"
	case 'c':
		return ":---:"
	case 'r':
		return "---:"
	}
	return "---"
}

// numbers reports whether nearly every cell of a column is a number or an
// amount.
func (t Table) numbers(column int) bool {
	numbers, others := 0, 0
	for _, row := range t.Rows[1:] {
		if column >= len(row) || row[column] == "" {
			continue
		}
		cell := row[column]
		if len(cell) < 30 && strings.Contains(cell, "<") {
			cell = inline.Plain(cell)
		}
		if len(cell) < 30 && isNumber(strings.Trim(cell, "*$€£¥ ()")) {
			numbers++
		} else {
			others++
		}
	}
	return numbers > 0 && numbers >= 2*others
}

// text returns the table as plain text: drawn with spaces for a fixed-width
// font, or, if the table is too wide for that, with bars between the cells.
func (t Table) text() (head, rows string, wide bool) {
	columns := t.columns()
	widths, right := make([]int, columns), make([]bool, columns)
	total := len("  ") * (columns - 1)
	cells := make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		cells[i] = make([]string, len(row))
		for j, cell := range row {
			cells[i][j] = strings.Join(strings.Fields(inline.Plain(cell)), " ")
			if !wide {
				w := max(widths[j], width(cells[i][j]))
				total += w - widths[j]
				widths[j], wide = w, total > maxGrid
			}
		}
	}
	rule := make([]string, columns)
	for j, w := range widths {
		rule[j], right[j] = strings.Repeat("─", w), t.numbers(j)
	}
	var out strings.Builder
	for i, row := range cells {
		line := strings.Join(row, " | ")
		if !wide {
			for j, cell := range row {
				space := strings.Repeat(" ", widths[j]-width(cell))
				if i > 0 && right[j] {
					row[j] = space + cell
				} else {
					row[j] = cell + space
				}
			}
			line = strings.TrimRight(strings.Join(row, "  "), " ")
		}
		out.WriteString(line + "\n")
		if i == 0 {
			if !wide {
				out.WriteString(strings.Join(rule, "  ") + "\n")
			}
			head = inline.EscapeCode(out.String())
			out.Reset()
		}
	}
	return head, inline.EscapeCode(strings.TrimSuffix(out.String(), "\n")), wide
}

// width returns the columns of type that s takes: East Asian letters and emoji
// take two (https://www.unicode.org/reports/tr11/).
func width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return uniseg.StringWidth(s)
}
