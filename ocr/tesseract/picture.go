package tesseract

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif"  // for image.Decode
	_ "image/jpeg" // for image.Decode
	_ "image/png"  // for image.Decode
	"os"
	"slices"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // for image.Decode
)

const (
	// maxPixels bounds a picture before decoding: three times the largest page
	// of the bot, at most 240 MB during decoding.
	maxPixels = 50_000_000
	// maxSide is tesseract's own limit for a side (INT16_MAX in its
	// ImageThresholder).
	maxSide = 32767
	// smallSide is the longer side up to which a picture is doubled, because
	// tesseract reads small type badly.
	smallSide = 1600
)

// decodePicture returns the picture on white, in shades of grey, doubled if
// small, and without the rules of tables.
func decodePicture(file []byte) (*image.Gray, error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, badImage("the picture cannot be read: %v", err)
	}
	w, h := config.Width, config.Height
	if w <= 0 || h <= 0 {
		return nil, badImage("the picture has no pixels")
	}
	if w > maxPixels/h {
		return nil, badImage("a picture of %d×%d pixels is over the limit of %d pixels", w, h, maxPixels)
	}
	if max(w, h) > maxSide {
		return nil, badImage("a picture of %d×%d pixels has a side of over %d pixels", w, h, maxSide)
	}
	m, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, badImage("the %s picture is damaged: %v", format, err)
	}
	page := enlarged(gray(m))
	eraseRules(page)
	return page, nil
}

func gray(src image.Image) *image.Gray {
	if m, ok := src.(*image.YCbCr); ok { // brightness is all that is needed
		src = &image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}
	}
	dst := image.NewGray(image.Rectangle{Max: src.Bounds().Size()})
	dst.Pix = bytes.Repeat([]byte{255}, len(dst.Pix))
	draw.Draw(dst, dst.Rect, src, src.Bounds().Min, draw.Over)
	return dst
}

func enlarged(m *image.Gray) *image.Gray {
	size := m.Rect.Size()
	if max(size.X, size.Y) > smallSide {
		return m
	}
	large := image.NewGray(image.Rectangle{Max: size.Mul(2)})
	draw.CatmullRom.Scale(large, large.Rect, m, m.Rect, draw.Src, nil)
	return large
}

// eraseRules removes the straight lines of tables and forms, next to which
// tesseract misses text. A rule is dark, thin, and longer than letters.
func eraseRules(m *image.Gray) {
	const dark, thick = 170, 9
	size := m.Rect.Size()
	isDark := func(x, y int) bool { return x >= 0 && y >= 0 && x < size.X && y < size.Y && m.Pix[y*m.Stride+x] < dark }
	var rules []image.Rectangle
	// along finds the dark runs of a row or column of pixels.
	along := func(length, long int, at func(i int) image.Point, across image.Point) {
		start, thin := 0, 0
		for i := 0; i <= length; i++ {
			p := at(i)
			if i < length && isDark(p.X, p.Y) {
				if !isDark(p.X+across.X, p.Y+across.Y) && !isDark(p.X-across.X, p.Y-across.Y) {
					thin++
				}
				continue
			}
			if i-start > long && 2*thin > i-start {
				end := at(i - 1)
				rules = append(rules, image.Rectangle{at(start), end.Add(image.Pt(1, 1))}.Inset(-1).Intersect(m.Rect))
			}
			start, thin = i+1, 0
		}
	}
	for y := range size.Y {
		along(size.X, size.X/12, func(i int) image.Point { return image.Pt(i, y) }, image.Pt(0, thick))
	}
	for x := range size.X {
		along(size.Y, max(size.Y/12, 100), func(i int) image.Point { return image.Pt(x, i) }, image.Pt(thick, 0))
	}
	for _, rule := range rules {
		draw.Draw(m, rule, image.White, image.Point{}, draw.Src)
	}
}

// shaded reports whether the paper is brighter in some places than in others,
// as in a photo.
func shaded(m *image.Gray) bool {
	const cell = 100
	darkest, brightest := byte(255), byte(0)
	for y := 0; y+cell <= m.Rect.Dy(); y += cell {
		for x := 0; x+cell <= m.Rect.Dx(); x += cell {
			var paper byte // the brightest pixel in this place
			for row := range cell {
				paper = max(paper, slices.Max(m.Pix[m.PixOffset(x, y+row):][:cell]))
			}
			darkest, brightest = min(darkest, paper), max(brightest, paper)
		}
	}
	return int(brightest)-int(darkest) > contrast
}

