package ocr

import (
	"testing"
	"unicode/utf8"
)

// TestErrorsAreValidText, whatever bytes an endpoint sends.
func TestErrorsAreValidText(t *testing.T) {
	for _, said := range []string{"bad \xff\xfe bytes", "\xe2\x82", string(make([]byte, 300)) + "\xc3"} {
		err := endpoint{host: "h"}.errorFrom(500, fault{message: said})
		if text := err.Error(); !utf8.ValidString(text) {
			t.Errorf("%q", text)
		}
	}
}
