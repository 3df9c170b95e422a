package tesseract

import (
	"context"
	"fmt"
	"image"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/image/draw"
)

const (
	// grid is the model's coordinate of the right and lower edge.
	grid = 999
	// maxPlaces bounds how many places are named.
	maxPlaces = 100
	// smallSide is up to which length of its longer side a picture is doubled:
	// the program finds small type badly.
	smallSide = 1600
)

// locate says where a text stands, in the words of DeepSeek-OCR:
// <|ref|>text<|/ref|><|det|>[[x1, y1, x2, y2], …]<|/det|>, with coordinates from 0
// to 999 over the picture. The picture is changed.
func (r reader) locate(ctx context.Context, m *image.Gray, what string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		places, err := r.places(ctx, m, what)
		switch {
		case err != nil:
			yield("", err)
		case len(places) == 0:
			yield(fmt.Sprintf("I do not see “%s” in this picture.", what), nil)
		default:
			yield(refOpen+what+refClose+detOpen+"["+strings.Join(places, ", ")+"]"+detClose, nil)
		}
	}
}

func (r reader) places(ctx context.Context, m *image.Gray, what string) ([]string, error) {
	folder, err := os.MkdirTemp("", "tesseract-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	darkOnLight(m)
	evenLight(m)
	if size := m.Rect.Size(); max(size.X, size.Y) <= smallSide {
		large := image.NewGray(image.Rect(0, 0, 2*size.X, 2*size.Y))
		draw.CatmullRom.Scale(large, large.Rect, m, m.Rect, draw.Src, nil)
		m = large
	}
	name := filepath.Join(folder, "page.pgm")
	if err := writePGM(name, m); err != nil {
		return nil, err
	}
	var words []word
	for table, err := range r.run(ctx, name, "3", "tsv") {
		if err != nil {
			return nil, err
		}
		words = append(words, parseTSV(table)...)
	}
	var places []string
	for _, at := range find(words, what) {
		if len(places) == maxPlaces {
			break
		}
		on := func(v, size int) int { return max(0, min(grid, v*grid/size)) }
		places = append(places, fmt.Sprintf("[%d, %d, %d, %d]",
			on(at.Min.X, m.Rect.Dx()), on(at.Min.Y, m.Rect.Dy()), on(at.Max.X, m.Rect.Dx()), on(at.Max.Y, m.Rect.Dy())))
	}
	return places, nil
}

// A word is one word of the page and where it stands.
type word struct {
	image.Rectangle
	line string // which line it is of
	text string
}

// parseTSV reads the program's table of words: level, page, block, paragraph,
// line, word, left, top, width, height, confidence, text. Rows that are none are
// left out.
func parseTSV(table string) []word {
	var words []word
	for row := range strings.Lines(table) {
		cells := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		if len(cells) != 12 || cells[0] != "5" || strings.TrimSpace(cells[11]) == "" {
			continue
		}
		var box [4]int
		wrong := false
		for i := range box {
			n, err := strconv.Atoi(cells[6+i])
			box[i] = n
			wrong = wrong || err != nil || n < 0 || n > maxSide
		}
		if !wrong {
			words = append(words, word{
				image.Rect(box[0], box[1], box[0]+box[2], box[1]+box[3]), strings.Join(cells[1:5], "/"), cells[11],
			})
		}
	}
	return words
}

// find gives the places where a text stands, whatever its letters' case, within
// one line each: the boxes of all words that it touches.
func find(words []word, what string) []image.Rectangle {
	what = strings.ToLower(strings.Join(strings.Fields(what), " "))
	if what == "" {
		return nil
	}
	var places []image.Rectangle
	for len(words) > 0 {
		n := 1
		for n < len(words) && words[n].line == words[0].line {
			n++
		}
		places = append(places, findInLine(words[:n], what)...)
		words = words[n:]
	}
	return places
}

func findInLine(words []word, what string) []image.Rectangle {
	var line strings.Builder
	var starts []int // of each word in the line
	for _, w := range words {
		starts = append(starts, line.Len())
		line.WriteString(strings.ToLower(w.text) + " ")
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
