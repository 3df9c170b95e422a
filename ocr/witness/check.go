package witness

import (
	"slices"
	"strings"
)

// A Report is the result of a comparison of a model's text with the layer.
type Report struct {
	// Text is the model's text, with numbers corrected, and marks at the
	// places that the layer contradicts or does not have.
	Text string
	// Corrected is the number of corrected numbers, Marked the number of
	// marked numbers, and MadeUp the number of marked passages that the page
	// does not show.
	Corrected, Marked, MadeUp int
	// Missing holds the lines of the layer that the text does not have, as
	// markdown.
	Missing []string
	// Covered is the share, from 0 to 1, of the layer's letters and digits
	// that the text has.
	Covered float64
	// Agrees is false if layer and text have less than half of the shorter in
	// common. The layer then belongs to another page, and nothing is marked.
	Agrees bool

	// Again is true if the page should be read again: lines are missing, and
	// not only at the upper and lower edge, which models always leave out.
	Again bool
}

const (
	// Mark follows each number or passage that the layer does not confirm.
	Mark = " (?)"

	// maxLetters bounds the letters and digits that are compared; a newspaper
	// page has about 60,000.
	maxLetters = 120_000
	// missingPercent is the share of a line, in percent, from which on the line counts
	// as missing or as made up.
	missingPercent = 60
	// minLine is the least number of letters or digits of a missing line,
	// minPassage that of a passage inside a longer line, and minTail that of a
	// passage at the end of the page.
	minLine, minPassage, minTail = 2, 12, 4
	// minWord is the least length of a word or number that makes a line more
	// than a formula.
	minWord = 3
)

// Check compares a model's markdown with the layer. Differences of form are
// ignored: signs inside numbers, ligatures, hyphens at line ends, the order of
// a table's cells. If the layer comes from a scanner's program, only Covered
// and Agrees are set.
func (l *Layer) Check(markdown string) Report {
	rows, cells, source, small := l.layOut()
	c := checker{
		alignment: alignment{newText(source), newText(visible(markdown))},
		page:      l, rows: rows, cells: cells, small: small,
		report: Report{Text: markdown, Covered: 1, Agrees: true},
	}
	if len(c.layer.letters) <= maxLetters && len(c.read.letters) <= maxLetters {
		c.align()
		c.check()
	}
	return c.report
}

// A checker holds the state of one call of Check.
type checker struct {
	alignment
	page    *Layer // c.layer is its text
	rows    []row
	cells   []cell
	small   map[int]bool // start of each word in small print
	changes map[int]change
	report  Report
	edits   []edit
}

// An edit replaces bytes of the markdown.
type edit struct {
	start, end int
	text       string
}

func (c *checker) check() {
	common, total := 0, 0
	for i, t := range c.layer.tokens {
		total += c.layer.weight(t)
		if c.layer.found[i] {
			common += c.layer.weight(t)
		}
	}
	read, seen := 0, map[string]bool{} // without repeated words
	for _, t := range c.read.tokens {
		if word := c.read.word(t); !seen[word] {
			seen[word] = true
			read += c.read.weight(t)
		}
	}
	c.report.Covered, c.report.Agrees = 0, false
	if total == 0 {
		return
	}
	c.report.Covered = float64(common) / float64(total)
	c.report.Agrees = read > 0 && 2*common >= min(total, read)
	if !c.report.Agrees || c.page.Ink.Scanned {
		return
	}
	c.changes = c.changed()
	c.markNumbers(c.madeUp())
	c.missing()
	c.apply()
}

// apply carries out the edits.
func (c *checker) apply() {
	slices.SortStableFunc(c.edits, func(a, b edit) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, e := range c.edits {
		if e.start < at {
			continue
		}
		b.WriteString(c.report.Text[at:e.start])
		b.WriteString(e.text)
		at = e.end
	}
	b.WriteString(c.report.Text[at:])
	c.report.Text = b.String()
}

// runs returns the runs of tokens that are foreign and have the same key, as
// half-open ranges of indices.
func runs(n int, foreign func(i int) bool, key func(i int) int) (found [][2]int) {
	for from := 0; from < n; from++ {
		if !foreign(from) {
			continue
		}
		to := from + 1
		for to < n && foreign(to) && key(to) == key(from) {
			to++
		}
		found = append(found, [2]int{from, to})
		from = to - 1
	}
	return found
}

// weigh returns the weight of several tokens.
func (x *text) weigh(tokens []token) (weight int) {
	for _, t := range tokens {
		weight += x.weight(t)
	}
	return weight
}

// madeUp marks the passages that the page does not show, and returns for each
// token read whether the token belongs to one.
func (c *checker) madeUp() []bool {
	made := make([]bool, len(c.read.tokens))
	if !c.page.complete() {
		return made // the text may stand in a picture
	}
	tokens := c.read.tokens
	line := func(i int) int { return tokens[i].line }
	foreign := func(i int) bool {
		return !c.read.found[i] && (!tokens[i].number || c.changes[i].layer == none)
	}
	all := func(int) bool { return true }
	for _, r := range runs(len(tokens), all, line) {
		gone, longest := 0, 0
		for i := r[0]; i < r[1]; i++ {
			if foreign(i) {
				weight := c.read.weight(tokens[i])
				gone, longest = gone+weight, max(longest, weight)
			}
		}
		if longest >= minWord && 100*gone >= missingPercent*c.read.weigh(tokens[r[0]:r[1]]) {
			for i := r[0]; i < r[1]; i++ {
				made[i] = true
			}
		}
	}
	for _, r := range runs(len(tokens), foreign, line) {
		if c.read.weigh(tokens[r[0]:r[1]]) >= minPassage {
			for i := r[0]; i < r[1]; i++ {
				made[i] = true
			}
		}
	}
	for _, r := range runs(len(tokens), func(i int) bool { return made[i] }, line) {
		end := tokens[r[1]-1].end
		c.edits = append(c.edits, edit{end, end, Mark})
		c.report.MadeUp++
	}
	return made
}
