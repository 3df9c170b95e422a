package witness

import (
	"fmt"
	"strings"
)

// Whole returns the report's text with the missing lines at the end, and a
// line that says which changes were made. Without changes, Whole returns only
// the text.
func (r Report) Whole() string {
	var b strings.Builder
	b.WriteString(strings.TrimRight(r.Text, "\n"))
	if len(r.Missing) > 0 {
		b.WriteString("\n\n**Also on this page**\n\n" + strings.Join(r.Missing, "\n"))
	}
	if done := r.summary(); done != "" {
		b.WriteString("\n\n" + done)
	}
	return b.String()
}

// summary returns a line that says which changes were made, or "" if there are
// none.
func (r Report) summary() string {
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, one)
		case n > 1:
			parts = append(parts, fmt.Sprintf(many, n))
		}
	}
	add(r.Corrected, "one number was corrected", "%d numbers were corrected")
	add(r.Marked, "one number that differs is marked (?)", "%d numbers that differ are marked (?)")
	add(r.MadeUp, "one passage that is not in it is marked (?)", "%d passages that are not in it are marked (?)")
	add(len(r.Missing), "one missing line was added at the end", "%d missing lines were added at the end")
	if len(parts) == 0 {
		return ""
	}
	return "_Checked against the PDF’s own text: " + strings.Join(parts, ", ") + "._"
}

// A Reason is why a page is given from its layer alone, as people read it.
type Reason string

// The reasons.
const (
	Unreachable   Reason = "the OCR service cannot be reached at the moment"
	Misconfigured Reason = "the OCR service does not take the bot’s requests, which is for whoever runs the bot to mend" // nor the key, or the account
	Failed        Reason = "the model could not read this page"                                                          // or returned nothing
	Short         Reason = "the model’s answer ended before the page did"
	Repeated      Reason = "the model began to repeat itself on this page"
)

// Instead returns the layer's text, with a line that says why the layer stands
// in place of the model's text.
func (l *Layer) Instead(why Reason) string {
	return l.Text() + "\n\n_This is the PDF’s own text: " + string(why) + "._"
}
