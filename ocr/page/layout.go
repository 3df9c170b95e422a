package page

import "math"

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

// maxPagePixels bounds a page that covers a canvas. Only a long strip reaches
// the bound: its short side covers the canvas, and its long side is then
// squeezed alone, as the model's server would do anyway.
const maxPagePixels = 16_000_000

// target returns the size of the page for an upright picture: the smallest
// size of the same shape that covers the canvas, or the picture's own size if
// the picture does not cover the canvas.
func target(w, h int, canvas func(w, h int) (int, int)) (int, int) {
	if canvas == nil {
		return w, h
	}
	cw, ch := canvas(w, h)
	if cw <= 0 || ch <= 0 {
		return w, h
	}
	tw, th := w, h
	if w > cw && h > ch {
		// One side meets the canvas exactly. The other is rounded up, so that
		// it covers the canvas.
		if cw*h >= ch*w {
			tw, th = cw, (cw*h+w-1)/w
		} else {
			tw, th = (ch*w+h-1)/h, ch
		}
	}
	if tw > maxPagePixels/th {
		if tw > th {
			tw = max(min(tw, cw), maxPagePixels/th)
		} else {
			th = max(min(th, ch), maxPagePixels/tw)
		}
	}
	return tw, th
}
