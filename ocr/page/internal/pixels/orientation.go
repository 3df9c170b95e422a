package pixels

import "image"

// An Orientation is the EXIF tag of that name: the way to turn the stored
// picture upright. Values are 1 to 8, and 1 is upright already (CIPA DC-008,
// section 4.6.5).
type Orientation int

// Upright is the orientation of a picture that is stored as it is shown.
const Upright Orientation = 1

// Size converts between stored and upright dimensions, in both directions.
func (o Orientation) Size(w, h int) (int, int) {
	if o >= 5 { // turned by a quarter
		return h, w
	}
	return w, h
}

// Apply returns a stored picture turned upright.
func (o Orientation) Apply(src *image.RGBA) *image.RGBA {
	if o == Upright {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	start, right, down := o.walk(w, h, src.Stride)
	dw, dh := o.Size(w, h)
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		line := dst.Pix[y*dst.Stride:][:4*dw]
		for x := range dw {
			from := start + x*right + y*down
			copy(line[4*x:4*x+4], src.Pix[from:from+4])
		}
	}
	return dst
}

// walk returns the start, and the steps to the next column and the next line,
// of a way through the stored pixels in upright order.
func (o Orientation) walk(w, h, stride int) (start, right, down int) {
	lastColumn, lastLine := 4*(w-1), stride*(h-1)
	switch o {
	case 2: // mirrored left to right
		return lastColumn, -4, stride
	case 3: // upside down
		return lastColumn + lastLine, -4, -stride
	case 4: // mirrored top to bottom
		return lastLine, 4, -stride
	case 5: // mirrored along the diagonal
		return 0, stride, 4
	case 6: // to be turned a quarter clockwise
		return lastLine, -stride, 4
	case 7: // mirrored along the other diagonal
		return lastColumn + lastLine, -stride, -4
	case 8: // to be turned a quarter anticlockwise
		return lastColumn, stride, -4
	}
	return 0, 4, stride
}
