package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
)

// Send is a wish for a result as files.
type Send struct {
	Key     string // of the job, with its workspace
	Ask     string // tells it from earlier ones
	Channel string
	Root    string
	Person  string
	Item    int            `json:",omitempty"` // the file among those of the job
	Name    string         // of the file that was read
	File    string         // its id
	Source  ask.MessageRef // the message that has it
	Respond string
}

// maxTables is how many tables of a result are sent as files of their own.
const maxTables = 10

// send posts a result in its thread: the text as a file, unless it stands there
// as one, and each of its tables as another.
func (b *Bot) send(ctx context.Context, job *jobs.Job, s Send) error {
	record, err := b.jobs.Get(ctx, s.Key)
	if err != nil && !forgotten(err) {
		return err
	}
	text, ok := "", false
	if err == nil {
		if text, ok, err = b.jobs.Page(ctx, s.Key, reading.TextOf(s.Item)); err != nil {
			return err
		}
	}
	if !ok || text == "" {
		b.respond(ctx, s.Respond, s.Root, say(words.NotRemembered))
		return nil
	}
	var sent []post.OnceFile
	if saved := job.Record().Progress; saved != nil {
		if err := json.Unmarshal(saved, &sent); err != nil {
			return reading.ErrUnreadable
		}
	}
	read, _ := reading.AskOf(record)
	before, err := reading.DecodeState(record, &read, true)
	if err != nil || s.Item >= len(before.Files) {
		return reading.ErrUnreadable
	}
	uploaded := before.Files[s.Item].Delivery.Upload.Shared
	thread := post.NewThread(b.api, b.pacer, job.Fence, s.Channel, s.Root).For(s.Person)
	upload := func(n int, name string, content []byte) error {
		for len(sent) <= n {
			sent = append(sent, post.OnceFile{})
		}
		return thread.Upload(ctx, name, content, &sent[n], func(ctx context.Context) error {
			return job.Save(ctx, sent)
		})
	}
	if !uploaded {
		if err := upload(0, slackmd.FileName(s.Name, ".md"), slackmd.File(text)); err != nil {
			return b.notSent(ctx, job, s, post.OptionalScope(err))
		}
	}
	tables := slackmd.Tables(text)
	for i, table := range tables[:min(len(tables), maxTables)] {
		name := slackmd.FileName(s.Name, fmt.Sprintf("-%d.csv", i+1))
		if len(tables) == 1 {
			name = slackmd.FileName(s.Name, ".csv")
		}
		if err := upload(i+1, name, table.CSV()); err != nil {
			return b.notSent(ctx, job, s, post.OptionalScope(err))
		}
	}
	if uploaded && len(tables) == 0 {
		b.respond(ctx, s.Respond, s.Root, say(words.SentAlready))
	}
	return nil
}

// askToSend makes a press durable, unless another one did before.
func (b *Bot) askToSend(ctx context.Context, c *slack.InteractionCallback, key string, a ask.Ask, file int, root string) error {
	n, there, err := b.sentBefore(ctx, key, file, a.Channel, root)
	created := false
	if err == nil && !there {
		t := task{Send: &Send{
			Key: key, Item: file, Ask: strconv.Itoa(n), Channel: a.Channel, Root: root, Person: c.User.ID,
			Name: a.FileName(file), File: a.Files[file].Slack.ID, Source: a.Files[file].Source, Respond: c.ResponseURL,
		}}
		if b.overwhelmed(t) {
			return refusal(words.TooManyAsks)
		}
		created, err = b.enqueue(ctx, t)
	}
	if err == nil && !created {
		err = refusal(words.SentAlready)
	}
	return err
}

// sentBefore looks for earlier presses for the same result. there says that the
// files of one stand there, or are being sent: people press twice. n counts the
// others, which failed or whose files were deleted; it is part of the next
// one's key, so that of presses at once one counts.
func (b *Bot) sentBefore(ctx context.Context, key string, file int, channel, root string) (n int, there bool, err error) {
	records, err := b.jobs.ByThread(ctx, where(channel, root))
	if err != nil {
		return 0, false, err
	}
	for _, r := range records {
		var sent []post.OnceFile
		t, err := decode(r)
		if err != nil || t.Send == nil || t.Send.Key != key || t.Send.Item != file {
			continue
		}
		n++
		if r.State == jobs.Queued || r.State == jobs.Running {
			return n, true, nil
		}
		if r.State != jobs.Done || json.Unmarshal(r.Progress, &sent) != nil || len(sent) == 0 {
			continue
		}
		_, err = b.desk.File(ctx, sent[len(sent)-1].ID)
		switch post.Code(err) {
		case "file_deleted", "file_not_found":
		case "":
			return n, err == nil, err
		}
	}
	return n, false, nil
}

// notSent tells the person of a failure that is not tried again.
func (b *Bot) notSent(ctx context.Context, job *jobs.Job, s Send, err error) error {
	if !reading.EndsHere(err) && (!temporary(err) || job.LastAttempt()) {
		b.respond(ctx, s.Respond, s.Root, say(words.NotSent))
	}
	return err
}
