package input

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// A Page is a page of a file: its upright size, or the reason why it is
// unreadable.
type Page struct {
	Width, Height int
	Error         *Failure
}

// A Failure is an error of this package in transit between two processes.
type Failure struct {
	Text string // the error's own, or that of its cause

	// One of these, or none for another error.
	Code     string // of codes
	TooLarge *TooLargeError
	Shape    *ShapeError
	Killed   *KilledError
	Broken   Kind
	NoSpace  bool

	Cut bool // of a broken file
}

// codes are the errors that have a code.
var codes = map[string]error{
	"empty":       ErrEmpty,
	"unsupported": ErrUnsupported,
	"no decoder":  ErrNoDecoder,
	"password":    ErrPassword,
	"no pages":    ErrNoPages,
	"no tool":     ErrNoTool,
	"blank":       ErrBlank,
}

// FailureOf returns an error as a Failure, or nil for no error.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	f := &Failure{Text: Clip(err.Error())}
	f.TooLarge, _ = errors.AsType[*TooLargeError](err)
	f.Shape, _ = errors.AsType[*ShapeError](err)
	f.Killed, _ = errors.AsType[*KilledError](err)
	if e, ok := errors.AsType[*BrokenError](err); ok {
		f.Broken, f.Cut, f.Text = e.Kind, e.Cut(), Clip(e.Err.Error())
	}
	f.NoSpace = errors.Is(err, syscall.ENOSPC)
	for code, target := range codes {
		if errors.Is(err, target) {
			f.Code = code
		}
	}
	return f
}

// Err returns the original error.
func (f *Failure) Err() error {
	switch {
	case f == nil:
		return nil
	case f.TooLarge != nil:
		return f.TooLarge
	case f.Shape != nil:
		return f.Shape
	case f.Broken != "" && f.Cut:
		return Broken(f.Broken, &remoteError{f.Text, io.ErrUnexpectedEOF})
	case f.Broken != "":
		return Broken(f.Broken, errors.New(f.Text))
	case f.Killed != nil:
		return f.Killed
	case f.NoSpace:
		return fmt.Errorf("no room for the pages: %w", syscall.ENOSPC)
	case codes[f.Code] != nil:
		return &remoteError{f.Text, codes[f.Code]}
	}
	return fmt.Errorf("decoding: %s", f.Text)
}

// A remoteError is an error of the other process, with its text.
type remoteError struct {
	text string
	err  error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.err }
