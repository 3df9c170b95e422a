package slackmd

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode/utf8"

	"slackocr/bot/slackmd/internal/inline"
)

// A Table is a table of a text. The first row is the header. Rows may have
// different lengths. A cell that another cell spans is empty.
type Table struct {
	Rows  [][]string // cells, each a line of inline markdown
	align []byte     // of each column: 'l', 'c', 'r' or 0
	// beside holds the text between the cells, such as a caption.
	beside []string
}

const (
	// maxColumns bounds a table's width. The last cell of a row takes all
	// cells beyond, so that no text is lost.
	maxColumns = 64
	// maxSpanned bounds the empty cells that the spans of a table may make.
	// Text in an image can say colspan=100000.
	maxSpanned = 1 << 14
)

// Tables returns the tables of a text in order, both GitHub's and HTML's. Text
// in a code fence is never a table.
func Tables(markdown string) []Table {
	var all []Table
	for b := range scan(inline.Clean(markdown)) {
		if b.kind == tableBlock && len(b.table.Rows) > 0 {
			all = append(all, b.table)
		}
	}
	return all
}

// byteOrderMark makes Excel read a file as UTF-8.
const byteOrderMark = "\ufeff"

// CSV returns the table in the form of RFC 4180, in UTF-8 and plain text
// without markdown. A cell that a spreadsheet would run as a formula gets an
// apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection);
// a plain number, signed or not, stays unchanged. If the table is not pure
// ASCII, the file starts with a byte order mark.
func (t Table) CSV() []byte {
	var out bytes.Buffer
	ascii := true
	out.WriteString(byteOrderMark)
	w := csv.NewWriter(&out)
	t = t.trimmed()
	for i, row := range t.Rows {
		var cells []string
		for _, cell := range row {
			cell = guard(inline.Plain(cell))
			ascii = ascii && isASCII(cell)
			cells = append(cells, cell)
		}
		for i == 0 && len(cells) < t.columns() { // readers take the number of columns from the header
			cells = append(cells, "")
		}
		_ = w.Write(cells) // a bytes.Buffer never fails
	}
	w.Flush()
	if ascii {
		return out.Bytes()[len(byteOrderMark):]
	}
	return out.Bytes()
}

// columns returns the length of the longest row.
func (t Table) columns() (n int) {
	for _, row := range t.Rows {
		n = max(n, len(row))
	}
	return n
}

// guard keeps a cell from being run as a formula. The full-width signs count
// too: spreadsheets in East Asian settings take them for the ASCII signs.
func guard(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) || isNumber(cell) {
		return cell
	}
	return "'" + cell
}

// isNumber reports whether cell is a number as people write numbers: -1,234.50
// or +3 %.
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

// pipeTable reads the table of GitHub's markdown at the start of s, and
// returns its length in bytes, or 0 if there is no table:
// https://github.github.com/gfm/#tables-extension-
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
		if !isDelimiterRow(line) { // some models repeat the delimiter row
			t.Rows = append(t.Rows, pipeCells(line))
		}
	}
	return t, length
}

// isDelimiterRow reports whether line is the rule under a table's header.
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

// pipeCells splits a row at its bars, except after a backslash. If there are
// too many cells, the last cell holds the rest of the line.
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
