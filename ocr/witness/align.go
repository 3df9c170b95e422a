package witness

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// none means that a token has no counterpart.
const none = -1

// An alignment pairs the tokens of the layer with the equal tokens of the
// model's text. The order may differ: a model reads tables row by row,
// pdftotext often column by column. A token has one counterpart. If several
// tokens stand for one on the other side, as for a divided word, all have that
// counterpart.
type alignment struct {
	layer, read     []token
	toRead, toLayer []int
}

// align pairs tokens: long common runs first, in any place, then the tokens
// between the runs, then single tokens that moved.
func align(layer, read []token) *alignment {
	a := &alignment{layer: layer, read: read, toRead: unmatched(len(layer)), toLayer: unmatched(len(read))}
	for _, length := range []int{12, 6, 4, 3, 2} {
		a.runs(length)
	}
	a.joins(true)
	a.singles(true)
	a.misread()
	a.joins(true)
	a.singles(false)
	a.joins(false)
	return a
}

func unmatched(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = none
	}
	return all
}

func (a *alignment) pair(i, j int) { a.toRead[i], a.toLayer[j] = j, i }

// equal reports whether tokens i and j are equal and have no counterpart yet.
func (a *alignment) equal(i, j int) bool {
	return i >= 0 && j >= 0 && i < len(a.layer) && j < len(a.read) &&
		a.toRead[i] == none && a.toLayer[j] == none && same(a.layer[i], a.read[j])
}

func same(a, b token) bool { return a.number == b.number && a.key == b.key }

// maxCandidates bounds the places that are compared for a run.
const maxCandidates = 32

// runs pairs runs of at least length tokens.
func (a *alignment) runs(length int) {
	seed := maphash.MakeSeed()
	sum := func(tokens []token) uint64 {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, t := range tokens {
			h.WriteString(t.key)
			h.WriteByte(0)
		}
		return h.Sum64()
	}
	places := map[uint64][]int{}
	for i := 0; i+length <= len(a.layer); i++ {
		if !slices.ContainsFunc(a.toRead[i:i+length], func(j int) bool { return j != none }) {
			s := sum(a.layer[i : i+length])
			places[s] = append(places[s], i)
		}
	}
	expected := 0
	for j := 0; j+length <= len(a.read); j++ {
		if a.toLayer[j] != none {
			expected = a.toLayer[j] + 1
			continue
		}
		var best, longest int
		for _, i := range nearest(places[sum(a.read[j:j+length])], expected) {
			n := 0
			for a.equal(i+n, j+n) {
				n++
			}
			if n > longest {
				best, longest = i, n
			}
		}
		if longest < length {
			continue
		}
		for n := range longest {
			a.pair(best+n, j+n)
		}
		for n := 1; a.equal(best-n, j-n); n++ {
			a.pair(best-n, j-n)
		}
		j += longest - 1
		expected = best + longest
	}
}

// nearest returns the places nearest to the expected place, nearest first.
func nearest(places []int, expected int) []int {
	at, _ := slices.BinarySearch(places, expected)
	from, to := max(0, at-maxCandidates/2), min(len(places), at+maxCandidates/2)
	near := slices.Clone(places[from:to])
	slices.SortStableFunc(near, func(a, b int) int { return cmp.Compare(distance(a, expected), distance(b, expected)) })
	return near
}

func distance(a, b int) int { return max(a-b, b-a) }

// singles pairs single tokens: between the counterparts of their neighbours if
// between is true, else anywhere, the nearest first.
func (a *alignment) singles(between bool) {
	places := map[string][]int{}
	for i, t := range a.layer {
		if a.toRead[i] == none {
			places[t.key] = append(places[t.key], i)
		}
	}
	after := a.following()
	before := none // counterpart of the last paired token
	for j, t := range a.read {
		if a.toLayer[j] != none {
			before = a.toLayer[j]
			continue
		}
		left := places[t.key]
		if len(left) == 0 {
			continue
		}
		expected := before + 1
		at, _ := slices.BinarySearch(left, expected)
		if at == len(left) || at > 0 && distance(left[at-1], expected) < distance(left[at], expected) {
			at--
		}
		i := left[at]
		if between && (i <= before || i >= after[j]) {
			continue
		}
		if a.equal(i, j) && (between || !t.number || !a.replaced(i, j)) {
			a.pair(i, j)
			places[t.key] = slices.Delete(left, at, at+1)
			before = i
		}
	}
}

// following returns, for each token read, the counterpart of the next paired
// token, or the end of the layer.
func (a *alignment) following() []int {
	after := make([]int, len(a.read))
	next := len(a.layer)
	for j := len(a.read) - 1; j >= 0; j-- {
		after[j] = next
		if a.toLayer[j] != none {
			next = a.toLayer[j]
		}
	}
	return after
}

