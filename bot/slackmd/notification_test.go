package slackmd

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// pings matches what Slack makes something of in the text of a message: brackets, and
// an ampersand that is no escape.
var pings = regexp.MustCompile(`[<>]|&(?:[^agl]|a[^m]|g[^t]|l[^t]|$)`)

// TestNotificationOfAnything never pings, is one line, and is never too long.
func TestNotificationOfAnything(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"<!channel>", "<@U123ABC>", "<#C123ABC>", "<http://a.example|b>", "&lt;!here&gt;", "&", "&amp;lt;", "\n", "\n\n", "# ", "**", "`", "```\n", "| a | b |\n| --- | --- |\n",
		"\u202e", "\u0000", "\xff", "👨‍👩‍👧‍👦", "e\u0301\u0302", "![a](b)", "[a](<b>)", "<br>", "<!--", "---\n", "- ", "1. ", "> ", "\\<", "word ",
	})
	text := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(pieces, 0, 40), func(all []string) string { return strings.Join(all, "") }),
		rapid.Map(rapid.Custom(func(t *rapid.T) string { return pieces.Draw(t, "piece") }), func(s string) string { return strings.Repeat(s, 3000) }),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		got := Notification(text.Draw(t, "header"), text.Draw(t, "part"))
		switch {
		case len(got) > 3000:
			t.Errorf("%d bytes", len(got))
		case !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00\u202e"):
			t.Errorf("it is no line of text: %.200q", got)
		case pings.MatchString(got):
			t.Errorf("%q stands in %.200q", pings.FindString(got), got)
		}
	})
}

// TestNotificationEndsWithAWholeLetter: most of this part is marks.
func TestNotificationEndsWithAWholeLetter(t *testing.T) {
	part := strings.Repeat("~~é~~ ", 1500)
	for n := range 8 {
		if got := Notification("page.png", strings.Repeat("a", n)+part); strings.Contains(got, "\ufffd") {
			t.Errorf("%d letters further it ends with %q", n, got[len(got)-10:])
		}
	}
}

// TestNotificationHasTheWordsAlone: no sign of markdown, and no word is lost.
func TestNotificationHasTheWordsAlone(t *testing.T) {
	forms := rapid.SampledFrom([]string{
		"%", "**%**", "*%*", "***%***", "`%`", "# %", "###### %", "> %", "- %", "- %\n  - %", "1. %",
		"~~%~~", "| % | % |\n| --- | :-: |\n| % | **%** |", "```go\n%\n```", "---\n\n%", "% \\\n%",
	})
	rapid.Check(t, func(t *rapid.T) {
		var part, want []string
		for _, form := range rapid.SliceOfN(forms, 1, 8).Draw(t, "forms") {
			for strings.Contains(form, "%") {
				word := rapid.StringMatching(`[a-wyz]{2,9}`).Draw(t, "word")
				want = append(want, word)
				form = strings.Replace(form, "%", word, 1)
			}
			part = append(part, form)
		}
		got := Notification("page.png", Messages(strings.Join(part, "\n\n")).Parts[0].Text)
		if want := "page.png: " + strings.Join(want, " "); got != want {
			t.Errorf("%q\nis %q, want\n%q", part, got, want)
		}
	})
}

// TestNotificationReadsWhatIsWritten: a notification shows the name of a character, or
// the source of a formula, where the message does.
func TestNotificationReadsWhatIsWritten(t *testing.T) {
	for markdown, shown := range map[string]string{
		"R&amp;D":                      "R&D",
		"&lt;b&gt;":                    "<b>",
		"&amp;lt;b&amp;gt;":            "&lt;b&gt;",
		"# &amp;amp;":                  "&amp;",
		"| &amp;lt; |\n| --- |\n| x |": "&lt; x",
		"`a < b && c`":                 "a < b && c",
		"`&lt;`":                       "&lt;",
		`\$x^2\$ is x²`:                "$x^2$ is x²",
		"| `&lt;` |\n| --- |\n| `<` |": "&lt; <",
		"```\nif a < b && &lt;\n```":   "if a < b && &lt;",
	} {
		part := Messages(markdown).Parts[0].Text
		if got, want := Notification("page.png", part), Line("page.png: "+shown); got != want {
			t.Errorf("%q, written as %q, is %q, want %q", markdown, part, got, want)
		}
	}
}
