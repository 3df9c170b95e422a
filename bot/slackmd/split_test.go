package slackmd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"slackocr/bot/slackmd/internal/inline"
)

func TestPartsSplitsBetweenBlocks(t *testing.T) {
	words := func(n int) string { return strings.TrimSpace(strings.Repeat("word ", n)) }
	rows := func(from, to int) string {
		var s []string
		for i := from; i < to; i++ {
			s = append(s, fmt.Sprintf("| row %d | %d |", i, i))
		}
		return strings.Join(s, "\n")
	}
	const head = "| name | n |\n|---|---:|"
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"nothing", " \n\n", nil},
		{"one part", "# A\n\ntext", []string{"# A\n\ntext"}},
		{"at a paragraph", words(12) + "\n\n" + words(12), []string{words(12), words(12)}},
		{"a heading stays with its text", words(12) + "\n\n# Head\n\n" + words(12), []string{words(12), "# Head\n\n" + words(12)}},
		{"a long line at a word", words(30), []string{words(20), words(10)}},
		{
			"a fence is closed and begun again",
			"```go\n" + strings.Repeat("x = 1234567\n", 12) + "```\nend",
			[]string{"```go\n" + strings.Repeat("x = 1234567\n", 7) + "```", "```go\n" + strings.Repeat("x = 1234567\n", 5) + "```\n\nend"},
		},
		{"an open fence is closed", "```\ncode", []string{"```\ncode\n```"}},
		{"a blank line does not end a fence", "~~~\na\n\nb\n~~~", []string{"```\na\n\nb\n```"}},
		{
			"a table's header is repeated", head + "\n" + rows(0, 9),
			[]string{head + "\n" + rows(0, 5), head + "\n" + rows(5, 9)},
		},
		{"tokens are escaped, the ampersand is not", "<!here> a & b", []string{"&lt;!here&gt; a & b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := partsOf(tt.in, 100); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

// TestPartsCutAtEveryRune moves 4-byte runes over the cut.
func TestPartsCutAtEveryRune(t *testing.T) {
	for i := range 16 {
		judge(t, strings.Repeat("a", i)+strings.Repeat("😀", 300), 101)
	}
}

func BenchmarkParts(b *testing.B) {
	in := strings.Repeat("Some words of a paragraph that a page might hold, and 字 too.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n", 600)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		partsOf(in, MaxPart)
	}
}

// partsOf are the texts of the messages of a text, each at most limit UTF-16
// units long.
func partsOf(markdown string, limit int) []string {
	var parts []string
	shown := false
	split(markdown, limit, func(chunks []chunk) {
		text := join(chunks)
		shown = shown || inline.Visible(text)
		parts = append(parts, text)
	})
	if !shown {
		return nil
	}
	return parts
}
