package pixels

import (
	"image"
	"io"
)

// Read reads a picture of three bytes for each pixel, or of four, of which the
// last is alpha and the others are premultiplied by alpha.
func Read(r io.Reader, w, h, channels int) (*image.RGBA, error) {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	if channels == 4 {
		_, err := io.ReadFull(r, m.Pix)
		return m, err
	}
	line := make([]byte, 3*w)
	for y := range h {
		if _, err := io.ReadFull(r, line); err != nil {
			return nil, err
		}
		row := m.Pix[y*m.Stride:]
		for x := range w {
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = line[3*x], line[3*x+1], line[3*x+2], 255
		}
	}
	return m, nil
}
