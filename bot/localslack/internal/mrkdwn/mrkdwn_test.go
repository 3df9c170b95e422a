package mrkdwn

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// pieces make text in which the marks of Slack's format are likely.
var pieces = rapid.SliceOf(rapid.OneOf(
	rapid.SampledFrom([]string{"&", "<", ">", "&amp;", "&lt;", "<@U1>", "<!here>", "<https://a.b|c>", "\n", "|", "@Ada", "http://x.y/z"}),
	rapid.String(),
))

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a & b":            "a &amp; b",
		"&amp; &lt; &quot": "&amp; &lt; &amp;quot",
		"<@U1> <b>":        "<@U1> &lt;b&gt;",
		"<https://a.b|c>":  "<https://a.b|c>",
		"<javascript:x>":   "&lt;javascript:x&gt;",
		"<!here> < >":      "<!here> &lt; &gt;",
		"1<2":              "1&lt;2",
		"<@U1\n>":          "&lt;@U1\n&gt;",
		"<>":               "&lt;&gt;",
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(pieces.Draw(t, "pieces"), "")
		once := Escape(in)
		if twice := Escape(once); twice != once {
			t.Fatalf("%q → %q → %q", in, once, twice)
		}
		unescape := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
		if unescape.Replace(once) != unescape.Replace(in) {
			t.Fatalf("%q became %q", in, once)
		}
	})
}

func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := rapid.String().Draw(t, "s"), rapid.IntRange(0, 20).Draw(t, "n")
		cut := Cut(s, n)
		if !strings.HasPrefix(s, cut) || utf8.RuneCountInString(cut) != min(n, utf8.RuneCountInString(s)) {
			t.Fatalf("Cut(%q, %d) = %q", s, n, cut)
		}
	})
}
