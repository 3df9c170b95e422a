package bot

import (
	"context"
	"errors"
	"time"

	"slackocr/bot/fetch"
	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// maxRequests is what a page may cost the endpoint in all.
const maxRequests = 8

var triesOf = [...]int{2, 2, 2, 1, 1}

// tries is how many requests an attempt may make, after so many failed ones.
func tries(failed int) int { return triesOf[min(failed, len(triesOf)-1)] }

// pause is how long to wait before the next attempt: a few seconds at first,
// then minutes, and never less than the endpoint asked for.
func pause(failure error, failed int) time.Duration {
	wait := 5 * time.Second
	for range failed {
		wait = min(3*wait, time.Hour) // no number of failures overflows it
	}
	if e, ok := errors.AsType[*ocr.Error](failure); ok {
		wait = max(wait, e.RetryAfter)
	}
	return min(wait, time.Hour)
}

// temporary reports whether the same job may succeed later.
func temporary(err error) bool {
	if e, ok := errors.AsType[*ocr.Error](err); ok {
		return e.Temporary()
	}
	if _, ok := errors.AsType[toldError](err); ok {
		return false
	}
	if _, ok := errors.AsType[refusal](err); ok {
		return false
	}
	if _, ok := errors.AsType[*page.TooLargeError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*page.ShapeError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*page.BrokenError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*page.KilledError](err); ok {
		return false
	}
	for _, final := range []error{
		fetch.ErrLoginPage, fetch.ErrTooLarge, fetch.ErrGone, fetch.ErrForeign,
		fetch.ErrLink, fetch.ErrPrivate, fetch.ErrForbidden, fetch.ErrNotImage, fetch.ErrRedirects, fetch.ErrSlow, page.ErrEmpty, page.ErrUnsupported,
		page.ErrNoDecoder, page.ErrPassword, page.ErrNoPages, page.ErrNoTool, page.ErrBlank,
		errCut, errLooped, errSame, errAsked, errUnreadable, errScope, errOutside, jobs.ErrStopped, jobs.ErrTooLarge, post.ErrCrowd,
	} {
		if errors.Is(err, final) {
			return false
		}
	}
	return post.Code(err) == "" // Slack would refuse it again
}

// best keeps the longest text that an attempt got before it failed, and
// returns it.
func (s *story) best(ctx context.Context, text string) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if kept, ok, err := s.job.Page(ctx, partial); err == nil && ok && len(kept) >= len(text) {
		return kept
	}
	if text != "" {
		_ = s.job.SavePage(ctx, partial, text) // then the last attempt's is shown
	}
	return text
}

// The texts that are kept of a job.
const (
	whole   = 0 // the page, read to its end
	partial = 1 // the longest start of it
	// firstPiece and those after it are the pieces of a file that has several.
	firstPiece = 2
)
