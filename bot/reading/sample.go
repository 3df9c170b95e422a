package reading

import (
	"github.com/slack-go/slack"

	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
)

// SampleMessages returns examples of a running reply, a closed reply and a
// result, as sent to Slack. The files in the examples do not exist.
func SampleMessages() (running, closed, result post.Message) {
	const (
		key  = "T00000000/C00000000/1700000000.000000/read/markdown"
		text = "# Invoice\n\nA line with **bold** words and a [link](https://example.com).\n\n| Item | Price |\n| --- | ---: |\n| Tea | 3.50 |\n\n- one\n- two\n"
	)
	title := words.FileAndMode("page.png", ocr.Mode{})
	head := post.Caption{{Person: "U00000000"}, {Text: words.AskedToRead(title)}}
	running = post.View{
		Head: head, Texts: []post.Text{{Name: title, Markdown: text}}, Lines: []post.Line{{Caption: post.Plain(words.Reading(title))}},
		Buttons: slack.NewActionBlock(BlockID(key, 0), StopButton()),
	}.Message()
	done := post.Line{
		Caption: post.Caption{{Text: words.Read(title, 12, 1, 0), Link: "https://example.slack.com/archives/C00000000/p1700000000000000"}},
		Buttons: fileButtons(key, 0, FileState{}, false),
	}
	closed = post.View{Lines: []post.Line{done}}.Message()
	result = post.Result{
		Header: post.Plain(words.Part(1, 2, 1, 3)), Markdown: text, Notification: title,
		Buttons: fileButtons(key, 0, FileState{Failure: words.Failed(words.Connection)}, true),
	}.Message()
	return running, closed, result
}
