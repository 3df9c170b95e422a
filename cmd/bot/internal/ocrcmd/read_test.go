package ocrcmd

import (
	"strings"
	"testing"

	"slackocr/ocr"
)

// TestOnlyATerminalSeesDrafts: a text that is not live is written once it is whole.
func TestOnlyATerminalSeesDrafts(t *testing.T) {
	updates := []ocr.Update{{Add: "A draft"}, {Keep: 2, Add: "text\u202e"}, {Keep: 1 << 30, Add: ", whole\x1b"}}
	for live, want := range map[bool]string{
		false: "A text\u202e, whole\x1b\n",
		true:  "A draft\n\n--- read again ---\n\nA text\u202e, whole\x1b\n",
	} {
		var out strings.Builder
		p := pageText{show: func(text string) { out.WriteString(text) }, live: live}
		for _, u := range updates {
			p.apply(u)
			if !live && out.Len() > 0 {
				t.Errorf("a draft was written: %q", out.String())
			}
		}
		if whole := p.end(); whole != want && !live {
			t.Errorf("the whole text is %q", whole)
		}
		if out.String() != want {
			t.Errorf("live %v: %q, want %q", live, out.String(), want)
		}
	}
}
