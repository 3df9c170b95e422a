package bot

import (
	"github.com/slack-go/slack"

	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/ocr"
)

// Sample is an example of the bot's messages and windows, for Slack's method
// blocks.validate.
// https://docs.slack.dev/reference/methods/blocks.validate
type Sample struct {
	Name     string // description
	Argument string // argument of the method: "message" or "view"
	Payload  any    // its value, to be encoded as JSON
}

// Samples returns a running reply, a closed reply, a result, and the windows.
func Samples() []Sample {
	from := privateMetadata{Channel: "C00000000", Key: "T00000000/C00000000/1700000000.000000/read/markdown", Root: "1700000000.000000"}
	running, closed, result := reading.SampleMessages()
	return []Sample{
		{"the reply while it is read", "message", asMessage(running)},
		{"the reply when it is done", "message", asMessage(closed)},
		{"a result", "message", asMessage(result)},
		{"the window for files", "view", uploadWindow(from)},
		{"the window for words", "view", againWindow(from, ocr.Locate)},
	}
}

func asMessage(m post.Message) any {
	return struct {
		Text   string        `json:"text"`
		Blocks []slack.Block `json:"blocks"`
	}{m.Fallback, m.Blocks}
}
