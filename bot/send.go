package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
)

// Send is a wish for a result as files.
type Send struct {
	Key     string // of the job, with its workspace
	Ask     string // a token of the press
	Channel string
	Root    string
	Person  string
	Name    string // of the file that was read
	File    string // its id
	Source  Place  // the message that has it
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
		if text, ok, err = b.jobs.Page(ctx, s.Key, whole); err != nil {
			return err
		}
	}
	if !ok || text == "" {
		b.respond(ctx, s.Respond, say(wordsForgotten))
		return nil
	}
	if there, err := b.sentBefore(ctx, job, s); err != nil {
		return b.notSent(ctx, job, s, scoped(err))
	} else if there {
		b.respond(ctx, s.Respond, say(wordsSentBefore))
		return nil
	}
	var sent []post.OnceFile
	if saved := job.Record().Progress; saved != nil {
		if err := json.Unmarshal(saved, &sent); err != nil {
			return errUnreadable
		}
	}
	var before progress
	_ = json.Unmarshal(record.Progress, &before) // nothing sent, then
	thread := post.NewThread(b.api, b.pacer, patient(job.Fence), s.Channel, s.Root)
	upload := func(n int, name string, content []byte) error {
		for len(sent) <= n {
			sent = append(sent, post.OnceFile{})
		}
		return thread.Upload(ctx, name, content, &sent[n], func(ctx context.Context) error {
			return insist(ctx, func() error { return job.Save(ctx, sent) })
		})
	}
	if !before.Upload.Shared {
		if err := upload(0, slackmd.FileName(s.Name, ".md"), []byte(text)); err != nil {
			return b.notSent(ctx, job, s, scoped(err))
		}
	}
	tables := slackmd.Tables(text)
	for i, table := range tables[:min(len(tables), maxTables)] {
		name := slackmd.FileName(s.Name, fmt.Sprintf("-%d.csv", i+1))
		if len(tables) == 1 {
			name = slackmd.FileName(s.Name, ".csv")
		}
		if err := upload(i+1, name, table.CSV()); err != nil {
			return b.notSent(ctx, job, s, scoped(err))
		}
	}
	if before.Upload.Shared && len(tables) == 0 {
		b.respond(ctx, s.Respond, say(wordsSentBefore))
	}
	return nil
}

// sentBefore reports whether the files of an earlier press still stand there, or
// are just being sent: people press twice.
func (b *Bot) sentBefore(ctx context.Context, job *jobs.Job, s Send) (bool, error) {
	own := job.Record()
	records, err := b.jobs.ByThread(ctx, where(s.Channel, s.Root))
	if err != nil {
		return false, err
	}
	for _, r := range records {
		var sent []post.OnceFile
		t, err := decode(r)
		if err != nil || t.Send == nil || t.Send.Key != s.Key || t.Send.Ask == s.Ask {
			continue
		}
		if earlier := cmp.Or(r.Created.Compare(own.Created), strings.Compare(r.Key, own.Key)) < 0; earlier && (r.State == jobs.Queued || r.State == jobs.Running) {
			return true, nil
		}
		if r.State != jobs.Done || json.Unmarshal(r.Progress, &sent) != nil || len(sent) == 0 {
			continue
		}
		last := sent[len(sent)-1]
		if _, err := b.desk.File(ctx, last.ID); err == nil {
			return true, nil
		} else if post.Code(err) == "" {
			return false, err
		}
	}
	return false, nil
}

// notSent tells the person of a failure that is not tried again.
func (b *Bot) notSent(ctx context.Context, job *jobs.Job, s Send, err error) error {
	if !unsettled(err) && (!temporary(err) || job.LastAttempt()) {
		b.respond(ctx, s.Respond, say(wordsNotSent))
	}
	return err
}
