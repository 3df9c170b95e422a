package clean

const (
	// steadyBoxes is how many boxes, each as far from the one before and with
	// nothing between them, are a loop; emptyBoxes is so many blocks of text
	// that hold none. Pictures without text may stand in rows.
	steadyBoxes = 8
	emptyBoxes  = 8
	// sameBoxes is how many boxes may be named that were named before.
	sameBoxes = 8
	maxSeen   = 500
)

// A boxGuard finds endless boxes, which an exact repeat does not show: their
// coordinates change.
type boxGuard struct {
	before corners
	step   corners
	run    int // boxes since there was text
	steady int // the last ones of them, each a step after the one before
	empty  int // the last ones of them whose label is for text
	seen   map[corners]bool
	again  int // boxes that were seen before
}

// text says that something else than boxes came.
func (w *boxGuard) text() {
	if w.run > 0 {
		*w = boxGuard{}
	}
}

// box takes the next box and reports whether it is one too many.
func (w *boxGuard) box(at corners, label string) (loop bool) {
	var step corners
	for i := range step {
		step[i] = at[i] - w.before[i]
	}
	switch {
	case w.run == 0:
		w.steady = 1
	case w.run == 1 || step != w.step:
		w.steady = 2
	default:
		w.steady++
	}
	if label != "" && label != "image" && label != "figure" && label != "seal" && label != "abandon" {
		w.empty++
	} else {
		w.empty = 0
	}
	w.run, w.step, w.before = w.run+1, step, at
	switch {
	case w.seen[at]:
		w.again++
	case w.seen == nil:
		w.seen = map[corners]bool{at: true}
	case len(w.seen) < maxSeen:
		w.seen[at] = true
	}
	return w.steady >= steadyBoxes || w.empty >= emptyBoxes || w.again >= sameBoxes
}
