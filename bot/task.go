package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/guard"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
)

// task is the work of a job; one of its fields is set. Every way to ask leads
// to an Ask: at once if the event has the files, through a Search if the files
// must be looked for.
type task struct {
	Ask      *ask.Ask     `json:",omitempty"`       // read files
	Search   *Search      `json:"Find,omitempty"`   // look for files, and enqueue an ask for them
	Event    *eventTasks  `json:"Check,omitempty"`  // ask Slack whether an event counts
	Notice   *Notice      `json:"Say,omitempty"`    // post a message
	Download *Download    `json:"Send,omitempty"`   // post a result as files
	Deletion *Deletion    `json:"Forget,omitempty"` // delete the results of a message or file
	Read     *ask.Request `json:",omitempty"`       // an Ask of an earlier version
}

// threadKey returns the name of a thread in the index of jobs.
func threadKey(channel, ts string) string { return channel + "/" + ts }

// record returns the task as a job, without the workspace.
func (t task) record() jobs.Record {
	switch {
	case t.Ask != nil:
		a := t.Ask
		r := jobs.Record{Key: a.Key, Thread: threadKey(a.Channel, a.Root), Person: a.Person, File: a.Files[0].Slack.ID}
		for _, f := range a.Files[1:] {
			if f.Slack.ID != "" {
				r.Others = append(r.Others, f.Slack.ID)
			}
		}
		return r
	case t.Search != nil:
		s := t.Search
		key := s.Channel + "/" + s.Origin + "/find"
		if s.Message != nil { // in addition to the message's own ask
			key += "/message/" + s.Person // a person who may not ask must not block others
		}
		return jobs.Record{Key: key, Thread: threadKey(s.Channel, s.Thread), Person: s.Person, File: s.File}
	case t.Event != nil:
		return t.Event.record()
	case t.Notice != nil:
		n := t.Notice
		return jobs.Record{Key: n.Channel + "/" + n.Origin + "/say/" + n.Topic, Thread: threadKey(n.Channel, n.Root), Person: n.Person}
	case t.Download != nil:
		d := t.Download
		key := d.Key + "/send/" + d.Origin
		if d.Item > 0 {
			key += fmt.Sprintf("/%d", d.Item)
		}
		return jobs.Record{Key: key, Thread: threadKey(d.Channel, d.Root), Person: d.Person, File: d.File}
	}
	d := t.Deletion
	return jobs.Record{Key: d.Channel + "/" + cmp.Or(d.TS, d.File, d.Origin) + "/forget"}
}

// record returns the tasks of an event as one job. The index lists the job under
// all of its files, so that the deletion of one file finds the job.
func (e *eventTasks) record() jobs.Record {
	r, keys := e.Intents[0].record(), ""
	for _, in := range e.Intents {
		other := in.record()
		keys += other.Key + "\n"
		r.Others = append(r.Others, other.Others...)
		if other.File != "" && other.File != r.File {
			r.Others = append(r.Others, other.File)
		}
	}
	r.Key = e.Channel + "/" + e.Origin + "/check/" + ask.Digest(keys)
	slices.Sort(r.Others)
	r.Others = slices.Compact(r.Others)
	return r
}

// asker returns the conversation and the person of a task's request.
func (t task) asker() (channel, person string) {
	r := t.record()
	channel, _, _ = strings.Cut(r.Thread, "/")
	return channel, r.Person
}

// enqueue stores a task, unless the task was stored before.
func (b *Bot) enqueue(ctx context.Context, t task) (created bool, err error) {
	if t.Ask != nil {
		if b.dropRequested(ctx, t.Ask); len(t.Ask.Files) == 0 {
			return false, nil
		}
	}
	record := t.record()
	if t.Download == nil { // the key of a Download has the workspace already
		record.Key = b.intake.workspace.Team + "/" + record.Key
	}
	if record.Request, err = json.Marshal(t); err != nil {
		return false, err
	}
	if created, err = b.jobs.Enqueue(ctx, record); err != nil {
		b.metrics.refused(err)
	}
	return created, err
}

// record returns the record of a job of this workspace.
func (b *Bot) record(ctx context.Context, key string) (jobs.Record, error) {
	return b.jobs.Get(ctx, b.intake.workspace.Team+"/"+key)
}

// clockSkew bounds the difference between Slack's clock and this machine's.
const clockSkew = time.Minute

// dropRequested removes the files of an ask that an earlier version took as
// requests, under other keys: after an upgrade Slack may send an event again
// whose ack was lost. A file stays if the store does not answer, since a file that
// is read twice does less harm than one that is not read.
func (b *Bot) dropRequested(ctx context.Context, a *ask.Ask) {
	seconds, _, _ := strings.Cut(ask.Timestamp(a.Origin), ".")
	if at, err := strconv.ParseInt(seconds, 10, 64); err != nil || at > b.intake.started.Add(clockSkew).Unix() {
		return
	}
	var files []ask.File
	for i, f := range a.Files {
		if _, err := b.record(ctx, a.RequestKey(i)); err != nil && !errors.Is(err, jobs.ErrCorrupt) {
			files = append(files, f)
		}
	}
	a.Files = files
}

// request stores a task that a person waits for.
func (b *Bot) request(ctx context.Context, t task) error {
	if b.tooManyTasks(t) {
		return userError(words.TooManyAsks)
	}
	_, err := b.enqueue(ctx, t)
	return err
}

