package reading

import (
	"errors"
	"io/fs"
	"syscall"
	"time"

	"slackocr/bot/fetch"
	"slackocr/bot/guard"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// ErrUnreadable means that a record cannot be read: a later version wrote the
// record, or the record is damaged.
var ErrUnreadable error = words.Failed(words.Unreadable)

// kindOfError has the kinds of errors that are values.
var kindOfError = []struct {
	err  error
	kind words.Kind
}{
	{jobs.ErrStopped, words.Stopped},
	{jobs.ErrTooLarge, words.TextTooLong},
	{guard.ErrPanicked, words.Crashes},
	{fetch.ErrLoginPage, words.NoPermission},
	{fetch.ErrNotFile, words.NotFile},
	{fetch.ErrTooLarge, words.TooLargeFile},
	{fetch.ErrGone, words.Gone},
	{fetch.ErrForeign, words.NotInSlack},
	{fetch.ErrLink, words.BadLink},
	{fetch.ErrPrivate, words.PrivateLink},
	{fetch.ErrForbidden, words.LinkForbidden},
	{fetch.ErrNotImage, words.LinkNotImage},
	{fetch.ErrRedirects, words.LinkRedirects},
	{fetch.ErrSlackSlow, words.SlackSlow},
	{fetch.ErrSlow, words.LinkSlow},
	{page.ErrEmpty, words.Empty},
	{page.ErrUnsupported, words.Unsupported},
	{page.ErrNoDecoder, words.NoDecoder},
	{page.ErrPassword, words.Password},
	{page.ErrNoPages, words.NoPages},
	{page.ErrNoTool, words.NoTool},
	{page.ErrBlank, words.Blank},
	{syscall.ENOSPC, words.NoRoom},
	{syscall.EROFS, words.NoRoom},
	{fs.ErrPermission, words.NoRoom},
	{fs.ErrNotExist, words.NoRoom},
}

// FailureOf returns the failure for an error, or nil for nil. No other
// function gives an error its kind.
func FailureOf(err error) *words.Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*words.Failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*ocr.Error](err); ok {
		return words.FailedAtModel(e.Class)
	}
	if e, ok := errors.AsType[*page.TooLargeError](err); ok {
		return &words.Failure{Kind: words.TooManyPixels, Width: e.Width, Height: e.Height}
	}
	if _, ok := errors.AsType[*page.ShapeError](err); ok {
		return words.Failed(words.TooNarrow)
	}
	if _, ok := errors.AsType[*page.KilledError](err); ok {
		return words.Failed(words.TooComplex)
	}
	if broken, ok := errors.AsType[*page.BrokenError](err); ok {
		return words.Failed(brokenKind(broken))
	}
	for _, k := range kindOfError {
		if errors.Is(err, k.err) {
			return words.Failed(k.kind)
		}
	}
	if post.Code(err) != "" {
		return words.Failed(words.SlackRefused)
	}
	return words.Failed(words.Connection)
}

// brokenKind returns the kind for a broken file. Only a truncated file may be
// repaired by posting the file again.
func brokenKind(err *page.BrokenError) words.Kind {
	switch {
	case err.Cut():
		return words.Damaged
	case err.Kind == page.PDF:
		return words.BrokenPDF
	}
	return words.BrokenFile
}

// failure returns the failure to show to people. If the operator must act,
// the failure names the request in the log.
func (r *run) failure(err error) *words.Failure {
	f := FailureOf(err)
	if f != nil && f.Owner() == words.Operator {
		named := *f
		named.Request = r.requestID()
		return &named
	}
	return f
}

// HandsOff reports whether the job goes on elsewhere or later without a word
// to people: another process has the job, the bot stops, or the store does not
// answer.
func HandsOff(err error) bool {
	return errors.Is(err, jobs.ErrLost) || errors.Is(err, jobs.ErrClosing) ||
		errors.Is(err, jobs.ErrUnavailable) || errors.Is(err, jobs.ErrFull)
}

// EndsHere reports whether a failed write to Slack also ends the job's work in
// this process.
func EndsHere(err error) bool { return HandsOff(err) || post.TokenProblem(err) }

// retries reports whether the next attempt reads a file or piece with this error
// again.
func (r *run) retries(err error) bool { return FailureOf(err).Retry() && !r.job.LastAttempt() }

// retryAfter returns the least delay before another attempt that an endpoint
// asked for, or 0.
func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*ocr.Error](err); ok {
		return min(e.RetryAfter, time.Hour)
	}
	return 0
}

// shortfall returns the reason for which an outcome is incomplete, or nil.
func shortfall(o *ocr.Outcome) error {
	switch {
	case o.Looped:
		return words.Failed(words.Looped)
	case o.Cut:
		return words.Failed(words.Truncated)
	}
	return nil
}
