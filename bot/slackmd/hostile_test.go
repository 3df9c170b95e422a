package slackmd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestBrokenTextIsMended(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a broken byte", "a\xffb", "a\ufffdb"},
		{"half a rune at the end", "a\xf0\x9f", "a\ufffd"},
		{"a surrogate", "a\xed\xa0\x80b", "a\ufffdb"},
		{"control characters", "a\x00\x1b[31mb", "a[31mb"},
		{"marks that turn the direction", "a\u202eb\u2067c", "abc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := partsOf(tt.in, 100); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("parts %q, want %q", got, tt.want)
			}
			if got := Tail(tt.in, 100, liveItems); got != tt.want {
				t.Errorf("tail %q, want %q", got, tt.want)
			}
		})
	}
}

// TestTextThatShowsNothing has no parts: Slack would refuse them.
func TestTextThatShowsNothing(t *testing.T) {
	for _, in := range []string{"", " \n\t\r\n", "\u200b\u200d\ufeff", "\u00a0\u3000", "\u2800\u2800", "\u00ad", "\x00\x01", "\u202e"} {
		if got := partsOf(in, 100); len(got) != 0 {
			t.Errorf("%q has the parts %q", in, got)
		}
	}
	for _, in := range []string{".", "é", "\u200ba", "字"} {
		if got := partsOf(in, 100); len(got) != 1 {
			t.Errorf("%q has the parts %q", in, got)
		}
	}
}

