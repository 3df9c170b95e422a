// Package slackjson cuts Slack's answers, events and payloads down to what the bot
// reads of them. slack-go fails a whole answer for one odd part of it, such as an
// attachment whose id is a string (rusq/slackdump issue 492) or a block element of
// this month, and the answer to a write then leaves open whether it was carried
// out. What is cut away cannot do that, and what is read is left out alone where it
// is not what it should be: a field, a file, a message.
package slackjson

import (
	"bytes"
	"encoding/json"

	"github.com/slack-go/slack"
)

// shape returns what is left of a value, or nil where it is not fit to be read.
type shape func(json.RawMessage) json.RawMessage

// is lets a value through that decodes as a T.
func is[T any](value json.RawMessage) json.RawMessage {
	var t T
	if json.Unmarshal(value, &t) != nil {
		return nil
	}
	return value
}

// list leaves out the elements that are not fit to be read.
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

// fields are those of an object that are read. The others are left out.
type fields map[string]shape

func (f fields) of(value json.RawMessage) json.RawMessage {
	if len(value) == 0 || value[0] != '{' {
		return nil
	}
	kept := map[string]json.RawMessage{}
	// Field by field, so that those before a cut are read.
	d := json.NewDecoder(bytes.NewReader(value))
	_, _ = d.Token() // the brace
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

// either tries one shape after the other: some names have two meanings.
func either(one, other shape) shape {
	return func(value json.RawMessage) json.RawMessage {
		if v := one(value); v != nil {
			return v
		}
		return other(value)
	}
}

// marshal makes JSON of what was valid JSON before.
func marshal(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// text are fields with strings.
func text(names ...string) fields {
	f := fields{}
	for _, name := range names {
		f[name] = is[string]
	}
	return f
}

// and adds fields.
func (f fields) and(name string, s shape) fields {
	f[name] = s
	return f
}

// https://docs.slack.dev/reference/objects/file-object
func file() fields {
	return text("id", "name", "title", "mimetype", "filetype", "user", "mode", "file_access", "url_private",
		"url_private_download", "thumb_720", "thumb_960", "thumb_1024").
		and("size", is[int]).and("is_external", is[bool]).
		and("channels", is[[]string]).and("groups", is[[]string]).and("ims", is[[]string]).
		and("shares", fields{"public": shares, "private": shares}.of)
}

// shares are the messages of one channel or another that show a file.
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

// images lets the image blocks through, the only ones that are read.
func images(value json.RawMessage) json.RawMessage {
	return list(func(block json.RawMessage) json.RawMessage {
		var b struct{ Type string }
		if json.Unmarshal(block, &b) != nil || b.Type != "image" {
			return nil
		}
		return text("type", "image_url").and("slack_file", text("id", "url").of).of(block)
	})(value)
}

// message is what is read of a message, wherever it comes.
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
