package post

import (
	"context"
	"slices"
	"sync"
	"time"
)

// urgency orders the writes that wait for the same budget.
type urgency int

const (
	greeting urgency = iota // the first sign that an ask was heard
	final                   // somebody waits for it, or it must not be lost
	opening                 // tells that work on a further file has begun
	interim                 // a picture of work in progress, disposable
	urgencies
)

// bucket is a token bucket whose waiters are served in order of urgency, then
// of arrival. Interim waiters leave a reserve of tokens to final ones, so that
// a burst of edits never delays a result.
type bucket struct {
	every   time.Duration // one token comes back each
	burst   float64       // the most tokens it holds
	reserve float64       // tokens that interim waiters leave
	sharers func() int    // processes that share all of this

	mu     sync.Mutex // guards what follows
	tokens float64
	filled time.Time // when tokens was counted
	held   time.Time // nobody is served before: Slack said so
	queues [urgencies][]chan struct{}
	timer  *time.Timer
}

func newBucket(l limit, sharers func() int) *bucket {
	return &bucket{every: l.every, burst: l.burst, reserve: l.reserve, sharers: sharers, tokens: l.burst, filled: time.Now()}
}

// take waits for a token. It returns the cause of ctx when that ends first.
func (b *bucket) take(ctx context.Context, u urgency) error {
	turn := make(chan struct{})
	b.mu.Lock()
	b.queues[u] = append(b.queues[u], turn)
	b.serve()
	b.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.queues[u], turn); i >= 0 {
		b.queues[u] = slices.Delete(b.queues[u], i, i+1)
	} else {
		b.tokens = min(b.burst, b.tokens+1) // served in the same instant: hand it back
	}
	b.serve()
	return context.Cause(ctx)
}

// spare takes a token that nobody else is going to miss, if there is one.
func (b *bucket) spare() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.refill(now)
	if _, reserve := b.share(); b.tokens < 1+reserve || now.Before(b.held) || b.waiting() {
		return false
	}
	b.tokens--
	return true
}

func (b *bucket) waiting() bool {
	for _, queue := range b.queues {
		if len(queue) > 0 {
			return true
		}
	}
	return false
}

// hold serves nobody for d, from now on: the Retry-After of a 429.
func (b *bucket) hold(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := time.Now().Add(d); until.After(b.held) {
		b.held = until
	}
	b.serve()
}

// idle reports that forgetting the bucket would change nothing.
func (b *bucket) idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	most, _ := b.share()
	return b.tokens >= most && !b.waiting()
}

// share is this process's part of the burst, and of it what interim waiters
// leave. Together the processes have no more than one alone, as long as there
// is a token for each.
func (b *bucket) share() (most, reserve float64) {
	most = max(1, b.burst/float64(max(1, b.sharers())))
	return most, min(b.reserve, most-1)
}

// refill counts the tokens and returns how long the next one takes. With others
// alive, each process has its part of the rate and of the burst.
func (b *bucket) refill(now time.Time) (every time.Duration) {
	every = b.every * time.Duration(max(1, b.sharers()))
	most, _ := b.share()
	b.tokens = min(most, b.tokens+float64(now.Sub(b.filled))/float64(every))
	b.filled = now
	return every
}

// serve gives tokens to those whose turn it is and sets the timer for the next
// one. The caller holds mu.
func (b *bucket) serve() {
	now := time.Now()
	every := b.refill(now)
	_, reserve := b.share()
	for u, need := range [urgencies]float64{greeting: 1, final: 1, opening: 1, interim: 1 + reserve} {
		for len(b.queues[u]) > 0 {
			wait := max(b.held.Sub(now), time.Duration((need-b.tokens)*float64(every)))
			if wait > 0 {
				b.wake(wait)
				return // whoever is less urgent waits behind
			}
			b.tokens--
			close(b.queues[u][0])
			b.queues[u] = b.queues[u][1:]
		}
	}
}

// wake calls serve again after d. A nanosecond more makes up for rounding.
func (b *bucket) wake(d time.Duration) {
	d++
	if b.timer != nil {
		b.timer.Reset(d)
		return
	}
	b.timer = time.AfterFunc(d, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.serve()
	})
}
