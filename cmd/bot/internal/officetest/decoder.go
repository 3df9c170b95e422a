package officetest

import (
	"os"
	"testing"

	"slackocr/ocr/page"
)

const decodeArgument = "decode"

// Main runs the tests of a package, or, for a [Decoder], opens one file.
func Main(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == decodeArgument {
		os.Exit(page.Work(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// Decoder returns a decoder whose processes are this test binary, which must
// call [Main].
func Decoder(t testing.TB) *page.Decoder {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return page.NewDecoder(page.DecoderConfig{Command: []string{self, decodeArgument}})
}
