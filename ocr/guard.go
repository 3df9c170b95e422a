package ocr

import (
	"slices"
	"unicode/utf8"
)

const (
	// maxPeriod is the longest period that is looked for in characters; longer
	// ones are found in whole lines.
	maxPeriod = 500
	// guardWindow is how many characters are searched for a period: three
	// copies of the longest, and what may follow until the next look.
	guardWindow = 4 * maxPeriod
	// guardStep is how many characters come between two looks.
	guardStep = 64

	// A text of a period of n characters loops when it is 3n+loopSlack
	// characters long. The slack lets short things stand often: 75 lines of
	// "yes", and 27 of a name and a price.
	loopSlack = 300
	// maxGrid is the same for what repeats itself on real pages, such as
	// tables of zeros and empty forms: characters, with one for each table
	// tag. It is more than a page holds.
	maxGrid = 6000
)

// A guard finds out that a model repeats itself, on clean text that comes in
// pieces. It looks for a repeated end of the text, of any period up to 500
// characters, and for blocks of lines longer than that. It keeps a bounded part
// of the text and costs a bounded time for each character.
type guard struct {
	reduced reduced
	lines   lines
	next    int // characters of the text before the next look
}

// add takes the next piece, whole runes of it. With a loop it reports how many
// bytes of the whole text are worth keeping: up to the end of the first copy.
func (g *guard) add(text string) (keep int, loop bool) {
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		if g.reduced.add(r, size) {
			g.lines.end(&g.reduced)
		}
		if g.reduced.now.chars >= g.next {
			g.next = g.reduced.now.chars + guardStep
			if keep, loop = g.look(); loop {
				return keep, true
			}
		}
	}
	return 0, false
}

// look searches the end of the text as it is now.
func (g *guard) look() (keep int, loop bool) {
	if keep, loop = g.reduced.look(loopSlack); loop {
		return keep, true
	}
	return g.lines.look()
}

// tail is for an endpoint that says itself that the model loops: three copies at
// the text's end are enough then.
func (g *guard) tail() (keep int, loop bool) { return g.reduced.look(0) }

// A run is a repeated end of a sequence.
type run struct {
	period int
	length int // of all copies, the last of which may be unfinished
}

// runs gives the repeated ends of a sequence of three copies or more, shortest
// period first and without multiples of one that was given. Only the last window
// symbols and periods of at most longest are looked at; z is for reuse.
//
// With the sequence turned round, the Z function at p is the number of symbols,
// counted from the end, that equal those p before them. It is found for all p in
// linear time: https://cp-algorithms.com/string/z-function.html
func runs[S comparable](s []S, window, longest int, z []int) (found []run, reuse []int) {
	n := min(len(s), window)
	at := func(i int) S { return s[len(s)-1-i] }
	longest = min(longest, n/3)
	z = append(z[:0], 0)
	left, right := 0, 0
	for p := 1; p <= longest; p++ {
		k := 0
		if p < right {
			k = min(right-p, z[p-left])
		}
		for p+k < n && at(k) == at(p+k) {
			k++
		}
		if p+k > right {
			left, right = p, p+k
		}
		z = append(z, k)
		if k < 2*p || slices.ContainsFunc(found, func(r run) bool { return p%r.period == 0 }) {
			continue
		}
		for p+k == n && p+k < len(s) && at(k) == at(p+k) { // it began before the window
			k++
			n++
		}
		n = min(len(s), window)
		found = append(found, run{p, p + k})
	}
	return found, z
}
