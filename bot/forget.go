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
	Key          string   // key of the posts
	Parts        []string `json:",omitempty"` // the beginnings of the posts' keys; none if the job has no other posts
	Channel      string
	Root         string           // thread of the results
	StartsThread bool             `json:"Top"` // the reply is in the channel and starts the thread
	Messages     []string         // timestamps
	Elsewhere    []ask.MessageRef `json:"Away,omitempty"` // messages in another conversation
	Files        []string         // ids of uploads
	Running      bool             // the job was unfinished when its data was erased: a last write may have been in flight
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
	var state deletionState
	if err := progress(job, &state); err != nil {
		return err
	}
	for { // a list has a bounded length
		found, err := b.affectedBy(ctx, d)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			break
		}
		for _, a := range found {
			state.Files += len(a.files)
			if d.Person == "" || unfinished(a.record) {
				state.Posted = append(state.Posted, a.posted()...)
			}
		}
		if err := job.Save(ctx, state); err != nil {
			return err
		}
		for _, a := range found {
			if err := b.eraseJobData(ctx, a); err != nil {
				return err
			}
		}
	}
	if d.Person != "" {
		b.log.Info("a person had their records erased", "person", d.Person, "channel", d.Channel)
		b.respond(ctx, d.Respond, "", ownMessage(words.RecordsErased(state.Files)))
	}
	return b.deletePosted(ctx, state.Posted)
}

// affectedJob is a job that a Deletion is about, or some files of its ask.
type affectedJob struct {
	record jobs.Record
	task
	files []int // numbers of the ask's files
	all   bool  // nothing of the job remains
}

// affectedBy returns the jobs about a deleted message or file, or of a person.
func (b *Bot) affectedBy(ctx context.Context, d Deletion) (found []affectedJob, err error) {
	var records []jobs.Record
	files := d.Files
	switch {
	case d.Person != "":
		records, err = b.jobs.ByPerson(ctx, d.Person)
		files = nil
	case d.File != "":
		files = []string{d.File}
	default:
		records, err = b.jobs.ByThread(ctx, threadKey(d.Channel, d.Root))
	}
	for _, file := range files {
		more, errFile := b.jobs.ByFile(ctx, file)
		records, err = append(records, more...), errors.Join(err, errFile)
	}
	seen := map[string]bool{}
	for _, r := range records {
		if a, ok := d.affects(r); ok && !seen[r.Key] {
			found = append(found, a)
		}
		seen[r.Key] = true
	}
	return found, err
}

