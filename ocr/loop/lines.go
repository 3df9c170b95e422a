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
	texts []string // symbols of each line
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
	words := 0
	var scan wordScan
	for _, r := range t.symbols[start : last+1] {
		if word, ok := scan.add(r); ok && classifyWord(word) == wordText {
			words++
		}
	}
	if len(l.texts) == maxLines {
		l.first = l.info[linesWindow-1].end
		l.texts = append(l.texts[:0], l.texts[linesWindow:]...)
		l.info = append(l.info[:0], l.info[linesWindow:]...)
	}
	text := string(t.symbols[start : last+1])
	l.texts, l.info = append(l.texts, text), append(l.info, line{t.ends[last], words})
}

// check searches the last lines for a block of more than maxPeriod characters
// that occurs three times and has started a fourth: a page may have three
// copies of a form.
func (l *lines) check(allowed limits) (keep int, loop bool) {
	var all []run
	all, l.z = runs(l.texts, linesWindow, linesPeriod, l.z)
	n := len(l.texts)
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
		if r.length > 3*r.period && period > maxPeriod && length >= 3*period+allowed.block && words >= gridWords {
			return int(first.bytes), true
		}
	}
	return 0, false
}
