package loop

import (
	"slices"
	"strings"
)

const (
	// gram is how many symbols in a row are looked for elsewhere in the text: a
	// number counts as one. In prose most runs of 8 letters stand once.
	gram = 8
	// price is what a new symbol costs in the score of a run, where a known one
	// gains 1: text of which more than a sixth is new is not regular.
	price = 5
	// The drops are how far the score may drop below its highest before the
	// search for the run's beginning ends: some new symbols in a row, as between
	// two tables, or as many as in a sentence.
	lookDrop  = 4 * price
	anyDrop   = 8 * price
	limitDrop = 80 * price

	// limitRun and limitSymbols are how long regular text at the end of an
	// answer that was cut must be to be a loop, in characters and in symbols: a
	// page has no 600 empty cells. longRun is the same for text of which more
	// is new: in a program a third of that is not rare.
	limitRun     = 1500
	limitSymbols = 600
	longRun      = 4000
	// limitWindow and lookWindow bound the period of regular text: half of them.
	limitWindow = 6000
	lookWindow  = 1500
	// limitRows is how many rows a table has in limitRun symbols.
	limitRows = 5
	// lookStep is how many characters come between two looks at least, and
	// anyStep between two that look for a run of anyRun.
	lookStep = 1000
	anyStep  = 8000
	// The parts are how much of a run may be new: one symbol in so many.
	lookPart  = 50
	limitPart = 100
	longPart  = 30
	// anyRun is how long regular text of any kind may go on: several pages.
	anyRun = 30_000

	// firstLine is how long a line may be that is kept of a run, and firstWord
	// how long a word, in symbols.
	firstLine = 150
	firstWord = 40

	// A number is expected that is at most one less or more than another: one of
	// the nearest where it is small, one of the last lags where it is large.
	near, large, lags = 12, 100, 32
	// maxFew is how many different numbers a table of zeros has.
	maxFew = 3
	// maxDigits is how many digits of a number are looked at.
	maxDigits = 15
)

// A drift finds regular text at the end of a tail: text in which hardly anything
// is new but its numbers, and those count on or stay the same.
//
// It goes through the text from its end to its beginning, because there each
// copy is known by those that follow it, the first one too: so the run begins
// where the first copy does.
type drift struct {
	next    int // characters of the text before the next look
	nextAny int // and before the next for a run of anyRun
	once    bloom
	twice   bloom
}

// look reports whether the text ends with very regular text that has at least
// the given length, in symbols, or with any regular text that no page holds.
func (d *drift) look(t *tail, length int) (keep int, loop bool) {
	if int(t.now.chars) < d.next || len(t.symbols) < length {
		return 0, false
	}
	r := d.run(t, search{lookWindow, lookDrop, true})
	// A run that is too short cannot be long enough before it has grown.
	d.next = int(t.now.chars) + max(lookStep, length-r.length, r.length/4)
	if r.constant && isGrid(t.symbols[r.start:]) { // a table of zeros, or an empty one
		length *= 2
	}
	if loop = r.length >= length && r.fresh <= r.length/lookPart; !loop {
		if int(t.now.chars) < d.nextAny || len(t.symbols) < anyRun {
			return 0, false
		}
		d.nextAny = int(t.now.chars) + anyStep
		if r = d.run(t, search{limitWindow, anyDrop, true}); r.length < anyRun {
			return 0, false
		}
	}
	r = d.run(t, search{limitWindow, limitDrop, true})
	return t.startOfRun(r.start), true
}

// atLimit judges the end of a text that was cut. In rows, a number that neither
// stays nor counts on is new: it stands in a table or a log.
func (d *drift) atLimit(t *tail) (keep int, loop bool) {
	rows := 0
	for _, r := range t.symbols[max(0, len(t.symbols)-limitRun):] {
		if r == '\n' {
			rows++
		}
	}
	r := d.run(t, search{limitWindow, limitDrop, rows >= limitRows})
	if r.length < limitSymbols {
		return 0, false
	}
	chars := int(t.now.chars) - t.charsBefore(r.start)
	if chars >= limitRun && r.alike <= chars/limitPart || chars >= longRun && r.alike <= chars/longPart {
		return t.startOfRun(r.start), true
	}
	return 0, false
}

// A regular is a run of regular text at the end of a tail, in symbols.
type regular struct {
	start, length int
	fresh         int  // symbols that are new, and digits of new numbers
	alike         int  // the same with each number as one
	constant      bool // its numbers are few, which do not count on
}

// A search says how a run is looked for.
type search struct {
	window  int  // twice the longest period
	drop    int  // of the score, which ends the search
	numbers bool // a number that is not expected is new
}

