package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// story is a job and how far it has come.
type story struct {
	Request
	progress
	life
	job     *jobs.Job
	thread  *post.Thread
	reply   *post.Reply
	waiting context.Context // ends when the bot takes nothing up any more
	ending  context.Context // ends when the bot does, whoever stopped the job
}

// progress is what another process needs to go on with a job.
type progress struct {
	Began   time.Time
	Asked   int           // requests to the model that were allowed
	Posted  post.Once     // the reply
	Cause   string        // why the text, which is the job's page 0, is not whole
	Parts   []post.Once   // the text's messages
	Upload  post.OnceFile // the text as a file
	NoFile  bool          // all of the text goes as messages
	Pages   int           // that were read, and those that were Left out
	Left    int
	Words   int             // of the pages, without what stands between them
	Small   bool            // it was read from a smaller copy that Slack made
	Partial bool            `json:",omitempty"` // a page could not be decoded whole
	Boxes   []boxOn         // where what was asked for stands: those that are framed
	Found   int             // how many there are in all
	Marked  []post.OnceFile // the pieces with those framed
	// Elsewhere is the direct message that the text goes to, where the
	// conversation takes nothing more.
	Elsewhere string `json:",omitempty"`
	Text      bool   // there is a text
}

// tell tells the story of a request and settles its job.
func (b *Bot) tell(ctx context.Context, p *phases, job *jobs.Job, r Request) {
	s := &story{job: job, Request: r}
	record := job.Record()
	if record.StoppedBy == quiet {
		b.settle(ctx, b.logOf(job), job, false, jobs.ErrStopped)
		return
	}
	if record.Progress != nil {
		if err := json.Unmarshal(record.Progress, &s.progress); err != nil {
			b.unreadable(ctx, job, err)
			return
		}
	}
	if s.Began.IsZero() {
		s.Began = record.Created
	}
	s.life = b.newLife(s)
	var stopWaiting, stopEnding context.CancelFunc
	s.waiting, stopWaiting = both(ctx, p.waiting)
	defer stopWaiting()
	s.ending, stopEnding = both(context.WithoutCancel(ctx), p.ending)
	defer stopEnding()
	s.thread = post.NewThread(b.api, b.pacer, patient(job.Fence), s.Channel, s.Root)
	err := b.process(ctx, s)
	if as := b.settle(ctx, s.log, job, s.Cause != "", err); as != "" {
		s.lacks = cmp.Or(s.lacks, err)
		s.finished(as)
	}
}

// unreadable gives a job up that another version of the program may have written.
func (b *Bot) unreadable(ctx context.Context, job *jobs.Job, err error) {
	log := b.logOf(job)
	log.Error("a job that cannot be read", "error", err)
	b.settle(ctx, log, job, false, errUnreadable)
}

// both returns a context that ends with ctx, and with the cause of other.
func both(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// settling bounds what is written after a job's context has ended.
const settling = 2 * time.Second

// settle says what becomes of a job after its work ended with err. failed says
// that the person was told of a failure. It returns the state in which the job
// is finished, "" where it goes on.
func (b *Bot) settle(ctx context.Context, log *slog.Logger, job *jobs.Job, failed bool, err error) (finished jobs.State) {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, jobs.ErrUnavailable) {
		err = cause // the store only says that the context has ended
	}
	if errors.Is(err, jobs.ErrFull) {
		_ = sleep(ctx, settling) // or it would come back at once
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	release := func() error { return insist(ctx, func() error { return job.Release(ctx) }) }
	done := func(as jobs.State) error {
		err := insist(ctx, func() error { return job.Done(ctx, as) })
		if err == nil {
			finished = as
		}
		return err
	}
	switch {
	case errors.Is(err, jobs.ErrLost):
		return "" // another worker tells it
	case elsewhere(err): // a stop is no attempt, nor is the store's trouble
		err = release()
	case errors.Is(err, jobs.ErrStopped):
		err = done(jobs.Stopped)
	case post.TokenProblem(err):
		b.stopOn(err) // the job waits for a better token
		err = release()
	case err == nil && job.Record().StoppedBy != "":
		err = done(jobs.Stopped)
	case err == nil && failed:
		err = done(jobs.Failed)
	case err == nil:
		err = done(jobs.Done)
	case temporary(err):
		log.Warn("an attempt failed", "attempt", job.Record().Attempts+1, "error", err)
		last, wait := false, pause(err, job.Record().Attempts)
		err = insist(ctx, func() (err error) {
			last, err = job.Retry(ctx, wait)
			return err
		})
		switch {
		case err != nil:
		case last:
			err = done(jobs.Failed)
		default:
			b.metrics.retries.Inc()
		}
	default:
		log.Warn("could not answer", "error", err)
		err = done(jobs.Failed)
	}
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		log.Warn("could not settle a job; it goes on later", "error", err)
	}
	return finished
}

