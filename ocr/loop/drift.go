package loop

import (
	"slices"
	"strings"
)

const (
	// gram is the number of symbols in a row that are looked up elsewhere in
	// the text. A number counts as one symbol. In prose most runs of 8 letters
	// occur once.
	gram = 8
	// price is the cost of a new symbol in the score of a run; a known symbol
	// scores 1. A text with more than a sixth of new symbols is not regular.
	price = 5
	// The drops are the fall of the score below its highest value at which the
	// search for the start of the run ends: a few new symbols in a row, as
	// between two tables, or as many as in a sentence.
	checkDrop = 4 * price
	limitDrop = 80 * price

	// limitRun and limitSymbols are the least length of regular text at the
	// end of a truncated answer that counts as a loop, in characters and in
	// symbols: no page has 600 empty cells. longRun is the same for text with
	// more new symbols: in a program a third of that length is not rare.
	limitRun     = 1500
	limitSymbols = 600
	longRun      = 4000
	// limitWindow and checkWindow are twice the longest period of regular text.
	limitWindow = 6000
	checkWindow = 1500
	// limitRows is the number of table rows in limitRun symbols.
	limitRows = 5
	// checkStep is the least number of characters between two checks.
	checkStep = 1000
	// The parts are the share of new symbols in a run: one in so many.
	checkPart = 50
	limitPart = 100
	longPart  = 30

	// firstLine bounds the line of a run that is kept, and firstWord the word,
	// in symbols.
	firstLine = 150
	firstWord = 40

	// A number is expected if it is at most 1 more or less than one of the last
	// lags numbers. The first numbers of a run, up to near, are expected too.
	near, lags = 12, 32
	// maxFew is the most distinct numbers in a table of zeros.
	maxFew = 3
	// maxDigits bounds the digits of a number that are examined.
	maxDigits = 15
)

// A drift finds regular text at the end of a tail: text with hardly anything
// new except its numbers, which stay the same or count on.
//
// The search runs from the end of the text to the beginning, so that every
// copy, the first one too, is known by the copies that follow. The run
// therefore starts where the first copy starts.
type drift struct {
	next  int // characters of the text before the next check
	once  bloom
	twice bloom
}

// check reports whether the text ends with very regular text of at least length
// symbols.
func (d *drift) check(t *tail, length int) (keep int, loop bool) {
	if int(t.now.chars) < d.next || len(t.symbols) < length {
		return 0, false
	}
	r := d.run(t, search{window: checkWindow, drop: checkDrop, numbers: true})
	// A run that is too short must grow before the next check.
	d.next = int(t.now.chars) + max(checkStep, length-r.length, r.length/4)
	if r.constant { // a table of zeros, or an empty one
		length *= 2
	}
	if r.length < length || r.fresh > r.length/checkPart {
		return 0, false
	}
	r = d.run(t, search{window: limitWindow, drop: limitDrop, numbers: true})
	return t.startOfRun(r.start), true
}

// atLimit judges the end of a truncated text. In rows, a number that neither
// stays nor counts on is new: the row is part of a table or a log.
func (d *drift) atLimit(t *tail) (keep int, loop bool) {
	rows := 0
	for _, r := range t.symbols[max(0, len(t.symbols)-limitRun):] {
		if r == '\n' {
			rows++
		}
	}
	r := d.run(t, search{window: limitWindow, drop: limitDrop, numbers: rows >= limitRows})
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
	fresh         int  // new symbols, and digits of new numbers
	alike         int  // the same, with each number as one symbol
	constant      bool // the numbers are few and do not count on
}

// A search holds the limits of a search for a run.
type search struct {
	window  int  // twice the longest period
	drop    int  // fall of the score that ends the search
	numbers bool // an unexpected number is new
}

// run returns the run of regular text at the end of t.
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

// A backward reads symbols from the end to the beginning. A number is one
// symbol, and all numbers are the same symbol.
type backward struct {
	end    int // start of the present symbol
	n      int // symbols so far
	last   [gram]rune
	sum    uint64 // of the last gram symbols
	digits int    // of a number, else 0
	value  int    // of a number
}

// next moves to the previous symbol and reports whether there is one.
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

// hash returns the hash of the gram that starts with the present symbol.
func (b *backward) hash() uint32 { return uint32(b.sum * base >> (64 - bloomBits)) }

// startOfRun returns the end of the first line of a run that starts with
// symbol start, or else of its first word, in bytes of the text.
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
	few    [maxFew]int // distinct numbers
	others bool        // there are more distinct numbers
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

// expects reports whether a number repeats a following number, or starts a
// count in equal steps with the following numbers.
func (h *history) expects(value int) bool {
	if h.n < near {
		return true
	}
	for i := range min(h.n, lags) {
		v := h.at(i)
		if -1 <= v-value && v-value <= 1 {
			return true
		}
		if j := 2*i + 1; j < h.n && j < len(h.values) && v-value == h.at(j)-v {
			return true
		}
	}
	return false
}

// bloomBits is the number of bits of a hash in a bloom.
const bloomBits = 18

// base is an odd number of well-mixed bits, and basePower is base to the power
// of gram.
const base uint64 = 0x9E3779B97F4A7C15

var basePower = func() uint64 {
	power := uint64(1)
	for range gram {
		power *= base
	}
	return power
}()

// A bloom is a set of hashes that may report a few hashes that were not added.
type bloom [1 << (bloomBits - 6)]uint64

// add adds h and reports whether h was there.
func (b *bloom) add(h uint32) bool {
	word, bit := &b[h>>6], uint64(1)<<(h%64)
	was := *word&bit != 0
	*word |= bit
	return was
}

func (b *bloom) has(h uint32) bool { return b[h>>6]&(1<<(h%64)) != 0 }
