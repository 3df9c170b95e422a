package bot

import (
	"context"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
)

// Notice is a message that is posted once.
type Notice struct {
	Channel   string
	Root      string // timestamp of the thread, or "" for the channel itself
	Origin    string `json:"Ask"` // the message that the notice answers, or a token
	Person    string // the person who asked
	Topic     string // distinguishes the notices about an ask
	Text      string `json:"Words"`          // mrkdwn
	Ephemeral bool   `json:"Only,omitempty"` // visible to that person alone
}

// postNotice posts a notice.
func (b *Bot) postNotice(ctx context.Context, job *jobs.Job, n Notice) error {
	if n.Ephemeral {
		return b.client.PostEphemeral(ctx, n.Channel, n.Root, n.Person, ownMessage(n.Text))
	}
	var posted post.PostState
	if err := progress(job, &posted); err != nil {
		return err
	}
	m := ownMessage(n.Text)
	m.Key, m.After = task{Notice: &n}.record().Key, ask.Timestamp(n.Origin)
	thread := b.client.Thread(job.Fence, n.Channel, n.Root).For(n.Person)
	return thread.Notify(ctx, m, &posted, func(ctx context.Context) error { return job.Save(ctx, posted) })
}

// ownMessage returns a message of the bot's own words, in mrkdwn, with everything
// from elsewhere escaped.
func ownMessage(words string) post.Message {
	text := slack.NewTextBlockObject(slack.MarkdownType, words, false, false)
	return post.Message{Blocks: []slack.Block{slack.NewSectionBlock(text, nil, nil)}, Fallback: words}
}