// unsettled reports whether the story goes on elsewhere or later, whatever
// Slack and the model say.
func unsettled(err error) bool { return elsewhere(err) || post.TokenProblem(err) }

// elsewhere is unsettled but for what Slack says of the token: a call that the
// bot can do without may lack a scope.
func elsewhere(err error) bool {
	return errors.Is(err, jobs.ErrLost) || errors.Is(err, jobs.ErrClosing) ||
		errors.Is(err, jobs.ErrUnavailable) || errors.Is(err, jobs.ErrFull)
}

// replyKey ends the key of the reply among a job's posts.
const replyKey = "/reply"

// after is the timestamp of a message that was there before the reply.
func (s *story) after() string {
	if ts := timestamp(s.Ask); ts != "" {
		return ts
	}
	// Slack's clock may be another than ours.
	return fmt.Sprintf("%d.000000", s.job.Record().Created.Add(-time.Minute).Unix())
}

// head says who asked, where the reply does not stand under their message.
func (s *story) head() post.Note {
	if s.Root != "" || dm(s.Channel) {
		return post.Note{}
	}
	return wordsAsked(s.Person, s.what())
}

// quiet stops a job of which nothing more shall be said.
const quiet = "-"

func (s *story) quietly() bool { return s.job.Record().StoppedBy == quiet }

func (s *story) save(ctx context.Context) error {
	return insist(ctx, func() error { return s.job.Save(ctx, s.progress) })
}

// page is a text that was kept.
func (s *story) page(ctx context.Context, n int) (text string, ok bool, err error) {
	err = insist(ctx, func() error {
		text, ok, err = s.job.Page(ctx, n)
		return err
	})
	return text, ok, err
}

// end keeps what is going to be posted: from here on it is this text and no
// other, whoever goes on.
func (s *story) end(ctx context.Context, text string, failure error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	s.Cause, s.Text = "", text != ""
	s.ended, s.words, s.lacks = true, ocr.CountWords(text), cmp.Or(failure, s.lacks)
	if failure != nil {
		s.Cause = wordsCause(failure)
	}
	if err := s.save(ctx); err != nil {
		return err
	}
	return insist(ctx, func() error { return s.job.SavePage(ctx, whole, text) })
}

// boxOn is a place on a piece of the file.
type boxOn struct {
	Piece int
	page.Area
}

var errAsked = errors.New("no attempt at the file came to an end")

// ask says how many requests to the model this attempt may make, and keeps
// that before the first: a crash or a stop is no failed attempt, so without
// this a file that brings the bot down would do so for ever.
func (s *story) ask(ctx context.Context) (requests int, err error) {
	requests = min(tries(s.job.Record().Attempts), maxRequests-s.Asked)
	if requests <= 0 {
		return 0, errAsked
	}
	s.Asked += requests
	return requests, s.save(ctx)
}

// failure is what an earlier process came to.
func (s *story) failure() error {
	switch s.Cause {
	case "":
		return nil
	case wordsCause(jobs.ErrStopped):
		return jobs.ErrStopped // which has a last line of its own
	}
	return toldError(s.Cause)
}

// patient is a fence that waits for a store that does not answer now.
func patient(fence post.Fence) post.Fence {
	return func(ctx context.Context) (fenced context.Context, cancel context.CancelFunc, err error) {
		err = insist(ctx, func() error {
			fenced, cancel, err = fence(ctx)
			return err
		})
		return fenced, cancel, err
	}
}

// patience is how long a store may not answer before a job is handed back.
const patience = 30 * time.Second

// insist calls the store again until it answers, ctx ends, or its patience does.
func insist(ctx context.Context, call func() error) error {
	end := time.Now().Add(patience)
	for {
		err := call()
		if !errors.Is(err, jobs.ErrUnavailable) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