// replaced reports whether another number stands in place of number i of the
// layer, or of number j of the text. An equal number elsewhere is then not the
// counterpart.
func (a *alignment) replaced(i, j int) bool {
	inLayer := none
	if j > 0 && a.toLayer[j-1] != none {
		inLayer = a.toLayer[j-1] + 1
	}
	inRead := none
	if i > 0 && a.toRead[i-1] != none {
		inRead = a.toRead[i-1] + 1
	}
	return a.sameNeighbours(inLayer, j) || a.sameNeighbours(i, inRead)
}

// sameNeighbours reports whether two numbers without counterpart have the same
// neighbours.
func (a *alignment) sameNeighbours(i, j int) bool {
	return i > 0 && j > 0 && i < len(a.layer) && j < len(a.read) &&
		a.layer[i].number && a.read[j].number && a.toRead[i] == none && a.toLayer[j] == none &&
		a.adjoinsBefore(i, j) && a.adjoinsAfter(i+1, j+1)
}

// adjoins reports whether the neighbours of layer tokens i to iEnd and of read
// tokens j to jEnd are counterparts on at least one side. The ends are
// exclusive.
func (a *alignment) adjoins(i, iEnd, j, jEnd int) bool {
	return a.adjoinsBefore(i, j) || a.adjoinsAfter(iEnd, jEnd)
}

func (a *alignment) adjoinsBefore(i, j int) bool {
	return i > 0 && j > 0 && (a.toRead[i-1] == j-1 || a.toLayer[j-1] == i-1) || i == 0 && j == 0
}

func (a *alignment) adjoinsAfter(iEnd, jEnd int) bool {
	return iEnd < len(a.layer) && jEnd < len(a.read) && a.toRead[iEnd] == jEnd ||
		iEnd == len(a.layer) && jEnd == len(a.read)
}

const (
	// maxJoined is the most tokens that may equal one on the other side.
	maxJoined = 8
	// sureJoin is the length, in characters, from which on such a token may
	// stand anywhere.
	sureJoin = 5
)

// joins pairs several tokens of one side with a token of the other side that
// is written without the signs or spaces between. If beside is true, a
// neighbour must have its counterpart in the same place.
func (a *alignment) joins(beside bool) {
	joinsOf(a.layer, a.toRead, a.read, a.toLayer, func(from, to, j int) bool {
		return a.adjoins(from, to, j, j+1) || !beside && len(a.read[j].key) >= sureJoin
	})
	joinsOf(a.read, a.toLayer, a.layer, a.toRead, func(from, to, i int) bool {
		return a.adjoins(i, i+1, from, to) || !beside && len(a.layer[i].key) >= sureJoin
	})
}

// joinsOf pairs tokens of many with a single token of the other side.
func joinsOf(many []token, toOne []int, one []token, toMany []int, fits func(from, to, at int) bool) {
	wanted, present := map[string][]int{}, map[string]bool{}
	for at, t := range one {
		if toMany[at] == none && len(t.key) > 1 {
			wanted[t.key] = append(wanted[t.key], at)
		}
	}
	for i, t := range many {
		if toOne[i] == none {
			present[t.key] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	for from := range many {
		var key strings.Builder
		for to := from; to < min(len(many), from+maxJoined) && toOne[to] == none; to++ {
			key.WriteString(many[to].key)
			places := wanted[key.String()]
			if to == from || len(places) == 0 || present[key.String()] {
				continue
			}
			k := slices.IndexFunc(places[:min(len(places), maxCandidates)], func(at int) bool {
				return fits(from, to+1, at) && one[at].number == many[from].number
			})
			if k < 0 {
				continue
			}
			at := places[k]
			wanted[key.String()] = slices.Delete(places, k, k+1)
			toMany[at] = from
			for i := from; i <= to; i++ {
				toOne[i] = at
			}
			break
		}
	}
}

// misread pairs words that differ in a few letters and stand between the same
// neighbours. The model's spelling is not checked.
func (a *alignment) misread() {
	for j, t := range a.read {
		if a.toLayer[j] != none || t.number || j == 0 {
			continue
		}
		next := none
		if j+1 < len(a.read) {
			next = a.toLayer[j+1]
		}
		for _, i := range []int{a.toLayer[j-1] + 1, next - 1} {
			if i > 0 && i < len(a.layer) && a.toRead[i] == none && !a.layer[i].number &&
				3*edits(a.layer[i].key, t.key) <= max(len(a.layer[i].key), len(t.key)) {
				a.pair(i, j)
				break
			}
		}
	}
}

// maxEdited bounds the words that are compared letter by letter, in bytes.
const maxEdited = 64

// edits returns the number of letters that a word must change, gain or lose to
// become the other (the Levenshtein distance).
func edits(a, b string) int {
	if len(a) > maxEdited || len(b) > maxEdited {
		return max(len(a), len(b))
	}
	x, y := []rune(a), []rune(b)
	costs := make([]int, len(y)+1)
	for j := range costs {
		costs[j] = j
	}
	for i := range x {
		diagonal := costs[0]
		costs[0] = i + 1
		for j := range y {
			change := diagonal
			if x[i] != y[j] {
				change++
			}
			diagonal = costs[j+1]
			costs[j+1] = min(change, costs[j]+1, costs[j+1]+1)
		}
	}
	return costs[len(y)]
}
