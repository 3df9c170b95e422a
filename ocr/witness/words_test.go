package witness

import (
	"slices"
	"strings"
	"testing"
)

// TestSentences: each change and each reason is told in words of its own.
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
	seen := map[string]Reason{}
	for why := Unreachable; why <= Repeated; why++ {
		text := (&Layer{}).Instead(why)
		if other, ok := seen[text]; ok || reasons[why] == "" || !strings.HasSuffix(text, reasons[why]+"._") {
			t.Errorf("reason %d, like reason %d, says %q", why, other, text)
		}
		seen[text] = why
	}
}
