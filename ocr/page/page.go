// Package page turns an uploaded file into a page that is ready for a model:
// told by its content, bounded before it is decoded, turned upright, scaled
// down to what the model can use, flattened on white and free of metadata.
//
// It knows limits and pixels. It knows no model: the caller says which canvas
// the model has.
package page

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxPixels is the limit of a picture's size when Options names none:
// 100 megapixels, which is 400 MB of decoded RGBA.
const DefaultMaxPixels = 100_000_000

// maxAspect is how many times longer than wide (or wider than long) a picture
// may be. No readable line of text is thinner; Qwen-VL's image processor
// refuses the same ratio (MAX_RATIO in its smart_resize).
const maxAspect = 200

// Options are the limits of Open. The zero value is ready for use.
type Options struct {
	// MaxPixels bounds width × height, checked before anything is decoded.
	// 0 means DefaultMaxPixels. A format that needs more than four bytes per
	// pixel while it is decoded (16-bit PNG, progressive JPEG) gets a share
	// that costs as much memory.
	MaxPixels int

	// Canvas gives the model's canvas for a picture of these upright
	// dimensions. The picture is scaled down, never up, so that it still
	// covers the canvas. Nil keeps the size.
	Canvas func(width, height int) (w, h int)
}

// A Page is one picture ready for a data URL.
type Page struct {
	Data          []byte // a whole PNG or JPEG file without metadata
	MediaType     string // "image/png" or "image/jpeg"
	Width, Height int    // of Data, in pixels
}

var (
	// ErrEmpty says that the file has no bytes.
	ErrEmpty = errors.New("the file is empty")

	// ErrUnsupported says that the file is not in a format that can be read.
	ErrUnsupported = errors.New("not a picture format that can be read")
)

// A TooLargeError says that a picture has more pixels than allowed. Nothing
// was decoded.
type TooLargeError struct {
	Width, Height int
	MaxPixels     int // for this kind of file; see Options.MaxPixels
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a picture of %d×%d pixels is over the limit of %d pixels", e.Width, e.Height, e.MaxPixels)
}

// A ShapeError says that a picture is too long and thin to hold text: one
// side is more than 200 times the other.
type ShapeError struct{ Width, Height int }

func (e *ShapeError) Error() string {
	return fmt.Sprintf("a picture of %d×%d pixels is too thin to hold text", e.Width, e.Height)
}

// A BrokenError says that a file begins like a picture of its kind and is
// damaged, cut short, or not what it claims to be.
type BrokenError struct {
	Kind Kind
	err  error
}

func (e *BrokenError) Error() string { return fmt.Sprintf("broken %s: %v", e.Kind, e.err) }

// Unwrap gives the decoder's own error.
func (e *BrokenError) Unwrap() error { return e.err }

// Open reads the picture in r, which it rewinds first, and makes a page of it.
// Only the first frame of an animation is read.
//
// The error is ErrEmpty, ErrUnsupported, a *TooLargeError, a *ShapeError, a
// *BrokenError, the context's error, or an error of r itself.
func Open(ctx context.Context, r io.ReadSeeker, o Options) (Page, error) {
	if o.MaxPixels <= 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	src := &source{ctx: ctx, r: r}
	p, err := open(src, o)
	if err != nil && src.err != nil {
		// The decoders report a failed read as a broken file, some without
		// wrapping it. What failed is the read.
		return Page{}, fmt.Errorf("reading the picture: %w", src.err)
	}
	return p, err
}

func open(src *source, o Options) (Page, error) {
	kind, err := src.sniff()
	if err != nil {
		return Page{}, err
	}
	if err := check(src, kind, o.MaxPixels); err != nil {
		return Page{}, err
	}
	turn := readOrientation(src, kind)
	decoded, err := decode(src, kind)
	if err != nil {
		return Page{}, err
	}
	stored := decoded.Bounds()
	w, h := turn.size(stored.Dx(), stored.Dy())
	w, h = turn.size(target(w, h, o.Canvas))
	// Turning comes last: scaled down, there are far fewer pixels to move.
	small, err := scale(src.ctx, decoded, w, h)
	if err != nil {
		return Page{}, err
	}
	return encode(turn.apply(flatten(small)), kind)
}

// source is the file being read. It stops when its context ends, and keeps
// the first error of the file itself apart from what decoders make of it.
type source struct {
	ctx context.Context
	r   io.ReadSeeker
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, s.keep(context.Cause(s.ctx))
	}
	n, err := s.r.Read(p)
	return n, s.keep(err)
}

// Seek does not keep its errors: a damaged header makes decoders seek to
// places that do not exist.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	return s.r.Seek(offset, whence)
}

func (s *source) keep(err error) error {
	if err != nil && err != io.EOF && s.err == nil {
		s.err = err
	}
	return err
}

func (s *source) rewind() error {
	_, err := s.r.Seek(0, io.SeekStart)
	return s.keep(err)
}

func (s *source) sniff() (Kind, error) {
	if err := s.rewind(); err != nil {
		return "", err
	}
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(s, head)
	switch {
	case err == io.EOF:
		return "", ErrEmpty
	case err != nil && err != io.ErrUnexpectedEOF:
		return "", err
	}
	kind := Sniff(head[:n])
	if kind == "" {
		return "", ErrUnsupported
	}
	return kind, nil
}
