//go:build linux

package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain runs the tests, or, for the argument of a Start, its program. With the
// argument "limit" it writes more than a limit allows.
func TestMain(m *testing.M) {
	var s Start
	switch {
	case len(os.Args) == 2 && json.Unmarshal([]byte(os.Args[1]), &s) == nil:
		fmt.Fprintln(os.Stderr, s.Run())
		os.Exit(1)
	case len(os.Args) == 2 && os.Args[1] == "limit":
		fmt.Println(write(os.NewFile(FirstExtra, "output")))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// write writes ten bytes of the twenty that it has.
func write(f *os.File) error {
	if err := Limit(64<<20, 10, 1); err != nil {
		return err
	}
	_, err := f.Write(make([]byte, 20))
	var memory, cpu syscall.Rlimit
	if err := errors.Join(syscall.Getrlimit(syscall.RLIMIT_DATA, &memory), syscall.Getrlimit(syscall.RLIMIT_CPU, &cpu)); err != nil {
		return err
	}
	return fmt.Errorf("%w; memory limited: %v; %d s", err, memory.Max < 1<<62, cpu.Max)
}

// run starts a program, confined or not, with a file as standard input, and returns
// what it writes.
func run(t *testing.T, confined bool, stdin, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	var self []string
	if confined {
		self = []string{executable(t)}
	}
	name := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(name, []byte(stdin), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := Start{Program: path, Args: args}.Command(t.Context(), self)
	c.Stdin = file
	out, _ := c.CombinedOutput() // the output says how it went
	return string(out)
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A foreign program has its standard input and the system's files, and neither
// other files nor the environment nor another process.
func TestForeignProgramIsConfined(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-nobody-may-see")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, true, "a page", "cat"); got != "a page" {
		t.Errorf("of its input it wrote %q", got)
	}
	if got := run(t, true, "", "sh", "-c", "set; echo well"); strings.Contains(got, "xoxb") || !strings.HasSuffix(got, "well\n") {
		t.Errorf("it has the environment: %v", strings.Contains(got, "xoxb"))
	}
	for name, test := range map[string]struct{ script, want string }{
		"a file":    {"read line <" + secret + "; echo $line", "a secret"},
		"a process": {"(echo started) | cat", "started"},
	} {
		if got := run(t, false, "", "sh", "-c", test.script); !strings.Contains(got, test.want) {
			t.Errorf("%s is out of reach without a confinement: %q", name, got)
		}
		if got := run(t, true, "", "sh", "-c", test.script); strings.Contains(got, test.want) {
			t.Errorf("%s is in reach: %q", name, got)
		}
	}
}

// Limits hold for the process that sets them.
func TestLimit(t *testing.T) {
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	c := exec.Command(executable(t), "limit")
	c.ExtraFiles = []*os.File{output}
	said, err := c.CombinedOutput()
	info, statErr := output.Stat()
	if err = errors.Join(err, statErr); err != nil || info.Size() != 10 {
		t.Errorf("%q, %v", said, err)
	}
	if want := syscall.EFBIG.Error() + "; memory limited: true; 1 s"; !bytes.Contains(said, []byte(want)) {
		t.Errorf("it ended with %q, want %q", said, want)
	}
}

// Programs that were installed outside the system's folders bring their libraries.
func TestSiblings(t *testing.T) {
	folder := t.TempDir()
	bin := filepath.Join(folder, "bin")
	program := filepath.Join(bin, "pdftoppm")
	link := filepath.Join(t.TempDir(), "pdftoppm")
	err := errors.Join(os.Mkdir(bin, 0o700), os.WriteFile(program, nil, 0o700), os.Symlink(program, link))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{program, link} {
		if got := siblings(path); len(got) == 0 || filepath.Clean(got[0]) != filepath.Join(folder, "lib") {
			t.Errorf("%s has %q", path, got)
		}
	}
	if got := siblings(filepath.Join(folder, "pdftoppm")); got != nil {
		t.Errorf("a program in no folder of programs has %q", got)
	}
}
