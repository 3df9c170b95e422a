package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/bot/words"
)

// task is what a job is to do: one of its fields is set. Every way to ask leads
// to an Ask, at once where the event carries the files, through a Find where
// they have to be looked for.
type task struct {
	Ask    *ask.Ask     `json:",omitempty"` // read files
	Find   *Find        `json:",omitempty"` // find the files that somebody means, and have them read
	Check  *Check       `json:",omitempty"` // ask Slack whether an event counts
	Say    *Notice      `json:",omitempty"` // post a message
	Send   *Send        `json:",omitempty"` // post a result as files
	Forget *Gone        `json:",omitempty"` // take away what came of a message or file
	Read   *ask.Request `json:",omitempty"` // an Ask of an earlier version
}

// where is a thread as jobs are listed by it.
func where(channel, ts string) string { return channel + "/" + ts }

// record is the task as a job, without the workspace.
func (t task) record() jobs.Record {
	switch {
	case t.Ask != nil:
		a := t.Ask
		r := jobs.Record{Key: a.Key, Thread: where(a.Channel, a.Root), Person: a.Person, File: a.Files[0].Slack.ID}
		for _, f := range a.Files[1:] {
			if f.Slack.ID != "" {
				r.Others = append(r.Others, f.Slack.ID)
			}
		}
		return r
	case t.Find != nil:
		f := t.Find
		key := f.Channel + "/" + f.Ask + "/find"
		if f.Message != nil { // beside what the message itself asks for
			key += "/message/" + f.Person // one who may not ask does not ask for all
		}
		return jobs.Record{Key: key, Thread: where(f.Channel, f.Thread), Person: f.Person, File: f.File}
	case t.Check != nil:
		return t.Check.record()
	case t.Say != nil:
		n := t.Say
		return jobs.Record{Key: n.Channel + "/" + n.Ask + "/say/" + n.Topic, Thread: where(n.Channel, n.Root), Person: n.Person}
	case t.Send != nil:
		key := t.Send.Key + "/send/" + t.Send.Ask
		if t.Send.Item > 0 {
			key += fmt.Sprintf("/%d", t.Send.Item)
		}
		return jobs.Record{Key: key, Thread: where(t.Send.Channel, t.Send.Root), Person: t.Send.Person, File: t.Send.File}
	}
	g := t.Forget
	return jobs.Record{Key: g.Channel + "/" + cmp.Or(g.TS, g.File, g.Ask) + "/forget"}
}

// record is the Check as a job. It is listed by all of its files, so that it goes when
// one of them is deleted.
func (c Check) record() jobs.Record {
	r, keys := c.Wishes[0].record(), ""
	for _, w := range c.Wishes {
		other := w.record()
		keys += other.Key + "\n"
		r.Others = append(r.Others, other.Others...)
		if other.File != "" && other.File != r.File {
			r.Others = append(r.Others, other.File)
		}
	}
	r.Key = c.Channel + "/" + c.Ask + "/check/" + ask.Digest(keys)
	slices.Sort(r.Others)
	r.Others = slices.Compact(r.Others)
	return r
}

// origin is where and with what a task was asked for, and by whom.
func (t task) origin() (channel, what, person string) {
	switch {
	case t.Ask != nil:
		return t.Ask.Channel, t.Ask.Origin, t.Ask.Person
	case t.Check != nil:
		return t.Check.Channel, t.Check.Ask, t.Check.Person
	case t.Find != nil:
		return t.Find.Channel, t.Find.Ask, t.Find.Person
	case t.Say != nil:
		return t.Say.Channel, t.Say.Ask, t.Say.Person
	case t.Send != nil:
		return t.Send.Channel, t.Send.Ask, t.Send.Person
	}
	return "", "", ""
}

