package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"syscall"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pdf"
	"slackocr/ocr/page/internal/pixels"
	"slackocr/ocr/page/internal/sandbox"
	"slackocr/ocr/page/internal/tiff"
)

// softMemory is the share of a process's limit from which on the Go runtime
// collects garbage more often rather than request memory.
const softMemory = 0.7

// The open files of a process that decodes, beside the standard ones: its
// standard input is the file to read.
const (
	fdAnswer  = sandbox.FirstExtra + iota // takes one answer as JSON
	fdOutput                              // takes the pieces
	fdScratch                             // is for what is on its way between two programs
)

// Work carries out one request of a Decoder, on the files that the Decoder
// opened. args is the last argument of the Decoder's command. Work returns the
// exit status, which is 0 even if the answer is an error.
//
// Work limits its process for good, so the process must not do anything else.
func Work(args []string) int {
	if err := work(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func work(args []string) error {
	var r request
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &r) != nil || len(r.Tools.Self) == 0 && r.Program == "" {
		return errors.New("this command is for the program itself: it decodes one file for it")
	}
	switch {
	case r.Program != "":
		return r.Run()
	case r.Confined == nil:
		return r.confine()
	}
	if r.Memory > 0 {
		debug.SetMemoryLimit(int64(softMemory * float64(r.Memory)))
	}
	to, output, scratch := os.NewFile(fdAnswer, "answer"), (*os.File)(nil), (*os.File)(nil)
	if r.Task == taskDraw || r.Task == taskText { // otherwise the numbers may be those of other files
		output = os.NewFile(fdOutput, "output")
		syscall.CloseOnExec(fdOutput)
	}
	if r.Task == taskDraw {
		scratch = os.NewFile(fdScratch, "scratch")
		syscall.CloseOnExec(fdScratch)
	}
	syscall.CloseOnExec(fdAnswer)
	a := do(context.Background(), r, os.Stdin, output, scratch)
	a.Confined = *r.Confined
	if err := json.NewEncoder(to).Encode(a); err != nil {
		return err
	}
	return to.Close()
}

// confine limits and confines this process, which then begins anew to carry out
// the request. confine returns only with an error.
//
// Only one thread is confined. The new process inherits that thread's
// confinement for all its threads.
func (r request) confine() error {
	if err := sandbox.Limit(r.Memory, cmp.Or(r.MaxOutput, input.MaxOutput), r.Seconds); err != nil {
		return err
	}
	c := sandbox.Confinement{Read: []string{sandbox.OpenFile(0), r.Tools.Self[0]}}
	c.Read = slices.AppendSeq(c.Read, maps.Values(r.Tools.Paths))
	if r.Task == taskDraw {
		c.Read = append(c.Read, sandbox.OpenFile(fdScratch))
		c.Write = append(c.Write, sandbox.OpenFile(fdOutput))
	}
	r.Confined = new(c.Apply())
	arg, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return sandbox.Become(append(slices.Clone(r.Tools.Self), string(arg)))
}

// do carries out a request in this process. do does not move the position of
// the file, which other processes share.
func do(ctx context.Context, r request, file, output, scratch *os.File) (a answer) {
	info, err := file.Stat()
	if err != nil {
		return answer{Error: input.FailureOf(err)}
	}
	f := input.NewFile(ctx, file, info.Size())
	f.Page = r.Page
	f.Tools = r.Tools
	f.Tools.Stdin, f.Tools.Output, f.Tools.Scratch = file, output, scratch
	switch r.Task {
	case taskConfine:
	case taskExamine:
		a, err = examine(f, r)
	case taskDraw:
		a.Pieces, err = drawPieces(f, output, r)
	case taskText:
		a.Layers, err = writeLayers(f, output, r)
	default:
		err = fmt.Errorf("there is no task %q", r.Task)
	}
	a.Error = input.FailureOf(f.WrapErr(err))
	return a
}

// examine finds the pages of a file.
func examine(f *input.File, r request) (a answer, err error) {
	a.Total = 1
	switch r.Kind {
	case input.PDF:
		a.Pages, a.Total, err = pdf.Examine(f, r.MaxPages)
		a.HideLinks = err == nil && pdf.OnlyLinks(f)
		return a, err
	case input.TIFF:
		if a.Total, err = tiff.Count(f); err != nil {
			return a, err
		}
	}
	for f.Page = range min(a.Total, r.MaxPages) {
		size, _, err := inspect(f, r.Kind, r.MaxPixels)
		if f.Err != nil {
			return a, err
		}
		a.Pages = append(a.Pages, input.Page{Width: size.X, Height: size.Y, Error: input.FailureOf(err)})
	}
	return a, nil
}

// drawPieces draws a page and writes its pieces to output.
func drawPieces(f *input.File, output io.Writer, r request) ([]drawnPiece, error) {
	m, err := drawPage(f, r)
	if err != nil {
		return nil, err
	}
	if m.Rect.Dy() < r.Layout.Pieces {
		return nil, input.Broken(r.Kind, fmt.Errorf("it is %d pixels high, less than its header says", m.Rect.Dy()))
	}
	var drawn []drawnPiece
	for _, m := range pixels.Cut(m, r.Layout.Pieces) {
		p, err := encode(m, r.Kind)
		if err != nil {
			return nil, err
		}
		if _, err := output.Write(p.Data); err != nil {
			return nil, fmt.Errorf("writing a page: %w", err)
		}
		drawn = append(drawn, drawnPiece{int64(len(p.Data)), p.MediaType, p.Width, p.Height, f.Partial})
	}
	return drawn, nil
}

func drawPage(f *input.File, r request) (*image.RGBA, error) {
	size := image.Pt(r.Layout.Width, r.Layout.Height)
	if r.Kind != input.PDF {
		_, orientation, err := inspect(f, r.Kind, r.MaxPixels)
		if err != nil {
			return nil, err
		}
		return render(f, r.Kind, orientation, size)
	}
	m, err := pdf.Draw(f, r.Page, size, r.HideLinks)
	if err != nil {
		return nil, err
	}
	got := m.Rect.Size()
	if got.X <= size.X+1 && got.Y <= size.Y+1 {
		return m, nil // pdftoppm rounds in its own way
	}
	return pixels.Scale(f.Context, m, min(got.X, size.X), min(got.Y, size.Y))
}

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
