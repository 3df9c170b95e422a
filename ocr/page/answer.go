package page

import (
	"errors"
	"fmt"
	"io"
	"syscall"
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
	// maxOutput.
	MaxOutput int64

	// For taskDraw: the page, counted from 0, its layout, and its examined
	// size.
	Page      int
	Layout    layout
	HideLinks bool // of a PDF: see answer

	Tools map[string]string // see toolsFor

	Links string // for heif-convert: the folder of outputLinks

	// Self is the command whose argument this request is. A program is started
	// by way of Self, so that it is confined first. Empty if nothing is
	// confined.
	Self []string

	// For taskRun: the program, its arguments, and the number of open files
	// that the program opens again for writing.
	Program string
	Args    []string
	Writes  int

	// Confined says which protections hold for this process, or nil before.
	Confined *Confined

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
	taskRun     task = "run"     // become another program
)

// An answer is the result of a request.
type answer struct {
	Pages []leaf // taskExamine: the pages to read
	Total int    // taskExamine: all pages of the file
	Parts []part // taskDraw: in order

	// Layers is for taskText: the size of each page's text in the output, in
	// bytes, or 0 for a page without good text.
	Layers []int64

	// HideLinks is for taskExamine of a PDF: all annotations are links, around
	// which poppler would draw boxes.
	HideLinks bool

	Confined Confined // for all tasks

	Error *failure // or nil
}

// A leaf is a page of a file: its upright size, or the reason why it is
// unreadable.
type leaf struct {
	Width, Height int
	Error         *failure
}

// A part is a page or a part cut from a page. Its file follows the file of the
// previous part in the output.
type part struct {
	Size          int64 // of the file, in bytes
	MediaType     string
	Width, Height int
	Partial       bool
}

// A failure is an error of this package in transit between two processes.
type failure struct {
	Code                     code
	Kind                     Kind
	Width, Height, MaxPixels int
	Cut                      bool
	Text                     string // the cause's own
}

type code string

const (
	codeTooLarge code = "too large"
	codeShape    code = "shape"
	codeBroken   code = "broken"
	codeKilled   code = "killed"
	codeNoSpace  code = "no space"
	codeOther    code = "other"
)

// named are the errors that have a code of their own.
var named = map[code]error{
	"empty":       ErrEmpty,
	"unsupported": ErrUnsupported,
	"no decoder":  ErrNoDecoder,
	"password":    ErrPassword,
	"no pages":    ErrNoPages,
	"no tool":     ErrNoTool,
	"blank":       ErrBlank,
}

// maxText bounds an error's text, in bytes, since decoders quote their input.
const maxText = 300

func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{Code: codeOther, Text: clip(err.Error())}
	if e, ok := errors.AsType[*TooLargeError](err); ok {
		f.Code, f.Width, f.Height, f.MaxPixels = codeTooLarge, e.Width, e.Height, e.MaxPixels
	} else if e, ok := errors.AsType[*ShapeError](err); ok {
		f.Code, f.Width, f.Height = codeShape, e.Width, e.Height
	} else if e, ok := errors.AsType[*BrokenError](err); ok {
		f.Code, f.Kind, f.Cut, f.Text = codeBroken, e.Kind, e.Cut(), clip(e.err.Error())
	} else if e, ok := errors.AsType[*KilledError](err); ok {
		f.Code, f.Kind, f.Text = codeKilled, e.Kind, e.Limit
	} else if errors.Is(err, syscall.ENOSPC) {
		f.Code = codeNoSpace
	}
	for code, target := range named {
		if f.Code == codeOther && errors.Is(err, target) {
			f.Code = code
		}
	}
	return f
}

// err returns the original error.
func (f *failure) err() error {
	if f == nil {
		return nil
	}
	if target, ok := named[f.Code]; ok {
		return &told{f.Text, target}
	}
	switch f.Code {
	case codeTooLarge:
		return &TooLargeError{f.Width, f.Height, f.MaxPixels}
	case codeShape:
		return &ShapeError{f.Width, f.Height}
	case codeBroken:
		if f.Cut {
			return &BrokenError{f.Kind, &told{f.Text, io.ErrUnexpectedEOF}}
		}
		return &BrokenError{f.Kind, errors.New(f.Text)}
	case codeKilled:
		return &KilledError{Kind: f.Kind, Limit: f.Text}
	case codeNoSpace:
		return fmt.Errorf("no room for the pages: %w", syscall.ENOSPC)
	}
	return fmt.Errorf("decoding: %s", f.Text)
}

// told is a named error with its text from the other process.
type told struct {
	text string
	is   error
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.is }

func clip(s string) string { return s[:min(len(s), maxText)] }
