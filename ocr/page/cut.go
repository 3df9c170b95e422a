package page

import (
	"image"
	"math"
)

const (
	// tall is how many times higher than wide a picture is that may be cut: a
	// scrolled screenshot, not that of one screen.
	tall = 3
	// partRatio is the height of a part in widths, that of a sheet of paper.
	partRatio = 1.5
	// minPartHeight is the least height of a part, in pixels, where there are
	// several: the width of a narrow picture says little.
	minPartHeight = 1280
	// maxParts bounds the parts of one page. The longest that is read,
	// 200 times as high as wide, has parts eight times as high as wide.
	maxParts = 25
	// maxCutPixels bounds a picture that is cut, all parts together.
	maxCutPixels = 40_000_000
	// maxCanvasless is how high a picture may be before it is cut where no
	// canvas says it.
	maxCanvasless = 4096
)

// A layout is how a picture becomes a page: the size it is scaled to, and how
// many parts that is cut into, one below the other.
type layout struct {
	Width, Height int
	Parts         int
}

// plan lays a picture of this upright size out. A tall one whose lines a
// canvas would squeeze is cut into parts that are shaped like paper.
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

// bound keeps what is drawn for the page, and is no picture yet, to a size that
// is worth drawing: a PDF may say that its page is as large as a field.
func (l *layout) bound(kind Kind) {
	if pixels := l.Width * l.Height; kind == PDF && l.Parts == 1 && pixels > maxPagePixels {
		shrink := math.Sqrt(maxPagePixels / float64(l.Width) / float64(l.Height))
		l.Width = max(1, int(shrink*float64(l.Width)))
		l.Height = max(1, int(shrink*float64(l.Height)))
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// cut divides a picture that is plain in colour into n parts of about the same
// height, each time where the paper is widest between two lines.
func cut(m *image.RGBA, n int) []*image.RGBA {
	parts := make([]*image.RGBA, 0, n)
	height, from := m.Rect.Dy(), 0
	for i := 1; i <= n; i++ {
		to := height
		if i < n {
			// A third of a part to each side leaves something of every part.
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

// gap gives the row to cut at, at most reach from row y: the middle of the
// highest run of rows without ink, of two the nearer one. Where there is none
// it is the row with the least contrast.
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

// spread is how much the darkest and the lightest pixel of a row of RGBA
// pixels differ, in whichever colour they differ most.
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
