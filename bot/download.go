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

// Download is a request for a result as files.
type Download struct {
	Key     string // key of the job, with its workspace
	Origin  string `json:"Ask"` // distinguishes the requests
	Channel string
	Root    string
	Person  string
	Item    int            `json:",omitempty"` // number of the file in the job
	Name    string         // name of the file that was read
	File    string         // its id
	Source  ask.MessageRef // the message with the file
	Respond string
}

// maxTables is the most tables of a result that are sent as files.
const maxTables = 10

// sendFiles posts a result in its thread: the text as a file, unless the thread has
// that file, and each table as another file.
func (b *Bot) sendFiles(ctx context.Context, job *jobs.Job, d Download) error {
	record, err := b.jobs.Get(ctx, d.Key)
	text := ""
	if err == nil {
		text, _, err = b.jobs.Page(ctx, d.Key, reading.TextOf(d.Item))
	}
	if err != nil && !isUnknownJob(err) {
		return err
	}
	if text == "" {
		b.respond(ctx, d.Respond, d.Root, ownMessage(words.NotRemembered))
		return nil
	}
	read, _ := reading.AskOf(record)
	before, err := reading.DecodeState(record, &read, true)
	if err != nil || d.Item >= len(before.Files) {
		return reading.ErrUnreadable
	}
	uploaded := before.Files[d.Item].Delivery.Upload.Shared
	type file struct {
		name    string
		content []byte
	}
	files := []file{{slackmd.FileName(d.Name, ".md"), slackmd.File(text)}}
	tables := slackmd.Tables(text)
	for i, table := range tables[:min(len(tables), maxTables)] {
		end := fmt.Sprintf("-%d.csv", i+1)
		if len(tables) == 1 {
			end = ".csv"
		}
		files = append(files, file{slackmd.FileName(d.Name, end), table.CSV()})
	}
	if uploaded && len(files) == 1 {
		b.respond(ctx, d.Respond, d.Root, ownMessage(words.SentAlready))
	}
	var sent []post.UploadState
	if err := progress(job, &sent); err != nil {
		return err
	}
	thread := b.client.Thread(job.Fence, d.Channel, d.Root).For(d.Person)
	for n, f := range files {
		if n == len(sent) {
			sent = append(sent, post.UploadState{})
		}
		if n == 0 && uploaded {
			continue
		}
		err := post.OptionalScope(thread.Upload(ctx, f.name, f.content, &sent[n], func(ctx context.Context) error { return job.Save(ctx, sent) }))
		if err != nil {
			if !reading.EndsHere(err) && (!temporary(err) || job.LastAttempt()) {
				b.respond(ctx, d.Respond, d.Root, ownMessage(words.NotSent))
			}
			return err
		}
	}
	return nil
}

// enqueueDownload stores a press, unless the files of an earlier press are in
// the thread or being sent, since people press twice. The Origin is the number
// of earlier presses, which failed or whose files were deleted, so that only one
// of several simultaneous presses counts.
func (b *Bot) enqueueDownload(ctx context.Context, c *slack.InteractionCallback, key string, a ask.Ask, file int, root string) error {
	d := Download{
		Key: key, Item: file, Channel: a.Channel, Root: root, Person: c.User.ID,
		Name: a.FileName(file), File: a.Files[file].Slack.ID, Source: a.Files[file].Source, Respond: c.ResponseURL,
	}
	t := task{Download: &d}
	if b.tooManyTasks(t) {
		return userError(words.TooManyAsks)
	}
	for n := 0; ; n++ {
		d.Origin = strconv.Itoa(n)
		there := true
		created, err := b.enqueue(ctx, t)
		if err == nil && !created {
			there, err = b.wasSent(ctx, t.record().Key)
		}
		switch {
		case err != nil || created:
			return err
		case there:
			return userError(words.SentAlready)
		}
	}
}

// wasSent reports whether the files of an earlier Download are in the thread or
// being sent.
func (b *Bot) wasSent(ctx context.Context, key string) (bool, error) {
	r, err := b.jobs.Get(ctx, key)
	if err != nil && !isUnknownJob(err) || unfinished(r) {
		return true, err
	}
	var sent []post.UploadState
	if r.State != jobs.Done || json.Unmarshal(r.Progress, &sent) != nil || len(sent) == 0 {
		return false, nil
	}
	if _, err = b.client.File(ctx, sent[len(sent)-1].ID); post.Code(err) != "" {
		return false, nil // it was deleted
	}
	return true, err
}
