package ocr

import (
	"strings"
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

// TestDeepErrorIsText: an error with lists in lists without end is not read as JSON,
// since that takes memory for each level.
func TestDeepErrorIsText(t *testing.T) {
	const depth = 100_000
	deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	if f, ok := parseFault([]byte(`{"error":{"message":"m","more":` + deep + `}}`)); ok {
		t.Errorf("read as %+v", f)
	}
}

func FuzzErrorText(f *testing.F) {
	f.Add("Bearer "+testKey, 401)
	f.Add(strings.Repeat("word ", 100), 400)
	f.Add(strings.Repeat("漢 ", 100), 400)
	f.Add(strings.Repeat("漢", 100)+"\x00\n", 500)
	f.Fuzz(func(t *testing.T, message string, status int) {
		e := endpoint{host: "model.test", secret: testKey}.errorFrom(status, fault{message: message})
		text := e.Error()
		if strings.Contains(text, testKey) || len(text) > maxDetail+100 || !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00\x1b") {
			t.Fatalf("error text %q", text)
		}
	})
}
