// Package reading reads the files of an ask: from the live reply, through the
// text as the model writes the text, to the results in the thread.
package reading

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"slackocr/bot/ask"
	"slackocr/bot/fetch"
	"slackocr/bot/guard"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
	"slackocr/ocr/tempfile"
)

// Reader reads asks. All fields are required.
type Reader struct {
	Client  *post.Client
	Jobs    *jobs.Queue
	Model   *ocr.Client
	Decoder *page.Decoder
	Slack   *fetch.Slack
	Web     *fetch.Web
	Turns   *Turns
	Space   *tempfile.Space // for downloaded files
	Waiting *Counter
	Metrics *Metrics
	Log     *slog.Logger
	Suspect chan struct{} // has room for one file that may crash the bot
	// MaxPages is the most pages of a document that are read.
	MaxPages int
}

// Shutdown holds the two phases of the bot's end: after Draining no new work
// starts, after HardStop running work must end. Both have [jobs.ErrClosing] as
// their cause.
type Shutdown struct {
	Draining, HardStop context.Context
}

// run is the reading of an ask by this process.
type run struct {
	*Reader
	// Ask does not change, except that lookUp completes what is known of a file. Only the
	// work on that file may read that without mu.
	ask.Ask
	Shutdown
	job         *jobs.Job
	log         *slog.Logger
	firstText   func()        // measures the time to the first visible text
	lookUpLater bool          // complete leaves the look-up of files to the work on each; set before that work
	reply       *post.Reply   // set before the files are read
	saving      chan struct{} // has room for one save
	saved       int           // the last saved change; guarded by saving

	mu      sync.Mutex // guards the fields below; never held during I/O
	state   State
	changes int           // number of changes of state
	live    []liveFile    // of the files
	retryIn time.Duration // time to the next attempt after this attempt ended, else 0
}

