package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	for _, program := range []string{r.Program, r.Pdfinfo, r.Pdftoppm, r.Pdftotext, r.Pdfimages, r.Tiff2rgba, r.Tiffcp, r.HeifConvert} {
		if program != "" {
			c.read = append(c.read, program)
		}
	}
	switch r.Task {
	case taskRun:
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
