package tesseract

import (
	"image"
	"math"
)

// skew gives the slope of the lines of text, in rows per column: the one at
// which ink gathers in the fewest rows. Slopes of up to 3 degrees are tried.
func skew(m *image.Gray) float64 {
	const most, coarse, fine = 0.052, 0.0035, 0.0005
	points := inkPoints(m)
	best, at := 0, 0.0
	try := func(slope float64) {
		if s := gathered(points, slope, m.Rect.Dx(), m.Rect.Dy()); s > best {
			best, at = s, slope
		}
	}
	try(0) // first: a level page stays untouched where nothing is better
	for slope := -most; slope <= most; slope += coarse {
		try(slope)
	}
	around := at
	for d := -coarse; d <= coarse; d += fine {
		try(around + d)
	}
	return at
}

// inkPoints gives some of the page's dark pixels, at most 60,000.
func inkPoints(m *image.Gray) []image.Point {
	const most = 60_000
	var all []image.Point
	step := 1
	for area := len(m.Pix); area > 20*most; area /= 2 {
		step++
	}
	for y := range m.Rect.Dy() {
		for x := y % step; x < m.Rect.Dx(); x += step {
			if m.Pix[y*m.Stride+x] < inkBelow {
				all = append(all, image.Pt(x, y))
				if len(all) == most {
					return all
				}
			}
		}
	}
	return all
}

// gathered is the sum of the squares of what each row holds, when rows run at
// this slope: the larger, the fewer rows hold the ink.
func gathered(points []image.Point, slope float64, w, h int) int {
	shift := int(math.Ceil(math.Abs(slope) * float64(w)))
	rows := make([]int, h+2*shift+2)
	for _, p := range points {
		rows[p.Y-int(math.Round(slope*float64(p.X)))+shift]++
	}
	sum := 0
	for _, n := range rows {
		sum += n * n
	}
	return sum
}

// straighten levels lines of this slope by moving the columns up or down. The
// letters lean by as much, which is too little to matter.
func straighten(m *image.Gray, slope float64) *image.Gray {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if math.Abs(slope)*float64(w) < 2 {
		return m
	}
	dst := image.NewGray(m.Rect)
	for x := range w {
		offset := slope * (float64(x) - float64(w)/2)
		whole := int(math.Floor(offset))
		part := int(256 * (offset - float64(whole)))
		for y := range h {
			above := m.Pix[min(max(y+whole, 0), h-1)*m.Stride+x]
			below := m.Pix[min(max(y+whole+1, 0), h-1)*m.Stride+x]
			dst.Pix[y*dst.Stride+x] = uint8((int(above)*(256-part) + int(below)*part) >> 8)
		}
	}
	return dst
}
