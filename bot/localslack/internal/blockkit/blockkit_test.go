package blockkit

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slackocr/bot/localslack/internal/webapi"
)

// BenchmarkExpand is what the answer to an edit of a full live reply costs.
func BenchmarkExpand(b *testing.B) {
	text := strings.Repeat("## Total\n\nOne line of a receipt, with **bold** words.\n\n", 70)
	blocks := webapi.MustJSON([]map[string]string{{"type": "markdown", "block_id": "a", "text": text}})
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Expand(blocks)
	}
}

// The blocks that are given back say together what was sent, heading by heading and
// run by run, and are as many as were counted.
func TestMarkdownItems(t *testing.T) {
	words := rapid.SliceOf(rapid.OneOf(
		rapid.SampledFrom([]string{"# A\n", "---\n", "***\n", "text\n", "\n", "```\n", "- a\n", "> q\n", "    code\n", "A\n=\n", "[a]: b\n"}),
		rapid.StringMatching(`[a-z #>*_-]{0,12}\n`),
	))
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(words.Draw(t, "words"), "")
		items := markdownItems(source)
		var out []map[string]any
		expanded := Expand(webapi.MustJSON([]map[string]string{{"type": "markdown", "block_id": "a", "text": source}}))
		if err := json.Unmarshal(expanded, &out); err != nil || len(out) != len(items) {
			t.Fatalf("%q: %d items, %s, %v", source, len(items), expanded, err)
		}
		for i := range items {
			if i > 0 && items[i].kind == "rich_text" && items[i-1].kind == "rich_text" {
				t.Fatalf("%q: two runs in a row: %+v", source, items)
			}
		}
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < 'a' || r > 'z' {
					return -1
				}
				return r
			}, s)
		}
		var said strings.Builder
		for _, item := range items {
			said.WriteString(letters(item.text))
		}
		if !strings.Contains(letters(source), said.String()) && !strings.Contains(source, "[a]: b") {
			t.Fatalf("%q became %+v", source, items)
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, tc := range blockLimits {
		if blocks := string(webapi.MustJSON(tc.blocks)); len(blocks) < 500 {
			f.Add(blocks)
		}
	}
	f.Add(`[ {"type":"actions","elements":[{"type":"button"}]}, {"type":"table","rows":[[{}]]}]`)
	f.Fuzz(func(t *testing.T, s string) {
		out, err := Check(s, Message)
		if err != nil || out == nil {
			return
		}
		if again, err := Check(string(out), Message); err != nil || string(again) != string(out) {
			t.Errorf("%s → %s → %s, %v", s, out, again, err)
		}
	})
}
