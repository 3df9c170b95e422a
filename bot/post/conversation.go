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
	// maxPages bounds a search of a channel, or of a thread after a message.
	maxPages = 5
	// maxThreadPages bounds a search of a whole thread: 10,000 messages.
	maxThreadPages = 50
	// emptyTries is the number of requests for a thread that seems to be
	// empty.
	emptyTries = 3
	// emptyPause is the time between two of these requests.
	emptyPause = 500 * time.Millisecond
)

// page returns up to limit messages of the thread, or of the channel, after a
// given message, and the cursor of the next page. run makes the calls. A thread
// starts with its oldest message, and each page has the thread's first message.
// An empty answer therefore proves nothing: Slack gives one now and then
// (rusq/slackdump), and page asks again.
func (t *Thread) page(ctx context.Context, run func(context.Context, call) error, limit int, after, cursor string) (messages []slack.Message, next string, err error) {
	c := call{method: "conversations.replies", priority: final, person: t.person, do: func(ctx context.Context) (err error) {
		more := false
		messages, more, next, err = t.client.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: t.channel, Timestamp: t.ts, Oldest: after, Cursor: cursor, Limit: limit, IncludeAllMetadata: true,
		})
		if !more {
			next = ""
		}
		return err
	}}
	if t.ts == "" {
		c.method = "conversations.history"
		c.do = func(ctx context.Context) error {
			answer, err := t.client.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
				ChannelID: t.channel, Oldest: after, Cursor: cursor, Limit: limit, IncludeAllMetadata: true,
			})
			if err == nil {
				messages, next = answer.Messages, answer.ResponseMetaData.NextCursor
			}
			return err
		}
	}
	for range emptyTries {
		if err = run(ctx, c); err != nil || len(messages) > 0 || t.ts == "" {
			break
		}
		if err := sleep.For(ctx, emptyPause); err != nil {
			return nil, "", err
		}
	}
	return messages, next, err
}

// messages yields the messages of the thread, or of the channel, after a given
// message, with all metadata, at most so many pages.
func (t *Thread) messages(ctx context.Context, after string, pages int) iter.Seq2[slack.Message, error] {
	return func(yield func(slack.Message, error) bool) {
		cursor := ""
		for range pages {
			page, next, err := t.page(ctx, t.client.pacer.run, pageSize, after, cursor)
			if err != nil {
				yield(slack.Message{}, fmt.Errorf("reading a conversation: %w", err))
				return
			}
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
}

// Files returns the ids of the files of the thread's first message. Files does
// not retry when Slack has troubles, and returns Slack's error.
func (t *Thread) Files(ctx context.Context) (ids []string, err error) {
	messages, _, err := t.page(ctx, t.client.pacer.once, 1, "", "")
	if err == nil && len(messages) > 0 && messages[0].Timestamp == t.ts {
		for _, f := range messages[0].Files {
			ids = append(ids, f.ID)
		}
	}
	return ids, err
}

// Message returns a message, or nil if the message is missing or hidden from
// the bot.
func (c *Client) Message(ctx context.Context, channel, ts string) (*slack.Message, error) {
	// For the ts of a reply Slack returns that reply alone.
	messages, _, err := c.Thread(nil, channel, ts).page(ctx, c.pacer.run, 1, "", "")
	switch Code(err) {
	case "thread_not_found", "message_not_found", "channel_not_found", "not_in_channel":
		return nil, nil
	}
	if i := slices.IndexFunc(messages, func(m slack.Message) bool { return m.Timestamp == ts }); err == nil && i >= 0 {
		return &messages[i], nil
	}
	return nil, err
}

// Messages yields the messages of a channel, or of a thread if ts is not empty,
// the newest first: at most 1,000 of a channel and 10,000 of a thread. Those of
// a thread come without their text, and only if they have anything else, since
// all of them are in memory at once.
func (c *Client) Messages(ctx context.Context, channel, ts string) iter.Seq2[slack.Message, error] {
	t := c.Thread(nil, channel, ts)
	if ts == "" {
		return t.messages(ctx, "", maxPages)
	}
	return func(yield func(slack.Message, error) bool) {
		// Slack returns the oldest message first.
		var all []slack.Message
		seen := ""
		for m, err := range t.messages(ctx, "", maxThreadPages) {
			if err != nil {
				yield(slack.Message{}, err)
				return
			}
			if m.Timestamp <= seen { // the first message again
				continue
			}
			seen, m.Text = m.Timestamp, ""
			if len(m.Files) > 0 || len(m.Attachments) > 0 || len(m.Blocks.BlockSet) > 0 || Key(m) != "" {
				all = append(all, m)
			}
		}
		for _, m := range slices.Backward(all) {
			if !yield(m, nil) {
				return
			}
		}
	}
}
