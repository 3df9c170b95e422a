package bot

import (
	"context"
	"encoding/json"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
)

// Notice is a message that is posted once.
type Notice struct {
	Channel string
	Root    string // timestamp of the thread, or "" for the channel itself
	Ask     string // the message that the notice answers, or a token
	Person  string // the person who asked
	Topic   string // distinguishes the notices about an ask
	Words   string // mrkdwn
	Only    bool   `json:",omitempty"` // visible to that person alone
}

// say posts a notice.
func (b *Bot) say(ctx context.Context, job *jobs.Job, n Notice) error {
	if n.Only {
		return b.desk.Whisper(ctx, n.Channel, n.Root, n.Person, say(n.Words))
	}
	var posted post.Once
	if saved := job.Record().Progress; saved != nil {
		if err := json.Unmarshal(saved, &posted); err != nil {
			return reading.ErrUnreadable
		}
	}
	m := say(n.Words)
	m.Key, m.After = task{Say: &n}.record().Key, ask.Timestamp(n.Ask)
	thread := post.NewThread(b.api, b.pacer, job.Fence, n.Channel, n.Root).For(n.Person)
	return thread.Notify(ctx, m, &posted, func(ctx context.Context) error { return job.Save(ctx, posted) })
}

// say returns a message of the bot's own words, in mrkdwn, with everything
// from elsewhere escaped.
func say(words string) post.Message {
	text := slack.NewTextBlockObject(slack.MarkdownType, words, false, false)
	return post.Message{Blocks: []slack.Block{slack.NewSectionBlock(text, nil, nil)}, Fallback: words}
}