// TestTailBeginsWhereLittleIsLost: a break near the end would lose nearly all.
func TestTailBeginsWhereLittleIsLost(t *testing.T) {
	for name, at := range map[string]string{"space": " ", "line": "  \n"} {
		t.Run(name, func(t *testing.T) {
			got := Tail(strings.Repeat("x", 200)+at+"end", 100, liveItems)
			if len(got) < 60 || !strings.HasSuffix(got, "x"+at+"end") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestFences(t *testing.T) {
	long := strings.Repeat("`", maxFence)
	for line, want := range map[string]string{
		"```":              "```",
		"```go":            "```",
		"   ~~~ text":      "~~~",
		"~~~ with ` in it": "~~~",
		"``` with ` in it": "",
		"``":               "",
		long:               long,
		long + "`":         "",
		"text ```":         "",
	} {
		if got := fenceOf(line); got != want {
			t.Errorf("%q opens %q, want %q", line, got, want)
		}
	}
	for name, in := range map[string]string{
		"a backtick in the info string": "``` `inline` ```\n\n# Head\n\ntext",
		"longer than any":               long + "`\n\n# Head\n\ntext",
	} {
		if got := partsOf(in, 100); len(got) != 1 || !strings.Contains(got[0], "\n\n# Head\n\ntext") {
			t.Errorf("%s: %q is taken for a fence: %q", name, in, got)
		}
	}
}

// TestTwoBlocksThatFitNearly: the empty line between two blocks counts.
func TestTwoBlocksThatFitNearly(t *testing.T) {
	for all, want := range map[int]int{99: 1, 100: 1, 101: 2, 102: 2} {
		in := strings.Repeat("a", 50) + "\n\n" + strings.Repeat("b", all-52)
		parts := partsOf(in, 100)
		if len(parts) != want {
			t.Errorf("%d units in all: %d parts, want %d", all, len(parts), want)
		}
		judge(t, in, 100)
	}
}

// TestEmojiCountTwice: Slack counts in UTF-16 units.
func TestEmojiCountTwice(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("😀", 6000), strings.Repeat("😀 ", 6000), strings.Repeat("😀\n\n", 6000), "```\n" + strings.Repeat("😀\n", 6000) + "```",
	} {
		parts := partsOf(in, MaxPart)
		if len(parts) < 2 {
			t.Errorf("%.20q…: %d parts", in, len(parts))
		}
		n := 0
		for _, part := range parts {
			if units := len(utf16.Encode([]rune(part))); units > MaxPart {
				t.Errorf("%.20q…: a part of %d units", in, units)
			}
			n += strings.Count(part, "😀")
		}
		if n != 6000 {
			t.Errorf("%.20q…: %d of 6000 are left", in, n)
		}
	}
}

// TestLongStretches: each kind of block that is too long for a part.
func TestLongStretches(t *testing.T) {
	const limit = 200
	head := "| " + strings.Repeat("a wide name ", 10) + " | n |\n|---|---|"
	for _, tt := range []struct {
		name, in string
		every    string // what each part must hold
	}{
		{"lines over a rule", strings.Repeat(strings.Repeat("Head ", 30)+"\n", 4) + "---\n\ntext", ""},
		{"many lines over a rule", strings.Repeat("Head\n", 100) + "---\n\ntext", ""},
		{"a table whose header is over half of it", head + "\n" + strings.Repeat("| cell | 1 |\n", 40), "cell"},
		{"a long line in a table", "| a | b |\n|---|---|\n| " + strings.Repeat("cell ", 100) + " | 1 |\n| last | 2 |", "```\na | b\n"},
		{"a long line in a fence", "```go\n" + strings.Repeat("x", 500) + "\nshort\n```", "```go\n"},
		{"a fence's long info string", "``` " + strings.Repeat("go ", 60) + "\n" + strings.Repeat("line\n", 100) + "```", "```\n"},
		{"many headings", strings.Repeat("# Head\n\n", 100), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parts := partsOf(tt.in, limit)
			if len(parts) < 2 {
				t.Errorf("%d parts", len(parts))
			}
			for _, part := range parts {
				if utf16Length(part) > limit || !strings.Contains(part, tt.every) {
					t.Errorf("bad part of %d units: %q", utf16Length(part), part)
				}
			}
			want, got := words(tt.in), words(strings.Join(parts, "\n"))
			for word, n := range want {
				if got[word] < n && len(word) < limit/2 && strings.Trim(word, "|-") != "" { // a longer one is cut
					t.Errorf("%d of %d %q are left", got[word], n, word)
				}
			}
		})
	}
}

func words(s string) map[string]int {
	n := map[string]int{}
	for word := range strings.FieldsSeq(s) {
		n[word]++
	}
	return n
}

// TestCutsLeaveFullPieces: a space near the beginning is no place to cut.
func TestCutsLeaveFullPieces(t *testing.T) {
	parts := partsOf("ab "+strings.Repeat("x", 200), 100)
	for _, part := range parts[:len(parts)-1] {
		if utf16Length(part) < 90 {
			t.Errorf("a piece of %d units: %q", utf16Length(part), part)
		}
	}
	if got := strings.Join(parts, ""); got != "ab "+strings.Repeat("x", 200) {
		t.Errorf("the pieces are not the whole: %q", got)
	}
}

// TestUnderlinedHeadingIsNoTable: it is not repeated in each piece.
func TestUnderlinedHeadingIsNoTable(t *testing.T) {
	parts := partsOf("Heading\n---\n"+strings.Repeat("some words\n", 100), 200)
	if n := strings.Count(strings.Join(parts, "\n"), "Heading"); n != 1 || len(parts) < 5 {
		t.Errorf("%d headings in %d parts", n, len(parts))
	}
}

// TestEscapesAreNeverCut: a line of nothing but signs that become escapes, at
// each offset of the cut.
func TestEscapesAreNeverCut(t *testing.T) {
	for offset := range 8 {
		in := strings.Repeat("a", offset) + strings.Repeat("<", 12_000)
		parts := partsOf(in, MaxPart)
		n := 0
		for _, part := range parts {
			escapes := strings.Count(part, "&lt;")
			if n += escapes; strings.Trim(strings.ReplaceAll(part, "&lt;", ""), "a") != "" || utf16Length(part) > MaxPart {
				t.Errorf("offset %d: an escape was cut in %.20q…%q", offset, part, part[len(part)-8:])
			}
		}
		if n != 12_000 {
			t.Errorf("offset %d: %d escapes of 12000", offset, n)
		}
		tail := Tail(in, 3800+offset, liveItems)
		if rest := strings.ReplaceAll(strings.TrimPrefix(tail, "…\n\n"), "&lt;", ""); rest != "" || len(tail) > 3800+offset || !utf8.ValidString(tail) {
			t.Errorf("offset %d: an escape was cut in a tail: %q", offset, rest)
		}
	}
}

// BenchmarkHeadings: the time must grow with the length, not its square.
func BenchmarkHeadings(b *testing.B) {
	for _, kib := range []int{16, 128, 1024} {
		in := strings.Repeat("#\n\n", kib<<10/3)
		b.Run(fmt.Sprint(kib, "KiB"), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				partsOf(in, MaxPart)
			}
		})
	}
}
