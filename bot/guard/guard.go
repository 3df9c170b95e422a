// Package guard limits a panic to the work that panics, so that a fault of the program
// costs one file or one event instead of the whole program.
package guard

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// ErrPanicked means that guarded work panicked.
var ErrPanicked = errors.New("the work panicked")

// Run does the work and returns the error of the work. If the work panics, Run returns
// ErrPanicked, and logs the message with the type of the panic's value and the stack.
// The value is not logged, since the value may quote people's files.
//
// The work must release its locks by defer, since Run does not know them.
func Run(log *slog.Logger, message string, work func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			log.Error(message, "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			err = ErrPanicked
		}
	}()
	return work()
}
