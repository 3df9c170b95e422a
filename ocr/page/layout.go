package page

import (
	"math"

	"slackocr/ocr/page/internal/input"
)

const (
	// tall is the ratio of height to width from which on a picture may be cut:
	// that of a scrolled screenshot, not of a single screen.
	tall = 3
	// pieceRatio is the height of a piece in widths, as of a sheet of paper.
	pieceRatio = 1.5
	// minPieceHeight is the least height of each of several pieces, in pixels:
	// the width of a narrow picture says little.
	minPieceHeight = 1280
	// maxPieces bounds the pieces of a page. The longest picture, 200 times as
	// high as wide, has pieces eight times as high as wide.
	maxPieces = 25
	// maxCutPixels bounds the pixels of all pieces of a cut picture.
	maxCutPixels = 40_000_000
	// maxCanvasless is the height from which on a picture is cut if there is
	// no canvas.
	maxCanvasless = 4096
	// maxPagePixels bounds a page that is not cut. Two kinds reach the bound. A
	// long strip has a short side that covers the canvas; its long side is then
	// squeezed alone, as the model's server would do anyway. A page of a PDF may
	// claim to be as large as a field.
	maxPagePixels = 16_000_000
)

// A layout says how a picture becomes a page: the size after scaling, and the
// number of pieces, from top to bottom.
type layout struct {
	Width, Height int
	Pieces        int
}

// plan returns the layout for a picture of this upright size. If a canvas
// would squeeze the lines of a tall picture, the picture is cut into pieces in
// the shape of paper.
func plan(w, h int, kind Kind, canvas func(w, h int) (int, int)) layout {
	limit := maxCanvasless
	if canvas != nil {
		_, limit = canvas(w, h)
	}
	if h <= tall*w || limit <= 0 || h <= limit {
		tw, th := target(w, h, canvas)
		if kind == input.PDF && tw*th > maxPagePixels {
			shrink := math.Sqrt(maxPagePixels / float64(tw) / float64(th))
			tw, th = max(1, int(shrink*float64(tw))), max(1, int(shrink*float64(th)))
		}
		return layout{tw, th, 1}
	}
	height := max(int(pieceRatio*float64(w)), minPieceHeight, ceil(h, maxPieces))
	pieces := ceil(h, height)
	tw, _ := target(w, ceil(h, pieces), canvas)
	shrink := min(float64(tw)/float64(w), math.Sqrt(maxCutPixels/float64(w)/float64(h)))
	return layout{
		Width:  max(1, int(shrink*float64(w))),
		Height: max(pieces, int(shrink*float64(h))),
		Pieces: pieces,
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

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
