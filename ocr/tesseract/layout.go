package tesseract

import (
	"image"
	"slices"
)

// describe marks headings, columns and new paragraphs, measured by what is usual
// on this page.
func describe(m *image.Gray, lines []textLine) {
	if len(lines) < 3 {
		return // nothing is usual yet
	}
	var heights, bodies, steps []int
	for i, l := range lines {
		heights = append(heights, l.Dy())
		bodies = append(bodies, l.body(m))
		if i > 0 {
			steps = append(steps, l.Max.Y-lines[i-1].Max.Y)
		}
	}
	height, body := median(heights), median(bodies)
	// In a letter every other step leads to a new paragraph, so the usual one
	// is among the small ones.
	step := slices.Sorted(slices.Values(steps))[len(steps)/4]
	for i, l := range lines {
		// Capitals and figures have large bodies, and letters that hang or
		// rise make a line high. Only larger type does both.
		lines[i].spread = l.spreads(m, 2*height)
		lines[i].heading = 10*bodies[i] > 14*body && 10*l.Dy() > 11*height
		if i > 0 {
			s := l.Max.Y - lines[i-1].Max.Y
			lines[i].gap = 10*s > 14*step && s-step > height/3
		}
	}
}

// body is the height of a line's letters without what hangs or rises: the
// rows in which most of the ink is.
func (l textLine) body(m *image.Gray) int {
	ink := rowInk(m.SubImage(l.Rectangle).(*image.Gray))
	least := slices.Max(ink) * 35 / 100
	n := 0
	for _, v := range ink {
		if v >= least {
			n++
		}
	}
	return n
}

// spreads reports whether a line has an empty space as wide as that within.
func (l textLine) spreads(m *image.Gray, wide int) bool {
	empty := 0
	for x := l.Min.X; x < l.Max.X; x++ {
		empty++
		for y := l.Min.Y; y < l.Max.Y; y++ {
			if m.GrayAt(x, y).Y < inkBelow {
				empty = 0
				break
			}
		}
		if empty >= wide {
			return true
		}
	}
	return false
}

func median(of []int) int {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
