package bot

import (
	"encoding/json"

	"github.com/slack-go/slack"

	"slackocr/bot/post"
	"slackocr/ocr"
)

// Sample is something that the bot shows, as Slack's method blocks.validate takes it.
// https://docs.slack.dev/reference/methods/blocks.validate
type Sample struct {
	Name     string // what it is
	Argument string // of the method: "message" or "view"
	Payload  json.RawMessage
}

// Samples are a reply that is being worked on and one that is done, a result, and
// the windows.
func Samples() ([]Sample, error) {
	const (
		key  = "T00000000/C00000000/1700000000.000000/F00000000/markdown"
		text = "# Invoice\n\nA line with **bold** words and a [link](https://example.com).\n\n| Item | Price |\n| --- | ---: |\n| Tea | 3.50 |\n\n- one\n- two\n"
	)
	from := origin{Channel: "C00000000", Key: key, Root: "1700000000.000000"}
	reading := post.Live{Head: wordsAsked("U00000000", "page.png"), Text: text, Line: post.Plain(wordsReading("page.png")), Buttons: stopping(key)}
	done := post.Live{Line: post.Plain(wordsRead("page.png", 12, 1, 0)), Buttons: choices(key, true)}
	var samples []Sample
	for _, s := range []struct {
		name, argument string
		payload        any
	}{
		{"the reply while it is read", "message", asMessage(post.Shown(reading))},
		{"the reply when it is done", "message", asMessage(post.Shown(done))},
		{"a result", "message", asMessage(post.Part(text, wordsPart("page.png", 1, 2, 1, 3)))},
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
