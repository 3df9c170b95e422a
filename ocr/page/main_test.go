package page_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"slackocr/ocr/page"
)

// decodeCommand makes this test's own program decode, as the bot's does.
const decodeCommand = "decode"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == decodeCommand {
		os.Exit(page.Work(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

// newDecoder decodes in processes of their own.
func newDecoder(t testing.TB, c page.DecoderConfig) *page.Decoder {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.Command = []string{program, decodeCommand}
	return page.NewDecoder(c)
}
