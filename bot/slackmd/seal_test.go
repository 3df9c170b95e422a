package slackmd

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSeal(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":            {"", ""},
		"words":              {"a\n", "a\n"},
		"code":               {"```go\nx", "```go\nx\n```\n"},
		"long fence":         {"````\n```\nx\n", "````\n```\nx\n````\n"},
		"a hidden start":     {"\u200d~~~\nx", "\u200d~~~\nx\n~~~\n"},
		"other line breaks":  {"a\r```\rx", "a\r```\rx\n```\n"},
		"closed code":        {"```\nx\n```", "```\nx\n```"},
		"a table":            {"<table><tr><td>x", "<table><tr><td>x</table>\n"},
		"half a tag":         {"<table><tr><td>x</td><td", "<table><tr><td>x</td></table>\n"},
		"a table in a table": {"<table><tr><td><table><tr><td>x", "<table><tr><td><table><tr><td>x</table>\n</table>\n"},
		"a closed table":     {"<table><tr><td>x</td></tr></table>", "<table><tr><td>x</td></tr></table>"},
		"a word in code":     {"Write `<table>` first.", "Write `<table>` first."},
		"a tag in code":      {"```\n<table>\n```\n", "```\n<table>\n```\n"},
		"a comparison":       {"x <y", "x <y"},
	} {
		if got := Seal(c.text); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", name, c.text, got, c.want)
		}
	}
}

// TestSealedTextsKeepToThemselves: whatever a page says, the next one begins.
func TestSealedTextsKeepToThemselves(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"a", " ", "\n", "\n\n", "```", "~~~", "<table>", "<tr>", "<td", ">", "</table>", "<", "\\[", "$$", "|", "|---|", "> ", "- ", "    ", "`", "\r", "\u200d",
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(t, "pieces"), "")
		if sealed := Seal(text); !isSealed(sealed) {
			t.Errorf("%q becomes %q", text, sealed)
		}
	})
}
