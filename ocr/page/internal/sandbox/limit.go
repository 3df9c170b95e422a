package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Limit limits this process, and the processes that it starts: their data beyond
// those of now, and each file that they write, in bytes, and their time on the
// processor. 0 means no limit. Go cannot set the limits of a child before the
// child runs, so the child sets its own.
//
// RLIMIT_DATA counts writable memory that belongs to no file; Linux does so
// since 4.7 (setrlimit(2)), macOS leaves out memory maps. RLIMIT_AS would also
// count the address space that the Go runtime reserves and never uses.
func Limit(memory, file, seconds int64) error {
	set := func(resource int, value int64) error {
		return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: uint64(value), Max: uint64(value)})
	}
	if memory > 0 {
		if err := set(syscall.RLIMIT_DATA, dataNow()+memory); err != nil {
			return fmt.Errorf("limiting memory: %w", err)
		}
	}
	if file > 0 {
		if err := set(syscall.RLIMIT_FSIZE, file); err != nil {
			return fmt.Errorf("limiting files: %w", err)
		}
	}
	if seconds > 0 {
		if err := set(syscall.RLIMIT_CPU, seconds); err != nil {
			return fmt.Errorf("limiting time: %w", err)
		}
	}
	return nil
}

// dataNow returns the size of this process's data, in bytes, as RLIMIT_DATA
// counts: proc_pid_statm(5). The size is small except under the race detector.
// On macOS it is unknown, and the result is 0.
func dataNow() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(statm))
	if err != nil || len(fields) < 6 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[5], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// OwnGroup puts a command and its children into a process group, which is
// killed when the command's context ends.
func OwnGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}

// KillGroup kills the rest of a command's process group. The command must not
// have been waited for yet, so that no other group has its number.
func KillGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
