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

import "slackocr/ocr/witness"

// DefaultMaxPages is the default of Options.MaxPages.
const DefaultMaxPages = 50

// Options are the limits of Decoder.Open. The zero value is ready for use.
type Options struct {
	// MaxPages bounds the pages of a PDF or TIFF. 0 means DefaultMaxPages.
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
