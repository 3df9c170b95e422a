package page

import (
	"image"
	"math"
)

const (
	// tall is the ratio of height to width from which on a picture may be cut:
	// that of a scrolled screenshot, not of a single screen.
	tall = 3
	// partRatio is the height of a part in widths, as of a sheet of paper.
	partRatio = 1.5
	// minPartHeight is the least height of each of several parts, in pixels:
	// the width of a narrow picture says little.
	minPartHeight = 1280
	// maxParts bounds the parts of a page. The longest picture, 200 times as
	// high as wide, has parts eight times as high as wide.
	maxParts = 25
	// maxCutPixels bounds the pixels of all parts of a cut picture.
	maxCutPixels = 40_000_000
	// maxCanvasless is the height from which on a picture is cut if there is
	// no canvas.
	maxCanvasless = 4096
)

// A layout says how a picture becomes a page: the size after scaling, and the
// number of parts, from top to bottom.
type layout struct {
	Width, Height int
	Parts         int
}

// plan returns the layout for a picture of this upright size. If a canvas
// would squeeze the lines of a tall picture, the picture is cut into parts in
// the shape of paper.
func plan(w, h int, canvas func(w, h int) (int, int)) layout {
	limit := maxCanvasless
	if canvas != nil {
		_, limit = canvas(w, h)
	}
	if h <= tall*w || limit <= 0 || h <= limit {
		tw, th := target(w, h, canvas)
		return layout{tw, th, 1}
	}
	height := max(int(partRatio*float64(w)), minPartHeight, ceil(h, maxParts))
	parts := ceil(h, height)
	tw, _ := target(w, ceil(h, parts), canvas)
	shrink := min(float64(tw)/float64(w), math.Sqrt(maxCutPixels/float64(w)/float64(h)))
	return layout{
		Width:  max(1, int(shrink*float64(w))),
		Height: max(parts, int(shrink*float64(h))),
		Parts:  parts,
	}
}

// bound limits the size of a page that is drawn, since a PDF may claim a page
// as large as a field.
func (l *layout) bound(kind Kind) {
	if pixels := l.Width * l.Height; kind == PDF && l.Parts == 1 && pixels > maxPagePixels {
		shrink := math.Sqrt(maxPagePixels / float64(l.Width) / float64(l.Height))
		l.Width = max(1, int(shrink*float64(l.Width)))
		l.Height = max(1, int(shrink*float64(l.Height)))
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// cut divides an opaque picture into n parts of about the same height, each
// time at the widest gap between two lines.
func cut(m *image.RGBA, n int) []*image.RGBA {
	parts := make([]*image.RGBA, 0, n)
	height, from := m.Rect.Dy(), 0
	for i := 1; i <= n; i++ {
		to := height
		if i < n {
			// A third of a part on each side leaves something of every part.
			reach := height / n / 3
			to = gap(m, i*height/n, reach)
		}
		part := m.SubImage(image.Rect(0, from, m.Rect.Dx(), to)).(*image.RGBA)
		parts = append(parts, &image.RGBA{
			Pix: part.Pix, Stride: part.Stride, Rect: image.Rect(0, 0, m.Rect.Dx(), to-from),
		})
		from = to
	}
	return parts
}

// gap returns the row to cut at, at most reach from row y: the middle of the
// highest run of rows without ink, and of two equal runs the nearer one.
// Without such a run gap returns the row with the least contrast.
func gap(m *image.RGBA, y, reach int) int {
	best, widest := 0, minGap-1
	faint, contrast := y, 256
	first := -1
	for row := y - reach; row <= y+reach; row++ {
		c := 256
		if row < y+reach {
			c = spread(m.Pix[row*m.Stride:][:4*m.Rect.Dx()])
		}
		if c < contrast || c == contrast && off(row, y) < off(faint, y) {
			faint, contrast = row, c
		}
		if c <= paper {
			if first < 0 {
				first = row
			}
			continue
		}
		if first >= 0 {
			middle := (first + row) / 2
			if high := row - first; high > widest || high == widest && off(middle, y) < off(best, y) {
				best, widest = middle, high
			}
			first = -1
		}
	}
	if widest >= minGap {
		return best
	}
	return faint
}

func off(a, b int) int { return max(a-b, b-a) }

// spread returns the difference between the darkest and the lightest pixel of
// a row of RGBA pixels, in the colour with the greatest difference.
func spread(row []byte) int {
	var low, high [3]byte
	copy(low[:], row)
	copy(high[:], row)
	for i := 4; i+4 <= len(row); i += 4 {
		for c := range 3 {
			low[c], high[c] = min(low[c], row[i+c]), max(high[c], row[i+c])
		}
	}
	most := 0
	for c := range 3 {
		most = max(most, int(high[c])-int(low[c]))
	}
	return most
}
