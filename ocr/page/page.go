// Package page turns an uploaded file into pages that are ready for a model:
// told by its content, bounded before it is decoded, turned upright, scaled
// down to what the model can use, flattened on white and free of metadata.
//
// A Decoder does that in a process of its own for each step, which may take
// only so much memory and time. Nothing of a file but its first bytes is
// looked at outside of it.
//
// The package knows limits and pixels. It knows no model: the caller says
// which canvas the model has.
package page

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"slackocr/ocr/witness"
)

const (
	// DefaultMaxPixels is the limit of a picture's size when Options names
	// none: 100 megapixels, which is 400 MB of decoded RGBA.
	DefaultMaxPixels = 100_000_000

	// DefaultMaxPages is how many pages of a file are read when Options says
	// nothing else.
	DefaultMaxPages = 50
)

// maxAspect is how many times longer than wide (or wider than long) a picture
// may be. No readable line of text is thinner; Qwen-VL's image processor
// refuses the same ratio (MAX_RATIO in its smart_resize).
const maxAspect = 200

// Options are the limits of Open. The zero value is ready for use.
type Options struct {
	// MaxPixels bounds width × height, checked before anything is decoded.
	// 0 means DefaultMaxPixels. A format that needs more than four bytes per
	// pixel while it is decoded (16-bit PNG, progressive JPEG, HEIC) gets a
	// share that costs as much memory.
	MaxPixels int

	// MaxPages is how many pages of a PDF or TIFF are read. 0 means
	// DefaultMaxPages. Open reads one.
	MaxPages int

	// Canvas gives the model's canvas for a picture of these upright
	// dimensions. The picture is scaled down, never up, so that it still
	// covers the canvas. Nil keeps the size. A page of a PDF has none of its
	// own: it is drawn with at most 600 dots per inch and, where it is not cut
	// into parts, 16 megapixels.
	Canvas func(width, height int) (w, h int)
}

func (o Options) withDefaults() Options {
	if o.MaxPixels <= 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	if o.MaxPages <= 0 {
		o.MaxPages = DefaultMaxPages
	}
	return o
}

// A Page is one picture ready for a data URL.
type Page struct {
	Data          []byte // a whole PNG or JPEG file without metadata
	MediaType     string // "image/png" or "image/jpeg"
	Width, Height int    // of Data, in pixels

	// Layer is the text that a PDF's page carries, where it is good; else nil.
	Layer *witness.Layer

	// Partial says that the file is damaged, and that some of the picture may be
	// missing or wrong.
	Partial bool
}

// Open reads the picture in r, which it rewinds first, and makes a page of it,
// in this process. It is for files that are trusted, and for tests: a Decoder
// bounds the memory too, reads PDF and all pages of a file, and has other
// programs for what only they can read. Only the first
// page of a TIFF and the first frame of an animation is read.
//
// The error is ErrEmpty, ErrUnsupported, ErrNoDecoder, ErrNoTool, ErrBlank, a
// *TooLargeError, a *ShapeError, a *BrokenError, the context's error, or an error of r itself.
func Open(ctx context.Context, r io.ReadSeeker, o Options) (Page, error) {
	o = o.withDefaults()
	src := &source{ctx: ctx, r: r}
	kind, err := src.sniff()
	if err != nil {
		return Page{}, src.blame(err)
	}
	size, turn, err := look(src, kind, o.MaxPixels)
	if err != nil {
		return Page{}, src.blame(err)
	}
	w, h := target(size.X, size.Y, o.Canvas)
	m, err := render(src, kind, turn, image.Pt(w, h))
	if err != nil {
		return Page{}, src.blame(err)
	}
	p, err := encode(m, kind)
	p.Partial = src.partial
	return p, err
}

// look gives the upright size of a picture that may be decoded.
func look(src *source, kind Kind, maxPixels int) (image.Point, orientation, error) {
	stored, err := measure(src, kind, maxPixels)
	if err != nil {
		return image.Point{}, 0, err
	}
	turn := readOrientation(src, kind)
	w, h := turn.size(stored.X, stored.Y)
	return image.Pt(w, h), turn, nil
}

// render decodes a picture to the given upright size, on white. Where it turns
// out smaller than that it is as large as it is.
func render(src *source, kind Kind, turn orientation, size image.Point) (*image.RGBA, error) {
	decoded, err := decode(src, kind)
	if err != nil {
		return nil, err
	}
	got := decoded.Bounds().Size()
	if got.X <= 0 || got.Y <= 0 {
		return nil, &BrokenError{kind, fmt.Errorf("it has %d×%d pixels", got.X, got.Y)}
	}
	w, h := turn.size(size.X, size.Y)
	if got.X < w || got.Y < h {
		w, h = got.X, got.Y
	}
	// Turning comes last: scaled down, there are far fewer pixels to move.
	small, err := scale(src.ctx, decoded, w, h)
	if err != nil {
		return nil, err
	}
	m := turn.apply(flatten(small))
	if plainColor(m) {
		return m, blank(src, kind, got)
	}
	return m, nil
}

// plainColor reports whether a picture is of one colour: fewer than one in
// 100,000 of its pixels differ from the one in its middle.
func plainColor(m *image.RGBA) bool {
	const same, most = 24, 100_000
	middle := m.RGBAAt(m.Rect.Dx()/2, m.Rect.Dy()/2)
	want := [4]uint8{middle.R, middle.G, middle.B, middle.A}
	others := 0
	for i := 0; i+4 <= len(m.Pix); i += 4 {
		for c := range 4 {
			if max(m.Pix[i+c], want[c])-min(m.Pix[i+c], want[c]) > same {
				if others++; others*most >= m.Rect.Dx()*m.Rect.Dy() {
					return false
				}
				break
			}
		}
	}
	return true
}

// blank says what it means that a picture is of one colour: nothing, or that the
// decoder did not understand a file with more in it.
func blank(src *source, kind Kind, size image.Point) error {
	if src.partial {
		return &BrokenError{kind, errors.New("nothing of it could be decoded")}
	}
	if kind == TIFF || kind == BMP { // which may be large without anything in them
		return nil
	}
	length, err := src.Seek(0, io.SeekEnd)
	if err == nil && length > blankLength+int64(size.X*size.Y)/50 {
		return fmt.Errorf("%w: %d bytes", ErrBlank, length)
	}
	return nil
}

// blankLength is how many bytes a file may have beside a fiftieth of its pixels
// that shows one colour only: room for its metadata.
const blankLength = 64 << 10
