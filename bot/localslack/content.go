package localslack

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

const (
	maxPostText    = 40_000 // characters; a longer text is cut (chat.postMessage)
	maxUpdateText  = 4_000  // bytes after escaping; a longer text is msg_too_long (openclaw/openclaw pull 115027)
	maxAttachments = 100
	maxMetadata    = 8_000 // bytes; metadata_too_large
)

// content is the checked contents of a message.
type content struct {
	text                          string
	blocks, attachments, metadata json.RawMessage
	hasBlocks                     bool // the argument was given, perhaps as an empty list
	hasText                       bool
}

// contentOf reads and checks text, blocks, attachments, metadata and markdown_text.
func contentOf(a webapi.Args) (content, error) {
	var t content
	var err error
	t.text, t.hasText = a["text"]
	if md := a["markdown_text"]; md != "" {
		if t.text != "" || a["blocks"] != "" {
			return t, webapi.Err("markdown_text_conflict")
		}
		if utf8.RuneCountInString(md) > blockkit.MaxMarkdown {
			return t, webapi.Err("msg_too_long")
		}
		t.text, t.hasText = md, true
	}
	t.text = mrkdwn.Escape(t.text)
	if s := a["blocks"]; s != "" {
		t.hasBlocks = true
		if t.blocks, err = blockkit.Check(s, blockkit.Message); err != nil {
			return t, err
		}
	}
	if t.attachments, err = checkAttachments(a["attachments"]); err != nil {
		return t, err
	}
	t.metadata, err = checkMetadata(a["metadata"])
	return t, err
}

func (t content) empty() bool {
	return strings.TrimSpace(t.text) == "" && len(t.blocks) == 0 && len(t.attachments) == 0
}

func checkAttachments(s string) (json.RawMessage, error) {
	if s == "" {
		return nil, nil
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, webapi.Err("invalid_attachments")
	}
	switch {
	case len(list) > maxAttachments:
		return nil, webapi.Err("too_many_attachments")
	case len(list) == 0:
		return nil, nil
	}
	return json.RawMessage(s), nil
}

// checkMetadata returns the metadata, which must be
// {"event_type":…,"event_payload":{…}}
// (https://docs.slack.dev/messaging/message-metadata). An empty object means
// no metadata.
func checkMetadata(s string) (json.RawMessage, error) {
	if s == "" {
		return nil, nil
	}
	var m struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	}
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return nil, webapi.Err("invalid_metadata_format")
	}
	switch {
	case m.Type == "" && m.Payload == nil:
		return nil, nil
	case m.Type == "" || m.Payload == nil:
		return nil, webapi.Err("invalid_metadata_schema")
	case len(s) > maxMetadata:
		return nil, webapi.Err("metadata_too_large")
	}
	return json.RawMessage(s), nil
}

// blocksValidate checks blocks, a message or a view and carries nothing out
// (https://docs.slack.dev/reference/methods/blocks.validate). Exactly one of the
// arguments must be there.
func blocksValidate(c *call) (answer, error) {
	given := 0
	for _, name := range []string{"blocks", "message", "view"} {
		if c.Has(name) {
			given++
		}
	}
	if given != 1 {
		return nil, webapi.Err("invalid_arguments", "[ERROR] provide exactly one of blocks, view, or message")
	}
	switch {
	case c.Has("blocks"):
		_, err := blockkit.Check(c.Args["blocks"], blockkit.Message)
		return answer{}, webapi.Validation("invalid_blocks", "/blocks", err)
	case c.Has("view"):
		_, err := c.w.parseView(c.Args["view"], nil)
		return answer{}, webapi.Validation("invalid_view", "/view", err)
	}
	in := webapi.Args{}
	if err := in.AddJSON([]byte(c.Args["message"])); err != nil {
		return nil, webapi.Err("invalid_arguments", "[ERROR] must be a JSON object [json-pointer:/message]")
	}
	t, err := contentOf(in)
	if err == nil && t.empty() {
		err = webapi.Err("no_text")
	}
	return answer{}, webapi.Validation("invalid_message", "", err)
}
