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

// Notice is something to say, once.
type Notice struct {
	Channel string
	Root    string // timestamp of the thread; "" for the channel itself
	Ask     string // what it answers: a timestamp or a token
	Person  string // who asked
	Topic   string // tells it from other notices on the same ask
	Words   string // mrkdwn
	Only    bool   `json:",omitempty"` // for that person alone
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

// say makes a message of our own words. They are mrkdwn, in which whatever
// came from elsewhere was escaped.
func say(words string) post.Message {
	text := slack.NewTextBlockObject(slack.MarkdownType, words, false, false)
	return post.Message{Blocks: []slack.Block{slack.NewSectionBlock(text, nil, nil)}, Fallback: words}
}
