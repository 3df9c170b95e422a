package input

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"syscall"
)

var (
	// ErrEmpty means that the file has no bytes.
	ErrEmpty = errors.New("the file is empty")

	// ErrUnsupported means that the file is not in a readable format.
	ErrUnsupported = errors.New("not a picture format that can be read")

	// ErrNoDecoder means that the format is known but has no decoder here, or
	// that the file uses a feature without a decoder: a TIFF of lossless JPEG, a
	// HEIC picture without compression.
	ErrNoDecoder = errors.New("no decoder for this kind of picture")

	// ErrPassword means that a PDF opens only with a password.
	ErrPassword = errors.New("the file is locked with a password")

	// ErrNoPages means that a PDF has no pages.
	ErrNoPages = errors.New("the file has no pages")

	// ErrNoTool means that the program that opens such a file is not
	// installed: pdfinfo or pdftoppm (poppler-utils) for a PDF, tiff2rgba and
	// tiffcp (libtiff-tools) for many TIFF and some damaged JPEG files, and
	// heif-convert (libheif-examples) for HEIC and AVIF.
	ErrNoTool = errors.New("the program that opens such a file is not installed")

	// ErrBlank means that a long file was decoded to a single colour: most
	// likely the decoder did not understand the file.
	ErrBlank = errors.New("a picture of one colour came out of a long file")
)

// A TooLargeError means that a picture has more pixels than allowed. Nothing
// was decoded.
type TooLargeError struct {
	Width, Height int
	MaxPixels     int // for this kind of file
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a picture of %d×%d pixels is over the limit of %d pixels", e.Width, e.Height, e.MaxPixels)
}

// A ShapeError means that a picture is too long and thin to hold text: a side
// is more than 200 times as long as the other.
type ShapeError struct{ Width, Height int }

func (e *ShapeError) Error() string {
	return fmt.Sprintf("a picture of %d×%d pixels is too thin to hold text", e.Width, e.Height)
}

// A BrokenError means that a file starts like a picture of its kind but is
// damaged, cut short, or of another format.
type BrokenError struct {
	Kind Kind
	Err  error // the decoder's own
}

// Broken returns a BrokenError.
func Broken(kind Kind, err error) *BrokenError { return &BrokenError{kind, err} }

func (e *BrokenError) Error() string { return fmt.Sprintf("broken %s: %v", e.Kind, e.Err) }

// Unwrap returns the decoder's own error.
func (e *BrokenError) Unwrap() error { return e.Err }

// Cut reports whether the end of the file is missing.
func (e *BrokenError) Cut() bool { return errors.Is(e.Err, io.ErrUnexpectedEOF) }

// The reasons for which a decoding process is killed.
const (
	LimitTime  = "time"
	LimitCrash = "crash" // the process crashed, mostly for want of memory
)

// A KilledError means that decoding a file exceeded a limit and the process
// was killed. Other files are not affected.
type KilledError struct {
	Kind   Kind
	Limit  string // LimitTime or LimitCrash
	Stderr string // the first line, for a log
}

func (e *KilledError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("decoding %s was ended: %s", e.Kind, e.Limit)
	}
	return fmt.Sprintf("decoding %s was ended: %s: %s", e.Kind, e.Limit, e.Stderr)
}

// Final reports whether an error is a property of the file rather than of the
// moment.
func Final(err error) bool {
	_, thin := errors.AsType[*ShapeError](err)
	return thin || Unreadable(err, slices.Collect(maps.Values(codes))...)
}

// Unreadable reports whether the file is damaged or too much for the decoder, or
// the error is one of others.
func Unreadable(err error, others ...error) bool {
	_, large := errors.AsType[*TooLargeError](err)
	_, broken := errors.AsType[*BrokenError](err)
	_, killed := errors.AsType[*KilledError](err)
	return large || broken || killed || slices.ContainsFunc(others, func(target error) bool { return errors.Is(err, target) })
}

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
	f := &Failure{Text: clip(err.Error())}
	f.TooLarge, _ = errors.AsType[*TooLargeError](err)
	f.Shape, _ = errors.AsType[*ShapeError](err)
	f.Killed, _ = errors.AsType[*KilledError](err)
	if e, ok := errors.AsType[*BrokenError](err); ok {
		f.Broken, f.Cut, f.Text = e.Kind, e.Cut(), clip(e.Err.Error())
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