// Run reads the files of an ask and delivers the results. Run can be
// interrupted at any point: another process then goes on with the same job.
// The error decides about the job, see [jobs.Queue.Run].
func (rd *Reader) Run(ctx context.Context, down Shutdown, job *jobs.Job, a ask.Ask) error {
	r, err := rd.begin(down, job, a)
	if err != nil {
		return err
	}
	if r.state.Phase == Closed {
		return nil
	}
	r.Waiting.Add(r.Person, r.Channel, r.state.unread()) // each until it is read, or the attempt ends
	defer func() { r.Waiting.Add(r.Person, r.Channel, -r.snapshot().unread()) }()
	wanted, err := r.complete(ctx)
	if err != nil || !wanted {
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	defer r.reply.Detach()
	if err := r.lookForDouble(r.snapshot().Reply); err != nil {
		return err
	}
	for i := range r.Files {
		defer r.showErasure(ctx, i)()
	}
	// The failure of one file is saved, and does not end the others.
	errs := r.each(func(i int) error { return r.advance(ctx, i) })
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := r.unfinished(ctx); err != nil {
		return err
	}
	return r.close()
}

// begin loads the state that an earlier process left.
func (rd *Reader) begin(down Shutdown, job *jobs.Job, a ask.Ask) (*run, error) {
	record := job.Record()
	text, kept, err := job.Page(down.HardStop, TextOf(0))
	if err != nil {
		return nil, err
	}
	state, err := DecodeState(record, &a, kept)
	if err != nil {
		rd.Log.Error("gave up a job whose record cannot be read", "request", RequestID(record.Key), "error", err)
		return nil, jobs.Cancel(err)
	}
	if f := &state.Files[0]; f.Phase == Finished && f.Failure != nil && f.Outcome.Words == 0 {
		f.Outcome.Words = ocr.CountWords(text) // an earlier version did not save the word count of an incomplete text
	}
	r := &run{Reader: rd, Shutdown: down, Ask: a, job: job, state: state, saving: make(chan struct{}, 1), live: newLive(len(a.Files))}
	r.startLog()
	return r, nil
}

// open posts the reply, or finds the reply of an earlier process.
func (r *run) open() (err error) {
	state, save := once(r, func(s *State) *post.PostState { return &s.Reply })
	thread := r.Client.Thread(r.job.Fence, r.Channel, r.Root).For(r.Person)
	r.reply, err = post.Open(r.HardStop, thread, post.Opening{
		Key: r.Key + ReplyKey, After: r.After(), View: r.view, OnText: r.firstText, Log: r.log,
	}, state, save)
	return err
}

// each calls do for all files at once, behind a guard, and returns the errors by file.
func (r *run) each(do func(i int) error) []error {
	errs := make([]error, len(r.Files))
	var all sync.WaitGroup
	for i := range r.Files {
		all.Go(func() { errs[i] = r.guard(func() error { return do(i) }) })
	}
	all.Wait()
	return errs
}

// advance moves one file through its phases, as far as possible in this attempt.
// An error hands the job off; a failure of the file itself is saved with the
// file, or the file is tried again in the next attempt.
func (r *run) advance(ctx context.Context, i int) error {
	defer r.live[i].enter() // in every case
	if r.file(i).unread() && !r.erased(i) {
		if err := r.readToEnd(ctx, i); err != nil {
			return err
		}
	}
	if r.file(i).Phase != Finished || r.erased(i) {
		return nil
	}
	return r.deliver(i)
}

// guard runs do. A panic, which only a fault of the program can cause, becomes the
// failure of the file: otherwise one file could end the bot for everybody, again after
// each restart.
func (r *run) guard(do func() error) error {
	return guard.Run(r.log, "the work on a file panicked", do)
}

// erased reports whether a file was deleted in Slack, so that nothing more is
// posted about the file.
func (r *run) erased(i int) bool { return r.job.Record().StoppedItems[i] == StopSilently }

// showErasure has the reply leave out a file as soon as the file is deleted in Slack,
// until stop is called.
func (r *run) showErasure(ctx context.Context, i int) (stop func()) {
	ctx, cancel := r.job.Item(ctx, i)
	leave := context.AfterFunc(ctx, func() {
		if r.erased(i) {
			r.changed(post.StatusChange)
		}
	})
	return func() {
		leave()
		cancel()
	}
}

// readToEnd reads one file and saves the result, unless the file must be tried
// again in the next attempt.
func (r *run) readToEnd(ctx context.Context, i int) error {
	ctx, cancel := r.job.Item(ctx, i)
	defer cancel()
	var text string
	var outcome Outcome
	failure := r.guard(func() (err error) {
		text, outcome, err = r.read(ctx, i)
		return err
	})
	if cause := context.Cause(ctx); failure != nil && cause != nil {
		failure = cause
	}
	switch {
	case HandsOff(failure):
		return failure
	case r.job.Record().StoppedBy == StopSilently:
		return jobs.ErrStopped
	case r.erased(i):
		return nil
	case failure != nil:
		text = r.longestText(i, text)
		r.setFailed(i, text, failure)
		if r.retries(failure) {
			return nil // see unfinished
		}
	}
	return r.finish(ctx, i, text, outcome, failure)
}

// finish saves the contents that will be posted for a file, and then that the file is
// finished: from then on the text never changes, whichever process goes on.
func (r *run) finish(ctx context.Context, i int, text string, o Outcome, failure error) error {
	if failure == nil && r.sameText(ctx, i, text) {
		text, failure = "", words.Failed(words.SameText)
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	err := r.saveText(ctx, i, wholeText, text)
	if errors.Is(err, jobs.ErrTooLarge) {
		text, o, failure = "", Outcome{}, err
		err = r.saveText(ctx, i, wholeText, text)
	}
	if err != nil {
		return err
	}
	if failure != nil { // otherwise the words were counted without the separators
		r.noteIncomplete(i, failure)
		o.Words = ocr.CountWords(text)
	}
	o.HasText, o.Took = text != "", time.Since(r.snapshot().Began)
	return r.updateFile(ctx, i, func(f *FileState) {
		r.Waiting.Add(r.Person, r.Channel, -1) // together with the phase, by which Run counts the rest
		f.Phase, f.Failure, f.Outcome = Finished, r.failure(failure), o
	})
}

// maxBefore is the number of earlier readings of a file that are compared with
// a new one.
const maxBefore = 5

// sameText reports whether the text was posted before, as the result of a reading in
// another mode in the same thread (see [ocr.Kind.SameAnswer]): an endpoint may ignore its
// prompt, and the text that a PDF carries is the same in each mode. Two questions may have
// the same answer, so a prompt is not compared with a prompt. If nothing is known, the text
// counts as new.
func (r *run) sameText(ctx context.Context, i int, text string) bool {
	id := r.Files[i].Slack.ID
	if r.Mode.Kind.Usual() || id == "" || r.Root == "" || strings.TrimSpace(text) == "" {
		return false
	}
	records, err := r.Jobs.ByFile(ctx, id)
	if err != nil {
		r.log.Warn("could not look for earlier readings", "error", err)
	}
	for _, record := range records[max(0, len(records)-maxBefore):] {
		before, ok := AskOf(record)
		if !ok || before.Mode.Kind == r.Mode.Kind || before.Channel != r.Channel {
			continue
		}
		s, err := DecodeState(record, &before, true)
		if err != nil || r.Root != cmp.Or(before.Root, s.Reply.TS) {
			continue
		}
		for n, f := range before.Files {
			if f.Slack.ID != id || s.Files[n].Delivery.NotPosted {
				continue
			}
			old, _, err := r.Jobs.Page(ctx, record.Key, TextOf(n))
			if err == nil && r.Mode.Kind.SameAnswer(old, text) {
				return true
			}
		}
	}
	return false
}

// unfinished ends the attempt if some files may be read later, and says so in
// the reply.
func (r *run) unfinished(ctx context.Context) error {
	var first error
	wait := time.Duration(0)
	for i, f := range r.snapshot().Files {
		if !f.unread() || r.erased(i) {
			continue
		}
		err := r.whyIncomplete(i)
		if first == nil {
			first = err
		}
		wait = max(wait, retryAfter(err))
	}
	if first == nil {
		return nil
	}
	wait = max(wait, r.job.Backoff())
	r.mu.Lock()
	r.retryIn = wait
	r.mu.Unlock()
	if err := r.reply.Close(ctx, r.view()); EndsHere(err) {
		return err
	}
	return jobs.Retry(wait, first)
}

// StopSilently is the StoppedBy of a job about which nothing more may be posted.
const StopSilently = "-"

// ReplyKey is the end of the reply's key among an ask's posts.
const ReplyKey = "/reply"

// PartKeys returns the beginning of the keys of the messages with the text of an
// ask's file. The keys for the first file are those of an earlier version.
func PartKeys(key string, file int) string {
	if file == 0 {
		return key + "/part/"
	}
	return fmt.Sprintf("%s/file/%d/part/", key, file+1)
}

// partKey returns the key of the message with a part of a file's text. Parts
// are numbered from 1.
func partKey(key string, file, part int) string { return PartKeys(key, file) + strconv.Itoa(part) }

// untilDraining returns a context for a wait: it also ends when the bot starts no
// more work.
func (r *run) untilDraining(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.Draining, func() { cancel(context.Cause(r.Draining)) })
	if r.Draining.Err() != nil { // AfterFunc runs a moment later
		cancel(context.Cause(r.Draining))
	}
	return ctx, func() {
		stop()
		cancel(nil)
	}
}
