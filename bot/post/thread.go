// Package post writes to Slack: within its limits, and so that nothing that
// matters is lost or stands there twice.
package post

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/slack-go/slack"
)

// Thread is where a request is answered. Its methods may be called at once
// from several goroutines.
type Thread struct {
	api     *slack.Client
	pacer   *Pacer
	fence   Fence
	channel string
	ts      string // of the thread's first message; "" for the channel itself
	person  string // whose doing the calls are, or ""
}

// Fence goes before each write: it fails where the writer has lost the right to
// it, and returns a context that ends with that right.
type Fence func(context.Context) (context.Context, context.CancelFunc, error)

// NewThread returns the thread under the message ts of a channel, or where ts is
// empty the channel itself. The api must have no retries of its own. A nil fence
// lets every write through.
func NewThread(api *slack.Client, pacer *Pacer, fence Fence, channel, ts string) *Thread {
	if fence == nil {
		fence = func(ctx context.Context) (context.Context, context.CancelFunc, error) { return ctx, func() {}, nil }
	}
	return &Thread{api: api, pacer: pacer, fence: fence, channel: channel, ts: ts}
}

// Under is the thread under another message of the same channel.
func (t *Thread) Under(ts string) *Thread {
	under := *t
	under.ts = ts
	return &under
}

// For is the same thread, whose calls are a person's doing: whoever causes many goes
// behind the others.
func (t *Thread) For(person string) *Thread {
	of := *t
	of.person = person
	return &of
}

// write runs a call that changes something, behind the fence.
func (t *Thread) write(ctx context.Context, c call) error {
	return t.pacer.run(ctx, t.fenced(c))
}

func (t *Thread) fenced(c call) call {
	c.person = t.person
	do := c.do
	c.do = func(ctx context.Context) error {
		ctx, cancel, err := t.fence(ctx)
		if err != nil {
			return fencedOff{err}
		}
		defer cancel()
		return do(ctx)
	}
	return c
}

// eventType names our metadata: https://docs.slack.dev/messaging/message-metadata
const eventType = "slackocr_post"

// Once is what must be kept of a message that is posted exactly once: before
// the post that it may stand there, and after it where. Save keeps it, so that
// another process can go on.
type Once struct {
	Tried time.Time `json:",omitzero"`
	TS    string    `json:",omitempty"`
	// Again says that it was posted again although Slack may still carry out an
	// earlier try: see [Thread.RemoveDoubles].
	Again bool `json:",omitempty"`
}

// Save keeps the state of what is posted once.
type Save func(context.Context) error

// Post posts m once: never again when state says that it was, and not before
// looking into the thread when it may have been. It returns when Slack has the
// message, when Slack refuses it, or with ctx's cause.
func (t *Thread) Post(ctx context.Context, m Message, state *Once, save Save) error {
	return t.postOnce(ctx, m, final, nil, state, save)
}

// postOnce is Post. A late one, where it is given, fills in what m shows when
// its turn has come.
func (t *Thread) postOnce(ctx context.Context, m Message, u urgency, late func(*Message), state *Once, save Save) (err error) {
	switch {
	case state.TS != "":
		return nil
	case !state.Tried.IsZero():
		if state.TS, err = t.look(ctx, m); Code(err) != "" {
			err = nil // it cannot be told: twice is better than lost
		}
		state.Again = state.TS == ""
	default:
		state.Tried = time.Now()
		err = save(ctx)
	}
	if err != nil {
		return err
	}
	if state.TS == "" {
		if err = t.post(ctx, m, u, late, state); err != nil {
			return err
		}
	}
	return save(ctx)
}

