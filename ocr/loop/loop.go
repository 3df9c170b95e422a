// Package loop detects that a model repeats itself, in text that arrives in
// pieces. There are two kinds of loops:
//
//   - Exact repeats of 1 to 500 characters, and of longer blocks of lines. These
//     are found while the text arrives, see [Guard.Add].
//   - Regular text, which repeats itself except for details: counters, numbered
//     sentences, numbers that drift, endless empty cells. Very long regular text
//     is found while the text arrives; shorter regular text only if the answer
//     ended at its limit, see [Guard.AtLimit].
//
// Repeats that real pages have are not loops: tables of zeros, empty forms,
// log lines, address labels. A page ends by itself, so a suspected text can be
// read again with [Guard.Room].
package loop

import "unicode/utf8"

// step is the number of characters between two checks.
const step = 64

// limits are the longest repeats that do not count as a loop, in characters.
type limits struct {
	// slack is the length of an exact repeat beyond three copies. Short things
	// may therefore repeat often: 75 lines of "yes", or 27 of a name and a
	// price.
	slack int
	// block is the same for repeated blocks of lines.
	block int
	// grid is the length of an exact repeat of the kinds that real pages have,
	// such as tables of zeros and empty forms. A tag of a table counts as one
	// character.
	grid int
	// regular is the length of very regular text.
	regular int
}

var (
	usual = limits{slack: 300, block: 0, grid: 6000, regular: 6000}
	roomy = limits{slack: 6000, block: 6000, grid: 12_000, regular: 12_000}
)

// A Guard watches one text. The zero value is ready for use. A Guard keeps a
// bounded part of the text and takes bounded time for each character. A Guard
// must not be used by several goroutines at once.
type Guard struct {
	// Room allows an exact repeat of about 6,000 characters, and regular text
	// of twice the usual length.
	Room bool

	tail      tail
	lines     lines
	drift     drift
	next      int // characters of the text before the next check
	suspected bool
}

// Add takes the next piece, which must consist of whole runes. If loop is
// true, the text loops, and the first keep bytes of the whole text, up to the
// end of the first copy, are worth keeping. The guard must not be used after a
// loop.
func (g *Guard) Add(text string) (keep int, loop bool) {
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		if g.tail.add(r, size) {
			g.lines.end(&g.tail)
		}
		if now := int(g.tail.now.chars); now >= g.next {
			g.next = now + step
			if keep, loop = g.check(); loop {
				return keep, true
			}
		}
	}
	return 0, false
}

// Suspected reports whether a guard without Room would have returned a loop
// for an exact repeat.
func (g *Guard) Suspected() bool { return g.suspected }

// AtLimit judges a text that did not end by itself but was truncated at the
// limit of the answer. If loop is true, the first keep bytes of the whole text
// are worth keeping.
func (g *Guard) AtLimit() (keep int, loop bool) { return g.drift.atLimit(&g.tail) }

// Repeated judges a text that the endpoint reported as a loop: three copies at
// the end are enough.
func (g *Guard) Repeated() (keep int, loop bool) {
	if keep, loop = g.tail.check(limits{grid: usual.grid}); loop {
		return keep, true
	}
	return g.AtLimit()
}

// check searches the present end of the text.
func (g *Guard) check() (keep int, loop bool) {
	allowed := usual
	keep, loop = g.exact(usual)
	if g.Room {
		allowed = roomy
		g.suspected = g.suspected || loop
		if loop {
			keep, loop = g.exact(roomy)
		}
	}
	if loop {
		return keep, true
	}
	return g.drift.check(&g.tail, allowed.regular)
}

// exact searches the end of the text for exact repeats.
func (g *Guard) exact(allowed limits) (keep int, loop bool) {
	if keep, loop = g.tail.check(allowed); loop {
		return keep, true
	}
	return g.lines.check(allowed)
}
