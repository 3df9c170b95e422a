package page

import "slackocr/ocr/page/internal/input"

// A Kind is a file format, detected by content and never by a file's name or
// declared type.
type Kind = input.Kind

// The formats of which other rooms know.
const (
	PNG = input.PNG
	PDF = input.PDF
)

// The errors of a file.
var (
	// ErrEmpty means that the file has no bytes.
	ErrEmpty = input.ErrEmpty

	// ErrUnsupported means that the file is not in a readable format.
	ErrUnsupported = input.ErrUnsupported

	// ErrNoDecoder means that the format is known but has no decoder here, or
	// that the file uses a feature without a decoder.
	ErrNoDecoder = input.ErrNoDecoder

	// ErrPassword means that a PDF opens only with a password.
	ErrPassword = input.ErrPassword

	// ErrNoPages means that a PDF has no pages.
	ErrNoPages = input.ErrNoPages

	// ErrNoTool means that the program that opens such a file is not
	// installed.
	ErrNoTool = input.ErrNoTool

	// ErrBlank means that a long file was decoded to a single colour: most
	// likely the decoder did not understand the file.
	ErrBlank = input.ErrBlank
)

type (
	// A TooLargeError means that a picture has more pixels than allowed.
	// Nothing was decoded.
	TooLargeError = input.TooLargeError

	// A ShapeError means that a picture is too long and thin to hold text.
	ShapeError = input.ShapeError

	// A BrokenError means that a file starts like a picture of its kind but is
	// damaged, cut short, or of another format.
	BrokenError = input.BrokenError

	// A KilledError means that decoding a file exceeded a limit and the process
	// was killed. Other files are not affected.
	KilledError = input.KilledError
)

// The reasons for which a decoding process is killed.
const (
	LimitTime  = input.LimitTime
	LimitCrash = input.LimitCrash
)

// TryThumbnail reports whether Slack's copy of the file may be readable: the
// file is damaged, too much for the decoder, in a format without a decoder, or
// in an unknown format.
func TryThumbnail(err error) bool { return input.TryThumbnail(err) }
