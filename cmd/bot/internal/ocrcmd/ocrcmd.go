// Package ocrcmd reads files without Slack, for the command bot ocr.
package ocrcmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// Options say how to read.
type Options struct {
	Mode   ocr.Mode
	Pages  Pages
	JSON   bool
	Output string // a file or a folder; standard output if empty
}

// Terminal is what the command reads from and writes to.
type Terminal struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	ShowText       bool // Stdout is a terminal: it shows the text while it grows
	ShowProgress   bool // Stderr is a terminal that can erase a line
	Columns        int  // of that terminal
	Bold           func(string) string
}

// ErrIncomplete means that not every file was read whole. Read has printed the
// reasons.
var ErrIncomplete = errors.New("not every file was read whole")

// Read reads files one after the other and writes their texts.
func Read(ctx context.Context, files []string, o Options, c settings.Config, decoder *page.Decoder, to Terminal) (err error) {
	model, err := c.NewModel()
	if err != nil {
		return err
	}
	progress := newProgress(to)
	defer progress.hide()
	out, err := newResultWriter(files, o, progress, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out.fail = stop
	r := &fileReader{
		model: model.WithMode(o.Mode), decoder: decoder, pages: o.Pages,
		stdin: to.Stdin, out: out, progress: progress, config: c,
	}
	whole := 0
	for _, file := range files {
		result := r.readFile(reading, file)
		if ctx.Err() != nil {
			fmt.Fprintf(to.Stderr, "Stopped: %d of %d files were read.\n", whole, len(files))
			return ErrIncomplete
		}
		if reading.Err() != nil {
			return context.Cause(reading) // of a failed write
		}
		for _, problem := range []string{result.Error, result.Cut} {
			if problem != "" {
				fmt.Fprintf(to.Stderr, "%s: %s\n", shownName(file), problem)
			}
		}
		if result.Error == "" && result.Cut == "" {
			whole++
		}
	}
	if whole < len(files) {
		return ErrIncomplete
	}
	return nil
}
