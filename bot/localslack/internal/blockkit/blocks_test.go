package blockkit

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slackocr/bot/localslack/internal/webapi"
)

// object is a JSON object.
type object map[string]any

// with returns o with other fields; a field that is gone is left out.
func (o object) with(fields object) object {
	o = maps.Clone(o)
	maps.Copy(o, fields)
	maps.DeleteFunc(o, func(_ string, v any) bool { return v == gone })
	return o
}

var (
	gone = any(struct{}{})
	null = json.RawMessage("null")
)

func chars(n int) string { return strings.Repeat("x", n) }

func repeat[T any](n int, v T) []T { return slices.Repeat([]T{v}, n) }

func textOf(kind string, n int) object { return object{"type": kind, "text": chars(n)} }

func section(n int) object { return object{"type": "section", "text": textOf("mrkdwn", n)} }

func sectionWith(accessory any) object { return section(1).with(object{"accessory": accessory}) }

func elementsOf(kind string, elements ...any) object {
	return object{"type": kind, "elements": elements}
}

func button(n int, id string) object {
	return object{"type": "button", "action_id": id, "text": textOf("plain_text", n)}
}

func menu(kind string, n int) object {
	return object{"type": kind, "options": repeat(n, object{"text": textOf("plain_text", 1), "value": "v"})}
}

func inputWith(kind string) object {
	return object{"type": "input", "label": textOf("plain_text", 1), "element": object{"type": kind}}
}

func table(rows, columns int) object {
	return object{"type": "table", "rows": repeat(rows, repeat(columns, object{"type": "raw_text", "text": "x"}))}
}

func address(n int) string {
	const start = "https://example.com/"
	return start + chars(n-len(start))
}

var (
	divider = object{"type": "divider"}
	photo   = object{"type": "image", "image_url": address(30), "alt_text": ""}
	video   = object{
		"type": "video", "video_url": address(30), "thumbnail_url": "t", "alt_text": "a cat", "title": textOf("plain_text", 1),
	}
	iconButton = object{"type": "icon_button", "icon": "trash", "text": textOf("plain_text", 1)}
	choice     = object{"text": textOf("plain_text", 1), "value": "v"}
	feedback   = object{"type": "feedback_buttons", "positive_button": choice, "negative_button": choice}
)

