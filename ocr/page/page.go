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
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/witness"
)

// defaultMaxPages is the default of Options.MaxPages.
const defaultMaxPages = 50

// Options are the limits of Decoder.Open. The zero value is ready for use.
type Options struct {
	// MaxPages bounds the pages of a PDF or TIFF. 0 means 50.
	MaxPages int

	// Person is the owner of the file. One person's files take turns at the Decoder
	// with those of others.
	Person string

	// Canvas returns the model's canvas for a picture of these upright
	// dimensions. The picture is scaled down, never up, so that it still
	// covers the canvas. If Canvas is nil, the picture keeps its size. A page
	// of a PDF has no size in pixels: it is drawn with at most 600 dots per
	// inch and, unless cut into pieces, at most 16 megapixels.
	Canvas func(width, height int) (w, h int)
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

// A Kind is a file format, detected by content and never by a file's name or
// declared type.
type Kind = input.Kind

// The formats of which other rooms know.
const (
	PNG = input.PNG
	PDF = input.PDF
)

// The errors of Decoder.Open and Document.Page.
var (
	ErrEmpty       = input.ErrEmpty
	ErrUnsupported = input.ErrUnsupported
	ErrNoDecoder   = input.ErrNoDecoder
	ErrPassword    = input.ErrPassword
	ErrNoPages     = input.ErrNoPages
	ErrNoTool      = input.ErrNoTool
	ErrBlank       = input.ErrBlank
)

// More errors of Decoder.Open and Document.Page.
type (
	TooLargeError = input.TooLargeError
	ShapeError    = input.ShapeError
	BrokenError   = input.BrokenError
	KilledError   = input.KilledError
)

// The reasons for which a decoding process is killed.
const (
	LimitTime  = input.LimitTime
	LimitCrash = input.LimitCrash
)

// TryThumbnail reports whether a smaller copy that somebody else made of the file
// may be readable: the file is damaged, too much for the decoder, in a format
// without a decoder, or in an unknown format.
func TryThumbnail(err error) bool {
	return input.Unreadable(err, ErrUnsupported, ErrNoDecoder, ErrNoTool, ErrBlank)
}
