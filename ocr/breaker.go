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
	// breakAfter is the number of failed requests in a row after which the
	// endpoint counts as down.
	breakAfter = 3
	// firstProbe is the pause before the first probe of an outage. Each later pause
	// is twice as long as the previous one, up to lastProbe.
	firstProbe = time.Second
	lastProbe  = 30 * time.Second
)

// A breaker knows whether the endpoint is down. All copies of a client share a breaker.
// The breaker has no goroutine: one of the waiting callers probes for all,
// with its own page if there is one. A probe may take as long as any request,
// since the endpoint may have to load a model.
type breaker struct {
	prober chan struct{} // holds a value while a caller waits to probe, or probes

	mu     sync.Mutex // guards the fields below
	failed int        // failed requests in a row
	since  time.Time  // start of the outage, or zero
	next   time.Time  // earliest time of the next probe
	pause  time.Duration
	up     chan struct{} // closed while the endpoint is up
	broken chan struct{} // closed while the endpoint is down
}

func newBreaker() *breaker {
	b := &breaker{prober: make(chan struct{}, 1), up: make(chan struct{}), broken: make(chan struct{})}
	close(b.up)
	return b
}

// isDown reports whether a request failed because the endpoint is down or
// stuck, and returns the pause that the endpoint asks for, of at most maxWait. Any
// other error proves that the endpoint answers.
func isDown(err error) (retryAfter time.Duration, down bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Class != Down && e.Class != Idle {
		return 0, false
	}
	return min(e.RetryAfter, maxWait), true
}

// report records the start of a request: text, an error, or neither.
func (b *breaker) report(err error) {
	if _, ours := errors.AsType[*Error](err); err != nil && !ours {
		return // the caller stopped the request
	}
	retryAfter, down := isDown(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !down {
		b.close()
		return
	}
	if b.failed++; b.failed >= breakAfter && b.since.IsZero() {
		b.since = time.Now()
		b.pause = firstProbe
		b.next = b.since.Add(max(b.pause, retryAfter))
		b.up = make(chan struct{})
		close(b.broken)
	}
}

// close records that the endpoint answers. The caller must hold mu.
func (b *breaker) close() {
	b.failed = 0
	if b.since.IsZero() {
		return
	}
	b.since = time.Time{}
	b.broken = make(chan struct{})
	close(b.up)
}

func (b *breaker) down() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since
}

// outage returns a channel that is closed once the endpoint is up, and the time
// until the next probe.
func (b *breaker) outage() (up <-chan struct{}, untilProbe time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.up, time.Until(b.next)
}

// admit returns when the endpoint is up (probe is false), when the caller must
// probe (probe is true), or with the cause of ctx. The prober must report the
// result to settle.
func (b *breaker) admit(ctx context.Context) (probe bool, err error) {
	up, _ := b.outage()
	select {
	case <-up:
	case <-ctx.Done():
	case b.prober <- struct{}{}:
		_, untilProbe := b.outage() // after the probe of another caller
		select {
		case <-up:
		case <-ctx.Done():
		case <-time.After(untilProbe):
		}
		if ctx.Err() == nil && !b.down().IsZero() {
			return true, nil
		}
		<-b.prober
	}
	return false, context.Cause(ctx)
}

// settle records the result of a probe. After a cancelled probe the next
// waiting caller probes.
func (b *breaker) settle(ctx context.Context, err error) {
	retryAfter, down := isDown(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case !down:
		b.close()
	default:
		b.pause = min(2*b.pause, lastProbe)
		b.next = time.Now().Add(max(b.pause, retryAfter))
	}
	<-b.prober
}

// try probes on behalf of the prober. The result is settled whatever happens, since all
// others wait for the prober.
func (b *breaker) try(ctx context.Context, probe func(context.Context) error) {
	var err error
	defer func() { b.settle(ctx, err) }()
	err = probe(ctx)
}

// isUp reports whether the endpoint is up, without waiting for another caller.
// If the next probe is due, isUp probes: otherwise nobody would probe while
// all pages carry their text.
func (b *breaker) isUp(ctx context.Context, probe func(context.Context) error) bool {
	select {
	case b.prober <- struct{}{}:
		if _, untilProbe := b.outage(); untilProbe <= 0 && !b.down().IsZero() {
			b.try(ctx, probe)
		} else {
			<-b.prober
		}
	default:
	}
	return b.down().IsZero()
}

// Down returns the start of the outage if the endpoint is down, else zero. The
// endpoint is down if three requests in a row, of any caller, could not
// connect, got no text in time, or failed with a 5xx status. All copies of a
// client share this state.
func (c *Client) Down() time.Time { return c.breaker.down() }

// WhenDown returns a channel that is closed while the endpoint is down.
func (c *Client) WhenDown() <-chan struct{} {
	c.breaker.mu.Lock()
	defer c.breaker.mu.Unlock()
	return c.breaker.broken
}

// WaitUp returns when the endpoint is up, at once if it is up already, or with
// the cause of ctx. One waiting caller at a time probes: after a second, then
// after longer and longer pauses of up to 30 seconds, or of up to a minute if the
// endpoint asks for that. A page that
// [Client.Recognize] tries again is the probe itself; WaitUp probes with an
// empty page.
func (c *Client) WaitUp(ctx context.Context) error {
	for {
		probe, err := c.breaker.admit(ctx)
		if !probe {
			return err
		}
		c.breaker.try(ctx, c.probe)
	}
}

// probe asks the endpoint to read an empty page: the whole way of a page, at
// the cost of a few tokens.
func (c *Client) probe(ctx context.Context) error {
	a, _, _, err := c.ask(ctx, query{page: emptyPage(), fields: c.fields(false)})
	a.close()
	return err
}

// emptyPage returns a small white picture.
func emptyPage() page.Page {
	const side = 64
	m := image.NewGray(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = 0xFF
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // a buffer in memory never fails
	return page.Page{Data: b.Bytes(), MediaType: page.PNG.MediaType(), Width: side, Height: side}
}
