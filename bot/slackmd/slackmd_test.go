package slackmd

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLineIsHarmless(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"tokens are escaped", "<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"},
		{"one line", "a\n\tb\r\nc", "a b c"},
		{"no direction marks", "gnp.\u202eexe\u2066x", "gnp.exex"},
		{"broken UTF-8", "a\xffb", "a\ufffdb"},
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
		"no ending":             "no ending.md",
		"archive.tar.something": "archive.tar.md",
	} {
		if got := FileName(in, ".md"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestTailShowsTheNewest(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"whole where it fits", "  one\ntwo\n", "one\ntwo"},
		{"cut at a line", strings.Repeat("x", 90) + "\nthe newest line of this text", "…\nthe newest line of this text"},
		{"cut at a word", strings.Repeat("word ", 30), "…\n" + strings.TrimSpace(strings.Repeat("word ", 7))},
		{"an open fence stays a fence", "```go\n" + strings.Repeat("x", 90) + "\nfmt.Println(1, 2, 3, 4)", "…\n```\nfmt.Println(1, 2, 3, 4)"},
		{"nothing", " \n ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Tail(tt.in, 64); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// text draws markdown of the kinds that are cut in different ways.
func text(t *rapid.T) string {
	line := rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("ab <>&😀字é`|-#")), 0, 60, -1),
		rapid.SampledFrom([]string{"", "", "```", "~~~", "| a | b |", "|---|---|", "# Head", "- item"}),
		rapid.Map(rapid.IntRange(1, 400), func(n int) string { return strings.Repeat("😀<", n) }),
	)
	return strings.Join(rapid.SliceOfN(line, 0, 60).Draw(t, "lines"), "\n")
}

func checkTail(t interface{ Errorf(string, ...any) }, in string, limit int) {
	got := Tail(in, limit)
	if len(got) > limit || !utf8.ValidString(got) || strings.ContainsAny(got, "<>") {
		t.Errorf("bad tail of %d bytes: %q", len(got), got)
	}
	if whole := strings.TrimSpace(EscapeBlock(in)); !strings.HasSuffix(whole, lastWord(got)) {
		t.Errorf("the tail %q does not end as the text does", got)
	}
}

func lastWord(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

func TestTailFitsAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkTail(t, text(t), rapid.IntRange(40, 400).Draw(t, "limit"))
	})
}

// TestTailCutsAtEveryByte moves 4-byte runes over the cut.
func TestTailCutsAtEveryByte(t *testing.T) {
	for i := range 16 {
		checkTail(t, strings.Repeat("a", i)+strings.Repeat("😀", 200), 128)
	}
}

func FuzzTail(f *testing.F) {
	f.Add("```\n<a>😀", 64)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		checkTail(t, in, 40+abs(limit)%4000)
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
