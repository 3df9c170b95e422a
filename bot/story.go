package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// story is a job and how far it has come.
type story struct {
	Request
	progress
	job     *jobs.Job
	thread  *post.Thread
	reply   *post.Reply
	waiting context.Context // ends when the bot takes nothing up any more
	ending  context.Context // ends when the bot does, whoever stopped the job
}

// progress is what another process needs to go on with a job.
type progress struct {
	Began  time.Time
	Asked  int           // requests to the model that were allowed
	Posted post.Once     // the reply
	Cause  string        // why the text, which is the job's page 0, is not whole
	Parts  []post.Once   // the text's messages
	Upload post.OnceFile // the text as a file
	NoFile bool          // all of the text goes as messages
}

// work tells a job's story and settles the job.
func (b *Bot) work(ctx context.Context, p *phases, job *jobs.Job) {
	s := &story{job: job}
	record := job.Record()
	err := json.Unmarshal(record.Request, &s.Request)
	if err == nil && record.Progress != nil {
		err = json.Unmarshal(record.Progress, &s.progress)
	}
	if err != nil {
		b.log.Error("a job that cannot be read", "error", err)
		b.settle(ctx, s, errUnreadable)
		return
	}
	if s.Began.IsZero() {
		s.Began = record.Created
	}
	var stopWaiting, stopEnding context.CancelFunc
	s.waiting, stopWaiting = both(ctx, p.waiting)
	defer stopWaiting()
	s.ending, stopEnding = both(context.WithoutCancel(ctx), p.ending)
	defer stopEnding()
	s.thread = post.NewThread(b.api, b.pacer, patient(job.Fence), s.Channel, s.Root)
	b.settle(ctx, s, b.process(ctx, s))
}

var errUnreadable = errors.New("the job cannot be read")

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

// settle says what becomes of a job after its story ended with err.
func (b *Bot) settle(ctx context.Context, s *story, err error) {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, jobs.ErrUnavailable) {
		err = cause // the store only says that the context has ended
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	release := func() error { return insist(ctx, func() error { return s.job.Release(ctx) }) }
	done := func(as jobs.State) error { return insist(ctx, func() error { return s.job.Done(ctx, as) }) }
	switch {
	case errors.Is(err, jobs.ErrLost):
		return // another worker tells it
	case elsewhere(err):
		err = release() // a stop is no attempt, nor is the store's trouble
	case errors.Is(err, jobs.ErrStopped):
		err = done(jobs.Stopped)
	case post.TokenProblem(err):
		b.stopOn(err) // the job waits for a better token
		err = release()
	case err == nil && s.job.Record().StoppedBy != "":
		err = done(jobs.Stopped)
	case err == nil && s.Cause != "":
		err = done(jobs.Failed)
	case err == nil:
		err = done(jobs.Done)
	case temporary(err):
		last, wait := false, pause(err, s.job.Record().Attempts)
		err = insist(ctx, func() (err error) {
			last, err = s.job.Retry(ctx, wait)
			return err
		})
		if last && err == nil {
			err = done(jobs.Failed)
		}
	default:
		b.log.Warn("could not answer", "channel", s.Channel, "error", err)
		err = done(jobs.Failed)
	}
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		b.log.Warn("could not settle a job; it goes on later", "error", err)
	}
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

func (s *story) key(part string) string { return s.Request.key() + "/" + part }

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
	s.Cause = ""
	if failure != nil {
		s.Cause = wordsCause(failure)
	}
	if err := s.save(ctx); err != nil {
		return err
	}
	return insist(ctx, func() error { return s.job.SavePage(ctx, whole, text) })
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
	if s.Cause != "" {
		return toldError(s.Cause)
	}
	return nil
}

// fresh leaves out what a thread reply only carries again, as Slack's events do:
// its parent's files (https://github.com/openclaw/openclaw/pull/32209). Where
// that cannot be told in a second, all is read.
func (b *Bot) fresh(ctx context.Context, requests []Request) []Request {
	if len(requests) == 0 || requests[0].Root == requests[0].Ask {
		return requests
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	old, err := post.NewThread(b.api, b.pacer, nil, requests[0].Channel, requests[0].Root).Files(ctx)
	if err != nil {
		b.log.Warn("could not look at a thread's first message", "error", err)
	}
	return slices.DeleteFunc(requests, func(r Request) bool { return slices.Contains(old, r.File.ID) })
}

// lookUp completes what Slack Connect leaves out of an event. It reports false
// for a file that is no picture.
// https://docs.slack.dev/apis/slack-connect#files
func (b *Bot) lookUp(ctx context.Context, s *story) (bool, error) {
	if s.File.FileAccess != "check_file_info" {
		return true, nil
	}
	info, err := post.FileInfo(ctx, b.api, b.pacer, s.File.ID)
	switch post.Code(err) {
	case "missing_scope":
		return false, fetch.ErrLoginPage
	case "file_not_found", "file_deleted":
		return false, fetch.ErrGone
	}
	if err != nil {
		return false, fmt.Errorf("looking up the file: %w", err)
	}
	s.File = *info
	return picture(s.File), nil
}

// fetch gets a file from Slack and makes it a page for the model.
func (b *Bot) fetch(ctx context.Context, file slack.File) (page.Page, error) {
	content, err := b.files.Download(ctx, file.URLPrivate)
	if err != nil {
		return page.Page{}, fmt.Errorf("downloading: %w", err)
	}
	defer content.Close()
	return page.Open(ctx, content, page.Options{Canvas: ocr.Canvas})
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
