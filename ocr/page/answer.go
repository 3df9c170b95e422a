package page

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// A request is what the process that decodes is asked to do, once. It crosses
// a process boundary as JSON, and nothing in it is secret.
type request struct {
	Task task
	Kind Kind

	// For taskExamine, and checked again by taskDraw. For taskText MaxPages is how
	// many pages are meant, from Page on.
	MaxPixels, MaxPages int

	// For taskDraw: which page, counted from 0, how, and to which size it was
	// examined.
	Page      int
	Layout    layout
	HideLinks bool // of a PDF: see answer

	// The programs' paths; empty for those that are not installed or not needed.
	Pdfinfo, Pdftoppm, Pdftotext, Pdfimages, Tiff2rgba, Tiffcp string

	// Self is the command that this request is an argument of: a program is started by
	// way of it, so that it is confined first. Empty where nothing is confined.
	Self []string

	// For taskRun: the program, its arguments after its name, and which of its open
	// files it opens again to write.
	Program string
	Args    []string
	Writes  int

	// Confined says what holds of this process; nil before it is confined.
	Confined *Confined

	// Memory is how much data the process may have beside what it starts with,
	// in bytes, and Seconds how much time on the processor. 0 is no limit.
	Memory, Seconds int64
}

type task string

const (
	taskExamine task = "examine" // which pages there are
	taskDraw    task = "draw"    // one page, as files in the output
	taskText    task = "text"    // the text that pages of a PDF carry
	taskConfine task = "confine" // nothing but to say what holds
	taskRun     task = "run"     // to become another program
)

// An answer is what came of it.
type answer struct {
	Pages []leaf // taskExamine: those that will be read
	Total int    // taskExamine: all pages of the file
	Parts []part // taskDraw: in order

	// Layers is for taskText: how long each page's text is in the output, in bytes;
	// 0 where it has none that is good.
	Layers []int64

	// HideLinks is for taskExamine of a PDF: its annotations are links alone,
	// around which boxes would be drawn.
	HideLinks bool

	Confined Confined // for all tasks

	Error *failure // or nil
}

// A leaf is a page of a file: its upright size, or why it cannot be read.
type leaf struct {
	Width, Height int
	Error         *failure
}

// A part is a page or what was cut from one. Its file follows that of the part
// before it in the output.
type part struct {
	Size          int64 // of the file, in bytes
	MediaType     string
	Width, Height int
	Partial       bool
}

// A failure is an error of this package on its way between two processes.
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

// named are the errors that are told apart by themselves.
var named = map[code]error{
	"empty":       ErrEmpty,
	"unsupported": ErrUnsupported,
	"no decoder":  ErrNoDecoder,
	"password":    ErrPassword,
	"no pages":    ErrNoPages,
	"no tool":     ErrNoTool,
	"blank":       ErrBlank,
}

// maxText bounds an error's text, in bytes: decoders quote what they read.
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

// err is the error that was.
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

// told is a named error with the words that it had in the other process.
type told struct {
	text string
	is   error
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.is }

func clip(s string) string { return s[:min(len(s), maxText)] }
