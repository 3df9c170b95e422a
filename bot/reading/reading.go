// Package reading reads the files of one ask: from the live reply, over the text as
// the model writes it, to the results in the thread.
package reading

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// Reader reads asks. All fields are required.
type Reader struct {
	API     *slack.Client
	Pacer   *post.Pacer
	Desk    *post.Desk
	Jobs    *jobs.Queue
	Model   *ocr.Client
	Decoder *page.Decoder
	Slack   *fetch.Slack
	Web     *fetch.Web
	Turns   *Turns
	Waiting *Waiting
	Metrics *Metrics
	Log     *slog.Logger
	// MaxPages is how many pages of a document are read.
	MaxPages int
}

// Shutdown says how the bot ends: Draining ends when nothing is taken up any more,
// HardStop when what runs has to end. Both have [jobs.ErrClosing] as their cause.
type Shutdown struct {
	Draining, HardStop context.Context
}

// Run reads the files of an ask and delivers them. It can be interrupted at any point: another process goes on with the
// same job. Its error says what becomes of the job, see [jobs.Queue.Run].
func (rd *Reader) Run(ctx context.Context, down Shutdown, job *jobs.Job, a ask.Ask) error {
	r, release, err := rd.begin(ctx, down, job, a)
	if err != nil {
		return err
	}
	defer release()
	if r.state.Phase == Closed {
		return nil
	}
	defer r.count()()
	wanted, err := r.complete(ctx)
	if err != nil || !wanted {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	defer r.reply.Leave()
	if err := r.readAll(ctx); err != nil {
		return err
	}
	if err := r.unfinished(ctx); err != nil {
		return err
	}
	return r.close()
}

// begin takes up an ask where another process left it.
func (rd *Reader) begin(ctx context.Context, down Shutdown, job *jobs.Job, a ask.Ask) (*run, func(), error) {
	hardStop, stopHard := either(context.WithoutCancel(ctx), down.HardStop)
	draining, stopDraining := either(ctx, down.Draining)
	release := func() {
		stopDraining()
		stopHard()
	}
	record := job.Record()
	text, kept, err := job.Page(hardStop, TextOf(0))
	if err != nil {
		release()
		return nil, nil, err
	}
	state, err := DecodeState(record, &a, kept)
	if err != nil {
		release()
		rd.Log.Error("a job that cannot be read", "request", RequestID(record.Key), "error", err)
		return nil, nil, jobs.Cancel(err)
	}
	if f := &state.Files[0]; f.Phase == Finished && f.Failure != nil && f.Outcome.Words == 0 {
		f.Outcome.Words = ocr.CountWords(text) // an earlier version did not keep them of a text that is not whole
	}
	r := &run{Reader: rd, Ask: a, job: job, state: state, places: newPlaces(len(a.Files)), draining: draining, hardStop: hardStop}
	r.log = rd.newLog(record, state, a)
	r.live = newLive(r)
	r.thread = post.NewThread(rd.API, rd.Pacer, job.Fence, a.Channel, a.Root).For(a.Person)
	return r, release, nil
}

// open posts the reply, or finds it.
func (r *run) open() (err error) {
	state, save := r.once(func(s *State) *post.Once { return &s.Reply })
	r.reply, err = post.Open(r.hardStop, r.thread, post.Opening{
		Key: r.Key + ReplyKey, After: r.After(), View: r.live.view, Shown: r.log.firstText,
	}, state, save)
	if err != nil {
		return err
	}
	r.live.attach(r.reply)
	if err := r.lookForDouble(*state); err != nil {
		return err
	}
	return r.update(r.hardStop, func(s *State) { s.Phase = Opened })
}

// readAll brings all files forward at once, as far as they come in this attempt. A
// failure of one file is noted and does not end the others.
func (r *run) readAll(ctx context.Context) error {
	errs := make([]error, len(r.Files))
	var all sync.WaitGroup
	for i := range r.Files {
		all.Go(func() { errs[i] = r.advance(ctx, i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// advance brings one file through its phases. Its error is one that hands the job
// off; that of the file itself is kept with it, or tried again with the next attempt.
func (r *run) advance(ctx context.Context, i int) error {
	defer r.places.take(i) // whatever came in between
	phase := r.file(i).Phase
	if phase != Finished && phase != Delivered && !r.erased(i) {
		if finished, err := r.readToEnd(ctx, i); err != nil || !finished {
			return err
		}
	}
	if phase == Delivered || r.erased(i) {
		return nil
	}
	return r.deliver(i)
}

// erased reports whether a file was deleted in Slack: nothing more is said of it.
func (r *run) erased(i int) bool { return r.job.Record().StoppedItems[i] == Silently }

// readToEnd reads one file and keeps what came of it. It reports false where the file
// is to be tried again with the next attempt.
func (r *run) readToEnd(ctx context.Context, i int) (finished bool, err error) {
	ctx, cancel := r.job.Item(ctx, i)
	defer cancel()
	text, outcome, failure := r.read(ctx, i)
	if cause := context.Cause(ctx); failure != nil && cause != nil {
		failure = cause
	}
	switch {
	case HandsOff(failure):
		return false, failure
	case r.silenced():
		return false, jobs.ErrStopped
	case r.erased(i):
		return false, nil
	case failure != nil:
		text = r.best(i, text)
		r.live.failed(i, text, failure)
		if FailureOf(failure).Retry() && !r.job.LastAttempt() {
			return false, nil // see unfinished
		}
	}
	if err := r.finish(ctx, i, text, outcome, failure); err != nil {
		return false, err
	}
	r.counted.Add(-1)
	r.Waiting.add(r.Person, r.Channel, -1)
	return true, nil
}

// count counts the files that are still to be read, until they are or done is called.
func (r *run) count() (done func()) {
	for _, f := range r.snapshot().Files {
		if f.Phase != Finished && f.Phase != Delivered {
			r.counted.Add(1)
		}
	}
	r.Waiting.add(r.Person, r.Channel, int(r.counted.Load()))
	return func() { r.Waiting.add(r.Person, r.Channel, -int(r.counted.Load())) }
}

// finish keeps what is going to be posted of a file.
func (r *run) finish(ctx context.Context, i int, text string, o Outcome, failure error) error {
	if failure == nil && r.sameText(ctx, i, text) {
		text, failure = "", errSameText
	}
	r.log.lacks(i, failure)
	err := r.keep(ctx, i, text, o, r.failure(failure))
	if errors.Is(err, jobs.ErrTooLarge) {
		r.log.lacks(i, err)
		err = r.keep(ctx, i, "", Outcome{}, r.failure(err))
	}
	return err
}

// unfinished ends the attempt where files are left that may be read later, and says
// so in the reply.
func (r *run) unfinished(ctx context.Context) error {
	var first error
	wait := time.Duration(0)
	for i, f := range r.snapshot().Files {
		if f.Phase == Finished || f.Phase == Delivered || r.erased(i) {
			continue
		}
		err := r.live.failure(i)
		if first == nil {
			first = err
		}
		wait = max(wait, retryAfter(err))
	}
	if first == nil {
		return nil
	}
	wait = max(wait, r.job.Backoff())
	r.live.again(wait)
	if err := r.reply.Close(ctx, r.live.view()); EndsHere(err) {
		return err
	}
	return jobs.Retry(wait, first)
}

// silenced reports whether nothing more is to be said of the ask.
func (r *run) silenced() bool { return r.job.Record().StoppedBy == Silently }

// Silently is who stops a job of which nothing more is to be said.
const Silently = "-"

// ReplyKey ends the key of the reply among an ask's posts.
const ReplyKey = "/reply"

// partKey is the key of a message with a part of a file's text, from 1. That of the
// first file is as an earlier version had it.
func partKey(key string, file, part int) string {
	if file == 0 {
		return fmt.Sprintf("%s/part/%d", key, part)
	}
	return fmt.Sprintf("%s/file/%d/part/%d", key, file+1, part)
}

// single reports whether the ask has one file, which the reply then tells about alone.
func (r *run) single() bool { return len(r.Files) == 1 }

// head says who asked, where the reply does not stand under their message.
func (r *run) head() post.Note {
	if r.Root != "" || ask.Direct(r.Channel) {
		return nil
	}
	return post.Note{{Person: r.Person}, {Text: words.AskedToRead(r.Title())}}
}

// either returns a context that ends with ctx, and with the cause of other.
func either(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	if other.Err() != nil { // the function above runs a moment later
		cancel(context.Cause(other))
	}
	return ctx, func() {
		stop()
		cancel(nil)
	}
}
