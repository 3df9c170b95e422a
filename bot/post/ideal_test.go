package post

import (
	"math"
	"slices"
	"time"
)

// ideal is the least staleness that any schedule of edits could have had, one
// that knew from the start when each word comes.
//
// The streams begin together, with a full bucket of burst tokens, and write for
// length; a word comes each wordTime. Edits are made on a grid of slots, perToken
// of which bring a token; two edits of one stream are pace slots apart at least.
type ideal struct {
	streams  int
	length   time.Duration
	wordTime time.Duration
	slot     time.Duration
	perToken int
	burst    int
	pace     int
}

// bound returns a lower bound of the sum of all streams' staleness over time, in
// s². What links the streams, the bucket, is taken out and priced: at the prices
// of one moment each stream's best schedule is a shortest path, and what the
// bucket could earn a small dynamic program, so that their difference bounds every
// schedule from below (Lagrangian duality). The prices, and their average, follow
// what the two disagree on, towards the staleness of a known schedule (Polyak's
// step, growing shorter).
// It ends when the bound is high enough, or after 3,000 rounds.
func (p ideal) bound(known, enough float64) (best float64) {
	price := make([]float64, p.length/p.slot)
	average := slices.Clone(price)
	for round := 0; round < 3000 && best < enough; round++ {
		dual, excess := p.dual(price)
		best = max(best, dual)
		norm := 0.0
		for i := range price {
			norm += excess[i] * excess[i]
		}
		if norm == 0 {
			return best
		}
		step := (known - dual) / norm / math.Sqrt(1+float64(round)/200)
		for i := range price {
			price[i] = max(0, price[i]+step*excess[i])
			average[i] += (price[i] - average[i]) / min(float64(round+1), 100)
		}
		if round%20 == 19 {
			dual, _ = p.dual(average)
			best = max(best, dual)
		}
	}
	return best
}

// dual is the bound at these prices, and by how much more edits than tokens go in
// each slot.
func (p ideal) dual(price []float64) (dual float64, excess []float64) {
	cost, used := p.stream(price)
	income, sold := p.bucket(price)
	excess = make([]float64, len(price))
	for i := range price {
		excess[i] = float64(used[i]*p.streams - sold[i])
	}
	return float64(p.streams)*cost - income, excess
}

// stale is the staleness, summed over time, between two edits, or an edit and the
// end.
func (p ideal) stale(from, to int) float64 {
	gap := max(0, (time.Duration(to-from)*p.slot - p.wordTime).Seconds())
	return gap * gap / 2
}

// stream returns what the best schedule of one stream costs at these prices, and
// how many edits it makes in each slot.
func (p ideal) stream(price []float64) (cost float64, used []int) {
	n := len(price) // the end
	best, from := make([]float64, n+1), make([]int, n+1)
	for to := 1; to <= n; to++ {
		best[to] = p.stale(0, to)
		for i := 1; i <= to-p.pace || to == n && i < n; i++ {
			if c := best[i] + p.stale(i, to); c < best[to] {
				best[to], from[to] = c, i
			}
		}
		if to < n {
			best[to] += price[to]
		}
	}
	used = make([]int, n)
	for i := from[n]; i > 0; i = from[i] {
		used[i]++
	}
	return best[n], used
}

// bucket returns the most that the bucket's tokens could earn at these prices, and
// in which slots.
func (p ideal) bucket(price []float64) (income float64, sold []int) {
	full := p.burst * p.perToken
	earn := make([][]float64, len(price)+1) // from a slot on, by what is in the bucket
	earn[len(price)] = make([]float64, full+1)
	most := func(slot, level int) (income float64, edits int) {
		for x := 0; x*p.perToken <= level; x++ {
			e := float64(x)*price[slot] + earn[slot+1][min(full, level-x*p.perToken+1)]
			if e > income {
				income, edits = e, x
			}
		}
		return income, edits
	}
	for slot := len(price) - 1; slot >= 0; slot-- {
		earn[slot] = make([]float64, full+1)
		for level := range earn[slot] {
			earn[slot][level], _ = most(slot, level)
		}
	}
	sold = make([]int, len(price))
	level := full
	for slot := range sold {
		_, sold[slot] = most(slot, level)
		level = min(full, level-sold[slot]*p.perToken+1)
	}
	return earn[0][full], sold
}
