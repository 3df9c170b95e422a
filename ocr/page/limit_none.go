//go:build !linux && !darwin

package page

import (
	"os/exec"
	"syscall"
)

// sigXCPU does not exist here.
const sigXCPU = syscall.Signal(-1)

// limit does nothing: only the time limit of the parent holds here.
func limit(_, _, _ int64) error { return nil }

func keep(int) {}

func ownGroup(*exec.Cmd) {}

func endGroup(*exec.Cmd) {}
