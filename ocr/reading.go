package ocr

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"

	"slackocr/ocr/page"
)

const (
	maxTries = 4
	// tryWindow is how long after the first try another one may begin: a
	// person waits for it.
	tryWindow = 2 * time.Minute
	// maxWait is the longest Retry-After that is waited for here. A caller
	// with a queue can do better with a longer one.
	maxWait = time.Minute
)

// Recognize reads the page. It yields updates, the last of which has an
// Outcome; or updates and then one error, after which the text so far stays
// valid. The error is an [*Error], or the cause of ctx where that ended.
//
// A failure that may pass is tried again, up to four times within two minutes;
// the text so far stays until another try has more. A model that falls silent
// after some text is left to the caller, who has waited long by then. A page on which the model
// repeats itself is read once more, at another temperature. A page whose text is
// cut at the model's limit is read again in two halves, in the modes Markdown and
// Plain. The best text is kept, and the Outcome says what it lacks.
//
// A page that carries its text, in the modes Markdown and Plain, never fails but
// with ctx: that text is the first update, and the model's takes its place once it
// is longer. At the end the model's text is held against it. Lines that are missing
// make the page be read once more; numbers that differ are corrected or marked, what
// is still missing is added, and the last line says so. Where the model gives no
// whole text, the page's own is the result, and says why; that is at once, and
// without a request, where the endpoint is down or the page has no picture.
//
// A consumer that leaves the loop ends the request at once. The page's data must
// not change meanwhile.
func (c *Client) Recognize(ctx context.Context, p page.Page) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		r := reading{client: c, sheet: sheet{yield: yield}}
		if layer := r.layerOf(p); layer != nil {
			r.checked(ctx, p, layer)
			return
		}
		if err := checkPage(p); err != nil {
			r.sheet.fail(c.endpoint.fail(BadRequest, err))
			return
		}
		r.page(ctx, p)
	}
}

// A reading is one call of Recognize.
type reading struct {
	client   *Client
	sheet    sheet
	requests int // so far
}

// errLeft ends a reading whose consumer has left the loop.
var errLeft = errors.New("nobody reads on")

// page reads a page that carries no text of its own.
func (r *reading) page(ctx context.Context, p page.Page) {
	best, end, err := r.best(ctx, p)
	if err != nil {
		r.sheet.fail(err)
		return
	}
	// What failed after the first text failed after one that can be given. But an
	// end that the caller wanted is no outcome.
	if ctx.Err() != nil {
		if r.sheet.shows != best {
			best.show()
		}
		r.sheet.fail(context.Cause(ctx))
		return
	}
	best.finish(end.outcome(CountWords(string(best.text))))
}

// best reads a page in all the ways that fit, and returns the best text.
func (r *reading) best(ctx context.Context, p page.Page) (*draft, ending, error) {
	best, end, err := r.insist(ctx, p)
	if err != nil {
		return nil, ending{}, err
	}
	if end.looped {
		warm := r.sheet.draft()
		again, err := r.once(ctx, p, true, warm)
		if err == nil && (!again.looped || len(warm.text) > len(best.text)) {
			best, end = warm, again
		}
	}
	if end.cut && r.divisible() {
		halves := r.sheet.draft()
		if both, err := r.halves(ctx, p, best, halves); err == nil {
			best, end = halves, both
		}
	}
	return best, end, nil
}

// insist reads the page, again where a failure may pass. With an error the sheet
// has the longest text.
func (r *reading) insist(ctx context.Context, p page.Page) (*draft, ending, error) {
	var d *draft
	var end ending
	var failed error // Retry's own result may be wrapped
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		d = r.sheet.draft()
		end, failed = r.once(ctx, p, false, d)
		if e, ok := errors.AsType[*Error](failed); ok && e.Class == Idle && len(d.text) > 0 {
			return struct{}{}, backoff.Permanent(failed) // it took its time; the caller's queue has more
		}
		return struct{}{}, retryRule(failed)
	},
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval:     500 * time.Millisecond,
			RandomizationFactor: 0.5,
			Multiplier:          2,
			MaxInterval:         10 * time.Second,
		}),
		backoff.WithMaxTries(uint(r.client.tries)),
		backoff.WithMaxElapsedTime(tryWindow),
	)
	switch {
	case err == nil:
		return d, end, nil
	case ctx.Err() != nil:
		return nil, ending{}, context.Cause(ctx)
	}
	return nil, ending{}, failed
}

// retryRule tells backoff what to do about a failed try.
func retryRule(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok, !e.Temporary(), e.RetryAfter > maxWait:
		return backoff.Permanent(err)
	case e.RetryAfter > 0:
		// Those who were turned away together must not come back together.
		return &backoff.RetryAfterError{Duration: e.RetryAfter + rand.N(e.RetryAfter/10+time.Second/4)}
	}
	return err
}

// once makes one request, adds its text to d, and tells the watcher.
func (r *reading) once(ctx context.Context, p page.Page, again bool, d *draft) (ending, error) {
	r.requests++
	t, begun := Try{Nth: r.requests, Picture: len(p.Data)}, time.Now()
	end, err := r.try(ctx, p, again, d, &t)
	t.Took, t.Err, t.Looped, t.Cut = time.Since(begun), err, end.looped, end.cut
	r.client.watch(t)
	return end, err
}

func (r *reading) try(ctx context.Context, p page.Page, again bool, d *draft, t *Try) (ending, error) {
	begun := time.Now()
	a, piece, end, err := r.client.ask(ctx, p, again)
	defer a.close()
	r.client.breaker.report(err)
	for {
		if t.Text == 0 && piece != "" {
			t.First = time.Since(begun)
		}
		t.Text += len(piece)
		if !d.add(piece) {
			return ending{}, errLeft
		}
		if err != nil {
			return ending{}, err
		}
		if end != nil {
			if !d.keep(end.keep) {
				return ending{}, errLeft
			}
			return *end, nil
		}
		a.resume()
		piece, end, err = a.next()
	}
}

// divisible reports whether two halves of a page have the text of the whole.
func (r *reading) divisible() bool {
	kind := r.client.mode.Kind
	return kind == "" || kind == Markdown || kind == Plain
}

var errSame = errors.New("half of the page has the same text")

// halves reads the page, of which the text so far was cut, in two parts.
func (r *reading) halves(ctx context.Context, p page.Page, cut, d *draft) (ending, error) {
	upper, lower, err := page.Halve(ctx, p)
	if err != nil {
		return ending{}, err
	}
	first, err := r.once(ctx, upper, false, d)
	if err != nil {
		return ending{}, err
	}
	if SameWords(string(d.text), string(cut.text)) {
		// It is not the page's length that cuts the text.
		return ending{}, errSame
	}
	if !d.begin() {
		return ending{}, errLeft
	}
	second, err := r.once(ctx, lower, false, d)
	if err != nil {
		return ending{}, err
	}
	second.cut = second.cut || first.cut
	second.looped = second.looped || first.looped
	second.boxes = nil // they were of the parts
	return second, nil
}