// affects reports whether a job is about the deleted message or file, or the
// person's.
func (d Deletion) affects(r jobs.Record) (a affectedJob, ok bool) {
	t, err := decode(r)
	a = affectedJob{record: r, task: t, all: true}
	if t.Ask != nil {
		a.files, a.all = d.filesOf(r, *t.Ask)
	}
	switch {
	case d.Person != "":
		return a, true // also if the record cannot be read
	case err != nil || t.Deletion != nil:
		return a, false
	case t.Ask != nil:
		return a, len(a.files) > 0 || a.all // several deletions at once may have emptied the job
	case d.File != "":
		return a, true
	case t.Download != nil:
		return a, t.Download.Source == ask.MessageRef{Channel: d.Channel, TS: d.TS}
	}
	return a, t.Event != nil && t.Event.Origin == d.TS
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

// posted returns the messages about the affected files, as far as the record
// tells. Jobs other than asks and downloads leave none.
func (a affectedJob) posted() []postedMessages {
	p := postedMessages{Running: unfinished(a.record)}
	switch {
	case a.Ask != nil:
		state, _ := reading.DecodeState(a.record, a.Ask, true) // of an unreadable state nothing is known
		p.Key, p.Channel, p.Root = a.Ask.Key, a.Ask.Channel, cmp.Or(a.Ask.Root, state.Reply.TS)
		if a.all {
			p.StartsThread = a.Ask.Root == ""
			if state.Reply.TS != "" {
				p.Messages = append(p.Messages, state.Reply.TS)
			}
		}
		for i, f := range state.Files {
			if !a.all && !slices.Contains(a.files, i) {
				continue
			}
			p.add(state.FallbackDM, f.Delivery)
			if !a.all {
				p.Parts = append(p.Parts, reading.PartKeys(a.Ask.Key, i))
			}
		}
	case a.Download != nil:
		var sent []post.UploadState
		_ = json.Unmarshal(a.record.Progress, &sent)
		p.Key, p.Channel, p.Root = a.record.Key, a.Download.Channel, a.Download.Root
		p.addFiles(sent...)
	default:
		return nil
	}
	return []postedMessages{p}
}

// add adds the posts of a file.
func (p *postedMessages) add(elsewhere string, d reading.Delivery) {
	for _, part := range d.Parts {
		switch {
		case part.TS == "":
		case elsewhere != "":
			p.Elsewhere = append(p.Elsewhere, ask.MessageRef{Channel: elsewhere, TS: part.TS})
		default:
			p.Messages = append(p.Messages, part.TS)
		}
	}
	p.addFiles(append(slices.Clone(d.Marked), d.Upload)...)
}

// addFiles adds the files that were uploaded.
func (p *postedMessages) addFiles(uploads ...post.UploadState) {
	for _, file := range uploads {
		if file.ID != "" {
			p.Files = append(p.Files, file.ID)
		}
	}
}

// eraseJobData erases a job, or the job's data of some files.
func (b *Bot) eraseJobData(ctx context.Context, a affectedJob) error {
	key := a.record.Key
	if a.all {
		return b.erase(ctx, key)
	}
	for _, i := range a.files {
		err := b.jobs.DropItem(ctx, key, i, reading.StopSilently)
		if err == nil {
			err = b.jobs.ErasePages(ctx, key, reading.TextOf(i), reading.TextOf(i+1))
		}
		if err != nil {
			return err
		}
	}
	return b.jobs.AddFollowUp(ctx, jobs.FollowUp{Key: key, Kind: reading.CloseReply, Due: time.Now()})
}

func (b *Bot) erase(ctx context.Context, key string) error {
	if err := b.jobs.Erase(ctx, key); !errors.Is(err, jobs.ErrNotFound) {
		return err
	}
	return nil
}

// deletePosted deletes the messages in Slack, and then looks for messages that
// were in flight. Messages that Slack does not let the bot delete stay.
func (b *Bot) deletePosted(ctx context.Context, posted []postedMessages) (err error) {
	deleted := func(one error) { err = errors.Join(err, b.ignoreRefused(one)) }
	late := false
	for _, p := range posted {
		for _, ts := range p.Messages {
			deleted(b.client.Remove(ctx, p.Channel, ts))
		}
		for _, m := range p.Elsewhere {
			deleted(b.client.Remove(ctx, m.Channel, m.TS))
		}
		for _, id := range p.Files {
			deleted(b.client.RemoveFile(ctx, id))
		}
		late = late || p.Running
	}
	if !late {
		return err
	}
	if err := sleep.For(ctx, lateWriteLimit); err != nil {
		return err
	}
	for _, p := range posted {
		if p.Running {
			err = errors.Join(err, b.deleteLate(ctx, p))
		}
	}
	return err
}

// deleteLate deletes messages that were posted while the record was erased.
func (b *Bot) deleteLate(ctx context.Context, p postedMessages) (err error) {
	roots := []string{p.Root}
	if p.StartsThread {
		roots = append(roots, "")
	}
	for _, root := range slices.Compact(roots) {
		for m, err := range b.client.Messages(ctx, p.Channel, root) {
			if post.Code(err) != "" {
				break
			}
			if err != nil {
				return err
			}
			if m.User != b.intake.self || !p.has(post.Key(m)) {
				continue
			}
			if err := b.ignoreRefused(b.client.Remove(ctx, p.Channel, m.Timestamp)); err != nil {
				return err
			}
		}
	}
	return nil
}

// has reports whether key is the key of one of the posts.
func (p postedMessages) has(key string) bool {
	begins := func(with string) bool { return strings.HasPrefix(key, with) }
	return begins(p.Key+"/") && (len(p.Parts) == 0 || slices.ContainsFunc(p.Parts, begins))
}

// ignoreRefused returns nil if Slack does not let the bot delete something, else err.
func (b *Bot) ignoreRefused(err error) error {
	if post.Code(err) == "" || post.TokenProblem(err) && !errors.Is(post.OptionalScope(err), post.ErrScope) {
		return err
	}
	b.log.Warn("could not delete a message or file", "error", err)
	return nil
}
