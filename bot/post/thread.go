// Package post writes to Slack within Slack's limits. No message that matters
// is lost, and none is posted twice.
package post

import (
	"context"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/sleep"
)

// Thread is the thread in which an ask is answered. Its methods may be called
// from several goroutines.
type Thread struct {
	client  *Client
	fence   Fence
	channel string
	ts      string // timestamp of the thread's first message, or "" for the channel itself
	person  string // the person who causes the calls, or ""
}

// Fence is called before each write. If the writer has lost the right to
// write, Fence returns an error; otherwise Fence returns a context that ends
// with that right.
type Fence func(context.Context) (context.Context, context.CancelFunc, error)

// Thread returns the thread below the message ts of a channel, or the channel
// itself if ts is empty. A nil fence allows every write.
func (c *Client) Thread(fence Fence, channel, ts string) *Thread {
	if fence == nil {
		fence = func(ctx context.Context) (context.Context, context.CancelFunc, error) { return ctx, func() {}, nil }
	}
	return &Thread{client: c, fence: fence, channel: channel, ts: ts}
}

// Under returns the thread below another message of the same channel.
func (t *Thread) Under(ts string) *Thread {
	under := *t
	under.ts = ts
	return &under
}

// For returns the thread for calls that a person causes: the calls of a person who
// causes many wait behind the calls of others.
func (t *Thread) For(person string) *Thread {
	of := *t
	of.person = person
	return &of
}

// write runs a call that changes something, behind the fence.
func (t *Thread) write(ctx context.Context, c call) error {
	return t.client.pacer.run(ctx, t.fenced(c))
}

func (t *Thread) fenced(c call) call {
	c.person = t.person
	do := c.do
	c.do = func(ctx context.Context) error {
		ctx, cancel, err := t.fence(ctx)
		if err != nil {
			return leaseLostError{err}
		}
		defer cancel()
		return do(ctx)
	}
	return c
}

// eventType is the type of the bot's metadata:
// https://docs.slack.dev/messaging/message-metadata
const eventType = "slackocr_post"

// PostState is the saved state of a message that must be posted exactly once:
// before the post that the message may exist, and after the post its
// timestamp. With this state another process can go on.
type PostState struct {
	Tried time.Time `json:",omitzero"`
	TS    string    `json:",omitempty"`
	// Again is true if the message was posted again while Slack may still
	// carry out an earlier try: see [Thread.RemoveDuplicates].
	Again bool `json:",omitempty"`
}

// SaveFunc stores the state of posts.
type SaveFunc func(context.Context) error

// Post posts m once: not if state says that m was posted, and only after a
// search of the thread if m may have been posted. Post returns when Slack has
// the message, when Slack refuses, with [ErrUncertain], or with the cause of ctx.
func (t *Thread) Post(ctx context.Context, m Message, state *PostState, save SaveFunc) error {
	return t.postOnce(ctx, m, final, nil, state, save)
}

// Notify is Post for a word about the bot itself: results go first.
func (t *Thread) Notify(ctx context.Context, m Message, state *PostState, save SaveFunc) error {
	return t.postOnce(ctx, m, notice, nil, state, save)
}

// postOnce is Post for any priority. render, unless nil, sets the contents of m
// when the turn has come.
func (t *Thread) postOnce(ctx context.Context, m Message, p priority, render func(*Message), state *PostState, save SaveFunc) (err error) {
	if state.TS != "" {
		return nil
	}
	if !state.Tried.IsZero() {
		state.TS, err = t.findLate(ctx, m)
		if err != nil && Code(err) == "" { // if Slack refuses to tell, twice is better than never
			return err
		}
		state.Again = state.TS == ""
	}
	if state.TS == "" {
		if err = t.post(ctx, m, p, render, state, save); err != nil {
			return err
		}
	}
	return save(ctx)
}

// post posts m. If a failed post may have been carried out, post searches the
// thread. Only when the turn has come does the state say that m may have been
// posted: after a crash nobody searches for the messages that waited.
func (t *Thread) post(ctx context.Context, m Message, p priority, render func(*Message), state *PostState, save SaveFunc) error {
	return t.write(ctx, call{
		method:   "chat.postMessage",
		channel:  t.channel,
		priority: p,
		ready: func(ctx context.Context) error {
			if !state.Tried.IsZero() {
				return nil
			}
			state.Tried = time.Now()
			return save(ctx)
		},
		do: func(ctx context.Context) (err error) {
			if render != nil {
				render(&m)
			}
			_, state.TS, _, err = t.client.api.SendMessageContext(ctx, t.channel,
				inThread(t.ts),
				slack.MsgOptionText(m.Fallback, false),
				slack.MsgOptionBlocks(m.Blocks...),
				slack.MsgOptionMetadata(slack.SlackMetadata{
					EventType: eventType, EventPayload: map[string]any{"key": m.Key},
				}),
				slack.MsgOptionDisableLinkUnfurl(),
				slack.MsgOptionDisableMediaUnfurl(),
			)
			if err == nil && state.TS == "" {
				return errNoTS
			}
			return err
		},
		applied: func(ctx context.Context) (_ bool, err error) {
			state.TS, err = t.find(ctx, m)
			state.Again = state.Again || state.TS == ""
			return state.TS != "", err
		},
	})
}

// inThread returns the option that puts a message below the message ts, or in
// the channel if ts is empty.
func inThread(ts string) slack.MsgOption {
	if ts == "" {
		return slack.MsgOptionCompose()
	}
	return slack.MsgOptionTS(ts)
}

// Key returns the key of a message that the bot posted with [Thread.Post] or
// [Open], or "".
func Key(m slack.Message) string {
	key, _ := m.Metadata.EventPayload["key"].(string)
	if m.Metadata.EventType != eventType {
		return ""
	}
	return key
}

// findPause is the time between the two searches for a post of a process that
// died.
const findPause = 1200 * time.Millisecond

// findLate is find for a post of another process: Slack may carry the post out
// late, so findLate searches twice.
func (t *Thread) findLate(ctx context.Context, m Message) (ts string, err error) {
	if ts, err = t.find(ctx, m); ts != "" || err != nil {
		return ts, err
	}
	if err := sleep.For(ctx, findPause); err != nil {
		return "", err
	}
	return t.find(ctx, m)
}

// LostPostWindow bounds the delay with which Slack carries out a post of a process
// that died.
const LostPostWindow = 20 * time.Second

// RemoveDuplicates deletes posts after a message whose key is in keep but whose
// timestamp differs from the one in keep.
func (t *Thread) RemoveDuplicates(ctx context.Context, after string, keep map[string]string) error {
	var duplicates []string
	for m, err := range t.messages(ctx, after, maxPages) {
		if err != nil {
			return err
		}
		if ts := keep[Key(m)]; ts != "" && ts != m.Timestamp {
			duplicates = append(duplicates, m.Timestamp)
		}
	}
	for _, ts := range duplicates {
		if err := t.client.Remove(ctx, t.channel, ts); err != nil {
			return fmt.Errorf("deleting a duplicate: %w", err)
		}
	}
	return nil
}

// find searches the thread for a post with m's key and returns its timestamp,
// or "" if there is none.
func (t *Thread) find(ctx context.Context, m Message) (ts string, err error) {
	for posted, err := range t.messages(ctx, m.After, maxPages) {
		if err != nil {
			return "", err
		}
		if Key(posted) == m.Key && m.Key != "" {
			return posted.Timestamp, nil
		}
	}
	return "", nil
}
