package settings

import (
	"strings"
	"testing"

	"slackocr/ocr"
)

// TestEachClassHasARemedy, which is more than what is said of an unknown class.
func TestEachClassHasARemedy(t *testing.T) {
	var c Config
	unknown := c.Remedy(0)
	for _, class := range ocr.Classes() {
		if r := c.Remedy(class); r == unknown || !strings.ContainsAny(r[len(r)-1:], ".?") {
			t.Errorf("%v: %q", class, r)
		}
	}
}
