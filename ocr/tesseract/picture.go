package tesseract

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif"  // for image.Decode
	_ "image/jpeg" // for image.Decode
	_ "image/png"  // for image.Decode
	"slices"

	_ "golang.org/x/image/webp" // for image.Decode
)

// maxPixels bounds a picture before it is decoded: three times the largest
// page that the bot sends, at most 240 MB while it is decoded.
const maxPixels = 50_000_000

// maxSide is the program's own limit: it refuses what is longer (INT16_MAX in its ImageThresholder).
const maxSide = 32767

// decodePicture gives the picture in shades of grey.
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
	return gray(m), nil
}

// gray flattens a picture on white, in shades of grey.
func gray(src image.Image) *image.Gray {
	b := src.Bounds()
	dst := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	switch src := src.(type) {
	case *image.Gray:
		copyRows(dst, src.Pix, src.Stride)
		return dst
	case *image.YCbCr:
		copyRows(dst, src.Y, src.YStride) // brightness is all we want
		return dst
	}
	white := image.NewUniform(color.White)
	line := image.NewRGBA(image.Rect(0, 0, b.Dx(), 1))
	for y := range b.Dy() {
		draw.Draw(line, line.Rect, white, image.Point{}, draw.Src)
		draw.Draw(line, line.Rect, src, b.Min.Add(image.Pt(0, y)), draw.Over)
		for x := range b.Dx() {
			p := line.Pix[4*x:]
			// ITU-R BT.601, as image/color has it.
			dst.Pix[y*dst.Stride+x] = uint8((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
		}
	}
	return dst
}

func copyRows(dst *image.Gray, pix []byte, stride int) {
	for y := range dst.Rect.Dy() {
		copy(dst.Pix[y*dst.Stride:][:dst.Stride], pix[y*stride:])
	}
}

// darkOnLight inverts light text on a dark ground, as in a terminal. Ink
// covers the smaller part of a page: what most pixels are is the ground.
func darkOnLight(m *image.Gray) {
	var histogram [256]int
	for _, v := range m.Pix {
		histogram[v]++
	}
	sum, dark := 0, 0
	for v, n := range histogram {
		sum += v * n
		if v < 110 {
			dark += n
		}
	}
	// Text pulls the mean from the ground's side. A photo of paper in bad
	// light is dark as well, but its text is darker still.
	if dark*2 > len(m.Pix) && sum/len(m.Pix) > percentile(&histogram, 50) {
		for i, v := range m.Pix {
			m.Pix[i] = 255 - v
		}
	}
}

// percentile gives the shade below which p percent of the pixels are.
func percentile(histogram *[256]int, p int) int {
	total := 0
	for _, n := range histogram {
		total += n
	}
	below := 0
	for v, n := range histogram {
		below += n
		if below*100 >= total*p {
			return v
		}
	}
	return 255
}

// cell is the size of a patch whose ground has one brightness, in pixels:
// larger than letters, smaller than shadows.
const cell = 32

// evenLight takes the shadows out of a photo: each pixel is divided by the
// brightness of the paper around it, so that paper is white everywhere.
func evenLight(m *image.Gray) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	columns, rows := (w+cell-1)/cell, (h+cell-1)/cell
	paper := make([]int, columns*rows)
	for row := range rows {
		for column := range columns {
			var histogram [256]int
			for y := row * cell; y < min((row+1)*cell, h); y++ {
				for _, v := range m.Pix[y*m.Stride+column*cell : y*m.Stride+min((column+1)*cell, w)] {
					histogram[v]++
				}
			}
			paper[row*columns+column] = percentile(&histogram, 80)
		}
	}
	// A patch full of ink takes the paper of its neighbours, and then the
	// steps between patches are smoothed.
	paper = neighbours(paper, columns, rows, func(of []int) int { return slices.Max(of) })
	paper = neighbours(paper, columns, rows, mean)
	for y := range h {
		for x := range w {
			i := y*m.Stride + x
			ground := max(between(paper, columns, rows, x, y), 1)
			m.Pix[i] = uint8(min(int(m.Pix[i])*255/ground, 255))
		}
	}
}

func mean(of []int) int {
	sum := 0
	for _, v := range of {
		sum += v
	}
	return sum / len(of)
}

// neighbours combines each patch with the up to eight around it.
func neighbours(paper []int, columns, rows int, combine func([]int) int) []int {
	out := make([]int, len(paper))
	for row := range rows {
		for column := range columns {
			var around []int
			for y := max(row-1, 0); y <= min(row+1, rows-1); y++ {
				around = append(around, paper[y*columns+max(column-1, 0):y*columns+min(column+1, columns-1)+1]...)
			}
			out[row*columns+column] = combine(around)
		}
	}
	return out
}

// between interpolates the brightness at a pixel from the four patches whose
// middles surround it.
func between(paper []int, columns, rows, x, y int) int {
	left, dx := patch(x, columns)
	upper, dy := patch(y, rows)
	right, lower := min(left+1, columns-1), min(upper+1, rows-1)
	at := func(column, row int) int { return paper[row*columns+column] }
	above := at(left, upper)*(cell-dx) + at(right, upper)*dx
	below := at(left, lower)*(cell-dx) + at(right, lower)*dx
	return (above*(cell-dy) + below*dy) / (cell * cell)
}

// patch gives the last of n patches whose middle is not beyond position, and
// how far beyond it the position is.
func patch(position, n int) (index, beyond int) {
	position = max(position-cell/2, 0)
	index = min(position/cell, n-1)
	if index == n-1 {
		return index, 0
	}
	return index, position % cell
}