// writePGM writes a part of a picture in the simplest format that tesseract
// reads.
func writePGM(name string, m *image.Gray, part image.Rectangle) error {
	file := fmt.Appendf(nil, "P5\n%d %d\n255\n", part.Dx(), part.Dy())
	for y := part.Min.Y; y < part.Max.Y; y++ {
		file = append(file, m.Pix[m.PixOffset(part.Min.X, y):][:part.Dx()]...)
	}
	return os.WriteFile(name, file, 0o600)
}

// contrast is the greatest difference between the lightest and the darkest
// pixel of a row without ink, and between the paper of two places without a
// shadow.
const contrast = 50

// strips cuts a picture into strips from top to bottom, and returns the height
// of a usual line. tesseract returns a picture's text only at its end; with
// strips the first text comes while the rest is read. The first strip is a
// paragraph or a heading, to be read soon; the others have whole paragraphs and
// at least an eighth of the height, since each costs time. Tables and columns
// stay whole, and so does a photo, whose lines may slope. A picture without ink
// has no strips.
func strips(m *image.Gray) (all []image.Rectangle, height int) {
	if shaded(m) {
		return []image.Rectangle{m.Rect}, m.Rect.Dy()
	}
	paragraphs, height := paragraphs(m)
	top := 0
	for i, p := range paragraphs {
		cut := m.Rect.Max.Y
		if i+1 < len(paragraphs) {
			if i > 0 && p.Max.Y-top < m.Rect.Dy()/8 || sideBySide(m, p, paragraphs[i+1]) {
				continue
			}
			cut = (p.Max.Y + paragraphs[i+1].Min.Y) / 2
		}
		all = append(all, image.Rect(0, top, m.Rect.Max.X, cut))
		top = cut
	}
	return all, height
}

// paragraphs returns the ranges of rows with ink that are separated by more
// empty rows than lines usually are, and the height of a usual line.
func paragraphs(m *image.Gray) (all []image.Rectangle, height int) {
	var lines []image.Rectangle
	var gaps []int // above each line but the first
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:][:m.Rect.Dx()]
		if slices.Max(row)-slices.Min(row) < contrast {
			continue
		}
		n := len(lines)
		if n == 0 || lines[n-1].Max.Y < y {
			if n > 0 {
				gaps = append(gaps, y-lines[n-1].Max.Y)
			}
			lines = append(lines, image.Rect(0, y, m.Rect.Max.X, y))
		}
		lines[len(lines)-1].Max.Y = y + 1
	}
	// In a letter every other gap separates paragraphs, so the usual gap is
	// among the small ones.
	sorted := slices.Sorted(slices.Values(gaps))
	var heights []int
	for i, l := range lines {
		heights = append(heights, l.Dy())
		if i > 0 && 2*gaps[i-1] < 3*sorted[len(sorted)/4] {
			all[len(all)-1].Max.Y = l.Max.Y
		} else {
			all = append(all, l)
		}
	}
	return all, median(heights)
}

// sideBySide reports whether two paragraphs leave the same place empty and
// have ink on both sides of that place, as the rows of a table and text in
// columns do.
func sideBySide(m *image.Gray, above, below image.Rectangle) bool {
	// A row of dots is no paragraph.
	above.Min.Y = max(0, min(above.Min.Y, above.Max.Y-m.Rect.Dy()/24))
	below.Max.Y = min(max(below.Max.Y, below.Min.Y+m.Rect.Dy()/24), m.Rect.Max.Y)
	inA, inB := columns(m, above), columns(m, below)
	first := max(bytes.IndexByte(inA, 1), bytes.IndexByte(inB, 1))
	last := min(bytes.LastIndexByte(inA, 1), bytes.LastIndexByte(inB, 1))
	free := 0
	for x := max(first, 0); x <= last; x++ {
		if free++; inA[x]+inB[x] > 0 {
			free = 0
		}
		if free > m.Rect.Dx()/40 {
			return true
		}
	}
	return false
}

// columns returns 1 for each column of pixels with ink in these rows.
func columns(m *image.Gray, rows image.Rectangle) []byte {
	low, high := slices.Repeat([]byte{255}, rows.Dx()), make([]byte, rows.Dx())
	for y := max(rows.Min.Y-1, 0); y < min(rows.Max.Y+1, m.Rect.Max.Y); y++ { // the ground above and below too
		for x, v := range m.Pix[y*m.Stride:][:rows.Dx()] {
			low[x], high[x] = min(low[x], v), max(high[x], v)
		}
	}
	for x := range high {
		if high[x]-low[x] < contrast {
			high[x] = 0
		} else {
			high[x] = 1
		}
	}
	return high
}

func median(of []int) int {
	sorted := slices.Sorted(slices.Values(of))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}
