package loop

import (
	"strings"
	"unicode"
)

const (
	// maxPeriod is the longest period in characters; longer periods are found
	// in whole lines.
	maxPeriod = 500
	// window is the number of characters that are searched for a period: three
	// copies of the longest period, and the text until the next check.
	window = 4 * maxPeriod
	// maxKept is the number of symbols kept: more than a model's longest
	// answer to an image has, so that the start of every run is among the kept
	// symbols.
	maxKept = 32 << 10
	// maxMarkup bounds a tag, in characters. A longer tag is text.
	maxMarkup = 64
)

// An offset is a position in the text. The limit of an answer keeps positions
// far below 2 GB.
type offset struct {
	bytes, chars int32
}

// A tail is the normalized end of the text: a run of spaces is one space, and
// the tags of HTML tables are | for a cell and a line end for a row.
type tail struct {
	symbols []rune
	ends    []offset // end of each symbol in the text
	now     offset   // the end of the text
	tag     []rune   // an incomplete tag
	tagEnds []offset
	z       []int // reused
}

// add takes a character of size bytes and reports whether a line ends.
func (t *tail) add(r rune, size int) (line bool) {
	t.now.bytes += int32(size)
	t.now.chars++
	if len(t.tag) == 0 && r != '<' {
		return t.symbol(r, t.now)
	}
	if r == '<' && len(t.tag) > 0 {
		line = t.noTag()
	}
	t.tag, t.tagEnds = append(t.tag, r), append(t.tagEnds, t.now)
	switch {
	case r == '>':
		return t.markup() || line
	case r == '\n', len(t.tag) > maxMarkup, len(t.tag) == 2 && r != '/' && !isASCIILetter(r):
		return t.noTag() || line
	}
	return line
}

// noTag adds an incomplete tag as text.
func (t *tail) noTag() (line bool) {
	for i, r := range t.tag {
		line = t.symbol(r, t.tagEnds[i]) || line
	}
	t.tag, t.tagEnds = t.tag[:0], t.tagEnds[:0]
	return line
}

// markup takes a complete tag.
func (t *tail) markup() (line bool) {
	name, _, _ := strings.Cut(strings.TrimRight(string(t.tag[1:]), "/> "), " ")
	switch strings.ToLower(name) {
	case "td", "th":
		line = t.symbol('|', t.now)
	case "/tr", "br", "p", "/p", "li", "/table":
		line = t.symbol('\n', t.now)
	case "/td", "/th", "tr", "table", "thead", "/thead", "tbody", "/tbody", "/li":
	default:
		return t.noTag()
	}
	t.tag, t.tagEnds = t.tag[:0], t.tagEnds[:0]
	return line
}

// symbol adds a symbol and reports whether the symbol ends a line.
func (t *tail) symbol(r rune, end offset) (line bool) {
	if unicode.IsSpace(r) && r != '\n' {
		r = ' '
	}
	if last := len(t.symbols) - 1; last >= 0 && (r == ' ' || r == '\n') {
		switch t.symbols[last] {
		case r, '\n':
			t.ends[last] = end
			return false
		case ' ':
			t.symbols[last], t.ends[last] = r, end
			return true
		}
	}
	if len(t.symbols) == 2*maxKept {
		t.symbols = append(t.symbols[:0], t.symbols[maxKept:]...)
		t.ends = append(t.ends[:0], t.ends[maxKept:]...)
	}
	t.symbols = append(t.symbols, r)
	t.ends = append(t.ends, end)
	return r == '\n'
}

// check searches the last symbols for a loop and returns the end of the first
// copy.
func (t *tail) check(allowed limits) (keep int, loop bool) {
	if len(t.symbols) < 3 {
		return 0, false
	}
	var all []run
	all, t.z = runs(t.symbols, window, maxPeriod, t.z)
	n := len(t.symbols)
	for _, r := range all {
		start := n - r.length
		period := int(t.ends[n-1].chars - t.ends[n-1-r.period].chars)
		length := int(t.ends[n-1].chars) - t.charsBefore(start)
		if length < 3*period+allowed.slack {
			continue
		}
		if isGrid(t.symbols[n-r.period:]) && r.length < allowed.grid {
			continue
		}
		return t.endOfCopy(start, r.period), true
	}
	return 0, false
}

func (t *tail) charsBefore(i int) int {
	if i == 0 {
		return int(t.ends[0].chars) - 1
	}
	return int(t.ends[i-1].chars)
}

// endOfCopy returns the end of the first copy, in bytes of the text. A run may
// start inside a line that ends like its period; that line is kept whole.
func (t *tail) endOfCopy(start, period int) int {
	end := start + period
	for _, separator := range []rune{'\n', ' '} {
		for i := range period {
			if t.symbols[end-1+i] == separator {
				return int(t.ends[end-1+i].bytes)
			}
		}
	}
	return int(t.ends[end-1].bytes)
}
