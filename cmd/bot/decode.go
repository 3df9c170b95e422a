package main

import (
	"fmt"
	"os"
	"runtime"

	"slackocr/ocr/page"
)

// decodeCommand is the argument with which the program starts itself to open
// one posted file within limits. The command line does not list it, since no
// person uses it.
const decodeCommand = "decode"

// newDecoder returns a decoder that opens files in processes of this same
// program. If ownText is true, the text that a PDF carries is used.
func newDecoder(ownText bool, space int64) (*page.Decoder, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program itself: %w", err)
	}
	if runtime.GOOS == "linux" {
		program = "/proc/self/exe" // the same program even after an upgrade replaced the file
	}
	return page.NewDecoder(page.DecoderConfig{Command: []string{program, decodeCommand}, IgnoreText: !ownText, Space: space}), nil
}
