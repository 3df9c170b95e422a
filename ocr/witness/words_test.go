package witness

import (
	"slices"
	"strings"
	"testing"
)

// TestSentences: each change is told in words of its own, and so is the reason for a
// page's own text.
func TestSentences(t *testing.T) {
	for want, r := range map[string]Report{
		"text": {Text: "text\n"},
		"text\n\n_Checked against the PDF’s own text: one number was corrected._":                                                          {Text: "text", Corrected: 1},
		"text\n\n_Checked against the PDF’s own text: 2 numbers that differ are marked (?), one passage that is not in it is marked (?)._": {Text: "text", Marked: 2, MadeUp: 1},
		"text\n\n**Also on this page**\n\na\nb\n\n_Checked against the PDF’s own text: 2 missing lines were added at the end._":            {Text: "text", Missing: []string{"a", "b"}},
	} {
		if got := r.Whole(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	many := slices.Repeat([]string{strings.Repeat("a long line ", 500)}, 300)
	if got := strings.Count(Report{Missing: many}.Whole(), many[0]); got != len(many) {
		t.Errorf("of %d missing lines %d were added", len(many), got)
	}
	if text := (&Layer{}).Instead(Failed); !strings.HasSuffix(text, ": "+string(Failed)+"._") {
		t.Errorf("the reason is told as %q", text)
	}
}