// blockLimits are blocks and the error they give: its code, and a part of its message.
var blockLimits = []struct {
	name   string
	on     Surface
	blocks []object
	code   string
	at     string
}{
	{"50 blocks", Message, repeat(50, divider), "", ""},
	{"51 blocks", Message, repeat(51, divider), "invalid_blocks", "[json-pointer:/blocks]"},
	{"100 blocks in a view", View, repeat(100, divider), "", ""},
	{"101 blocks in a view", View, repeat(101, divider), "invalid_blocks", "[json-pointer:/view/blocks]"},
	{"same block_id", Message, repeat(2, divider.with(object{"block_id": "a"})), "invalid_blocks", "/blocks/1/block_id"},
	{"long block_id", Message, []object{divider.with(object{"block_id": chars(256)})}, "invalid_blocks", "/blocks/0/block_id"},
	{"empty block_id", Message, []object{divider.with(object{"block_id": ""})}, "invalid_blocks", "/blocks/0/block_id"},
	{"null for block_id", Message, []object{divider.with(object{"block_id": null})}, "invalid_blocks", "must not be null [json-pointer:/blocks/0/block_id]"},
	{"null for an accessory", Message, []object{sectionWith(null)}, "invalid_blocks", "must not be null [json-pointer:/blocks/0/accessory]"},
	{"null deep in a block", View, []object{divider, elementsOf("rich_text", object{"type": "rich_text_section", "elements": []object{{"type": "text", "text": "x", "style": object{"code": null}}}})}, "invalid_blocks", "must not be null [json-pointer:/view/blocks/1/elements/0/elements/0/style/code]"},
	{"unknown type", Message, []object{{"type": "tabel"}}, "invalid_blocks", "/blocks/0/type"},
	{"file", Message, []object{{"type": "file", "external_id": "a", "source": "remote"}}, "invalid_blocks", "/blocks/0/type"},

	{"markdown 12000", Message, []object{textOf("markdown", 12000)}, "", ""},
	{"markdown 12001", Message, []object{textOf("markdown", 12001)}, "invalid_blocks", "/blocks/0/text"},
	{"two markdown blocks", Message, []object{textOf("markdown", 6000), textOf("markdown", 6001)}, "msg_blocks_too_long", ""},
	{"empty markdown", Message, []object{textOf("markdown", 0)}, "invalid_blocks", "/blocks/0/text"},
	{"markdown in a view", View, []object{textOf("markdown", 1)}, "invalid_blocks", "/view/blocks/0/type"},

	{"section 3000", Message, []object{section(3000)}, "", ""},
	{"section 3001", Message, []object{section(3001)}, "invalid_blocks", "/blocks/0/text/text"},
	{"section without text", Message, []object{{"type": "section"}}, "invalid_blocks", "/blocks/0"},
	{"section with an image", Message, []object{sectionWith(photo)}, "", ""},
	{"section with an image without alt_text", Message, []object{sectionWith(photo.with(object{"alt_text": gone}))}, "invalid_blocks", "/blocks/0/accessory/alt_text"},
	{"section with a text field", View, []object{sectionWith(object{"type": "plain_text_input"})}, "invalid_blocks", "/view/blocks/0/accessory/type"},
	{"section with a datetimepicker", Message, []object{sectionWith(object{"type": "datetimepicker"})}, "invalid_blocks", "/blocks/0/accessory/type"},

	{"context of 10", Message, []object{elementsOf("context", repeat[any](10, textOf("mrkdwn", 1))...)}, "", ""},
	{"context of 11", Message, []object{elementsOf("context", repeat[any](11, textOf("mrkdwn", 1))...)}, "invalid_blocks", "/blocks/0/elements"},
	{"context with an image without alt_text", Message, []object{elementsOf("context", photo.with(object{"alt_text": gone}))}, "invalid_blocks", "/blocks/0/elements/0/alt_text"},
	{"header 151", Message, []object{{"type": "header", "text": textOf("plain_text", 151)}}, "invalid_blocks", "/blocks/0/text/text"},
	{"header mrkdwn", Message, []object{{"type": "header", "text": textOf("mrkdwn", 1)}}, "invalid_blocks", "/blocks/0/text/type"},
	{"image without alt_text", Message, []object{photo.with(object{"alt_text": gone})}, "invalid_blocks", "/blocks/0/alt_text"},
	{"image with null for the title", Message, []object{photo.with(object{"title": null})}, "invalid_blocks", "must not be null [json-pointer:/blocks/0/title]"},
	{"image with null for the slack_file", Message, []object{photo.with(object{"slack_file": null})}, "invalid_blocks", "must not be null [json-pointer:/blocks/0/slack_file]"},

	{"button 75", Message, []object{elementsOf("actions", button(75, "a"))}, "", ""},
	{"button 76", Message, []object{elementsOf("actions", button(76, "a"))}, "invalid_blocks", "/blocks/0/elements/0/text/text"},
	{"same action_id", Message, []object{elementsOf("actions", button(1, "a"), button(1, "a"))}, "invalid_blocks", "/blocks/0/elements/1/action_id"},
	{"26 buttons", Message, []object{elementsOf("actions", repeat[any](26, button(1, ""))...)}, "invalid_blocks", "/blocks/0/elements"},
	{"overflow of 5", Message, []object{elementsOf("actions", menu("overflow", 5))}, "", ""},
	{"overflow of 6", Message, []object{elementsOf("actions", menu("overflow", 6))}, "invalid_blocks", "/blocks/0/elements/0/options"},
	{"static_select of groups", Message, []object{elementsOf("actions", object{"type": "static_select", "option_groups": []object{{}}})}, "", ""},
	{"static_select of nothing", Message, []object{elementsOf("actions", object{"type": "static_select"})}, "invalid_blocks", "/blocks/0/elements/0/options"},
	{"text field in actions", View, []object{elementsOf("actions", object{"type": "plain_text_input"})}, "invalid_blocks", "/view/blocks/0/elements/0/type"},
	{"file_input in actions", View, []object{elementsOf("actions", object{"type": "file_input"})}, "invalid_blocks", "/view/blocks/0/elements/0/type"},
	{"image in actions", Message, []object{elementsOf("actions", photo)}, "invalid_blocks", "/blocks/0/elements/0/type"},
	{"pickers in actions", Message, []object{elementsOf("actions", object{"type": "datetimepicker"}, object{"type": "rich_text_input"}, object{"type": "users_select"})}, "", ""},

	{"input", View, []object{inputWith("plain_text_input")}, "", ""},
	{"input in a message", Message, []object{inputWith("plain_text_input")}, "invalid_blocks", "/blocks/0/type"},
	{"input without label", View, []object{inputWith("plain_text_input").with(object{"label": gone})}, "invalid_blocks", "/view/blocks/0/label"},
	{"button in an input", View, []object{inputWith("button")}, "invalid_blocks", "/view/blocks/0/element/type"},

	{"context_actions of 5", Message, []object{elementsOf("context_actions", feedback, iconButton, iconButton, iconButton, iconButton)}, "", ""},
	{"context_actions of 6", Message, []object{elementsOf("context_actions", repeat[any](6, iconButton)...)}, "invalid_blocks", "/blocks/0/elements"},
	{"context_actions in a view", View, []object{elementsOf("context_actions", iconButton)}, "invalid_blocks", "/view/blocks/0/type"},
	{"button in context_actions", Message, []object{elementsOf("context_actions", button(1, ""))}, "invalid_blocks", "/blocks/0/elements/0/type"},
	{"icon_button in actions", Message, []object{elementsOf("actions", iconButton)}, "invalid_blocks", "/blocks/0/elements/0/type"},
	{"icon_button without text", Message, []object{elementsOf("context_actions", iconButton.with(object{"text": gone}))}, "invalid_blocks", "/blocks/0/elements/0/text"},
	{"other icon", Message, []object{elementsOf("context_actions", iconButton.with(object{"icon": "star"}))}, "invalid_blocks", "/blocks/0/elements/0/icon"},
	{"half of feedback_buttons", Message, []object{elementsOf("context_actions", feedback.with(object{"negative_button": gone}))}, "invalid_blocks", "/blocks/0/elements/0/negative_button"},
	{"feedback without value", Message, []object{elementsOf("context_actions", feedback.with(object{"positive_button": choice.with(object{"value": gone})}))}, "invalid_blocks", "/blocks/0/elements/0/positive_button/value"},

	{"table 100×20", Message, []object{table(100, 20)}, "", ""},
	{"table of 101 rows", Message, []object{table(101, 1)}, "invalid_blocks", "/blocks/0/rows"},
	{"table of 21 columns", Message, []object{table(1, 21)}, "invalid_blocks", "/blocks/0/rows/0"},
	{"two tables", Message, repeat(2, table(1, 1)), "invalid_attachments", "only_one_table_allowed"},

	{"video", Message, []object{video}, "", ""},
	{"video in a view", View, []object{video}, "", ""},
	{"video with all fields", Message, []object{video.with(object{"title_url": address(30), "description": textOf("plain_text", 199), "author_name": strings.Repeat("é", 49), "provider_name": "Tube", "provider_icon_url": "i", "title": textOf("plain_text", 199), "video_url": address(3000)})}, "", ""},
	{"video without alt_text", Message, []object{video.with(object{"alt_text": gone})}, "invalid_blocks", "missing required field: alt_text [json-pointer:/blocks/0/alt_text]"},
	{"video alt_text 2001", Message, []object{video.with(object{"alt_text": chars(2001)})}, "invalid_blocks", "/blocks/0/alt_text"},
	{"video without title", Message, []object{video.with(object{"title": gone})}, "invalid_blocks", "missing required field: title [json-pointer:/blocks/0/title]"},
	{"video title 200", Message, []object{video.with(object{"title": textOf("plain_text", 200)})}, "invalid_blocks", "/blocks/0/title/text"},
	{"video title mrkdwn", Message, []object{video.with(object{"title": textOf("mrkdwn", 1)})}, "invalid_blocks", "/blocks/0/title/type"},
	{"video description 200", Message, []object{video.with(object{"description": textOf("plain_text", 200)})}, "invalid_blocks", "/blocks/0/description/text"},
	{"video author_name 50", Message, []object{video.with(object{"author_name": chars(50)})}, "invalid_blocks", "/blocks/0/author_name"},
	{"video without video_url", Message, []object{video.with(object{"video_url": gone})}, "invalid_blocks", "missing required field: video_url [json-pointer:/blocks/0/video_url]"},
	{"video_url http", Message, []object{video.with(object{"video_url": "http://example.com/v"})}, "invalid_blocks", "/blocks/0/video_url"},
	{"video_url without a host", Message, []object{video.with(object{"video_url": "https:v"})}, "invalid_blocks", "/blocks/0/video_url"},
	{"video_url 3001", Message, []object{video.with(object{"video_url": address(3001)})}, "invalid_blocks", "/blocks/0/video_url"},
	{"title_url http", Message, []object{video.with(object{"title_url": "http://example.com/v"})}, "invalid_blocks", "/blocks/0/title_url"},
	{"video without thumbnail_url", Message, []object{video.with(object{"thumbnail_url": gone})}, "invalid_blocks", "missing required field: thumbnail_url [json-pointer:/blocks/0/thumbnail_url]"},
	{"thumbnail_url 3001", Message, []object{video.with(object{"thumbnail_url": address(3001)})}, "invalid_blocks", "/blocks/0/thumbnail_url"},
	{"provider_icon_url 3001", Message, []object{video.with(object{"provider_icon_url": address(3001)})}, "invalid_blocks", "/blocks/0/provider_icon_url"},

	{"50 headings", Message, []object{markdown("# A\n\n", 50)}, "", ""},
	{"51 headings", Message, []object{markdown("# A\n\n", 51)}, "invalid_blocks", "[json-pointer:/blocks]"},
	{"25 headings with text", Message, []object{markdown("# A\n\ntext\n\n", 25)}, "", ""},
	{"26 headings with text", Message, []object{markdown("# A\n\ntext\n\n", 26)}, "invalid_blocks", "[json-pointer:/blocks]"},
	{"51 paragraphs", Message, []object{markdown("text\n\n", 51)}, "", ""},
	{"rules in two blocks", Message, []object{markdown("---\n\n", 26), markdown("---\n\n", 25)}, "invalid_blocks", "[json-pointer:/blocks]"},
	{"13,200 in sections", Message, repeat(6, section(2200)), "", ""},
	{"13,206 in sections", Message, repeat(6, section(2201)), "msg_blocks_too_long", ""},
	{"13,200 in videos", Message, repeat(30, video.with(object{"alt_text": chars(399), "author_name": chars(20), "provider_name": chars(20)})), "", ""},
	{"13,230 in videos", Message, repeat(30, video.with(object{"alt_text": chars(399), "author_name": chars(20), "provider_name": chars(21)})), "msg_blocks_too_long", ""},
	{"13,200 beside values and addresses", Message, append(repeat(6, section(2199)), elementsOf("actions", button(6, "").with(object{"value": chars(2000), "url": address(3000)}))), "", ""},
}

