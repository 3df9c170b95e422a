package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// FirstExtra is the number of the first open file that a process gets beside
// the standard ones: see [exec.Cmd.ExtraFiles].
const FirstExtra = 3

// A Start is a foreign program to start in a process of its own, which is
// confined first.
type Start struct {
	Program string // its path
	Args    []string
	Writes  int // number of extra files, which the program may open for writing
}

// Command prepares the start, without a shell and an environment. If self is
// given, it is a command that calls Run with the Start in its last argument, as
// JSON. Otherwise the program is not confined.
func (s Start) Command(ctx context.Context, self []string) *exec.Cmd {
	argv := append([]string{s.Program}, s.Args...)
	if len(self) > 0 {
		arg, _ := json.Marshal(s) // of which nothing can fail
		argv = append(slices.Clone(self), string(arg))
	}
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = []string{"LC_ALL=C.UTF-8"}
	return c
}

// Run turns this process into the program, confined. It returns only with an
// error.
func (s Start) Run() error {
	c := Confinement{Read: []string{OpenFile(0), s.Program}, Foreign: true}
	for i := range s.Writes {
		c.Write = append(c.Write, OpenFile(FirstExtra+i))
	}
	c.Apply()
	return Become(append([]string{s.Program}, s.Args...))
}

// Become turns this process into another program. It returns only with an
// error.
func Become(argv []string) error {
	err := syscall.Exec(argv[0], argv, os.Environ())
	return fmt.Errorf("starting %s: %w", filepath.Base(argv[0]), err)
}

// OpenFile returns the path with which a process opens one of its open files
// again.
func OpenFile(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }
