package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"runtime/debug"

	"slackocr/ocr/page/internal/pixels"
)

// softMemory is the share of a process's limit from which on the Go runtime
// collects garbage more often rather than request memory.
const softMemory = 0.7

// The open files of a process that decodes, beside the standard ones: its
// standard input is the file to read.
const (
	firstExtra = 3

	fdAnswer  = 3 // takes one answer as JSON
	fdOutput  = 4 // takes the pages
	fdScratch = 5 // is for what is on its way between two programs
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
	if len(args) != 1 || json.Unmarshal([]byte(args[0]), &r) != nil || len(r.Self) == 0 {
		return errors.New("this command is for the program itself: it decodes one file for it")
	}
	if r.Confined == nil {
		if err := limit(r.Memory, r.MaxOutput, r.Seconds); err != nil {
			return err
		}
		return become(r)
	}
	if r.Memory > 0 {
		debug.SetMemoryLimit(int64(softMemory * float64(r.Memory)))
	}
	to, output, scratch := os.NewFile(fdAnswer, "answer"), (*os.File)(nil), (*os.File)(nil)
	if r.Task == taskDraw || r.Task == taskText { // otherwise the numbers may be those of other files
		output = os.NewFile(fdOutput, "output")
		keep(fdOutput)
	}
	if r.Task == taskDraw {
		scratch = os.NewFile(fdScratch, "scratch")
		keep(fdScratch)
	}
	keep(fdAnswer)
	a := do(context.Background(), r, os.Stdin, output, scratch)
	a.Confined = *r.Confined
	if err := json.NewEncoder(to).Encode(a); err != nil {
		return err
	}
	return to.Close()
}

// do carries out a request in this process. do does not move the position of
// the file, which other processes share.
func do(ctx context.Context, r request, file, output, scratch *os.File) (a answer) {
	info, err := file.Stat()
	if err != nil {
		return answer{Error: failureOf(err)}
	}
	src := &source{
		ctx: ctx, r: io.NewSectionReader(file, 0, info.Size()), page: r.Page,
		self: r.Self, tools: r.Tools, output: output, scratch: scratch, links: r.Links,
	}
	switch r.Task {
	case taskConfine:
	case taskExamine:
		a, err = examineFile(ctx, src, file, r)
	case taskDraw:
		a.Parts, err = drawPage(ctx, src, file, output, r)
	case taskText:
		a.Layers, err = writeLayers(ctx, file, output, r)
	default:
		err = fmt.Errorf("there is no task %q", r.Task)
	}
	a.Error = failureOf(src.blame(err))
	return a
}

func examineFile(ctx context.Context, src *source, file *os.File, r request) (a answer, err error) {
	if r.Kind == PDF {
		a.Pages, a.Total, err = examinePDF(ctx, file, r)
		a.HideLinks = err == nil && onlyLinks(src)
		return a, err
	}
	a.Total = 1
	if r.Kind == TIFF {
		all, err := directories(src)
		if err != nil {
			return a, &BrokenError{TIFF, err}
		}
		a.Total = len(all)
	}
	for i := range min(a.Total, r.MaxPages) {
		src.page = i
		size, _, err := look(src, r.Kind, r.MaxPixels)
		if src.err != nil {
			return a, err
		}
		a.Pages = append(a.Pages, leaf{size.X, size.Y, failureOf(err)})
	}
	return a, nil
}

func drawPage(ctx context.Context, src *source, file, output *os.File, r request) ([]part, error) {
	m, err := drawWhole(ctx, src, file, r)
	if err != nil {
		return nil, err
	}
	pieces := []*image.RGBA{m}
	if m.Rect.Dy() < r.Layout.Parts {
		return nil, &BrokenError{r.Kind, fmt.Errorf("it is %d pixels high, less than its header says", m.Rect.Dy())}
	}
	if r.Layout.Parts > 1 {
		pieces = pixels.Cut(m, r.Layout.Parts)
	}
	var parts []part
	for _, m := range pieces {
		p, err := encode(m, r.Kind)
		if err != nil {
			return nil, err
		}
		if _, err := output.Write(p.Data); err != nil {
			return nil, fmt.Errorf("writing a page: %w", err)
		}
		parts = append(parts, part{int64(len(p.Data)), p.MediaType, p.Width, p.Height, src.partial})
	}
	return parts, nil
}

func drawWhole(ctx context.Context, src *source, file *os.File, r request) (*image.RGBA, error) {
	size := image.Pt(r.Layout.Width, r.Layout.Height)
	if r.Kind != PDF {
		_, turn, err := look(src, r.Kind, r.MaxPixels)
		if err != nil {
			return nil, err
		}
		return render(src, r.Kind, turn, size)
	}
	m, err := drawPDF(src, file, r)
	if err != nil {
		return nil, err
	}
	got := m.Rect.Size()
	if got.X <= size.X+1 && got.Y <= size.Y+1 {
		return m, nil // pdftoppm rounds in its own way
	}
	return pixels.Scale(ctx, m, min(got.X, size.X), min(got.Y, size.Y))
}
