// Package guard keeps a panic, which only a fault of the program can cause, from
// ending the program: only the work in which it happens ends.
package guard

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// ErrPanicked means that guarded work panicked.
var ErrPanicked = errors.New("the work panicked")

// Run does the work and returns its error. If the work panics, Run returns
// ErrPanicked, and logs the message with the type of the panic's value and the
// stack. The value itself is not logged, since it may quote people's files.
//
// Run does not release what the work holds: locks must be released by defer.
func Run(log *slog.Logger, message string, work func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			log.Error(message, "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			err = ErrPanicked
		}
	}()
	return work()
}
