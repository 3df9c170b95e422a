package witness

import (
	"cmp"
	"slices"
)

// An alignment pairs the letters of the layer with equal letters of the
// model's text. The order may differ: a model reads tables row by row,
// pdftotext often column by column.
type alignment struct{ layer, read *text }

// align pairs long common runs of words first, wherever they stand, then single
// words between words that are paired, then single words that moved, and at
// last the equal beginnings and ends of words that differ.
func (a alignment) align() {
	for _, length := range []int{32, 16, 8, 5, 3} {
		a.runs(length, false)
	}
	a.runs(1, true)
	a.moved()
	a.extend()
	a.layer.find(a.read)
	a.read.find(a.layer)
}

// maxCandidates bounds the places that are compared for a run.
const maxCandidates = 32

// runs pairs runs of at least length letters that are whole words in both
// texts. If between is true, the runs must follow or precede the same pair of
// letters in both texts; otherwise a single number is no run.
func (a alignment) runs(length int, between bool) {
	sumLayer, sumRead := sums(a.layer.letters, length), sums(a.read.letters, length)
	places := map[uint64][]int{}
	for _, t := range a.layer.tokens {
		if t.from < len(sumLayer) && !t.attached && a.layer.pair[t.from] == none {
			places[sumLayer[t.from]] = append(places[sumLayer[t.from]], t.from)
		}
	}
	layerBefore, layerAfter := a.layer.paired()
	_, readAfter := a.read.paired()
	last := none // counterpart of the last paired letter
	for _, t := range a.read.tokens {
		if p := a.read.pair[t.to-1]; p != none {
			last = p
		}
		if t.from >= len(sumRead) || t.attached || a.read.pair[t.from] != none {
			continue
		}
		next := len(a.layer.letters)
		if readAfter[t.from] < len(a.read.letters) {
			next = a.read.pair[readAfter[t.from]]
		}
		var best, longest int
		for _, i := range nearest(places[sumRead[t.from]], last+1) {
			if between && layerBefore[i] != last && layerAfter[i] != next {
				continue
			}
			if n := a.common(i, t.from); n > longest {
				best, longest = i, n
			}
		}
		if longest >= length && (between || !t.number || longest > t.to-t.from) {
			a.join(best, t.from, longest)
			last = a.read.pair[t.to-1]
		}
	}
}

// common returns the length of the equal letters from letters i and j on that
// are whole words and have no counterpart yet.
func (a alignment) common(i, j int) (whole int) {
	for n := 1; a.equal(i+n-1, j+n-1); n++ {
		if a.layer.isStart(i+n) && a.read.isStart(j+n) {
			whole = n
		}
	}
	return whole
}

// isStart reports whether a word such as "tea", "12" or "A4" starts with letter
// i, or the text ends there.
func (x *text) isStart(i int) bool {
	return i == len(x.letters) || x.tokens[x.of[i]].from == i && !x.tokens[x.of[i]].attached
}

// extend pairs equal letters beside letters that are paired.
func (a alignment) extend() {
	for j := range a.read.pair {
		if p := a.read.pair[j]; p != none && a.equal(p+1, j+1) {
			a.join(p+1, j+1, 1)
		}
	}
	for j := len(a.read.pair) - 1; j >= 0; j-- {
		if p := a.read.pair[j]; p != none && a.equal(p-1, j-1) {
			a.join(p-1, j-1, 1)
		}
	}
}

// sums returns a hash of each run of length letters.
func sums(letters []rune, length int) []uint64 {
	const base = 0x9E3779B97F4A7C15 // odd, with well-mixed bits
	if len(letters) < length {
		return nil
	}
	power, sum := uint64(1), uint64(0)
	all := make([]uint64, 0, len(letters)-length+1)
	for i, r := range letters {
		sum = base*sum + uint64(r)
		if i < length {
			power *= base
		} else {
			sum -= power * uint64(letters[i-length])
		}
		if i >= length-1 {
			all = append(all, sum)
		}
	}
	return all
}

// paired returns, for each letter, the nearest letters before and after with a
// counterpart, or none and the number of letters.
func (x *text) paired() (before, after []int) {
	before, after = make([]int, len(x.pair)), make([]int, len(x.pair))
	last, next := none, len(x.pair)
	for i := range x.pair {
		before[i] = last
		if x.pair[i] != none {
			last = i
		}
	}
	for i := len(x.pair) - 1; i >= 0; i-- {
		after[i] = next
		if x.pair[i] != none {
			next = i
		}
	}
	return before, after
}

// join pairs n letters from letters i and j on.
func (a alignment) join(i, j, n int) {
	for k := range n {
		a.layer.pair[i+k], a.read.pair[j+k] = j+k, i+k
	}
}

