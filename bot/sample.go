package bot

import (
	"encoding/json"

	"github.com/slack-go/slack"

	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/ocr"
)

// Sample is an example of the bot's messages and windows, in the form of
// Slack's method blocks.validate.
// https://docs.slack.dev/reference/methods/blocks.validate
type Sample struct {
	Name     string // description
	Argument string // argument of the method: "message" or "view"
	Payload  json.RawMessage
}

// Samples returns a running reply, a closed reply, a result, and the windows.
func Samples() ([]Sample, error) {
	from := privateMetadata{Channel: "C00000000", Key: "T00000000/C00000000/1700000000.000000/read/markdown", Root: "1700000000.000000"}
	running, closed, result := reading.SampleMessages()
	var samples []Sample
	for _, s := range []struct {
		name, argument string
		payload        any
	}{
		{"the reply while it is read", "message", asMessage(running)},
		{"the reply when it is done", "message", asMessage(closed)},
		{"a result", "message", asMessage(result)},
		{"the window for files", "view", uploadWindow(from)},
		{"the window for words", "view", againWindow(from, ocr.Locate)},
	} {
		payload, err := json.Marshal(s.payload)
		if err != nil {
			return nil, err
		}
		samples = append(samples, Sample{s.name, s.argument, payload})
	}
	return samples, nil
}

func asMessage(m post.Message) any {
	return struct {
		Text   string        `json:"text"`
		Blocks []slack.Block `json:"blocks"`
	}{m.Fallback, m.Blocks}
}
