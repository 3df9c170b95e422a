package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/sleep"
	"slackocr/bot/words"
)

// Deletion is an event after which the bot deletes results and records: the
// deletion of a message with files, the deletion of a file, or a person's /ocr
// forget.
type Deletion struct {
	Channel string   `json:",omitempty"`
	TS      string   `json:",omitempty"` // of the message
	Root    string   `json:",omitempty"` // of its thread
	Files   []string `json:",omitempty"` // its files
	File    string   `json:",omitempty"` // a file that was deleted

	Person  string `json:",omitempty"` // the person whose records must be erased
	Origin  string `json:"Ask,omitempty"`
	Respond string `json:",omitempty"`
}

// postedMessages lists the messages in Slack of a job whose record is erased.
type postedMessages struct {
	Key          string // key of the posts
	Channel      string
	Root         string           // thread of the results
	StartsThread bool             `json:"Top"` // the reply is in the channel and starts the thread
	Messages     []string         // timestamps
	Elsewhere    []ask.MessageRef `json:"Away,omitempty"` // messages in another conversation
	Files        []string         // ids of uploads
	Running      bool             // the job ran when it was erased: a last write may have been in flight
}

// lateWriteLimit bounds the time in which a write may be carried out after its
// job was erased: see the time-out of a call in package post.
const lateWriteLimit = 16 * time.Second

// deletionState is the saved progress of a Deletion.
type deletionState struct {
	Posted []postedMessages `json:"Traces"`
	Files  int              // number of files whose records are erased
}

// forget erases the records and deletes the messages. For a person, only the
// messages of unfinished jobs are deleted. forget first saves the list of
// messages, so that it can be interrupted at any point.
func (b *Bot) forget(ctx context.Context, job *jobs.Job, d Deletion) error {
	var u deletionState
	if err := progress(job, &u); err != nil {
		return err
	}
	for { // a list has a bounded length
		records, err := b.jobsOf(ctx, d)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			u.add(r, d)
		}
		if err := job.Save(ctx, u); err != nil {
			return err
		}
		for _, r := range records {
			if err := b.eraseJobData(ctx, r, d); err != nil {
				return err
			}
		}
	}
	if d.Person != "" {
		b.log.Info("a person had their records erased", "person", d.Person, "channel", d.Channel)
		b.respond(ctx, d.Respond, "", words.RecordsErased(u.Files))
	}
	return b.deletePosted(ctx, u.Posted)
}

// filesOf returns the numbers of the ask's files that a Deletion is about, and
// whether these are all remaining files.
func (d Deletion) filesOf(r jobs.Record, a ask.Ask) (files []int, all bool) {
	from, left := ask.MessageRef{Channel: d.Channel, TS: d.TS}, 0
	for i, f := range a.Files {
		if r.StoppedItems[i] == reading.StopSilently {
			continue // erased already
		}
		left++
		if d.Person != "" || d.File != "" && f.Slack.ID == d.File || d.File == "" && f.Source == from {
			files = append(files, i)
		}
	}
	return files, len(files) == left
}

// add adds a record that will be erased, or some of its files. The results of
// a person's finished jobs stay in Slack.
func (u *deletionState) add(r jobs.Record, d Deletion) {
	a, isAsk := reading.AskOf(r)
	files, all := d.filesOf(r, a)
	if isAsk {
		u.Files += len(files)
	}
	if d.Person != "" && !unfinished(r) {
		return
	}
	t, ok := postedByJob(r, files, all)
	known := slices.ContainsFunc(u.Posted, func(other postedMessages) bool {
		return other.Key == t.Key && slices.Equal(other.Messages, t.Messages) && slices.Equal(other.Files, t.Files)
	})
	if ok && !known {
		u.Posted = append(u.Posted, t)
	}
}

// eraseJobData erases a job, or the job's data of some files.
func (b *Bot) eraseJobData(ctx context.Context, r jobs.Record, d Deletion) error {
	a, ok := reading.AskOf(r)
	files, all := d.filesOf(r, a)
	if !ok || all {
		return b.erase(ctx, r.Key)
	}
	for _, i := range files {
		err := b.jobs.DropItem(ctx, r.Key, i, reading.StopSilently)
		if err == nil {
			err = b.jobs.ErasePages(ctx, r.Key, reading.TextOf(i), reading.TextOf(i+1))
		}
		if err != nil {
			return err
		}
	}
	return b.jobs.AddFollowUp(ctx, jobs.FollowUp{Key: r.Key, Kind: reading.CloseReply, Due: time.Now()})
}

// deletePosted deletes the remaining messages in Slack, and then looks for
// messages that were in flight.
func (b *Bot) deletePosted(ctx context.Context, posted []postedMessages) (err error) {
	for _, t := range posted {
		err = errors.Join(err, b.deleteKnown(ctx, t))
	}
	if !slices.ContainsFunc(posted, func(t postedMessages) bool { return t.Running }) {
		return err
	}
	if err := sleep.For(ctx, lateWriteLimit); err != nil {
		return err
	}
	for _, t := range posted {
		if t.Running {
			err = errors.Join(err, b.deleteLate(ctx, t))
		}
	}
	return err
}

