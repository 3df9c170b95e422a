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
	Code                     string
	Kind                     Kind
	Width, Height, MaxPixels int
	Cut                      bool
	Text                     string // the cause's own
}

const (
	codeTooLarge = "too large"
	codeShape    = "shape"
	codeBroken   = "broken"
	codeKilled   = "killed"
	codeNoSpace  = "no space"
	codeOther    = "other"
)

// codes are the errors that have a code of their own.
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
	f := &Failure{Code: codeOther, Text: Clip(err.Error())}
	if e, ok := errors.AsType[*TooLargeError](err); ok {
		f.Code, f.Width, f.Height, f.MaxPixels = codeTooLarge, e.Width, e.Height, e.MaxPixels
	} else if e, ok := errors.AsType[*ShapeError](err); ok {
		f.Code, f.Width, f.Height = codeShape, e.Width, e.Height
	} else if e, ok := errors.AsType[*BrokenError](err); ok {
		f.Code, f.Kind, f.Cut, f.Text = codeBroken, e.Kind, e.Cut(), Clip(e.Err.Error())
	} else if e, ok := errors.AsType[*KilledError](err); ok {
		f.Code, f.Kind, f.Text = codeKilled, e.Kind, e.Limit
	} else if errors.Is(err, syscall.ENOSPC) {
		f.Code = codeNoSpace
	}
	for code, target := range codes {
		if f.Code == codeOther && errors.Is(err, target) {
			f.Code = code
		}
	}
	return f
}

// Err returns the original error.
func (f *Failure) Err() error {
	if f == nil {
		return nil
	}
	if target, ok := codes[f.Code]; ok {
		return &remoteError{f.Text, target}
	}
	switch f.Code {
	case codeTooLarge:
		return &TooLargeError{f.Width, f.Height, f.MaxPixels}
	case codeShape:
		return &ShapeError{f.Width, f.Height}
	case codeBroken:
		if f.Cut {
			return Broken(f.Kind, &remoteError{f.Text, io.ErrUnexpectedEOF})
		}
		return Broken(f.Kind, errors.New(f.Text))
	case codeKilled:
		return &KilledError{Kind: f.Kind, Limit: f.Text}
	case codeNoSpace:
		return fmt.Errorf("no room for the pages: %w", syscall.ENOSPC)
	}
	return fmt.Errorf("decoding: %s", f.Text)
}

// A remoteError is one of codes with its text from the other process.
type remoteError struct {
	text string
	err  error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.err }
