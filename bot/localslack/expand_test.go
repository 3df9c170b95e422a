package localslack_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func markdownBlocks(texts ...string) string {
	var list []string
	for _, text := range texts {
		list = append(list, `{"type":"markdown","text":`+strconv.Quote(text)+`}`)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// A markdown block comes back as what Slack makes of it, in the answer, in history
// and in the event; the page and the tests see what was sent.
func TestMarkdownComesBackAsBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		for in, want := range map[string]string{
			"one\n\ntwo":                             "rich_text",
			"# A\n\ntext\n\nmore\n\n---\n\n- a\n- b": "header rich_text divider rich_text",
			"A\n===\n\nB\n---\n":                     "header header",
			"```\n# no heading\n---\n```":            "rich_text",
			"> # quoted\n\n***":                      "rich_text divider",
			"| a | b |\n|---|---|\n| 1 | 2 |":        "rich_text",
		} {
			r := s.ok("chat.postMessage", "channel", s.channel, "text", "x", "blocks",
				strings.TrimSuffix(markdownBlocks(in), "]")+`,{"type":"divider"}]`)
			history := s.ok("conversations.history", "channel", s.channel, "limit", "1").body
			event := c.event()
			for where, m := range map[string]any{
				"answer": r.body["message"], "history": history["messages"].([]any)[0], "event": event,
			} {
				var got []string
				ids := map[string]bool{}
				for _, b := range m.(map[string]any)["blocks"].([]any) {
					got = append(got, str(b, "type"))
					ids[str(b, "block_id")] = true
				}
				if strings.Join(got, " ") != want+" divider" || len(ids) != len(got) {
					t.Errorf("%s of %q: %q", where, in, got)
				}
			}
			if m := s.w.Messages(s.channel); !strings.Contains(string(m[len(m)-1].Blocks), `"markdown"`) {
				t.Errorf("stored: %s", m[len(m)-1].Blocks)
			}
			time.Sleep(2 * time.Second) // within the rate
		}
	})
}

func TestMarkdownLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		sections := func(n, size int) string {
			return "[" + strings.Join(slices.Repeat([]string{`{"type":"section","text":{"type":"mrkdwn","text":"` + bulk(size) + `"}}`}, n), ",") + "]"
		}
		for _, tc := range []struct{ name, blocks, want string }{
			{"50 headings", markdownBlocks(strings.Repeat("# A\n\n", 50)), ""},
			{"51 headings", markdownBlocks(strings.Repeat("# A\n\n", 51)), "invalid_blocks"},
			{"25 headings with text", markdownBlocks(strings.Repeat("# A\n\ntext\n\n", 25)), ""},
			{"26 headings with text", markdownBlocks(strings.Repeat("# A\n\ntext\n\n", 26)), "invalid_blocks"},
			{"51 paragraphs", markdownBlocks(strings.Repeat("text\n\n", 51)), ""},
			{"in two blocks", markdownBlocks(strings.Repeat("---\n\n", 26), strings.Repeat("---\n\n", 25)), "invalid_blocks"},
			{"12,000 characters", markdownBlocks(bulk(12_000)), ""},
			{"12,001 characters", markdownBlocks(bulk(12_001)), "invalid_blocks"},
			{"12,001 in two blocks", markdownBlocks(bulk(6_000), bulk(6_001)), "msg_blocks_too_long"},
			{"13,200 in sections", sections(6, 2_200), ""},
			{"13,206 in sections", sections(6, 2_201), "msg_blocks_too_long"},
		} {
			time.Sleep(2 * time.Second) // within the tier
			if r := s.raw("chat.update", "channel", s.channel, "ts", s.mine, "text", "x", "blocks", tc.blocks); code(r) != tc.want {
				t.Errorf("%s: %v, want %q", tc.name, r, tc.want)
			}
		}
	})
}
