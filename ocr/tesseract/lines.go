package tesseract

import (
	"image"
	"slices"
)

// inkBelow is how dark ink is at least, on paper of 255.
const inkBelow = 180

// maxLines bounds the files made of one picture.
const maxLines = 1000

// A textLine is one line of text on the page.
type textLine struct {
	image.Rectangle
	heading bool // in clearly larger type
	gap     bool // after an empty space: a new paragraph
	spread  bool // in columns, such as names and prices
}

// findLines cuts an evenly lit page into lines, from top to bottom. It also
// gives the page turned level, from which the lines are to be cut. It does
// not find them where rows of text cannot be told apart: on photos of things,
// in columns, in tables with rules.
func findLines(page *image.Gray) (level *image.Gray, lines []textLine, ok bool) {
	level = straighten(page, skew(page))
	ink := rowInk(level)
	runs := bands(ink, 0, len(ink), 1+level.Rect.Dx()/1000)
	runs = slices.DeleteFunc(mergeMarks(runs), func(r band) bool { return r.height() < 3 })
	if len(runs) == 0 {
		return level, nil, true // an empty page
	}
	runs = splitTall(ink, runs)
	typical := medianHeight(runs)
	for _, r := range runs {
		l := textLine{Rectangle: r.crop(level)}
		if l.isRule(level, typical) {
			continue
		}
		if r.height() > 4*typical || len(runs) == 1 && r.height() > level.Rect.Dy()/2 && r.height() > 200 {
			return level, nil, false
		}
		lines = append(lines, l)
	}
	if len(lines) > maxLines || tooDense(level, lines) || inColumns(level, lines) {
		return level, nil, false
	}
	describe(level, lines)
	return level, lines, true
}

// A band is a range of rows, from first up to and without end.
type band struct{ first, end int }

func (b band) height() int { return b.end - b.first }

// crop gives the part of the band that has ink.
func (b band) crop(m *image.Gray) image.Rectangle {
	left, right := m.Rect.Dx(), 0
	for y := b.first; y < b.end; y++ {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()]
		isInk := func(v byte) bool { return v < inkBelow }
		if i := slices.IndexFunc(row, isInk); i >= 0 {
			left = min(left, i)
			for i = len(row) - 1; !isInk(row[i]); i-- {
			}
			right = max(right, i+1)
		}
	}
	return image.Rect(left, b.first, right, b.end)
}

// rowInk counts each row's dark pixels.
func rowInk(m *image.Gray) []int {
	ink := make([]int, m.Rect.Dy())
	for y := range ink {
		for _, v := range m.Pix[y*m.Stride:][:m.Rect.Dx()] {
			if v < inkBelow {
				ink[y]++
			}
		}
	}
	return ink
}

// bands gives the ranges of rows from first to end with at least so much ink.
func bands(ink []int, first, end, least int) []band {
	var all []band
	start := -1
	for y := first; y <= end; y++ {
		switch inside := y < end && ink[y] >= least; {
		case inside && start < 0:
			start = y
		case !inside && start >= 0:
			all = append(all, band{start, y})
			start = -1
		}
	}
	return all
}

// mergeMarks joins dots and accents with the letters that they stand over.
func mergeMarks(runs []band) []band {
	typical := medianHeight(runs)
	var merged []band
	for _, r := range runs {
		if n := len(merged); n > 0 {
			last := &merged[n-1]
			small := min(last.height(), r.height()) < typical/2
			if small && r.first-last.end <= typical/5 {
				last.end = r.end
				continue
			}
		}
		merged = append(merged, r)
	}
	return merged
}

// splitTall cuts bands of several lines whose letters touch from row to row
// where they have the least ink.
func splitTall(ink []int, runs []band) []band {
	typical := medianHeight(runs)
	var all []band
	for _, r := range runs {
		if len(runs) < 4 || r.height() < typical*8/5 {
			all = append(all, r)
			continue
		}
		parts := split(ink, r, typical)
		// One line in large type has places with little ink as well, but its
		// parts are too low to be lines.
		if slices.ContainsFunc(parts, func(p band) bool { return p.height() < typical*7/10 }) {
			parts = []band{r}
		}
		all = append(all, parts...)
	}
	return all
}

// split cuts a band where it has the least ink between the middles of lines.
func split(ink []int, r band, typical int) []band {
	cores := bands(ink, r.first, r.end, slices.Max(ink[r.first:r.end])/6)
	cores = slices.DeleteFunc(cores, func(c band) bool { return c.height() < typical/4 })
	var parts []band
	first := r.first
	for i := 1; i < len(cores); i++ {
		between := ink[cores[i-1].end:cores[i].first]
		cut := cores[i-1].end + slices.Index(between, slices.Min(between))
		parts = append(parts, band{first, cut})
		first = cut
	}
	return append(parts, band{first, r.end})
}

func medianHeight(runs []band) int {
	if len(runs) == 0 {
		return 0
	}
	var heights []int
	for _, r := range runs {
		heights = append(heights, r.height())
	}
	return median(heights)
}

// density is the share of a line's pixels that are dark.
func (l textLine) density(m *image.Gray) float64 {
	dark := 0
	for y := l.Min.Y; y < l.Max.Y; y++ {
		for _, v := range m.Pix[y*m.Stride+l.Min.X : y*m.Stride+l.Max.X] {
			if v < inkBelow {
				dark++
			}
		}
	}
	return float64(dark) / float64(max(l.Dx()*l.Dy(), 1))
}

// isRule tells a drawn line from a line of text.
func (l textLine) isRule(m *image.Gray, typical int) bool {
	return l.Dy() < max(typical/2, 6) && l.Dx() > 8*l.Dy() && l.density(m) > 0.6
}

// tooDense tells a picture of something else from text: half of its pixels
// are dark, where letters cover a fifth.
func tooDense(m *image.Gray, lines []textLine) bool {
	var all []float64
	for _, l := range lines {
		all = append(all, l.density(m))
	}
	slices.Sort(all)
	return len(all) > 0 && all[len(all)/2] > 0.48
}

// columnLines is how many lines in a row must leave the same space free until
// it divides two columns. A list of prices beside a list of things has such a
// space as well, and is better read line by line: so both sides must be wide.
const columnLines = 5

// inColumns finds text set in columns: many lines that all leave one place
// free, with a good share of the page on both sides of it.
func inColumns(m *image.Gray, lines []textLine) bool {
	width := m.Rect.Dx()
	for i := 0; i+columnLines <= len(lines); i++ {
		group := lines[i : i+columnLines]
		used := make([]bool, width)
		tallest := 0
		for _, l := range group {
			tallest = max(tallest, l.Dy())
			for y := l.Min.Y; y < l.Max.Y; y++ {
				for x, v := range m.Pix[y*m.Stride:][:width] {
					used[x] = used[x] || v < inkBelow
				}
			}
		}
		if gutter(used, tallest) {
			return true
		}
	}
	return false
}

// gutter tells whether the used columns have a free space of more than a
// letter's width with at least a quarter of the page used on both sides.
func gutter(used []bool, tallest int) bool {
	before := 0
	free := 0
	for x, u := range used {
		if !u {
			free++
			continue
		}
		if free > tallest && before > len(used)/4 {
			after := 0
			for _, u := range used[x:] {
				if u {
					after++
				}
			}
			if after > len(used)/4 {
				return true
			}
		}
		free = 0
		before++
	}
	return false
}
