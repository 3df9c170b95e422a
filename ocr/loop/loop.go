// Package loop finds out that a model repeats itself, in text that comes in
// pieces. It knows two kinds of loops:
//
//   - Exact repeats of 1 to 500 characters, and of blocks of lines longer than
//     that, are found while the text comes, see [Guard.Add].
//   - Regular text repeats itself but for details: counters, numbered
//     sentences, numbers that drift, empty cells without end. It is found while
//     the text comes where it is very long, and where an answer ended at its
//     limit, see [Guard.AtLimit].
//
// What stands on real pages more than once is no loop: tables of zeros, empty
// forms, log lines, address labels. A page ends by itself, so a text that is
// suspected can be read again by a guard with [Guard.Room].
package loop

import "unicode/utf8"

// step is how many characters come between two looks.
const step = 64

// limits are how long text may repeat itself before it is a loop, in characters.
type limits struct {
	// slack is what an exact repeat may have beyond three copies. It lets short
	// things stand often: 75 lines of "yes", and 27 of a name and a price.
	slack int
	// block is the same for repeated blocks of lines.
	block int
	// grid is how long an exact repeat may be of what repeats itself on real
	// pages, such as tables of zeros and empty forms. A tag of a table counts
	// as one character.
	grid int
	// regular is how long very regular text may be.
	regular int
}

var (
	usual = limits{slack: 300, block: 0, grid: 6000, regular: 6000}
	roomy = limits{slack: 6000, block: 6000, grid: 12_000, regular: 12_000}
)

// A Guard watches one text. The zero value is ready. It keeps a bounded part of
// the text and costs a bounded time for each character. A Guard is not safe for
// use by several goroutines at once.
type Guard struct {
	// Room lets an exact repeat go on for about 6,000 characters, and regular
	// text for twice as long as otherwise.
	Room bool

	tail      tail
	lines     lines
	drift     drift
	next      int // characters of the text before the next look
	suspected bool
}

// Add takes the next piece, whole runes of it. With a loop it reports how many
// bytes of the whole text are worth keeping: up to the end of the first copy.
// The guard is of no more use after that.
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
			if keep, loop = g.look(); loop {
				return keep, true
			}
		}
	}
	return 0, false
}

// Suspected reports whether the text would have been taken for an exact repeat
// by a guard without Room.
func (g *Guard) Suspected() bool { return g.suspected }

// AtLimit judges a text that did not end by itself: it was cut at the limit of
// the answer's length. With a loop it reports how many bytes of the whole text
// are worth keeping.
func (g *Guard) AtLimit() (keep int, loop bool) { return g.drift.atLimit(&g.tail) }

// Repeated judges a text of which the endpoint says that it loops: three copies
// at its end are enough then.
func (g *Guard) Repeated() (keep int, loop bool) {
	if keep, loop = g.tail.look(limits{grid: usual.grid}); loop {
		return keep, true
	}
	return g.AtLimit()
}

// look searches the end of the text as it is now.
func (g *Guard) look() (keep int, loop bool) {
	limits := usual
	keep, loop = g.exact(usual)
	if g.Room {
		limits = roomy
		g.suspected = g.suspected || loop
		if loop {
			keep, loop = g.exact(roomy)
		}
	}
	if loop {
		return keep, true
	}
	return g.drift.look(&g.tail, limits.regular)
}

func (g *Guard) exact(l limits) (keep int, loop bool) {
	if keep, loop = g.tail.look(l); loop {
		return keep, true
	}
	return g.lines.look(l)
}