// equal reports whether letters i and j are equal and have no counterpart yet.
func (a alignment) equal(i, j int) bool {
	return i >= 0 && j >= 0 && i < len(a.layer.letters) && j < len(a.read.letters) &&
		a.layer.pair[i] == none && a.read.pair[j] == none && a.layer.letters[i] == a.read.letters[j]
}

// nearest returns the places nearest to the expected place, nearest first.
func nearest(places []int, expected int) []int {
	at, _ := slices.BinarySearch(places, expected)
	near := slices.Clone(places[max(0, at-maxCandidates/2):min(len(places), at+maxCandidates/2)])
	distance := func(i int) int { return max(i-expected, expected-i) }
	slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(distance(a), distance(b)) })
	return near
}

// moved pairs equal tokens in any place, the nearest first. If another number
// surely stands in the place of a number, an equal number elsewhere is not its
// counterpart.
func (a alignment) moved() {
	free := func(x, y *text, t token) bool {
		if slices.ContainsFunc(x.pair[t.from:t.to], func(p int) bool { return p != none }) {
			return false
		}
		_, replaced := x.opposite(y, t)
		return !t.number || !replaced
	}
	places := map[string][]int{}
	for _, t := range a.layer.tokens {
		if free(a.layer, a.read, t) {
			places[a.layer.word(t)] = append(places[a.layer.word(t)], t.from)
		}
	}
	last := none
	for _, t := range a.read.tokens {
		if at := places[a.read.word(t)]; len(at) > 0 && free(a.read, a.layer, t) {
			i := nearest(at, last+1)[0]
			a.join(i, t.from, t.to-t.from)
			k, _ := slices.BinarySearch(at, i)
			places[a.read.word(t)] = slices.Delete(at, k, k+1)
		}
		if p := a.read.pair[t.to-1]; p != none {
			last = p
		}
	}
}

// find notes which tokens of x the other text y has: numbers exactly, and words
// with at least half of their letters, since the model's spelling is not
// checked.
func (x *text) find(y *text) {
	x.found = make([]bool, len(x.tokens))
	for i, t := range x.tokens {
		if t.number {
			x.found[i] = x.hasExactly(y, t)
			continue
		}
		n := 0
		for _, p := range x.pair[t.from:t.to] {
			if p != none {
				n++
			}
		}
		x.found[i] = 2*n >= t.to-t.from
	}
}

// hasExactly reports whether the digits of a number t of x are those of y,
// without further digits. Several numbers in a row may be one number of the
// other text, as in telephone numbers.
func (x *text) hasExactly(y *text, t token) bool {
	if x.pair[t.from] == none || x.pair[t.to-1] == none {
		return false
	}
	first, last := y.tokens[y.of[x.pair[t.from]]], y.tokens[y.of[x.pair[t.to-1]]]
	from := t.from - x.pair[t.from] + first.from
	to := from + last.to - first.from
	if from < 0 || to > len(x.letters) || to < t.to {
		return false
	}
	for i := from; i < to; i++ {
		if x.pair[i] != first.from+i-from {
			return false
		}
	}
	if first != last { // several numbers of y are number t alone
		return from == t.from && to == t.to
	}
	return x.tokens[x.of[from]].from == from && x.tokens[x.of[to-1]].to == to
}

// opposite returns the index of the number of y that stands in the place of
// number t of x, or none. The place is beyond doubt (sure) if both neighbours
// are paired, or one neighbour and half of the digits.
func (x *text) opposite(y *text, t token) (at int, sure bool) {
	from, to := none, none // in y
	if t.from == 0 {
		from = 0
	} else if p := x.pair[t.from-1]; p != none {
		from = p + 1
	}
	if t.to == len(x.letters) {
		to = len(y.letters)
	} else if p := x.pair[t.to]; p != none {
		to = p
	}
	common, own := 0, none
	for _, p := range x.pair[t.from:t.to] {
		if p != none && (own == none || y.of[p] == own) {
			own = y.of[p]
			common++
		}
	}
	candidates := []int{own}
	if own == none {
		candidates = candidates[:0]
		if from != none && from < len(y.letters) {
			candidates = append(candidates, y.of[from])
		}
		if to > 0 {
			candidates = append(candidates, y.of[to-1])
		}
	}
	for _, at := range candidates {
		u := y.tokens[at]
		begins, ends := u.from == from, u.to == to
		if !u.number || own == none && (!begins && !ends || y.pair[u.from] != none) {
			continue
		}
		return at, begins && ends || (begins || ends) && 2*common >= max(u.to-u.from, t.to-t.from)
	}
	return none, false
}
