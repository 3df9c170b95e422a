//go:build !linux && !darwin

package sandbox

import (
	"os/exec"
	"syscall"
)

// SIGXCPU does not exist here.
const SIGXCPU = syscall.Signal(-1)

// Limit does nothing: only the time limit of the parent holds here.
func Limit(_, _, _ int64) error { return nil }

// CloseOnExec does nothing.
func CloseOnExec(int) {}

// OwnGroup does nothing.
func OwnGroup(*exec.Cmd) {}

// KillGroup does nothing.
func KillGroup(*exec.Cmd) {}
