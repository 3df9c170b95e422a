package witness

import (
	"slices"
	"strings"
)

// A row is a line of the page: the cells that stand side by side. pdftotext
// returns the cells of a table as separate lines, often column by column.
type row struct {
	cells []Line
	box   Box // box around all cells
	block int // block of the first cell
}

const (
	// level is the greatest vertical distance of the middles of two cells in a
	// row, as a share of the lower cell's height.
	level = 0.4
	// cellWords is the most words, on average, of a cell in a column.
	cellWords = 3
	// lookBack bounds the rows in which the left neighbour of a cell is looked
	// for.
	lookBack = 200
)

// rows returns the lines of the page with table cells side by side. Columns of
// text stay separate.
func (l *Layer) rows() []row {
	var rows []row
	for start := 0; start < len(l.Lines); {
		end := start + 1
		for end < len(l.Lines) && l.Lines[end].Block == l.Lines[start].Block {
			end++
		}
		block := l.Lines[start:end]
		if at := continuedRows(rows, block); at != nil {
			for i, line := range block {
				r := &rows[at[i]]
				r.cells, r.box = append(r.cells, line), r.box.union(line.box())
			}
		} else {
			for _, line := range block {
				rows = append(rows, row{cells: []Line{line}, box: line.box(), block: line.Block})
			}
		}
		start = end
	}
	return rows
}

// continuedRows returns, for each line of a block, the row that the line continues,
// or nil if the block is not the next column of a table.
func continuedRows(rows []row, block []Line) []int {
	words, withDigits := 0, 0
	for _, line := range block {
		words += len(line.Words)
		if hasDigit(line) {
			withDigits++
		}
	}
	column := words <= cellWords*len(block) && 2*withDigits >= len(block)
	first := max(0, len(rows)-lookBack)
	if !column { // a cell of words continues the previous row, or no row
		first = max(0, len(rows)-1)
	}
	var at []int
	for _, line := range block {
		found := -1
		for i := len(rows) - 1; i >= first; i-- {
			if continuesRow(rows[i].box, line.box()) && (len(at) == 0 || at[len(at)-1] < i) {
				found = i
				break
			}
		}
		if found < 0 {
			return nil
		}
		at = append(at, found)
	}
	return at
}

// continuesRow reports whether a cell stands to the right of a row, at the same
// level.
func continuesRow(row, cell Box) bool {
	apart := row.middle() - cell.middle()
	return max(apart, -apart) <= level*min(row.height(), cell.height()) && cell.Left >= row.Right
}

func hasDigit(line Line) bool {
	return slices.ContainsFunc(line.Words, func(w Word) bool { return strings.ContainsFunc(w.Text, isDigit) })
}
