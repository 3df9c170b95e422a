package slackmd

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode/utf8"
)

// A Table is one table of a text. The first row is its header. Rows may be of
// different lengths; a cell that another one spans is empty.
type Table struct {
	Rows  [][]string // cells, each one line of inline markdown
	align []byte     // of each column: 'l', 'c', 'r' or 0
	// beside holds what stood between the cells: a caption, text that was lost
	// there.
	beside []string
}

const (
	// maxColumns bounds a table's width. What a row has beyond it is joined in
	// its last cell, so that nothing is lost.
	maxColumns = 64
	// maxSpanned bounds the empty cells that the spans of one table may make.
	// Text in an image can say colspan=100000.
	maxSpanned = 1 << 14
)

// Tables returns the tables of a text, those of GitHub's markdown and those in
// HTML, in their order. What stands in a code fence is no table.
func Tables(markdown string) []Table {
	var all []Table
	for b := range scan(clean(markdown)) {
		if b.kind == tableBlock && len(b.table.Rows) > 0 {
			all = append(all, b.table)
		}
	}
	return all
}

// byteOrderMark makes Excel read a file as UTF-8.
const byteOrderMark = "\ufeff"

// CSV is the table as RFC 4180 has it, in UTF-8, of plain text without
// markdown. A cell that a spreadsheet would take for a formula gets an
// apostrophe before it (https://owasp.org/www-community/attacks/CSV_Injection);
// a plain number, signed or not, stays as it is. The file begins with a byte
// order mark where it is not pure ASCII.
func (t Table) CSV() []byte {
	var out bytes.Buffer
	ascii := true
	out.WriteString(byteOrderMark)
	w := csv.NewWriter(&out)
	t = t.trimmed()
	for i, row := range t.Rows {
		var cells []string
		for _, cell := range row {
			cell = guard(plain(cell))
			ascii = ascii && isASCII(cell)
			cells = append(cells, cell)
		}
		for i == 0 && len(cells) < t.columns() { // readers take their columns from the header
			cells = append(cells, "")
		}
		_ = w.Write(cells) // a bytes.Buffer takes all
	}
	w.Flush()
	if ascii {
		return out.Bytes()[len(byteOrderMark):]
	}
	return out.Bytes()
}

// columns is the length of the longest row.
func (t Table) columns() (n int) {
	for _, row := range t.Rows {
		n = max(n, len(row))
	}
	return n
}

// guard keeps a cell from being run as a formula. The wide signs count too:
// spreadsheets in East Asian settings take them for the narrow ones.
func guard(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) || isNumber(cell) {
		return cell
	}
	return "'" + cell
}

// isNumber recognises a number as people write it: -1,234.50 or +3 %.
func isNumber(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return s != "" && s[0] >= '0' && s[0] <= '9' && strings.Trim(s, "0123456789., %") == ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// pipeTable reads the table of GitHub's markdown that s begins with, given its
// first two lines: https://github.github.com/gfm/#tables-extension-. It returns
// how many bytes it is long, or 0 where there is none.
func pipeTable(s string) (t Table, length int) {
	header, rest, _ := strings.Cut(s, "\n")
	rule, _, _ := strings.Cut(rest, "\n")
	if !strings.Contains(header, "|") || !isDelimiterRow(rule) {
		return Table{}, 0
	}
	cells, delimiters := pipeCells(header), pipeCells(rule)
	if !strings.Contains(rule, "|") && len(cells) != len(delimiters) {
		return Table{}, 0 // a heading with a bar in it, underlined
	}
	for _, d := range delimiters {
		t.align = append(t.align, alignment(d))
	}
	t.Rows = append(t.Rows, cells)
	length = min(len(s), len(header)+1+len(rule)+1)
	for line := range strings.Lines(s[length:]) {
		if !strings.Contains(line, "|") || fenceOf(line) != "" {
			break
		}
		length += len(line)
		if !isDelimiterRow(line) { // some models repeat it
			t.Rows = append(t.Rows, pipeCells(line))
		}
	}
	return t, length
}

// isDelimiterRow recognises the line under a table's header.
func isDelimiterRow(line string) bool {
	return strings.Contains(line, "-") && strings.Trim(line, "|-: \t") == ""
}

func alignment(delimiter string) byte {
	left, right := strings.HasPrefix(delimiter, ":"), strings.HasSuffix(delimiter, ":")
	switch {
	case left && right:
		return 'c'
	case right:
		return 'r'
	case left:
		return 'l'
	}
	return 0
}

// pipeCells splits a row at its bars, but for those after a backslash. The last
// of too many cells holds the rest of the line.
func pipeCells(line string) []string {
	line = strings.TrimPrefix(strings.TrimSpace(line), "|")
	cells := make([]string, 0, min(strings.Count(line, "|")+1, maxColumns))
	from := 0
	for i := 0; i < len(line) && len(cells) < maxColumns-1; i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			cells = append(cells, pipeCell(line[from:i]))
			from = i + 1
		}
	}
	if rest := strings.TrimSuffix(line[from:], "|"); strings.TrimSpace(rest) != "" || len(cells) == 0 {
		cells = append(cells, pipeCell(rest))
	}
	return cells
}

func pipeCell(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, `\|`, "|"))
}
