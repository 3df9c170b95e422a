// Package sandbox limits and confines processes, and the programs that they
// become.
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

// A Confinement lists the files that a process may use from now on, beside its
// open files and the system's folders, which it may read.
type Confinement struct {
	Read  []string // files that it may open, and run
	Write []string // files that it may open for writing too

	// Foreign is true if the process becomes a foreign program, which must not
	// start a process, nor signal another one.
	Foreign bool
}

// Protections says which protections hold for the processes that open files on
// this machine.
type Protections struct {
	// Files is true if these processes can open only the file to read and the
	// system's files. With Linux 6.12 or later they also cannot signal other
	// processes.
	Files bool

	// Calls is true if these processes have no network and no access to other
	// processes, and if foreign programs cannot start any.
	Calls bool
}

// systemFolders and systemFiles are the files that foreign programs open:
// libraries, fonts, character tables, and shells.
var (
	systemFolders = []string{
		"/bin", "/usr/bin", "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share",
		"/usr/local/lib", "/usr/local/share/fonts", "/usr/local/share/poppler",
		"/etc/alternatives", "/etc/fonts", "/etc/ld.so.conf.d", "/var/cache/fontconfig",
		"/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew",
	}
	systemFiles = []string{"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/localtime", "/dev/zero", "/dev/random", "/dev/urandom"}
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