// post posts m. A failure that may have been applied is settled by looking into
// the thread.
func (t *Thread) post(ctx context.Context, m Message, u urgency, late func(*Message), state *Once) error {
	return t.write(ctx, call{
		method:  "chat.postMessage",
		channel: t.channel,
		urgency: u,
		do: func(ctx context.Context) (err error) {
			if late != nil {
				late(&m)
			}
			options := []slack.MsgOption{slack.MsgOptionTS(t.ts)}
			if t.ts == "" {
				options = nil
			}
			_, state.TS, _, err = t.api.SendMessageContext(ctx, t.channel, append(options,
				slack.MsgOptionText(m.Fallback, false),
				slack.MsgOptionBlocks(m.Blocks...),
				slack.MsgOptionMetadata(slack.SlackMetadata{
					EventType: eventType, EventPayload: map[string]any{"key": m.Key},
				}),
				slack.MsgOptionDisableLinkUnfurl(),
				slack.MsgOptionDisableMediaUnfurl(),
			)...)
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

// lookAgain is the time between the two looks for a post of a process that died.
const lookAgain = 1200 * time.Millisecond

// look is find for a post that another process tried: Slack may be about to carry
// it out still, so it looks twice.
func (t *Thread) look(ctx context.Context, m Message) (ts string, err error) {
	if ts, err = t.find(ctx, m); ts != "" || err != nil {
		return ts, err
	}
	if err := sleep(ctx, lookAgain); err != nil {
		return "", err
	}
	return t.find(ctx, m)
}

// LateWrites is how long Slack may take to carry out a post that was tried by a
// process that died.
const LateWrites = 20 * time.Second

// RemoveDoubles deletes what stands in the thread twice, after a message: those
// posts whose key is in keep and whose timestamp is another one than keep says.
func (t *Thread) RemoveDoubles(ctx context.Context, after string, keep map[string]string) error {
	var doubles []string
	for messages, err := range t.messages(ctx, after) {
		if err != nil {
			return fmt.Errorf("looking for doubles: %w", err)
		}
		for _, m := range messages {
			if ts := keep[Key(m)]; ts != "" && ts != m.Timestamp {
				doubles = append(doubles, m.Timestamp)
			}
		}
	}
	for _, ts := range doubles {
		err := t.write(ctx, call{method: "chat.delete", urgency: final, do: func(ctx context.Context) error {
			_, _, err := t.api.DeleteMessageContext(ctx, t.channel, ts)
			return err
		}})
		if err != nil && Code(err) != "message_not_found" {
			return fmt.Errorf("deleting a double: %w", err)
		}
	}
	return nil
}

// maxPages bounds how far find looks: 5 × 200 messages after Message.After.
const maxPages = 5

// find looks in the thread for a post with m's key and returns its timestamp,
// or "" where there is none.
func (t *Thread) find(ctx context.Context, m Message) (ts string, err error) {
	all, err := t.own(ctx, m.After, func(key string) bool { return key == m.Key })
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// own returns the timestamps of the bot's posts after a message whose keys
// match.
func (t *Thread) own(ctx context.Context, after string, match func(key string) bool) (all []string, err error) {
	for messages, err := range t.messages(ctx, after) {
		if err != nil {
			return nil, fmt.Errorf("looking for a post: %w", err)
		}
		for _, s := range messages {
			if key := Key(s); key != "" && match(key) {
				all = append(all, s.Timestamp)
			}
		}
	}
	return all, nil
}

// messages yields what stands in the thread after a message, page by page, with
// all metadata, five pages at most.
func (t *Thread) messages(ctx context.Context, after string) iter.Seq2[[]slack.Message, error] {
	return func(yield func([]slack.Message, error) bool) {
		cursor := ""
		for range maxPages {
			messages, next, err := t.page(ctx, after, cursor)
			if !yield(messages, err) || err != nil || next == "" {
				return
			}
			cursor = next
		}
	}
}

// infoTime bounds how long a file is looked up.
const infoTime = 30 * time.Second

// FileInfo is what Slack knows of a file.
func FileInfo(ctx context.Context, api *slack.Client, pacer *Pacer, id string) (file *slack.File, err error) {
	ctx, cancel := context.WithTimeout(ctx, infoTime)
	defer cancel()
	err = pacer.run(ctx, call{method: "files.info", urgency: final, do: func(ctx context.Context) (err error) {
		file, _, _, err = api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	}})
	return file, err
}
