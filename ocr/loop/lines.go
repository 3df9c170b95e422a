package loop

const (
	// linesWindow and linesPeriod are window and maxPeriod for whole lines.
	linesWindow = 256
	linesPeriod = linesWindow / 3
	maxLines    = 2 * linesWindow
)

// lines holds the last lines of a text, to find repeated blocks that are
// longer than the window.
type lines struct {
	sums  []uint64 // a hash of each line's symbols
	info  []line
	first offset // start of the first line
	z     []int  // reused
}

type line struct {
	end   offset
	words int // words with meaning
}

// end notes the line that t's last symbol ends.
func (l *lines) end(t *tail) {
	last := len(t.symbols) - 1
	start := last
	for start > 0 && t.symbols[start-1] != '\n' {
		start--
	}
	const basis, prime = 14695981039346656037, 1099511628211 // FNV-1a
	sum := uint64(basis)
	words := 0
	var scan wordScan
	for _, r := range t.symbols[start : last+1] {
		sum = (sum ^ uint64(r)) * prime
		if word, ok := scan.add(r); ok && classifyWord(word) == wordText {
			words++
		}
	}
	if len(l.sums) == maxLines {
		l.first = l.info[linesWindow-1].end
		l.sums = append(l.sums[:0], l.sums[linesWindow:]...)
		l.info = append(l.info[:0], l.info[linesWindow:]...)
	}
	l.sums, l.info = append(l.sums, sum), append(l.info, line{t.ends[last], words})
}

// check searches the last lines for a block of more than maxPeriod characters
// that occurs three times and has started a fourth: a page may have three
// copies of a form.
func (l *lines) check(limits limits) (keep int, loop bool) {
	var all []run
	all, l.z = runs(l.sums, linesWindow, linesPeriod, l.z)
	n := len(l.sums)
	for _, r := range all {
		start := l.first
		if n > r.length {
			start = l.info[n-r.length-1].end
		}
		first := l.info[n-r.length+r.period-1].end // end of the first copy
		words := 0
		for _, line := range l.info[n-r.period:] {
			words += line.words
		}
		period, length := int(first.chars-start.chars), int(l.info[n-1].end.chars-start.chars)
		if r.length > 3*r.period && period > maxPeriod && length >= 3*period+limits.block && words >= gridWords {
			return int(first.bytes), true
		}
	}
	return 0, false
}
