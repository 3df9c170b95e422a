package tesseract

import (
	"context"
	"fmt"
	"image"
	"strings"
)

const (
	// grid is the coordinate of the right and lower edge in the model's form.
	grid = 999
	// maxPlaces bounds the places in an answer.
	maxPlaces = 100
)

// locate writes the places of a text in DeepSeek-OCR's form:
// <|ref|>text<|/ref|><|det|>[[x1, y1, x2, y2], …]<|/det|>, with coordinates
// from 0 to 999 over the picture.
func (r reader) locate(ctx context.Context, m *image.Gray, what string, write func(piece string) error) error {
	var places []string
	err := r.words(ctx, m, []image.Rectangle{m.Rect}, oneBlock, func(words []word) error {
		found := find(words, what)
		for _, at := range found[:min(len(found), maxPlaces)] {
			on := func(v, size int) int { return max(0, min(grid, v*grid/size)) }
			places = append(places, fmt.Sprintf("[%d, %d, %d, %d]",
				on(at.Min.X, m.Rect.Dx()), on(at.Min.Y, m.Rect.Dy()), on(at.Max.X, m.Rect.Dx()), on(at.Max.Y, m.Rect.Dy())))
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(places) == 0:
		return write(fmt.Sprintf("I do not see “%s” in this picture.", what))
	}
	return write(refOpen + what + refClose + detOpen + "[" + strings.Join(places, ", ") + "]" + detClose)
}

// find returns the places of a text in any case, each inside a line: the boxes
// of all words that the text touches.
func find(words []word, what string) []image.Rectangle {
	what = strings.ToLower(strings.Join(strings.Fields(what), " "))
	if what == "" {
		return nil
	}
	var places []image.Rectangle
	for line := range lines(words) {
		places = append(places, findInLine(line, what)...)
	}
	return places
}

func findInLine(words []word, what string) []image.Rectangle {
	var line strings.Builder
	var starts []int // start of each word in the line
	for i, w := range words {
		if i > 0 {
			line.WriteString(space(words[i-1].text, w.text, w.Min.X-words[i-1].Max.X > w.Dy()/2))
		}
		starts = append(starts, line.Len())
		line.WriteString(strings.ToLower(w.text))
	}
	var places []image.Rectangle
	text := line.String()
	for from := 0; ; {
		i := strings.Index(text[from:], what)
		if i < 0 {
			return places
		}
		first, end := from+i, from+i+len(what)
		var place image.Rectangle
		for j, w := range words {
			if starts[j] < end && starts[j]+len(strings.ToLower(w.text)) > first {
				place = place.Union(w.Rectangle)
			}
		}
		places = append(places, place)
		from = end
	}
}
