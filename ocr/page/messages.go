package page

import (
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/sandbox"
)

// A request is a single task for the decoding process. It crosses a process
// boundary as JSON, and holds no secret.
type request struct {
	Task task
	Kind Kind

	// For taskExamine, and checked again by taskDraw. For taskText MaxPages is
	// the number of pages from Page on.
	MaxPixels, MaxPages int

	// MaxOutput bounds each file that the process writes, in bytes; 0 means
	// input.MaxOutput.
	MaxOutput int64

	// For taskDraw: the page, counted from 0, its layout, and its examined
	// size.
	Page      int
	Layout    layout
	HideLinks bool // of a PDF: see answer

	// Tools has in Self the command whose argument this request is. A program is
	// started by way of Self, so that it is confined first. Self is empty if
	// nothing is confined.
	Tools input.Tools

	// Start is a program to become; then all else is empty.
	sandbox.Start

	// Confined says which protections hold for this process, or nil before.
	Confined *Protections

	// Memory bounds the process's data beyond its data at the start, in bytes,
	// and Seconds its processor time. 0 means no limit.
	Memory, Seconds int64
}

type task string

const (
	taskExamine task = "examine" // find the pages
	taskDraw    task = "draw"    // draw a page, as files in the output
	taskText    task = "text"    // extract the text that pages of a PDF carry
	taskConfine task = "confine" // only report the protections
)

// An answer is the result of a request.
type answer struct {
	Pages  []input.Page // taskExamine: the pages to read
	Total  int          // taskExamine: all pages of the file
	Pieces []drawnPiece // taskDraw: in order

	// Layers is for taskText: the size of each page's text in the output, in
	// bytes, or 0 for a page without good text.
	Layers []int64

	// HideLinks is for taskExamine of a PDF: all annotations are links, around
	// which poppler would draw boxes.
	HideLinks bool

	Confined Protections // for all tasks

	Error *input.Failure // or nil
}

// A drawnPiece is a page or a piece of one. Its file follows the file of the
// previous piece in the output.
type drawnPiece struct {
	Size          int64 // of the file, in bytes
	MediaType     string
	Width, Height int
	Partial       bool
}
