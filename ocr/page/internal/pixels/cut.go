package pixels

import "image"

const (
	// paper is the greatest difference between the darkest and the lightest
	// pixel of an empty row, of 255. JPEG leaves noise of about 20 around
	// letters.
	paper = 24
	// minGap is the least height of the space between two lines, in pixels.
	minGap = 3
)

// Cut divides an opaque picture into n pieces of about the same height, each
// time at the widest gap between two lines.
func Cut(m *image.RGBA, n int) []*image.RGBA {
	pieces := make([]*image.RGBA, 0, n)
	height, from := m.Rect.Dy(), 0
	for i := 1; i <= n; i++ {
		to := height
		if i < n {
			// A third of a piece on each side leaves something of every piece.
			to, _ = Gap(m, i*height/n, height/n/3)
		}
		pieces = append(pieces, Rows(m, from, to))
		from = to
	}
	return pieces
}

// Rows returns the part of a picture between two rows, with the same memory.
func Rows(m *image.RGBA, from, to int) *image.RGBA {
	return &image.RGBA{
		Pix: m.Pix[from*m.Stride : to*m.Stride], Stride: m.Stride, Rect: image.Rect(0, 0, m.Rect.Dx(), to-from),
	}
}

// Gap returns the row to cut at, at most reach from row y: the middle of the
// highest run of rows without ink, and of two equal runs the nearer one.
// Without such a run Gap returns the row with the least contrast, and false.
func Gap(m *image.RGBA, y, reach int) (row int, empty bool) {
	best, widest := 0, minGap-1
	faint, contrast := y, 256
	first := -1
	for row := y - reach; row <= y+reach; row++ {
		c := 256
		if row < y+reach {
			c = spread(m.Pix[row*m.Stride:][:4*m.Rect.Dx()])
		}
		if c < contrast || c == contrast && distance(row, y) < distance(faint, y) {
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
			if high := row - first; high > widest || high == widest && distance(middle, y) < distance(best, y) {
				best, widest = middle, high
			}
			first = -1
		}
	}
	if widest >= minGap {
		return best, true
	}
	return faint, false
}

func distance(a, b int) int { return max(a-b, b-a) }

// spread returns the difference between the darkest and the lightest pixel of
// a row of RGBA pixels, in the colour with the greatest difference.
func spread(row []byte) int {
	most := 0
	for c := range 3 {
		low, high := row[c], row[c]
		for i := c; i < len(row); i += 4 {
			low, high = min(low, row[i]), max(high, row[i])
		}
		most = max(most, int(high)-int(low))
	}
	return most
}
