package input

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"slackocr/ocr/page/internal/sandbox"
)

// The paths by which a program opens its standard input, as a file that can be
// sought in, and its first file to write.
const ReadPath, WritePath = "/dev/fd/0", "/dev/fd/3"

// Tools are the other programs that open a file, and the files that they need.
// Without them, files that only these programs read are ErrNoTool.
type Tools struct {
	Self  []string          // starts the programs, see [sandbox.Start]; or empty
	Paths map[string]string // by the names of the programs
	Links string            // for heif-convert: a folder with links to Output

	Stdin, Scratch, Output *os.File `json:"-"` // to read, and to write
}

// FindTools returns the programs that open files of a kind, without those that are
// not installed.
func FindTools(kind Kind) Tools {
	var names []string
	switch kind {
	case PDF:
		names = []string{"pdfinfo", "pdftoppm", "pdftotext", "pdfimages"}
	case TIFF, JPEG:
		names = []string{"tiff2rgba", "tiffcp"}
	case HEIC, AVIF:
		names = []string{"heif-convert"}
	}
	t := Tools{Paths: map[string]string{}}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			t.Paths[name] = path
		}
	}
	return t
}

// Has reports whether programs are installed.
func (t Tools) Has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return t.Paths[name] == "" })
}

// A Program is one at work on a file.
type Program struct {
	*exec.Cmd
	name   string
	kind   Kind
	stderr Stderr
}

// Program prepares a program to read the file.
func (t Tools) Program(ctx context.Context, kind Kind, name string, args ...string) *Program {
	return t.prepare(ctx, kind, name, args, t.Stdin)
}

// prepare prepares a program with open files: one to read and some to write.
func (t Tools) prepare(ctx context.Context, kind Kind, name string, args []string, stdin *os.File, writes ...*os.File) *Program {
	s := sandbox.Start{Program: t.Paths[name], Args: args, Writes: len(writes)}
	p := &Program{Cmd: s.Command(ctx, t.Self), name: name, kind: kind}
	p.Stdin, p.Stderr, p.ExtraFiles = stdin, &p.stderr, writes
	return p
}

// Convert runs a program that reads this content and writes another picture to
// the output.
func (f *File) Convert(kind Kind, name string, content io.Reader, args ...string) (*Program, error) {
	t := f.Tools
	if !t.Has(name) || t.Scratch == nil || t.Output == nil {
		return nil, ErrNoTool
	}
	err := errors.Join(Truncate(t.Scratch), Truncate(t.Output))
	if err == nil {
		_, err = io.Copy(t.Scratch, content)
	}
	if err != nil {
		return nil, err
	}
	p := t.prepare(f.Context, kind, name, args, t.Scratch, t.Output)
	return p, p.Run()
}

// Truncate makes a file empty.
func Truncate(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.Truncate(0)
}

// Run runs the program.
func (p *Program) Run() error { return p.exitError(p.Cmd.Run()) }

// Wait waits for the end of a program that was started.
func (p *Program) Wait() error { return p.exitError(p.Cmd.Wait()) }

// Output runs the program and returns its standard output. A file of which the program
// prints more than limit bytes is broken.
func (p *Program) Output(limit int) (*bytes.Buffer, error) {
	limited := LimitWriter{&bytes.Buffer{}, limit}
	p.Stdout = &limited
	err := p.Run()
	if limited.Left < 0 { // the program was ended by its next write
		err = Broken(p.kind, fmt.Errorf("the output of %s is %w", p.name, errFull))
	}
	return limited.W, err
}

// Complained reports whether the program wrote to its standard error.
func (p *Program) Complained() bool { return p.stderr.start.Len() > 0 }

// Complaint returns the first line of the program's standard error.
func (p *Program) Complaint() string { return p.stderr.FirstLine() }

// exitError returns the error for the end of a program.
func (p *Program) exitError(err error) error {
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case !exited:
		return fmt.Errorf("running %s: %w", p.name, err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		switch status.Signal() {
		case syscall.SIGKILL, syscall.SIGXCPU:
			return &KilledError{Kind: p.kind, Limit: LimitTime}
		default:
			return &KilledError{Kind: p.kind, Limit: LimitCrash}
		}
	}
	return Broken(p.kind, errors.New(cmp.Or(p.Complaint(), err.Error())))
}

// maxErrorText bounds an error's text, in bytes, since decoders quote their
// input.
const maxErrorText = 300

// clip returns the start of an error's text.
func clip(s string) string { return s[:min(len(s), maxErrorText)] }

// A Stderr keeps the start of a program's standard error. Its buffer is not
// embedded, since [io.Copy] would call the buffer's ReadFrom, without a bound.
type Stderr struct{ start bytes.Buffer }

func (s *Stderr) Write(p []byte) (int, error) {
	const most = 8 << 10 // bytes
	s.start.Write(p[:min(len(p), most-s.start.Len())])
	return len(p), nil
}

// FirstLine returns the first line, clipped.
func (s *Stderr) FirstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(s.start.String()), "\n")
	return clip(line)
}

var errFull = errors.New("over the size limit")

// A LimitWriter fails as soon as a write would exceed Left bytes, and from then on, so
// that an encoder or a program gives up early. Left is negative then.
type LimitWriter struct {
	W    *bytes.Buffer
	Left int
}

func (l *LimitWriter) Write(p []byte) (int, error) {
	if len(p) > l.Left {
		l.Left = -1
		return 0, errFull
	}
	l.Left -= len(p)
	return l.W.Write(p)
}
