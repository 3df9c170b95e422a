package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// The paths by which a program opens its standard input, as a file that can be
// sought in, and its first file to write.
const theFile, theOutput = "/dev/fd/0", "/dev/fd/3"

// toolsFor returns the paths of the programs that open files of a kind, by
// their names. Programs that are not installed are left out.
func toolsFor(kind Kind) map[string]string {
	var names []string
	switch kind {
	case PDF:
		names = []string{"pdfinfo", "pdftoppm", "pdftotext", "pdfimages"}
	case TIFF, JPEG:
		names = []string{"tiff2rgba", "tiffcp"}
	case HEIC, AVIF:
		names = []string{"heif-convert"}
	}
	tools := map[string]string{}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			tools[name] = path
		}
	}
	return tools
}

// A program at work on one file.
type program struct {
	*exec.Cmd
	name string
	kind Kind
	said complaints
}

// poppler prepares a program of poppler.
func poppler(ctx context.Context, file *os.File, self []string, path string, args ...string) *program {
	return prepare(ctx, PDF, file, nil, self, path, args...)
}

// prepare prepares a program without a shell, an environment, or open files
// other than the one to read and those to write. If self is given, the program
// is started by way of self, see become.
func prepare(ctx context.Context, kind Kind, file *os.File, writes []*os.File, self []string, path string, args ...string) *program {
	argv := append([]string{path}, args...)
	if len(self) > 0 {
		r, _ := json.Marshal(request{Task: taskRun, Self: self, Program: path, Args: args, Writes: len(writes)}) // of which nothing can fail
		argv = append(slices.Clone(self), string(r))
	}
	p := &program{Cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), name: filepath.Base(path), kind: kind}
	p.Stdin, p.Stderr, p.ExtraFiles = file, &p.said, writes
	p.Env = []string{"LC_ALL=C.UTF-8"}
	return p
}

// convert runs a program that reads this content and writes another picture to
// the output.
func (s *source) convert(kind Kind, tool string, content io.Reader, args ...string) (*program, error) {
	path := s.tools[tool]
	if path == "" || s.scratch == nil || s.output == nil {
		return nil, ErrNoTool
	}
	err := errors.Join(truncate(s.scratch), truncate(s.output))
	if err == nil {
		_, err = io.Copy(s.scratch, content)
	}
	if err != nil {
		return nil, err
	}
	p := prepare(s.ctx, kind, s.scratch, []*os.File{s.output}, s.self, path, args...)
	return p, p.run()
}

// truncate makes a file empty.
func truncate(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.Truncate(0)
}

// become confines this process and turns it into the program of a request, or
// into the process that carries the request out. It returns only with an
// error.
//
// Only one thread is confined. The new program inherits that thread's
// confinement for all its threads.
func become(r request) error {
	runtime.LockOSThread()
	argv := append([]string{r.Program}, r.Args...)
	holds := r.confinement().apply()
	if r.Task != taskRun {
		r.Confined = &holds
		arg, err := json.Marshal(r)
		if err != nil {
			return err
		}
		argv = append(slices.Clone(r.Self), string(arg))
	}
	err := syscall.Exec(argv[0], argv, os.Environ())
	return fmt.Errorf("starting %s: %w", filepath.Base(argv[0]), err)
}

// confinement returns the confinement of the process that carries out a
// request.
func (r request) confinement() confinement {
	c := confinement{read: []string{openFile(0)}, program: r.Task == taskRun}
	c.read = slices.AppendSeq(c.read, maps.Values(r.Tools))
	switch r.Task {
	case taskRun:
		c.read = append(c.read, r.Program)
		for i := range r.Writes {
			c.write = append(c.write, openFile(firstExtra+i))
		}
		return c
	case taskDraw:
		c.read = append(c.read, openFile(fdScratch))
		c.write = append(c.write, openFile(fdOutput))
	}
	c.read = append(c.read, r.Self[0])
	return c
}

// openFile returns the path with which a process opens one of its open files
// again.
func openFile(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

func (p *program) run() error { return p.verdict(p.Run()) }

// verdict returns the error for the end of a program.
func (p *program) verdict(err error) error {
	exit, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return nil
	case !exited:
		return fmt.Errorf("running %s: %w", p.name, err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		switch status.Signal() {
		case syscall.SIGKILL, sigXCPU:
			return &KilledError{Kind: p.kind, Limit: LimitTime}
		default:
			return &KilledError{Kind: p.kind, Limit: LimitCrash}
		}
	}
	return &BrokenError{p.kind, errors.New(cmp.Or(firstLine(p.said.String()), err.Error()))}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return clip(line)
}

// complaints keeps the start of a program's standard error.
type complaints struct{ bytes.Buffer }

// maxSaid is how much of it is kept, in bytes.
const maxSaid = 8 << 10

func (c *complaints) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), maxSaid-c.Len())])
	return len(p), nil
}
