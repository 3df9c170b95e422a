package page

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"io"
)

// readPPM reads a picture in pdftoppm's format: "P6", width, height and 255 as
// text, and three bytes for each pixel (the format "ppm" of Netpbm, without
// comments). A picture of more than maxPixels is an error.
func readPPM(r *bufio.Reader, maxPixels int) (*image.RGBA, error) {
	w, h, err := readHeader(r, "P6", maxPixels)
	if err != nil {
		return nil, err
	}
	return readPixels(r, w, h, 3)
}

// readPixels reads a picture of three bytes for each pixel, or of four, of
// which the last is alpha and the others are premultiplied by alpha.
func readPixels(r io.Reader, w, h, channels int) (*image.RGBA, error) {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	if channels == 4 {
		_, err := io.ReadFull(r, m.Pix)
		return m, short(err)
	}
	line := make([]byte, 3*w)
	for y := range h {
		if _, err := io.ReadFull(r, line); err != nil {
			return nil, short(err)
		}
		row := m.Pix[y*m.Stride:]
		for x := range w {
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = line[3*x], line[3*x+1], line[3*x+2], 255
		}
	}
	return m, nil
}

// readHeader reads the text before the pixels: the magic number wanted, width,
// height, and 255.
func readHeader(r *bufio.Reader, wanted string, maxPixels int) (w, h int, err error) {
	magic := make([]byte, 2)
	if _, err := io.ReadFull(r, magic); err != nil {
		return 0, 0, err
	}
	if string(magic) != wanted {
		return 0, 0, fmt.Errorf("it begins with %q", magic)
	}
	var size [3]int
	for i := range size {
		if size[i], err = readNumber(r); err != nil {
			return 0, 0, err
		}
	}
	w, h = size[0], size[1]
	if w <= 0 || h <= 0 || size[2] != 255 || w > maxPixels/h {
		return 0, 0, fmt.Errorf("a page was drawn with %d×%d pixels of depth %d", w, h, size[2])
	}
	return w, h, nil
}

// readNumber reads white space, digits, and one byte of white space.
func readNumber(r *bufio.Reader) (int, error) {
	n, digits := 0, 0
	for range 32 {
		c, err := r.ReadByte()
		if err != nil {
			return 0, short(err)
		}
		space := c == ' ' || c == '\n' || c == '\r' || c == '\t'
		switch {
		case space && digits > 0:
			return n, nil
		case space:
		case c < '0' || c > '9' || digits == 9:
			return 0, errors.New("its header holds no number")
		default:
			n, digits = 10*n+int(c-'0'), digits+1
		}
	}
	return 0, errors.New("its header does not end")
}
