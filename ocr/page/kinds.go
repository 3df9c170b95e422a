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

// The errors of Decoder.Open and Document.Page.
var (
	ErrEmpty       = input.ErrEmpty
	ErrUnsupported = input.ErrUnsupported
	ErrNoDecoder   = input.ErrNoDecoder
	ErrPassword    = input.ErrPassword
	ErrNoPages     = input.ErrNoPages
	ErrNoTool      = input.ErrNoTool
	ErrBlank       = input.ErrBlank
)

// More errors of Decoder.Open and Document.Page.
type (
	TooLargeError = input.TooLargeError
	ShapeError    = input.ShapeError
	BrokenError   = input.BrokenError
	KilledError   = input.KilledError
)

// The reasons for which a decoding process is killed.
const (
	LimitTime  = input.LimitTime
	LimitCrash = input.LimitCrash
)

// TryThumbnail reports whether Slack's copy of the file may be readable: the
// file is damaged, too much for the decoder, in a format without a decoder, or
// in an unknown format.
func TryThumbnail(err error) bool {
	return input.Unreadable(err, ErrUnsupported, ErrNoDecoder, ErrNoTool, ErrBlank)
}
