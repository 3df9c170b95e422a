package loop

import "slices"

// A run is a repeated end of a sequence.
type run struct {
	period int
	length int // length of all copies; the last copy may be incomplete
}

// runs returns the repeated ends of a sequence, of three copies or more,
// shortest period first and without multiples of an earlier period. Only the
// last window symbols and periods up to longest are searched. z is scratch
// space for reuse.
//
// In the reversed sequence, the Z function at p is the number of symbols,
// counted from the end, that equal the symbols p places before. The Z function
// takes linear time for all p:
// https://cp-algorithms.com/string/z-function.html
func runs[S comparable](s []S, window, longest int, z []int) (found []run, reuse []int) {
	n := min(len(s), window)
	at := func(i int) S { return s[len(s)-1-i] }
	longest = min(longest, n/3)
	z = append(z[:0], 0)
	left, right := 0, 0
	for p := 1; p <= longest; p++ {
		if p >= right && at(0) != at(p) { // true for nearly all p
			z = append(z, 0)
			continue
		}
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
		for p+k == n && p+k < len(s) && at(k) == at(p+k) { // the run started before the window
			k++
			n++
		}
		n = min(len(s), window)
		found = append(found, run{p, p + k})
	}
	return found, z
}
