package main

import (
	"fmt"
	"os"
	"runtime"

	"slackocr/ocr/page"
)

// decodeCommand is what the program calls itself with to open one file that
// somebody posted, within limits of its own. The command line does not know
// it: it is for no person.
const decodeCommand = "decode"

// newDecoder opens files in processes of this same program. ownText says that the
// text which a PDF carries is of use.
func newDecoder(ownText bool) (*page.Decoder, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the program itself: %w", err)
	}
	if runtime.GOOS == "linux" {
		program = "/proc/self/exe" // the same one also after an upgrade has replaced the file
	}
	return page.NewDecoder(page.DecoderConfig{Command: []string{program, decodeCommand}, IgnoreText: !ownText}), nil
}

func decode(args []string) int { return page.Work(args) }
