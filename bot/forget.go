package bot

import (
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
	if saved := job.Record().Progress; saved != nil {
		if err := json.Unmarshal(saved, &u); err != nil {
			return reading.ErrUnreadable
		}
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
		b.respond(ctx, d.Respond, "", ownMessage(words.RecordsErased(u.Files)))
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
	finished := r.State != jobs.Running && r.State != jobs.Queued
	if d.Person != "" && finished {
		return
	}
	t, ok := postedByJob(r)
	if isAsk && !all {
		t = postedForFiles(r, a, files)
	}
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
	add := func(records []jobs.Record, err error, about func(task) bool) error {
		for _, r := range records {
			t, bad := decode(r)
			known := slices.ContainsFunc(all, func(s jobs.Record) bool { return s.Key == r.Key })
			if t.Ask != nil {
				// Several deletions at once may have emptied a job.
				if files, all := d.filesOf(r, *t.Ask); len(files) == 0 && !all {
					continue
				}
			}
			if bad == nil && t.Forget == nil && !known && about(t) {
				all = append(all, r)
			}
		}
		return err
	}
	switch {
	case d.Person != "":
		records, err := b.jobs.ByPerson(ctx, d.Person)
		return records, err // also records that cannot be read
	case d.File != "":
		records, err := b.jobs.ByFile(ctx, d.File)
		return all, add(records, err, func(task) bool { return true })
	}
	from := ask.MessageRef{Channel: d.Channel, TS: d.TS}
	about := func(t task) bool {
		return t.Ask != nil || t.Send != nil && t.Send.Source == from || t.Check != nil && t.Check.Origin == from.TS
	}
	records, err := b.jobs.ByThread(ctx, threadKey(d.Channel, d.Root))
	err = add(records, err, about)
	for _, file := range d.Files {
		if err == nil {
			records, err = b.jobs.ByFile(ctx, file)
			err = add(records, err, about)
		}
	}
	return all, err
}

// postedByJob returns the messages of a job in Slack, as far as the record tells.
func postedByJob(r jobs.Record) (t postedMessages, ok bool) {
	work, err := decode(r)
	if err != nil {
		return postedMessages{}, false
	}
	t = postedMessages{Running: r.State == jobs.Running || r.State == jobs.Queued}
	switch {
	case work.Ask != nil:
		a := work.Ask
		state, err := reading.DecodeState(r, a, true)
		if err != nil {
			state = reading.State{} // the state is unreadable
		}
		t.Key = a.Key
		t.Channel, t.Root, t.StartsThread = a.Channel, a.Root, a.Root == ""
		if t.StartsThread {
			t.Root = state.Reply.TS
		}
		if state.Reply.TS != "" {
			t.Messages = append(t.Messages, state.Reply.TS)
		}
		for _, f := range state.Files {
			t.add(state.FallbackDM, f.Delivery)
		}
	case work.Send != nil:
		var sent []post.UploadState
		_ = json.Unmarshal(r.Progress, &sent)
		t.Key, t.Channel, t.Root = r.Key, work.Send.Channel, work.Send.Root
		for _, file := range sent {
			if file.ID != "" {
				t.Files = append(t.Files, file.ID)
			}
		}
	default:
		return postedMessages{}, false // such a job leaves nothing to delete
	}
	return t, true
}

// postedForFiles returns the messages in Slack of some files of an ask.
func postedForFiles(r jobs.Record, a ask.Ask, files []int) postedMessages {
	t := postedMessages{Key: a.Key, Channel: a.Channel, Root: a.Root}
	state, err := reading.DecodeState(r, &a, true)
	if err != nil {
		return t // the state is unreadable
	}
	if t.Root == "" {
		t.Root = state.Reply.TS
	}
	for _, i := range files {
		t.add(state.FallbackDM, state.Files[i].Delivery)
	}
	return t
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
	for _, file := range append(slices.Clone(d.Marked), d.Upload) {
		if file.ID != "" {
			t.Files = append(t.Files, file.ID)
		}
	}
}

// deleteKnown deletes the known messages. Messages that Slack does not let the bot
// delete stay.
func (b *Bot) deleteKnown(ctx context.Context, t postedMessages) (err error) {
	for _, ts := range t.Messages {
		err = errors.Join(err, b.ignoreRefused(b.client.Remove(ctx, t.Channel, ts)))
	}
	for _, m := range t.Elsewhere {
		if m.TS != "" { // it was posted
			err = errors.Join(err, b.ignoreRefused(b.client.Remove(ctx, m.Channel, m.TS)))
		}
	}
	for _, id := range t.Files {
		err = errors.Join(err, b.ignoreRefused(b.client.RemoveFile(ctx, id)))
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
			if m.User != b.self || !strings.HasPrefix(post.Key(m), t.Key+"/") {
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
