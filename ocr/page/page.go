// Package page turns an uploaded file into pages for a model. The format is
// detected by content, the size is checked before decoding, and a page is
// turned upright, scaled down to the model's canvas, laid on white paper and
// free of metadata.
//
// A Decoder does each step in a process of its own, with limits for memory and
// time. Outside that process only the first bytes of a file are examined.
//
// The package knows limits and pixels but no model: the caller gives the
// model's canvas.
package page

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"slackocr/ocr/page/internal/pixels"
	"slackocr/ocr/witness"
)

const (
	// DefaultMaxPixels is the default of Options.MaxPixels: 100 megapixels,
	// which is 400 MB of decoded RGBA.
	DefaultMaxPixels = 100_000_000

	// DefaultMaxPages is the default of Options.MaxPages.
	DefaultMaxPages = 50
)

// maxAspect bounds the ratio of a picture's sides. No readable line of text is
// thinner; Qwen-VL's image processor refuses the same ratio (MAX_RATIO in its
// smart_resize).
const maxAspect = 200

// Options are the limits of Open. The zero value is ready for use.
type Options struct {
	// MaxPixels bounds width × height, checked before decoding. 0 means
	// DefaultMaxPixels. A format that needs more than four bytes per pixel
	// during decoding (16-bit PNG, progressive JPEG, HEIC) gets a share that
	// costs as much memory.
	MaxPixels int

	// MaxPages bounds the pages of a PDF or TIFF. 0 means DefaultMaxPages.
	// Open reads only the first page.
	MaxPages int

	// Owner is the person whose file it is. The files of one owner take turns at the
	// Decoder with the files of others.
	Owner string

	// Canvas returns the model's canvas for a picture of these upright
	// dimensions. The picture is scaled down, never up, so that it still
	// covers the canvas. If Canvas is nil, the picture keeps its size. A page
	// of a PDF has no size in pixels: it is drawn with at most 600 dots per
	// inch and, unless cut into parts, at most 16 megapixels.
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

// A Page is a picture that is ready for a data URL.
type Page struct {
	Data          []byte // a whole PNG or JPEG file without metadata
	MediaType     string // "image/png" or "image/jpeg"
	Width, Height int    // of Data, in pixels

	// Layer is the text that a PDF's page carries if that text is good, else
	// nil.
	Layer *witness.Layer

	// Partial is true if the file is damaged, and some of the picture may be
	// missing or wrong.
	Partial bool
}

// Open makes a page of the picture in r, which Open rewinds first, in this
// process. Open is for trusted files and for tests: a Decoder also bounds
// memory, reads PDF and all pages of a file, and uses other programs for files
// that only they can read. Of a TIFF Open reads only the first page, of an
// animation the first frame.
//
// The error is ErrEmpty, ErrUnsupported, ErrNoDecoder, ErrNoTool, ErrBlank, a
// *TooLargeError, a *ShapeError, a *BrokenError, the context's error, or an
// error of r itself.
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

// look returns the upright size of a picture, if the picture may be decoded.
func look(src *source, kind Kind, maxPixels int) (image.Point, pixels.Orientation, error) {
	stored, err := measure(src, kind, maxPixels)
	if err != nil {
		return image.Point{}, 0, err
	}
	turn := readOrientation(src, kind)
	w, h := turn.Size(stored.X, stored.Y)
	return image.Pt(w, h), turn, nil
}

// render decodes a picture to the given upright size, on white. If the picture
// is smaller, render keeps its size.
func render(src *source, kind Kind, turn pixels.Orientation, size image.Point) (*image.RGBA, error) {
	decoded, err := decode(src, kind)
	if err != nil {
		return nil, err
	}
	got := decoded.Bounds().Size()
	if got.X <= 0 || got.Y <= 0 {
		return nil, &BrokenError{kind, fmt.Errorf("it has %d×%d pixels", got.X, got.Y)}
	}
	w, h := turn.Size(size.X, size.Y)
	if got.X < w || got.Y < h {
		w, h = got.X, got.Y
	}
	// The rest comes last, when there are far fewer pixels.
	small, err := pixels.Scale(src.ctx, decoded, w, h)
	if err != nil {
		return nil, err
	}
	m := turn.Apply(pixels.Flatten(pixels.Adjust(small, readGamma(src, kind))))
	if pixels.SingleColor(m) {
		return m, blank(src, kind, got)
	}
	return m, nil
}

// blank returns the error for a picture of a single colour: nil, or ErrBlank
// if the decoder did not understand the file.
func blank(src *source, kind Kind, size image.Point) error {
	if src.partial {
		return &BrokenError{kind, errors.New("nothing of it could be decoded")}
	}
	if kind == TIFF || kind == BMP { // these may be large without any contents
		return nil
	}
	length, err := src.Seek(0, io.SeekEnd)
	if err == nil && length > blankLength+int64(size.X*size.Y)/50 {
		return fmt.Errorf("%w: %d bytes", ErrBlank, length)
	}
	return nil
}

// blankLength bounds the length of a file of a single colour, in addition to a
// fiftieth of its pixels: room for metadata.
const blankLength = 64 << 10
