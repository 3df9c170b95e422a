package ocrcmd

import (
	"errors"
	"fmt"
	"syscall"

	"slackocr/ocr/page"
)

// convert tells people what to do with a file that cannot be opened here.
const convert = "Convert it to PNG or JPEG and try again."

// fileFailures are the words for the errors of package page that have no
// details.
var fileFailures = []struct {
	err   error
	words string
}{
	{page.ErrEmpty, "the file is empty"},
	{page.ErrPassword, "it's locked with a password. Save a copy without the password."},
	{page.ErrNoPages, "it has no pages"},
	{page.ErrNoTool, "the program that opens such files isn't installed. Install poppler-utils for PDFs, libtiff-tools for TIFF, and libheif-examples for HEIC and AVIF."},
	{page.ErrBlank, "it looks blank, so it probably wasn't opened correctly. " + convert},
	{page.ErrNoDecoder, "it's in a rare form of its format that can't be opened here. " + convert},
	{page.ErrUnsupported, "it isn't a picture or a PDF, or is in a format that can't be opened here. " + convert},
	{syscall.ENOSPC, "there's no room for temporary files. Make room on the disk of TMPDIR."},
}

// ofFile returns the words after the name for a file that cannot be opened, or "" if the
// error is another one.
func ofFile(err error) string {
	if e, ok := errors.AsType[*page.TooLargeError](err); ok {
		return fmt.Sprintf("it has %d×%d pixels, which is more than the %d million that can be read. Make it smaller, or cut it into parts.", e.Width, e.Height, e.MaxPixels/1e6)
	}
	if e, ok := errors.AsType[*page.ShapeError](err); ok {
		return fmt.Sprintf("with %d×%d pixels it's too thin to hold text. Cut it into parts.", e.Width, e.Height)
	}
	if e, ok := errors.AsType[*page.KilledError](err); ok {
		return fmt.Sprintf("opening it %s. %s", killedBy[e.Limit], convert)
	}
	for _, f := range fileFailures { // before the broken ones, which may wrap them
		if errors.Is(err, f.err) {
			return f.words
		}
	}
	if e, ok := errors.AsType[*page.BrokenError](err); ok {
		if e.Cut() {
			return "the end of the file is missing. Download or copy it again."
		}
		return "the file is damaged, or isn't really of the type that it claims to be. Open it in another program and save it again."
	}
	return ""
}

var killedBy = map[string]string{
	page.LimitTime:  "took too long",
	page.LimitCrash: "took too much memory, or crashed the decoder",
}
