package post

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/sleep"
)

const (
	// pageSize is the most messages of a call; Slack recommends no more
	// (https://docs.slack.dev/reference/methods/conversations.replies).
	pageSize = 200
	// maxReplies bounds the replies of a thread that are searched.
	maxReplies = 10_000
	// emptyTries is the number of requests for a thread that seems to be
	// empty.
	emptyTries = 3
	// emptyPause is the time between two of these requests.
	emptyPause = 500 * time.Millisecond
)

// page returns the messages of the thread, or of the channel, after a given
// message, and the cursor of the next page. A thread starts with its oldest
// message, and each page has the thread's first message. An empty answer
// therefore proves nothing: Slack gives one now and then (rusq/slackdump), and
// page asks again.
func (t *Thread) page(ctx context.Context, after, cursor string) (messages []slack.Message, next string, err error) {
	c := call{method: t.method(), urgency: final, person: t.person, do: func(ctx context.Context) (err error) {
		messages, next, err = t.ask(ctx, after, cursor)
		return err
	}}
	for range emptyTries {
		if err = t.client.pacer.run(ctx, c); err != nil || len(messages) > 0 || t.ts == "" {
			break
		}
		if err := sleep.For(ctx, emptyPause); err != nil {
			return nil, "", err
		}
	}
	return messages, next, err
}

// first returns the thread's first message, if present, and perhaps more. run
// makes the calls. As in page, an empty answer is asked for again.
func (t *Thread) first(ctx context.Context, run func(context.Context, call) error) (messages []slack.Message, err error) {
	c := call{method: t.method(), urgency: final, person: t.person, do: func(ctx context.Context) (err error) {
		messages, _, _, err = t.client.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: t.channel, Timestamp: t.ts, Limit: 1, Inclusive: true,
		})
		return err
	}}
	for range emptyTries {
		if err = run(ctx, c); err != nil || len(messages) > 0 {
			break
		}
	}
	return messages, err
}

// Files returns the ids of the files of the thread's first message. Files does
// not retry when Slack has troubles, and returns Slack's error.
func (t *Thread) Files(ctx context.Context) (ids []string, err error) {
	messages, err := t.first(ctx, t.client.pacer.once)
	if err == nil && len(messages) > 0 && messages[0].Timestamp == t.ts {
		for _, f := range messages[0].Files {
			ids = append(ids, f.ID)
		}
	}
	return ids, err
}

func (t *Thread) method() string {
	if t.ts == "" {
		return "conversations.history"
	}
	return "conversations.replies"
}

func (t *Thread) ask(ctx context.Context, after, cursor string) (messages []slack.Message, next string, err error) {
	if t.ts == "" {
		answer, err := t.client.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: t.channel, Oldest: after, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
		})
		if err != nil {
			return nil, "", err
		}
		return answer.Messages, answer.ResponseMetaData.NextCursor, nil
	}
	messages, more, next, err := t.client.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: t.channel, Timestamp: t.ts, Oldest: after, Cursor: cursor, Limit: pageSize, IncludeAllMetadata: true,
	})
	if !more {
		next = ""
	}
	return messages, next, err
}

// Messages yields the messages of a thread, or of a channel if ts is empty:
// the newest first, at most 10,000 of a thread and 1,000 of a channel.
// Messages of a thread have no text, and messages with nothing but text are
// left out.
func (c *Client) Messages(ctx context.Context, channel, ts string) iter.Seq2[slack.Message, error] {
	return func(yield func(slack.Message, error) bool) {
		t := c.Thread(nil, channel, ts)
		pages := t.messages(ctx, "")
		if ts != "" {
			pages = t.newestFirst(ctx)
		}
		for page, err := range pages {
			if err != nil {
				yield(slack.Message{}, fmt.Errorf("looking at a conversation: %w", err))
				return
			}
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// newestFirst yields a thread as a single page. Slack returns a thread only
// from its start, so the whole thread is read first.
func (t *Thread) newestFirst(ctx context.Context) iter.Seq2[[]slack.Message, error] {
	return func(yield func([]slack.Message, error) bool) {
		var all []slack.Message
		cursor, seen := "", ""
		for range maxReplies / pageSize {
			messages, next, err := t.page(ctx, "", cursor)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range messages {
				if m.Timestamp <= seen { // the first message again
					continue
				}
				seen, m.Text = m.Timestamp, ""
				if len(m.Files) > 0 || len(m.Attachments) > 0 || len(m.Blocks.BlockSet) > 0 || Key(m) != "" {
					all = append(all, m)
				}
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		slices.Reverse(all)
		yield(all, nil)
	}
}
