package bot

import "testing"

// TestCommandsAreDecoded: people's words arrive encoded, links with a label.
func TestCommandsAreDecoded(t *testing.T) {
	const message = "<https://acme.slack.com/archives/C012345/p1700000000000100"
	for text, want := range map[string]string{
		"last locate: R&amp;D":                              "last locate: R&D",
		"last locate: <mailto:info@acme.com|info@acme.com>": "last locate: info@acme.com",
		"last prompt: x &lt; 100":                           "last prompt: x < 100",
		"last *text*":                                       "last text",
		"last “describe”":                                   "last describe",
		message + "> text":                                  "link text",
		message + "|a link with words> prompt: a &gt; b":    "link prompt: a > b",
		"<https://a.example/x.png?a=1&amp;b=2|a.example>":   "link markdown",
	} {
		if w := parseCommand(text, "https://acme.slack.com/"); w.verb+" "+w.mode.String() != want {
			t.Errorf("%q is understood as %q %q, want %q", text, w.verb, w.mode, want)
		}
	}
	if w := parseCommand("R&amp;D <@U1|ann>", "https://acme.slack.com/"); w.verb != "help" || w.unclear != "R&D @ann" {
		t.Errorf("not understood: %+v", w)
	}
}
