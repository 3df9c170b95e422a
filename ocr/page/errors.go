package page

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrEmpty says that the file has no bytes.
	ErrEmpty = errors.New("the file is empty")

	// ErrUnsupported says that the file is not in a format that can be read.
	ErrUnsupported = errors.New("not a picture format that can be read")

	// ErrNoDecoder says that the format is known, and that there is no decoder
	// here for it or for what this file uses of it: AVIF, a TIFF with planes of two
	// sizes, a HEIC picture that is narrower than 64 pixels.
	ErrNoDecoder = errors.New("no decoder for this kind of picture")

	// ErrPassword says that a PDF opens with a password only.
	ErrPassword = errors.New("the file is locked with a password")

	// ErrNoPages says that a PDF has no pages.
	ErrNoPages = errors.New("the file has no pages")

	// ErrNoTool says that the program is not installed that opens such a file:
	// pdfinfo or pdftoppm (poppler-utils) for a PDF, and for many TIFF and some
	// damaged JPEG files tiff2rgba and tiffcp (libtiff-tools).
	ErrNoTool = errors.New("the program that opens such a file is not installed")

	// ErrBlank says that a file which is too long for that came out in a single
	// colour: most likely the decoder did not understand it.
	ErrBlank = errors.New("a picture of one colour came out of a long file")
)

// A TooLargeError says that a picture has more pixels than allowed. Nothing
// was decoded.
type TooLargeError struct {
	Width, Height int
	MaxPixels     int // for this kind of file; see Options.MaxPixels
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a picture of %d×%d pixels is over the limit of %d pixels", e.Width, e.Height, e.MaxPixels)
}

// A ShapeError says that a picture is too long and thin to hold text: one
// side is more than 200 times the other.
type ShapeError struct{ Width, Height int }

func (e *ShapeError) Error() string {
	return fmt.Sprintf("a picture of %d×%d pixels is too thin to hold text", e.Width, e.Height)
}

// A BrokenError says that a file begins like a picture of its kind and is
// damaged, cut short, or not what it claims to be.
type BrokenError struct {
	Kind Kind
	err  error
}

func (e *BrokenError) Error() string { return fmt.Sprintf("broken %s: %v", e.Kind, e.err) }

// Unwrap gives the decoder's own error.
func (e *BrokenError) Unwrap() error { return e.err }

// Cut reports whether the end of the file is missing.
func (e *BrokenError) Cut() bool { return errors.Is(e.err, io.ErrUnexpectedEOF) }

// What ends a process that decodes.
const (
	LimitMemory = "memory"
	LimitTime   = "time"
	LimitCrash  = "crash" // it fell over; for want of memory too, where it said nothing of it
)

// A KilledError says that decoding a file took more than it may, and that the
// process that did it was ended. Other files are not touched.
type KilledError struct {
	Kind  Kind
	Limit string // LimitMemory, LimitTime or LimitCrash
	said  string // the process's last words, for a log
}

func (e *KilledError) Error() string {
	if e.said == "" {
		return fmt.Sprintf("decoding %s was ended: %s", e.Kind, e.Limit)
	}
	return fmt.Sprintf("decoding %s was ended: %s: %s", e.Kind, e.Limit, e.said)
}

// TryThumbnail reports whether a smaller copy of the file that somebody else
// made could be read where the file itself cannot: it is damaged, too much for
// the decoder, in a format that has none here, or in one that is not known.
func TryThumbnail(err error) bool {
	for _, target := range []error{ErrUnsupported, ErrNoDecoder, ErrNoTool, ErrBlank} {
		if errors.Is(err, target) {
			return true
		}
	}
	if _, ok := errors.AsType[*TooLargeError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*BrokenError](err); ok {
		return true
	}
	_, ok := errors.AsType[*KilledError](err)
	return ok
}

// final tells what a file is from what happened to be.
func final(err error) bool {
	if _, ok := errors.AsType[*TooLargeError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*ShapeError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*BrokenError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*KilledError](err); ok {
		return true
	}
	for _, target := range named {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
