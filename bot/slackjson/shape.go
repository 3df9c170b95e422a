// Package slackjson reduces Slack's responses, events and payloads to the
// fields that the bot reads. slack-go rejects a whole response for a single
// odd part, such as an attachment with a string as id (rusq/slackdump issue
// 492) or a new kind of block element, and the response to a write then leaves
// open whether the write was carried out. A removed field cannot do that. If a
// field, a file or a message that the bot reads has the wrong type, only that
// part is left out.
package slackjson

import (
	"bytes"
	"encoding/json"

	"github.com/slack-go/slack"
)

// shape returns the reduced value, or nil if the value has the wrong type.
type shape func(json.RawMessage) json.RawMessage

// is returns value if value decodes as a T, else nil.
func is[T any](value json.RawMessage) json.RawMessage {
	var t T
	if json.Unmarshal(value, &t) != nil {
		return nil
	}
	return value
}

// list returns a shape that leaves out elements of the wrong type.
func list(element shape) shape {
	return func(value json.RawMessage) json.RawMessage {
		var all []json.RawMessage
		if json.Unmarshal(value, &all) != nil {
			return nil
		}
		kept := make([]json.RawMessage, 0, len(all))
		for _, v := range all {
			if v = element(v); v != nil {
				kept = append(kept, v)
			}
		}
		return marshal(kept)
	}
}

// fields are the fields of an object that the bot reads. Other fields are left
// out.
type fields map[string]shape

func (f fields) of(value json.RawMessage) json.RawMessage {
	if len(value) == 0 || value[0] != '{' {
		return nil
	}
	kept := map[string]json.RawMessage{}
	// Decoding field by field keeps the fields before a cut.
	d := json.NewDecoder(bytes.NewReader(value))
	_, _ = d.Token() // the opening brace
	for d.More() {
		name, _ := d.Token()
		var v json.RawMessage
		if d.Decode(&v) != nil {
			break
		}
		key, _ := name.(string)
		if read, ok := f[key]; ok {
			if v = read(v); v != nil {
				kept[key] = v
			}
		}
	}
	return marshal(kept)
}

// either tries two shapes in turn, for a field with two meanings.
func either(one, other shape) shape {
	return func(value json.RawMessage) json.RawMessage {
		if v := one(value); v != nil {
			return v
		}
		return other(value)
	}
}

// marshal encodes a value that came from valid JSON.
func marshal(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// text returns fields that hold strings.
func text(names ...string) fields {
	f := fields{}
	for _, name := range names {
		f[name] = is[string]
	}
	return f
}

// and returns f with another field.
func (f fields) and(name string, s shape) fields {
	f[name] = s
	return f
}

// file has the fields of a file:
// https://docs.slack.dev/reference/objects/file-object
func file() fields {
	return text("id", "name", "title", "mimetype", "filetype", "user", "mode", "file_access", "url_private",
		"url_private_download", "thumb_360", "thumb_480", "thumb_720", "thumb_800", "thumb_960", "thumb_1024", "thumb_pdf").
		and("size", is[int]).and("created", is[slack.JSONTime]).and("is_external", is[bool]).
		and("channels", is[[]string]).and("groups", is[[]string]).and("ims", is[[]string]).
		and("shares", fields{"public": shares, "private": shares}.of)
}

// shares reads the messages in channels that show a file.
func shares(value json.RawMessage) json.RawMessage {
	var channels map[string]json.RawMessage
	if json.Unmarshal(value, &channels) != nil {
		return nil
	}
	for id, messages := range channels {
		if channels[id] = list(text("ts", "thread_ts").of)(messages); channels[id] == nil {
			delete(channels, id)
		}
	}
	return marshal(channels)
}

// images returns only the image blocks of a list, since the bot reads no
// others.
func images(value json.RawMessage) json.RawMessage {
	return list(func(block json.RawMessage) json.RawMessage {
		var b struct{ Type string }
		if json.Unmarshal(block, &b) != nil || b.Type != "image" {
			return nil
		}
		return text("type", "image_url").and("slack_file", text("id", "url").of).of(block)
	})(value)
}

// message has the fields of a message:
// https://docs.slack.dev/messaging/retrieving-messages
func message() fields {
	attachment := text("image_url", "from_url", "original_url").
		and("is_share", is[bool]).and("files", list(file().of)).and("blocks", images)
	return text("type", "subtype", "channel", "channel_type", "user", "bot_id", "text", "ts", "thread_ts", "event_ts",
		"deleted_ts", "team", "user_team", "source_team").
		and("hidden", is[bool]).and("edited", text("user", "ts").of).
		and("metadata", is[slack.SlackMetadata]).
		and("files", list(file().of)).and("attachments", list(attachment.of)).and("blocks", images)
}
