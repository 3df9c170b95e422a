package settings

import (
	"strings"
	"testing"

	"slackocr/ocr"
)

// TestEachFailureHasARemedy: none of ocr's classes is forgotten.
func TestEachFailureHasARemedy(t *testing.T) {
	var c Config
	last := c.Remedy(0)
	for class := ocr.KeyRefused; class <= ocr.Protocol; class++ {
		if r := c.Remedy(class); r == last || !strings.ContainsAny(r[len(r)-1:], ".?") {
			t.Errorf("%v: %q", class, r)
		}
	}
}