// run finds the run of regular text with which t ends.
func (d *drift) run(t *tail, by search) regular {
	d.once, d.twice = bloom{}, bloom{}
	window := 0
	for first := (backward{end: len(t.symbols)}); window < by.window && first.next(t.symbols); window++ {
		if first.gram() && d.once.add(first.hash()) {
			d.twice.add(first.hash())
		}
	}
	var recent history
	best := regular{start: len(t.symbols)}
	var now regular
	score, highest := 0, 0
	at := backward{end: len(t.symbols)}
	for i := 0; highest-score <= by.drop && at.next(t.symbols); i++ {
		added := 0
		if at.gram() && (i < window && !d.twice.has(at.hash()) || i >= window && !d.once.add(at.hash())) {
			added++
			now.alike++
		}
		if at.digits > 0 {
			if by.numbers && !recent.expects(at.value) {
				added += at.digits
				now.alike++
			}
			recent.add(at.value)
		}
		now.fresh += added
		if score -= price * added; added == 0 {
			score++
		}
		if score > highest {
			highest, best = score, now
			best.start, best.length, best.constant = at.end, len(t.symbols)-at.end, !recent.others
		}
	}
	return best
}

// A backward goes through symbols from the end to the beginning. A number is one
// symbol, and all numbers are the same one.
type backward struct {
	end    int // where the present symbol begins
	n      int // symbols so far
	last   [gram]rune
	sum    uint64 // of the last gram symbols
	digits int    // of a number, else 0
	value  int    // of a number
}

// next goes on to the symbol before, if there is one.
func (b *backward) next(symbols []rune) bool {
	if b.end == 0 {
		return false
	}
	b.end--
	symbol := symbols[b.end]
	b.digits, b.value = 0, 0
	if isDigit(symbol) {
		b.digits, b.value = 1, int(symbol-'0')
		symbol = '0'
		for power := 10; b.end > 0 && isDigit(symbols[b.end-1]); power *= 10 {
			b.end--
			if b.digits++; b.digits <= maxDigits {
				b.value += power * int(symbols[b.end]-'0')
			}
		}
	}
	oldest := &b.last[b.n%gram]
	b.sum = base*b.sum + uint64(symbol) - basePower*uint64(*oldest)
	*oldest = symbol
	b.n++
	return true
}

// gram reports whether there are enough symbols for a hash.
func (b *backward) gram() bool { return b.n >= gram }

// hash is that of the gram which begins with the present symbol.
func (b *backward) hash() uint32 { return uint32(b.sum * base >> (64 - bloomBits)) }

// startOfRun gives the end of the first line of a run that begins with the
// symbol start, else of its first word, in bytes of the text.
func (t *tail) startOfRun(start int) int {
	for _, stop := range []struct {
		signs string
		most  int
	}{{"\n", firstLine}, {" |", firstWord}} {
		for i := start; i < min(start+stop.most, len(t.symbols)); i++ {
			if strings.ContainsRune(stop.signs, t.symbols[i]) {
				return int(t.ends[i].bytes)
			}
		}
	}
	if start == 0 {
		return int(t.ends[0].bytes)
	}
	return int(t.ends[start-1].bytes)
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// A history holds the numbers that follow in the text, the nearest first.
type history struct {
	values [2 * lags]int // a ring
	n      int
	few    [maxFew]int // different ones
	others bool        // there are more than that
	kinds  int
}

func (h *history) at(i int) int { return h.values[(h.n-i)%len(h.values)] }

func (h *history) add(value int) {
	h.n++
	h.values[h.n%len(h.values)] = value
	switch {
	case h.others || slices.Contains(h.few[:h.kinds], value):
	case h.kinds == maxFew:
		h.others = true
	default:
		h.few[h.kinds] = value
		h.kinds++
	}
}

// expects reports whether a number repeats one of those that follow, or they
// count on from it in equal steps. It cannot tell of the first few.
func (h *history) expects(value int) bool {
	if h.n < near {
		return true
	}
	for i := range min(h.n, lags) {
		v := h.at(i)
		if (i < near || value >= large) && -1 <= v-value && v-value <= 1 {
			return true
		}
		if j := 2*i + 1; j < h.n && j < len(h.values) && v-value == h.at(j)-v {
			return true
		}
	}
	return false
}

// bloomBits are the bits of a hash in a bloom.
const bloomBits = 18

// base is an odd number of well mixed bits, and basePower its power gram.
const base uint64 = 0x9E3779B97F4A7C15

var basePower = func() uint64 {
	power := uint64(1)
	for range gram {
		power *= base
	}
	return power
}()

// A bloom is a set of hashes. It may take a few for its own that are not.
type bloom [1 << (bloomBits - 6)]uint64

// add adds h and reports whether it was there.
func (b *bloom) add(h uint32) bool {
	word, bit := &b[h>>6], uint64(1)<<(h%64)
	was := *word&bit != 0
	*word |= bit
	return was
}

func (b *bloom) has(h uint32) bool { return b[h>>6]&(1<<(h%64)) != 0 }
