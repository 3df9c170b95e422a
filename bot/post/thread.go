// Package post writes to Slack: within its limits, and so that nothing that
// matters is lost or stands there twice.
package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"
)

// Thread is where a request is answered. Its methods may be called at once
// from several goroutines.
type Thread struct {
	api     *slack.Client
	pacer   *Pacer
	channel string
	ts      string // of the thread's first message
}

// NewThread returns the thread under the message ts of a channel. The api must
// have no retries of its own.
func NewThread(api *slack.Client, pacer *Pacer, channel, ts string) *Thread {
	return &Thread{api: api, pacer: pacer, channel: channel, ts: ts}
}

// Message is one post in a thread.
type Message struct {
	// Key tells this post from all others. It travels in the message's
	// metadata, so that a post whose answer was lost can be found again.
	Key string
	// Blocks is what people see, Fallback what notifications and old clients
	// show (escaped, short).
	Blocks   []slack.Block
	Fallback string
	// After is the timestamp of a message that was there before: where to
	// begin looking.
	After string
}

// eventType names our metadata: https://docs.slack.dev/messaging/message-metadata
const eventType = "slackocr_post"

// Post posts m once and returns its timestamp. A failure that may have been
// applied is settled by looking into the thread. It returns when Slack has the
// message, when Slack refuses it, or with ctx's cause.
func (t *Thread) Post(ctx context.Context, m Message) (ts string, err error) {
	return t.post(ctx, m, final)
}

func (t *Thread) post(ctx context.Context, m Message, u urgency) (ts string, err error) {
	err = t.pacer.run(ctx, call{
		method:  "chat.postMessage",
		channel: t.channel,
		urgency: u,
		do: func(ctx context.Context) error {
			_, ts, _, err = t.api.SendMessageContext(ctx, t.channel,
				slack.MsgOptionTS(t.ts),
				slack.MsgOptionText(m.Fallback, false),
				slack.MsgOptionBlocks(m.Blocks...),
				slack.MsgOptionMetadata(slack.SlackMetadata{
					EventType: eventType, EventPayload: map[string]any{"key": m.Key},
				}),
				slack.MsgOptionDisableLinkUnfurl(),
				slack.MsgOptionDisableMediaUnfurl(),
			)
			return err
		},
		applied: func(ctx context.Context) (bool, error) {
			ts, err = t.find(ctx, m)
			return ts != "", err
		},
	})
	return ts, err
}

// maxPages bounds how far find looks: 5 × 200 messages after Message.After.
const maxPages = 5

// find looks in the thread for a post with m's key and returns its timestamp,
// or "" where there is none.
func (t *Thread) find(ctx context.Context, m Message) (ts string, err error) {
	query := slack.GetConversationRepliesParameters{
		ChannelID: t.channel, Timestamp: t.ts, Oldest: m.After, Limit: 200, IncludeAllMetadata: true,
	}
	for range maxPages {
		var messages []slack.Message
		var more bool
		err := t.pacer.run(ctx, call{method: "conversations.replies", urgency: final, do: func(ctx context.Context) error {
			messages, more, query.Cursor, err = t.api.GetConversationRepliesContext(ctx, &query)
			return err
		}})
		if err != nil {
			return "", fmt.Errorf("looking for a post: %w", err)
		}
		i := slices.IndexFunc(messages, func(s slack.Message) bool {
			return s.Metadata.EventType == eventType && s.Metadata.EventPayload["key"] == m.Key
		})
		if i >= 0 {
			return messages[i].Timestamp, nil
		}
		if !more || query.Cursor == "" {
			break
		}
	}
	return "", nil
}

// uploadTime bounds all of an upload: the text can go as messages too.
const uploadTime = time.Minute

var errUploadTime = errors.New("the upload took too long")

// Upload shares content as a file in the thread, once, or gives up after a
// minute.
// https://docs.slack.dev/messaging/working-with-files#upload
func (t *Thread) Upload(ctx context.Context, name string, content []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, uploadTime, errUploadTime)
	defer cancel()
	var place *slack.GetUploadURLExternalResponse
	err := t.pacer.run(ctx, call{method: "files.getUploadURLExternal", urgency: final, do: func(ctx context.Context) (err error) {
		place, err = t.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{
			FileName: name, FileSize: len(content),
		})
		return err
	}})
	if err != nil {
		return fmt.Errorf("asking where to upload: %w", err)
	}
	err = t.pacer.run(ctx, call{method: "upload", urgency: final, timeout: uploadTime, do: func(ctx context.Context) error {
		return t.api.UploadToURL(ctx, slack.UploadToURLParameters{
			UploadURL: place.UploadURL, Reader: bytes.NewReader(content), Filename: name,
		})
	}})
	if err != nil {
		return fmt.Errorf("uploading: %w", err)
	}
	err = t.pacer.run(ctx, call{
		method:  "files.completeUploadExternal",
		urgency: final,
		do: func(ctx context.Context) error {
			_, err := t.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
				Files: []slack.FileSummary{{ID: place.FileID, Title: name}}, Channel: t.channel, ThreadTimestamp: t.ts,
			})
			return err
		},
		applied: func(ctx context.Context) (bool, error) { return t.shared(ctx, place.FileID) },
	})
	if err != nil {
		return fmt.Errorf("sharing the upload: %w", err)
	}
	return nil
}

// shared reports whether a file stands in this thread's channel.
func (t *Thread) shared(ctx context.Context, id string) (bool, error) {
	file, err := FileInfo(ctx, t.api, t.pacer, id)
	if Code(err) == "file_not_found" {
		return false, nil // an upload that was not completed is no file yet
	}
	if err != nil {
		return false, fmt.Errorf("looking for a file: %w", err)
	}
	return len(file.Shares.Public[t.channel])+len(file.Shares.Private[t.channel]) > 0, nil
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

// Files returns the ids of the files of the thread's first message. It asks
// once, and returns what Slack says.
func (t *Thread) Files(ctx context.Context) (ids []string, err error) {
	err = t.pacer.once(ctx, call{method: "conversations.replies", urgency: final, do: func(ctx context.Context) error {
		messages, _, _, err := t.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: t.channel, Timestamp: t.ts, Limit: 1, Inclusive: true,
		})
		if err == nil && len(messages) > 0 && messages[0].Timestamp == t.ts {
			for _, f := range messages[0].Files {
				ids = append(ids, f.ID)
			}
		}
		return err
	}})
	return ids, err
}
