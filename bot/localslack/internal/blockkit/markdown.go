package blockkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// This file expands markdown blocks. Slack shows each heading and each rule as a
// block of its own and each run between them as one, counts them against the 50
// blocks of a message (darkgaldragon/slack-markdown-parser docs/spec.md, measured
// 2026-06-11), and gives these blocks instead of the one that was sent, in answers,
// history and events (@slack/types, MarkdownBlock).

// markdownItem is a heading, a rule, or the text between.
type markdownItem struct {
	kind string // header, divider or rich_text
	text string // source
}

// markdownItems splits a markdown text.
func markdownItems(source string) []markdownItem {
	src := []byte(source)
	var items []markdownItem
	doc := goldmark.DefaultParser().Parse(text.NewReader(src))
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			items = append(items, markdownItem{"header", sourceOf(n, src)})
			continue
		case *ast.ThematicBreak:
			items = append(items, markdownItem{kind: "divider"})
			continue
		}
		part := sourceOf(n, src)
		if last := len(items) - 1; last >= 0 && items[last].kind == "rich_text" {
			items[last].text += "\n\n" + part
		} else {
			items = append(items, markdownItem{"rich_text", part})
		}
	}
	return items
}

// sourceOf returns the source of a block and of its inner blocks.
func sourceOf(n ast.Node, src []byte) string {
	if n.Type() != ast.TypeBlock {
		return ""
	}
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(src))
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if s := sourceOf(c, src); s != "" {
			b.WriteString(strings.TrimSuffix(s, "\n") + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// markdownOf returns the text of a markdown block. For other blocks ok is
// false.
func markdownOf(raw json.RawMessage) (id, source string, ok bool) {
	var b struct {
		Type    string          `json:"type"`
		BlockID string          `json:"block_id"`
		Text    json.RawMessage `json:"text"`
	}
	ok = json.Unmarshal(raw, &b) == nil && b.Type == "markdown" && json.Unmarshal(b.Text, &source) == nil
	return b.BlockID, source, ok
}

// Expand replaces each markdown block by the blocks that Slack makes.
func Expand(blocks json.RawMessage) json.RawMessage {
	if !bytes.Contains(blocks, []byte(`"markdown"`)) {
		return blocks
	}
	var raw []json.RawMessage
	_ = json.Unmarshal(blocks, &raw) // checked when they came
	out := []json.RawMessage{}
	for _, r := range raw {
		id, source, ok := markdownOf(r)
		if !ok {
			out = append(out, r)
			continue
		}
		for i, item := range markdownItems(source) {
			out = append(out, item.block(fmt.Sprintf("%s%d", id, i)))
		}
	}
	return webapi.MustJSON(out)
}

func (m markdownItem) block(id string) json.RawMessage {
	b := map[string]any{"type": m.kind, "block_id": mrkdwn.Cut(id, maxBlockID)}
	switch m.kind {
	case "header":
		b["text"] = map[string]any{"type": "plain_text", "text": mrkdwn.Cut(m.text, maxHeader), "emoji": true}
	case "rich_text":
		b["elements"] = []any{map[string]any{
			"type": "rich_text_section", "elements": []any{map[string]string{"type": "text", "text": m.text}},
		}}
	}
	return webapi.MustJSON(b)
}
