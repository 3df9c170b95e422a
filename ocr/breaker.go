package ocr

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"sync"
	"time"

	"slackocr/ocr/page"
)

const (
	// breakAfter is how many requests in a row fail until the endpoint is taken
	// for down.
	breakAfter = 3
	// A probe is made firstProbe after that, and then each time twice as long
	// after the one before.
	firstProbe = time.Second
	lastProbe  = 30 * time.Second
)

// A breaker knows whether the endpoint is down. It is shared by all who read with
// it, and has no goroutine of its own: one of those who wait probes for all, with
// its page where it has one. A probe may take as long as any request: a model may be
// loaded for it.
type breaker struct {
	mu      sync.Mutex // guards what follows
	failed  int        // requests in a row
	since   time.Time  // down since then; zero when it is not
	next    time.Time  // when the next probe may begin
	pause   time.Duration
	probing bool
	changed chan struct{} // closed when a probe has ended
	broken  chan struct{} // closed while it is down
}

func newBreaker() *breaker {
	return &breaker{changed: make(chan struct{}), broken: make(chan struct{})}
}

// isDown reports whether a request failed because the endpoint is down or stuck.
// Any other answer shows that it is there.
func isDown(err error) (retryAfter time.Duration, down bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Class != Down && e.Class != Idle {
		return 0, false
	}
	return e.RetryAfter, true
}

// report notes how a request began: with text, with an error, or not at all.
func (b *breaker) report(err error) {
	if _, ours := errors.AsType[*Error](err); err != nil && !ours {
		return // the caller stopped it
	}
	retryAfter, down := isDown(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !down {
		b.failed = 0
		b.close()
		return
	}
	if b.failed++; b.failed >= breakAfter && b.since.IsZero() {
		b.since = time.Now()
		b.pause = firstProbe
		b.next = b.since.Add(max(b.pause, retryAfter))
		close(b.broken)
	}
}

// close says that the endpoint is there. The caller holds mu.
func (b *breaker) close() {
	if b.since.IsZero() {
		return
	}
	b.since, b.failed = time.Time{}, 0
	b.broken = make(chan struct{})
	b.announce()
}

// announce wakes all who wait. The caller holds mu.
func (b *breaker) announce() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *breaker) down() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since
}

func (b *breaker) whenDown() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.broken
}

// wait returns when the endpoint is not down any more, or with the cause of ctx.
func (b *breaker) wait(ctx context.Context, probe func(context.Context) error) error {
	for {
		mine, err := b.admit(ctx)
		if err != nil || !mine {
			return err
		}
		b.settle(ctx, probe(ctx))
	}
}

// admit returns when the endpoint is not down any more, when it is the caller's turn
// to probe it, or with the cause of ctx. What a probe found goes to settle.
func (b *breaker) admit(ctx context.Context) (probe bool, err error) {
	for ctx.Err() == nil {
		mine, changed, until := b.turn()
		if mine || changed == nil {
			return mine, nil
		}
		timer := time.NewTimer(until)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return false, context.Cause(ctx)
}

// turn says what a waiter does next: probe, wait for a change or until the next
// probe is due, or, where changed is nil too, go on.
func (b *breaker) turn() (probe bool, changed <-chan struct{}, until time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.since.IsZero():
		return false, nil, 0
	case b.probing:
		return false, b.changed, lastProbe
	}
	if until = time.Until(b.next); until > 0 {
		return false, b.changed, until
	}
	b.probing = true
	return true, nil, 0
}

// settle notes what a probe found. One that was broken off found nothing, and
// the next waiter takes its place.
func (b *breaker) settle(ctx context.Context, err error) {
	retryAfter, down := isDown(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch {
	case ctx.Err() != nil:
		b.announce()
	case !down:
		b.close()
	default:
		b.pause = min(2*b.pause, lastProbe)
		b.next = time.Now().Add(max(b.pause, min(retryAfter, maxWait)))
		b.announce()
	}
}

// Down returns since when the endpoint is down: three requests in a row, whoever
// made them, found nobody there, got no text in time, or failed with a status of
// 5xx. It is zero while the endpoint answers. All copies of a client share it.
func (c *Client) Down() time.Time { return c.breaker.down() }

// WhenDown returns a channel that is closed once the endpoint is down, which it may
// be already.
func (c *Client) WhenDown() <-chan struct{} { return c.breaker.whenDown() }

// WaitUp returns at once while the endpoint is not down. Else it returns when it
// is back, or with the cause of ctx. Of all who wait, one at a time probes: after a
// second, then after longer and longer pauses, up to 30 seconds. A page that
// [Client.Recognize] tries again is a probe itself; who waits here sends an empty one.
func (c *Client) WaitUp(ctx context.Context) error { return c.breaker.wait(ctx, c.probe) }

// probe has the endpoint read an empty page: the whole way that a page goes, at
// the cost of a few tokens.
func (c *Client) probe(ctx context.Context) error {
	a, _, _, err := c.ask(ctx, emptyPage(), false, c.fields(false))
	a.close()
	return err
}

// emptyPage is a small white picture.
func emptyPage() page.Page {
	const side = 64
	m := image.NewGray(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = 0xFF
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // to memory
	return page.Page{Data: b.Bytes(), MediaType: page.PNG.MediaType(), Width: side, Height: side}
}