func (b *Bot) erase(ctx context.Context, key string) error {
	if err := b.jobs.Erase(ctx, key); !errors.Is(err, jobs.ErrNotFound) {
		return err
	}
	return nil
}

// jobsOf returns the jobs about a deleted message or file, or of a person.
func (b *Bot) jobsOf(ctx context.Context, d Deletion) (all []jobs.Record, err error) {
	if d.Person != "" {
		return b.jobs.ByPerson(ctx, d.Person) // also records that cannot be read
	}
	files := []string{d.File}
	if d.File == "" {
		files = d.Files
		all, err = b.jobs.ByThread(ctx, threadKey(d.Channel, d.Root))
	}
	for _, file := range files {
		records, errFile := b.jobs.ByFile(ctx, file)
		all, err = append(all, records...), errors.Join(err, errFile)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(r jobs.Record) bool {
		known := seen[r.Key]
		seen[r.Key] = true
		return known || !d.concerns(r)
	}), err
}

// concerns reports whether a job is about the deleted message or file.
func (d Deletion) concerns(r jobs.Record) bool {
	t, err := decode(r)
	switch {
	case err != nil || t.Deletion != nil:
		return false
	case t.Ask != nil:
		files, all := d.filesOf(r, *t.Ask)
		return len(files) > 0 || all // several deletions at once may have emptied the job
	case d.File != "":
		return true
	case t.Download != nil:
		return t.Download.Source == ask.MessageRef{Channel: d.Channel, TS: d.TS}
	}
	return t.Event != nil && t.Event.Origin == d.TS
}

// postedByJob returns the messages of a job in Slack, as far as the record tells:
// all of them, or only those of some files of an ask.
func postedByJob(r jobs.Record, files []int, all bool) (t postedMessages, ok bool) {
	work, err := decode(r)
	if err != nil {
		return postedMessages{}, false
	}
	t.Running = all && unfinished(r)
	switch {
	case work.Ask != nil:
		a := work.Ask
		state, _ := reading.DecodeState(r, a, true) // of an unreadable state nothing is known
		t.Key, t.Channel, t.Root = a.Key, a.Channel, cmp.Or(a.Root, state.Reply.TS)
		if all {
			t.StartsThread = a.Root == ""
			if state.Reply.TS != "" {
				t.Messages = append(t.Messages, state.Reply.TS)
			}
		}
		for i, f := range state.Files {
			if all || slices.Contains(files, i) {
				t.add(state.FallbackDM, f.Delivery)
			}
		}
	case work.Download != nil:
		var sent []post.UploadState
		_ = json.Unmarshal(r.Progress, &sent)
		t.Key, t.Channel, t.Root = r.Key, work.Download.Channel, work.Download.Root
		t.addFiles(sent...)
	default:
		return postedMessages{}, false // such a job leaves nothing to delete
	}
	return t, true
}

// add adds the posts of a file.
func (t *postedMessages) add(elsewhere string, d reading.Delivery) {
	for _, part := range d.Parts {
		switch {
		case part.TS == "":
		case elsewhere != "":
			t.Elsewhere = append(t.Elsewhere, ask.MessageRef{Channel: elsewhere, TS: part.TS})
		default:
			t.Messages = append(t.Messages, part.TS)
		}
	}
	t.addFiles(append(slices.Clone(d.Marked), d.Upload)...)
}

// addFiles adds the files that were uploaded.
func (t *postedMessages) addFiles(uploads ...post.UploadState) {
	for _, file := range uploads {
		if file.ID != "" {
			t.Files = append(t.Files, file.ID)
		}
	}
}

// deleteKnown deletes the known messages. Messages that Slack does not let the bot
// delete stay.
func (b *Bot) deleteKnown(ctx context.Context, t postedMessages) (err error) {
	deleted := func(one error) { err = errors.Join(err, b.ignoreRefused(one)) }
	for _, ts := range t.Messages {
		deleted(b.client.Remove(ctx, t.Channel, ts))
	}
	for _, m := range t.Elsewhere {
		deleted(b.client.Remove(ctx, m.Channel, m.TS))
	}
	for _, id := range t.Files {
		deleted(b.client.RemoveFile(ctx, id))
	}
	return err
}

// deleteLate deletes messages that were posted while the record was erased.
func (b *Bot) deleteLate(ctx context.Context, t postedMessages) (err error) {
	roots := []string{t.Root}
	if t.StartsThread {
		roots = append(roots, "")
	}
	for _, root := range slices.Compact(roots) {
		for m, err := range b.client.Messages(ctx, t.Channel, root) {
			if post.Code(err) != "" {
				break
			}
			if err != nil {
				return err
			}
			if m.User != b.intake.self || !strings.HasPrefix(post.Key(m), t.Key+"/") {
				continue
			}
			if err := b.ignoreRefused(b.client.Remove(ctx, t.Channel, m.Timestamp)); err != nil {
				return err
			}
		}
	}
	return nil
}

// ignoreRefused returns nil if Slack does not let the bot delete something, else err.
func (b *Bot) ignoreRefused(err error) error {
	if post.Code(err) == "" || post.TokenProblem(err) && !errors.Is(post.OptionalScope(err), post.ErrScope) {
		return err
	}
	b.log.Warn("could not delete a message or file", "error", err)
	return nil
}