// decode returns the task in a record.
func decode(r jobs.Record) (t task, err error) {
	if err := json.Unmarshal(r.Request, &t); err != nil {
		return task{}, fmt.Errorf("%w: %w", reading.ErrUnreadable, err)
	}
	if t.Read != nil {
		upgraded := t.Read.Upgrade()
		t.Ask, t.Read = &upgraded, nil
	}
	if t == (task{}) || t.Ask != nil && len(t.Ask.Files) == 0 || t.Event != nil && len(t.Event.Intents) == 0 {
		return task{}, reading.ErrUnreadable
	}
	return t, nil
}

// progress decodes the saved progress of a job, if there is any.
func progress(job *jobs.Job, v any) error {
	saved := job.Record().Progress
	if saved != nil && json.Unmarshal(saved, v) != nil {
		return reading.ErrUnreadable
	}
	return nil
}

// unfinished reports whether a job waits or runs.
func unfinished(r jobs.Record) bool { return r.State == jobs.Queued || r.State == jobs.Running }

// work carries out a job.
func (b *Bot) work(ctx context.Context, down reading.Shutdown, job *jobs.Job) error {
	t, err := decode(job.Record())
	job.OnSettled(func(as jobs.State, err error) {
		switch {
		case as == jobs.Queued:
			b.metrics.retries.Inc()
		case (t.Search != nil || t.Event != nil) && err == nil:
			// The ask has everything from here on. When its files are deleted
			// one day, nobody would look for them in the Search.
			b.eraseSearch(ctx, job)
		}
	})
	defer b.count(t)()
	switch {
	case err != nil:
		b.logOf(job).Error("gave up a job whose record cannot be read", "error", err)
		return jobs.Cancel(err)
	case t.Ask != nil:
		err = guard.Run(b.logOf(job), "an ask panicked", func() error { return b.reader.Run(ctx, down, job, *t.Ask) })
		if err != nil && job.LastAttempt() {
			b.giveUp(ctx, job, *t.Ask, err)
		}
	case t.Event != nil:
		err = b.check(ctx, *t.Event)
	case t.Search != nil:
		err = b.search(ctx, job, *t.Search)
	case t.Notice != nil:
		err = b.postNotice(ctx, job, *t.Notice)
	case t.Download != nil:
		d := *t.Download
		err = guard.Run(b.logOf(job), "a download panicked", func() error { return b.sendFiles(ctx, job, d) })
		if errors.Is(err, guard.ErrPanicked) {
			b.respond(ctx, d.Respond, d.Root, ownMessage(words.NotTaken))
		}
	case t.Deletion != nil:
		err = b.forget(ctx, job, *t.Deletion)
	}
	switch {
	case post.TokenProblem(err):
		return jobs.Handoff(err) // the job waits for a valid token
	case err != nil && t.Ask == nil && !reading.HandsOff(err) && !errors.Is(err, jobs.ErrStopped) && !temporary(err):
		return jobs.Cancel(err)
	}
	return err
}

// eraseSearch erases a Search whose ask is enqueued.
func (b *Bot) eraseSearch(ctx context.Context, job *jobs.Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := b.erase(ctx, job.Record().Key); err != nil {
		b.logOf(job).Warn("could not erase a search that is done", "error", err)
	}
}

// temporary reports whether a failed task, other than an Ask, may succeed
// later.
func temporary(err error) bool {
	return !errors.Is(err, post.ErrScope) && reading.FailureOf(err).Retry()
}

// logOf returns a log whose lines name the job.
func (b *Bot) logOf(job *jobs.Job) *slog.Logger {
	return b.log.With("request", reading.RequestID(job.Record().Key))
}

// settleTimeout bounds the writes after the end of a job's context.
const settleTimeout = 2 * time.Second

// Notice is a message that is posted once.
type Notice struct {
	Channel   string
	Root      string // timestamp of the thread, or "" for the channel itself
	Origin    string `json:"Ask"` // the message that the notice answers, or a token
	Person    string // the person who asked
	Topic     string // distinguishes the notices about an ask
	Text      string `json:"Words"`          // mrkdwn
	Ephemeral bool   `json:"Only,omitempty"` // visible to that person alone
}

// postNotice posts a notice.
func (b *Bot) postNotice(ctx context.Context, job *jobs.Job, n Notice) error {
	if n.Ephemeral {
		return b.client.PostEphemeral(ctx, n.Channel, n.Root, n.Person, ownMessage(n.Text))
	}
	var posted post.PostState
	if err := progress(job, &posted); err != nil {
		return err
	}
	m := ownMessage(n.Text)
	m.Key, m.After = task{Notice: &n}.record().Key, ask.Timestamp(n.Origin)
	thread := b.client.Thread(job.Fence, n.Channel, n.Root).For(n.Person)
	return thread.Notify(ctx, m, &posted, func(ctx context.Context) error { return job.Save(ctx, posted) })
}

// ownMessage returns a message of the bot's own words, in mrkdwn, with everything
// from elsewhere escaped.
func ownMessage(words string) post.Message {
	text := slack.NewTextBlockObject(slack.MarkdownType, words, false, false)
	return post.Message{Blocks: []slack.Block{slack.NewSectionBlock(text, nil, nil)}, Fallback: words}
}
