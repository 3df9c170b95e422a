package page

import (
	"bufio"
	"bytes"
	"image"
)

// An orientation is the EXIF tag of that name: the way to turn the stored
// picture upright. Values are 1 to 8, and 1 is upright already (CIPA DC-008,
// section 4.6.5).
type orientation int

const upright orientation = 1

// maxEXIF bounds the metadata that are read, in bytes.
const maxEXIF = 1 << 20

// readOrientation returns the tag. A file with damaged metadata counts as
// upright, since its pixels may be good.
func readOrientation(src *source, kind Kind) orientation {
	if kind == TIFF {
		if page, err := tiffPage(src); err == nil {
			return page.orientation()
		}
		return upright
	}
	// EXIF data are a TIFF file. Some programs write JPEG's header before that
	// file.
	exif := bytes.TrimPrefix(readEXIF(src, kind), []byte("Exif\x00\x00"))
	if !isTIFF(exif) {
		return upright
	}
	all, err := directories(bytes.NewReader(exif))
	if err != nil {
		return upright
	}
	return all[0].orientation()
}

// readEXIF returns a file's EXIF data, or nil.
func readEXIF(src *source, kind Kind) []byte {
	if src.rewind() != nil {
		return nil
	}
	switch kind {
	case JPEG:
		frame, _ := readFrame(bufio.NewReaderSize(src, 64<<10))
		return frame.exif
	case PNG:
		return pngEXIF(src)
	case WebP:
		return webpEXIF(src)
	case HEIC, AVIF:
		if h, err := readHEIF(src); err == nil {
			return h.exif(src)
		}
	}
	return nil
}

// swaps reports whether turning exchanges width and height.
func (o orientation) swaps() bool { return o >= 5 }

// size converts between stored and upright dimensions, in both directions.
func (o orientation) size(w, h int) (int, int) {
	if o.swaps() {
		return h, w
	}
	return w, h
}

// apply returns a stored picture turned upright.
func (o orientation) apply(src *image.RGBA) *image.RGBA {
	if o == upright {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	start, right, down := o.walk(w, h, src.Stride)
	dw, dh := o.size(w, h)
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
func (o orientation) walk(w, h, stride int) (start, right, down int) {
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
