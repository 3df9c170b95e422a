package slackmd

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// indexFold is strings.Index for a tag's ASCII beginning in any case, as HTML
// has it: "<table", "</table".
func indexFold(s, tag string) int {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '<')
		if i < 0 || len(s)-from-i < len(tag) {
			return -1
		}
		from += i
		if strings.EqualFold(s[from:from+len(tag)], tag) {
			return from
		}
		from++
	}
}

// opensTable reports whether the "<table" at i in s begins a table. One that
// follows a backtick is talked about.
func opensTable(s string, i int) bool {
	end := i + len("<table")
	return (end == len(s) || strings.IndexByte(" \t\n/>", s[end]) >= 0) && (i == 0 || s[i-1] != '`')
}

// htmlTable reads the HTML table that s begins with and returns how many bytes
// it is long. One that is not closed ends at its first blank line. A table in
// a cell becomes the words of that cell.
func htmlTable(s string, closed bool) (t Table, length int) {
	var b tableBuilder
	z := html.NewTokenizer(strings.NewReader(s))
	depth := 0
	for {
		kind := z.Next()
		raw := z.Raw()
		if kind == html.ErrorToken { // the end of s
			b.write(raw)
			return b.end(), len(s)
		}
		length += len(raw)
		if kind == html.TextToken {
			if i := bytes.Index(raw, []byte("\n\n")); i >= 0 && !closed {
				b.write(raw[:i])
				return b.end(), length - len(raw) + i
			}
			b.write(raw)
			continue
		}
		var tag atom.Atom
		more := false
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken || kind == html.EndTagToken {
			var name []byte
			raw = bytes.Clone(raw) // reading the name changes it
			name, more = z.TagName()
			tag = atom.Lookup(name)
		}
		opens := kind != html.EndTagToken
		if tag == atom.Table && opens {
			depth++
		} else if tag == atom.Table {
			depth--
		}
		switch {
		case depth <= 0:
			return b.end(), length
		case depth > 1 && isTablePart(tag), tag == atom.Table:
			b.write([]byte(" "))
		case !isTablePart(tag):
			b.write(raw)
		case opens:
			b.open(tag, z, more)
		default:
			b.close(tag)
		}
	}
}

func isTablePart(tag atom.Atom) bool {
	switch tag {
	case atom.Tr, atom.Td, atom.Th, atom.Thead, atom.Tbody, atom.Tfoot, atom.Caption, atom.Colgroup, atom.Col, atom.Table:
		return true
	}
	return false
}

// tableBuilder puts the cells of an HTML table into a grid:
// https://html.spec.whatwg.org/multipage/tables.html#forming-a-table
type tableBuilder struct {
	t       Table
	row     []string
	inCell  bool
	cell    bytes.Buffer
	down    [maxColumns]int // rows that a cell above still spans, per column
	across  int             // columns that the open cell spans
	rows    int             // rows that the open cell spans
	spanned int             // empty cells made so far
}

func (b *tableBuilder) write(raw []byte) { b.cell.Write(raw) }

func (b *tableBuilder) open(tag atom.Atom, z *html.Tokenizer, more bool) {
	if tag != atom.Td && tag != atom.Th {
		b.endRow()
		return
	}
	if b.inCell && len(b.row) == maxColumns-1 {
		b.write([]byte(" ")) // the last cell takes what is too much
		return
	}
	b.endCell()
	b.inCell, b.across, b.rows = true, 1, 1
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "colspan":
			b.across = spanOf(value)
		case "rowspan":
			b.rows = spanOf(value)
		}
	}
}

// spanOf reads a span. One that is no number is 1, as in browsers.
func spanOf(value []byte) int {
	n, err := strconv.Atoi(string(bytes.TrimSpace(value[:min(len(value), 8)])))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, 1000)
}

func (b *tableBuilder) close(tag atom.Atom) {
	if tag == atom.Td || tag == atom.Th {
		b.endCell()
	} else {
		b.endRow()
	}
}

// endCell puts what was written into the grid. Words between the cells, a
// caption's too, are kept apart.
func (b *tableBuilder) endCell() {
	text := strings.Join(strings.Fields(b.cell.String()), " ")
	b.cell.Reset()
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
		if at := len(b.row); at >= maxColumns || b.down[at] > 0 || !b.fill() {
			return
		} else {
			b.down[at] = b.rows
		}
	}
}

// fill makes an empty cell, while there may be more of them.
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