// enqueue makes a task durable, unless it was before.
func (b *Bot) enqueue(ctx context.Context, t task) (created bool, err error) {
	record := t.record()
	if t.Send == nil { // which has the workspace in it
		record.Key = b.team + "/" + record.Key
	}
	if record.Request, err = json.Marshal(t); err != nil {
		return false, err
	}
	if created, err = b.jobs.Enqueue(ctx, record); err != nil {
		b.metrics.refused(err)
	}
	return created, err
}

// request makes a task durable that a person waits for. The sentence is for the person if
// that failed, and "" if not.
func (b *Bot) request(ctx context.Context, t task) (sentence string) {
	if b.overwhelmed(t) {
		return words.TooManyAsks
	}
	if _, err := b.enqueue(ctx, t); err != nil {
		b.log.Error("could not take a request", "error", err)
		return words.NotTaken
	}
	return ""
}

// decode reads what a record says is to be done.
func decode(r jobs.Record) (t task, err error) {
	if err := json.Unmarshal(r.Request, &t); err != nil {
		return task{}, fmt.Errorf("%w: %w", reading.ErrUnreadable, err)
	}
	if t.Read != nil {
		upgraded := t.Read.Upgrade()
		t.Ask, t.Read = &upgraded, nil
	}
	if t == (task{}) || t.Ask != nil && len(t.Ask.Files) == 0 || t.Check != nil && len(t.Check.Wishes) == 0 {
		return task{}, reading.ErrUnreadable
	}
	return t, nil
}

// work does what a job is to do.
func (b *Bot) work(ctx context.Context, p *phases, job *jobs.Job) error {
	t, err := decode(job.Record())
	job.OnSettled(func(as jobs.State, err error) {
		switch {
		case as == jobs.Queued:
			b.metrics.retries.Inc()
		case (t.Find != nil || t.Check != nil) && err == nil:
			// Its ask knows all that is needed from here on. What it is about may be
			// deleted one day, and nobody would look for it here.
			b.eraseFound(ctx, job)
		}
	})
	defer b.count(t)()
	switch {
	case err != nil:
		b.logOf(job).Error("a job that cannot be read", "error", err)
		return jobs.Cancel(err)
	case t.Ask != nil:
		err = b.reader.Run(ctx, reading.Shutdown{Draining: p.waiting, HardStop: p.ending}, job, *t.Ask)
		b.giveUp(ctx, job, *t.Ask, err)
	case t.Check != nil:
		err = b.check(ctx, *t.Check)
	case t.Find != nil:
		err = b.find(ctx, job, *t.Find)
	case t.Say != nil:
		err = b.say(ctx, job, *t.Say)
	case t.Send != nil:
		err = b.send(ctx, job, *t.Send)
	case t.Forget != nil:
		err = b.forget(ctx, job, *t.Forget)
	}
	switch {
	case post.TokenProblem(err):
		b.stopOn(err)
		return jobs.Handoff(err) // it waits for a better token
	case err != nil && t.Ask == nil && !reading.HandsOff(err) && !errors.Is(err, jobs.ErrStopped) && !temporary(err):
		return jobs.Cancel(err)
	}
	return err
}

// eraseFound erases a Find that has led to its ask.
func (b *Bot) eraseFound(ctx context.Context, job *jobs.Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if err := b.erase(ctx, job.Record().Key); err != nil {
		b.logOf(job).Warn("could not erase a search that is done", "error", err)
	}
}

// temporary reports whether what is no reading of files may succeed later.
func temporary(err error) bool {
	if _, ok := errors.AsType[refusal](err); ok {
		return false
	}
	if errors.Is(err, post.ErrScope) || errors.Is(err, post.ErrCrowd) {
		return false
	}
	return reading.FailureOf(err).Retry()
}

// logOf is a log whose lines name the job that they are about.
func (b *Bot) logOf(job *jobs.Job) *slog.Logger {
	return b.log.With("request", reading.RequestID(job.Record().Key))
}

// settling bounds what is written after a job's context has ended.
const settling = 2 * time.Second
