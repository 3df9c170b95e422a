package ocr

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"

	"slackocr/ocr/page"
)

const (
	maxTries = 4 // requests for a page that fail for the moment
	// tryWindow is the time after the first try in which another try may
	// start: a person waits.
	tryWindow = 2 * time.Minute
	// maxWait is the longest Retry-After that Recognize and the probes of an
	// outage wait for. A caller with a queue can handle a longer one better.
	maxWait = time.Minute
)

// Recognize reads the page. Recognize yields updates, the last with an
// Outcome; or updates and then one error, after which the text so far stays
// valid. The error is an [*Error], or the cause of ctx if ctx ended.
//
// After a temporary failure the page is tried again, with up to four requests
// within two minutes. The text so far stays until another try has more. If a model
// falls silent after some text, Recognize returns the error at once: the request
// took long, and the caller may have other work.
//
// Some pages are read again, and the better text is kept:
//
//   - If the model repeats itself, the page is read once more, at another
//     temperature and with more room for a page that repeats itself.
//   - If a page that is not blank returned no text, or a web page came in place of
//     an answer, the page is read once more.
//   - If the endpoint refuses a field by name, the request is repeated without
//     that field, see [Client.LeftOut].
//   - If the text is cut at the model's limit, in the modes Markdown and Plain, the
//     page is read in two halves.
//
// The Outcome says whether text is missing all the same. Text that turns out not
// to belong to the page, such as a model's thoughts, is taken back.
//
// In the modes Markdown and Plain, a page that carries its text fails only
// with ctx: that text is the first update, and the model's text replaces it
// when longer. At the end the two texts are compared. If lines are missing,
// the page is read once more; numbers that differ are corrected or marked,
// lines that are still missing are added, and the last line says so. If the
// model returns no complete text, the page's own text is the result, with the
// reason; if the endpoint is down or the page has no picture, that happens at
// once and without a request.
//
// If the consumer leaves the loop, the request ends at once. The page's data
// must not change during the loop.
func (c *Client) Recognize(ctx context.Context, p page.Page) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		r := reading{client: c, output: output{yield: yield}}
		if p.Layer != nil && c.mode.Kind.IsPageText() {
			r.readWithLayer(ctx, p, p.Layer)
			return
		}
		if err := checkPage(p); err != nil {
			r.output.fail(c.endpoint.fail(BadRequest, err))
			return
		}
		r.readPage(ctx, p)
	}
}

// A reading is a single call of Recognize.
type reading struct {
	client   *Client
	output   output
	requests int // requests so far
}

// errAbandoned ends a reading whose consumer left the loop.
var errAbandoned = errors.New("nobody reads on")

// readPage reads a page that carries no text of its own.
func (r *reading) readPage(ctx context.Context, p page.Page) {
	best, end, err := r.best(ctx, p)
	if err != nil {
		r.output.fail(err)
		return
	}
	if shown := r.output.shows; isEmpty(best, end) && shown != nil && len(shown.text) > 0 {
		best, end.cut = shown, true // an earlier try had text, and broke off
	}
	if ctx.Err() != nil { // a reading that the caller ended has no outcome
		if r.output.shows != best {
			best.show()
		}
		r.output.fail(context.Cause(ctx))
		return
	}
	best.finish(end.outcome(CountWords(string(best.text))))
}

// best reads a page in all ways that fit, and returns the best text. If the first
// reading succeeds, a failure of a further one is no error.
func (r *reading) best(ctx context.Context, p page.Page) (*candidate, result, error) {
	best, end, err := r.retry(ctx, p)
	if err != nil {
		return nil, result{}, err
	}
	if isEmpty(best, end) && !end.cut && !end.looped && r.expectsText(ctx, p) {
		second := r.output.candidate()
		if again, err := r.once(ctx, p, true, second); err == nil && len(second.text) > 0 {
			best, end = second, again
		}
	}
	if end.looped {
		second := r.output.candidate()
		again, err := r.once(ctx, p, true, second)
		if err == nil && (!again.looped && !isEmpty(second, again) || len(second.text) > len(best.text)) {
			best, end = second, again
		}
	}
	if end.cut && r.client.mode.Kind.IsPageText() {
		halves := r.output.candidate()
		if both, err := r.halves(ctx, p, best, halves); err == nil {
			best, end = halves, both
		}
	}
	return best, end, nil
}

// isEmpty reports whether an answer has neither text nor boxes.
func isEmpty(c *candidate, end result) bool { return len(c.text) == 0 && len(end.boxes) == 0 }

