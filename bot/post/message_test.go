package post

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCaptionIsOneLine: a caption is one text object, so that it wraps as a line, and what it
// is made of formats nothing in it, quotes nothing and links nowhere.
func TestCaptionIsOneLine(t *testing.T) {
	const address = "https://example.slack.com/archives/C1/p1"
	for _, test := range []struct {
		caption    Caption
		kind, text string
	}{
		{Plain("a.png · 3 words"), "plain_text", "a.png · 3 words"},
		{Caption{{Text: "a *b*.png"}, {Text: "· not read"}}, "plain_text", "a *b*.png · not read"},
		{
			Caption{{Text: "a_b.png", Link: address}, {Text: "· *3* words <!channel> & more"}},
			"mrkdwn", "<" + address + "|a_\u200bb.png> · *\u200b3*\u200b words &lt;!channel&gt; &amp; more",
		},
		{Caption{{Person: "U012"}, {Text: "wrote ~a~.png"}}, "mrkdwn", "<@U012> wrote ~\u200ba~\u200b.png"},
		{Caption{{Text: "> a.png"}, {Person: "U012"}}, "mrkdwn", "\u200b&gt; a.png <@U012>"},
		{Caption{{Text: "by"}, {Person: "!channel"}, {Text: "alone"}}, "plain_text", "by alone"},
	} {
		content, err := json.Marshal(test.caption.Block())
		if err != nil {
			t.Fatal(err)
		}
		var block struct{ Elements []struct{ Type, Text string } }
		if err := json.Unmarshal(content, &block); err != nil {
			t.Fatal(err)
		}
		if len(block.Elements) != 1 || block.Elements[0].Type != test.kind || block.Elements[0].Text != test.text {
			t.Errorf("%v:\n%s\nwant %s %q", test.caption, content, test.kind, test.text)
		}
		if strings.Contains(block.Elements[0].Text, "\n") {
			t.Errorf("%v has several lines", test.caption)
		}
	}
}