func markdown(source string, n int) object {
	return object{"type": "markdown", "text": strings.Repeat(source, n)}
}

func TestBlockLimits(t *testing.T) {
	for _, tc := range blockLimits {
		out, err := Check(string(webapi.MustJSON(tc.blocks)), tc.on)
		if err == nil {
			err = &webapi.Error{}
		}
		if e := webapi.AsError(err); e.Code != tc.code || !strings.Contains(strings.Join(e.Messages, ""), tc.at) || (out == nil) != (tc.code != "") {
			t.Errorf("%s: %v, want %q at %q", tc.name, err, tc.code, tc.at)
		}
	}
	for blocks, code := range map[string]string{`{`: "invalid_blocks_format", `[7]`: "invalid_blocks_format", `[]`: "", `[null]`: "invalid_blocks"} {
		if out, err := Check(blocks, Message); out != nil || (code != "") != (err != nil) || err != nil && webapi.AsError(err).Code != code {
			t.Errorf("%s: %s, %v, want %q", blocks, out, err, code)
		}
	}
}

func TestEachBlockHasAnID(t *testing.T) {
	out, err := Check(string(webapi.MustJSON([]object{divider, section(1), divider.with(object{"block_id": "mine"})})), View)
	var blocks []struct {
		ID   string `json:"block_id"`
		Text object `json:"text"`
	}
	if err != nil || json.Unmarshal(out, &blocks) != nil || blocks[0].ID == "" || blocks[1].ID == "" || blocks[0].ID == blocks[1].ID || blocks[2].ID != "mine" || blocks[1].Text["text"] != "x" {
		t.Errorf("%s, %v", out, err)
	}
}

// notInBlocksJS are the kinds that blocks.js doesn't draw, and why.
var notInBlocksJS = map[string]string{
	"input":           "window.js draws it",
	"context_actions": "the page says that it can't show it",
}

// The page draws each kind of block.
func TestThePageDrawsEachKind(t *testing.T) {
	script, err := os.ReadFile("../page/static/blocks.js")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(script), "\nconst BLOCKS = {\n")
	list, _, found := strings.Cut(list, "\n};\n")
	if !found {
		t.Fatal("blocks.js has no BLOCKS")
	}
	drawn := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): \(`).FindAllStringSubmatch(list, -1) {
		drawn[m[1]] = true
		if _, known := blockKinds[m[1]]; !known {
			t.Errorf("blocks.js draws %s, which no surface takes", m[1])
		}
	}
	for kind := range blockKinds {
		if _, listed := notInBlocksJS[kind]; drawn[kind] == listed {
			t.Errorf("%s: in BLOCKS of blocks.js: %v, in notInBlocksJS: %v; want it in one of them", kind, drawn[kind], listed)
		}
	}
}
