package clean

const (
	// steadyBoxes is the number of boxes in equal steps, with nothing between
	// them, that count as a loop. emptyBoxes is the same for empty blocks of
	// text. Pictures without text may stand in rows.
	steadyBoxes = 8
	emptyBoxes  = 8
	// sameBoxes is the number of boxes that may be repeated.
	sameBoxes = 8
	maxSeen   = 500
)

// A boxGuard finds endless boxes. Their coordinates change, so a search for
// exact repeats does not find them.
type boxGuard struct {
	before corners
	step   corners
	run    int // boxes since the last text
	steady int // of these, the last in equal steps
	empty  int // of these, the last with a label for text
	seen   map[corners]bool
	again  int // repeated boxes
}

// reset notes that the answer went on with something other than boxes.
func (w *boxGuard) reset() {
	if w.run > 0 {
		*w = boxGuard{}
	}
}

// box takes the next box and reports whether the boxes are a loop.
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
