package slackmd

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLineIsHarmless(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"tokens are escaped", "<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"},
		{"one line", "a\n\tb\r\nc", "a b c"},
		{"no direction marks", "gnp.\u202eexe\u2066x", "gnp.exex"},
		{"broken UTF-8", "a\xffb", "a\ufffdb"},
		{"no address", "https://evil.example/x.png", "https: //evil.example/x.png"},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Line(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	long := Line(strings.Repeat("<😀", 2000))
	if len(long) > maxLine || !utf8.ValidString(long) || !strings.HasSuffix(long, "…") || strings.Contains(long, "<") {
		t.Errorf("a long line became %d bytes: …%q", len(long), long[len(long)-20:])
	}
}

func TestName(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "invoice.png", "invoice.png"},
		{"nothing", " \n\x00", "a file"},
		{"the ending stays", strings.Repeat("a", 200) + ".jpeg", strings.Repeat("a", 40) + "…" + strings.Repeat("a", 14) + ".jpeg"},
		{"signs, not runes", strings.Repeat("👨‍👩‍👧", 61), strings.Repeat("👨‍👩‍👧", 40) + "…" + strings.Repeat("👨‍👩‍👧", 19)},
		{"runes, not bytes", strings.Repeat("字", 60), strings.Repeat("字", 60)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Name(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"invoice.png":           "invoice.md",
		"../../etc/passwd":      "_.._etc_passwd.md",
		"a<b>|c.jpg":            "a_b__c.md",
		"été 2024 (2).heic":     "été 2024 (2).md",
		".png":                  "text.md",
		"":                      "a file.md",
		"\u202egnp.exe":         "gnp.md",
		"invoice.\u202efdp":     "invoice.md",
		"no ending":             "no ending.md",
		"archive.tar.something": "archive.tar.md",
		"con.png":               "_con.md",
		"-rf.png":               "rf.md",
	} {
		if got := FileName(in, ".md"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{strings.Repeat("👩\u200d", 300), strings.Repeat("क\u093e", 60)} { // few characters, many bytes
		if got := FileName(in+".png", ".md"); len(got) > 255 || !utf8.ValidString(got) || !strings.HasSuffix(got, ".md") {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
}

func TestTailShowsTheNewest(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"whole where it fits", "  one\ntwo\n", "one  \ntwo"},
		{"cut at a line", strings.Repeat("x", 300) + "\n\nthe newest line of this text " + strings.Repeat("w ", 80), "…\n\nthe newest line of this text " + strings.TrimSpace(strings.Repeat("w ", 80))},
		{"cut at a word", strings.Repeat("word ", 100), "…\n\n" + strings.TrimSpace(strings.Repeat("word ", 38))},
		{"an open fence stays a fence", "```go\n" + strings.Repeat("x := 1\n", 90) + "end", "…\n\n```go\n" + strings.Repeat("x := 1\n", 26) + "end\n```"},
		{"nothing", " \n ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Tail(tt.in, 200, liveItems); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