// retry reads the page, and again after a temporary failure. With an error,
// the output has the longest text.
func (r *reading) retry(ctx context.Context, p page.Page) (*candidate, result, error) {
	last := time.Now().Add(tryWindow)
	window, cancel := context.WithDeadline(ctx, last)
	defer cancel()
	pauses := backoff.ExponentialBackOff{
		InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: 10 * time.Second,
	}
	pauses.Reset()
	tries := r.client.tries
	hadWebPage, probe := false, false
	for {
		c := r.output.candidate()
		end, err := r.attempt(ctx, p, c, probe)
		switch {
		case err == nil:
			return c, end, nil
		case ctx.Err() != nil:
			return nil, result{}, context.Cause(ctx)
		}
		if errors.Is(err, ErrWebPage) && !hadWebPage { // a gateway's page, often only for a moment
			hadWebPage = true
		} else if tries--; tries <= 0 || !isWorthATry(err, c) {
			return nil, result{}, err
		}
		pause := pauses.NextBackOff()
		if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter > 0 {
			// The jitter separates callers that were rejected together.
			pause = e.RetryAfter + rand.N(e.RetryAfter/10+time.Second/4)
		}
		if time.Now().Add(pause).After(last) {
			return nil, result{}, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, result{}, context.Cause(ctx)
		}
		// During an outage one caller at a time tries again.
		if probe, _ = r.client.breaker.admit(window); window.Err() != nil && !probe {
			return nil, result{}, cmp.Or(context.Cause(ctx), err)
		}
	}
}

// isWorthATry reports whether another request for a page may help soon. If the
// endpoint fell silent after some text, the request took long, and the caller's queue
// has other work.
func isWorthATry(err error, c *candidate) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Temporary() && e.RetryAfter <= maxWait && !(e.Class == Idle && len(c.text) > 0)
}

// once makes one request and adds the text to c. reread must be true if the page
// was read already and needs another answer. If the endpoint refuses a field,
// once repeats the request without that field.
func (r *reading) once(ctx context.Context, p page.Page, reread bool, c *candidate) (result, error) {
	refused := map[string]string{}
	for {
		fields := r.client.fields(reread)
		replace(fields, refused)
		end, err := r.request(ctx, query{page: p, reread: reread, fields: fields}, c)
		e, failed := errors.AsType[*Error](err)
		if failed {
			if name, instead := blamed(e, fields); name != "" {
				refused[name] = instead
				continue
			}
		}
		if !failed || e.Class != TooLarge { // else the page itself is too large
			r.client.dialect.learn(refused)
		}
		return end, err
	}
}

// attempt is once without a second reading. The result of a probe is settled whatever
// happens, since all others wait for the prober.
func (r *reading) attempt(ctx context.Context, p page.Page, c *candidate, probe bool) (end result, err error) {
	if probe {
		defer func() { r.client.breaker.settle(ctx, err) }()
	}
	return r.once(ctx, p, false, c)
}

// request makes one request, adds the text to c, and calls the watcher.
func (r *reading) request(ctx context.Context, q query, c *candidate) (last result, err error) {
	r.requests++
	t, begun := Attempt{Number: r.requests, ImageBytes: len(q.page.Data)}, time.Now()
	defer func() {
		t.Took, t.Err, t.Looped, t.Cut, t.Reason = time.Since(begun), err, last.looped, last.cut, last.reason
		r.client.watch(t)
	}()
	call := r.client.limit.begin()
	defer call.end()
	a, piece, end, err := r.client.ask(ctx, q)
	defer a.close()
	r.client.breaker.report(err)
	call.record(err)
	t.Whole = a.exchange.whole()
	for {
		if t.Text == 0 && piece != "" {
			t.First = time.Since(begun)
		}
		t.Text += len(piece)
		c.hidden = c.hidden || a.guard.Suspected()
		if !c.put(a.from, piece) {
			return result{}, errAbandoned
		}
		if err != nil {
			return result{}, err
		}
		if end != nil {
			if !c.keep(end.keep) {
				return result{}, errAbandoned
			}
			return *end, nil
		}
		a.resume()
		piece, end, err = a.next()
	}
}

// expectsText reports whether an answer without text is odd: the page is not
// blank, and the mode asks for text.
func (r *reading) expectsText(ctx context.Context, p page.Page) bool {
	if r.client.mode.Kind.info().mayBeEmpty {
		return false
	}
	blank, err := page.Blank(ctx, p)
	return err == nil && !blank
}

var (
	errHalfSame  = errors.New("half of the page has the same text")
	errHalfEmpty = errors.New("half of the page is not blank but returned no text")
)

// halves reads the two halves of a page, and adds their texts to c. cut is the text of
// the page as a whole, which was cut.
func (r *reading) halves(ctx context.Context, p page.Page, cut, c *candidate) (result, error) {
	upper, lower, err := page.Halve(ctx, p)
	if err != nil {
		return result{}, err
	}
	first, err := r.half(ctx, upper, c)
	if err != nil {
		return result{}, err
	}
	if SameWords(string(c.text), string(cut.text)) {
		// The length of the page is not the reason for the cut.
		return result{}, errHalfSame
	}
	if !c.begin() {
		return result{}, errAbandoned
	}
	second, err := r.half(ctx, lower, c)
	if err != nil {
		return result{}, err
	}
	second.cut = second.cut || first.cut
	second.looped = second.looped || first.looped
	second.boxes = nil // the boxes are relative to the halves
	return second, nil
}

// half reads half of a page. The text was cut because it is long, so a half without
// text is an error unless that half is blank.
func (r *reading) half(ctx context.Context, p page.Page, c *candidate) (result, error) {
	end, err := r.once(ctx, p, false, c)
	if err == nil && len(c.text) == c.part && r.expectsText(ctx, p) {
		err = errHalfEmpty
	}
	return end, err
}
