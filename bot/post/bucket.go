package post

import (
	"context"
	"slices"
	"sync"
	"time"
)

// urgency orders the calls that wait for the same budget.
type urgency int

const (
	greeting urgency = iota // the first sign that an ask was heard
	final                   // somebody waits for it, or it must not be lost
	opening                 // tells that work on a further file has begun
	first                   // the first text that a reply shows
	interim                 // later text, and closing edits; whoever is most behind goes first
	idle                    // a line that only says who is ahead
	urgencies
)

// patience is how long an idle line leaves the budget to replies with more to
// say. After that it gets one turn in idleShare.
const (
	patience  = 30 * time.Second
	idleShare = 4
)

// bucket is a token bucket whose waiters are served in order of urgency, then
// of how long they have had something to say.
type bucket struct {
	limit
	sharers func() int // processes that share all of this

	mu     sync.Mutex // guards what follows
	tokens float64
	filled time.Time   // when tokens was counted
	extras []time.Time // when each spent extra token comes back, the next first
	flying int         // calls that were served and have no answer yet
	served time.Time   // the last turn
	held   time.Time   // nobody is served before: Slack said so
	slowed time.Time   // when the last 429 slowed the bucket
	rate   float64     // the part of the limit that Slack has been seen to take, up to 1
	queues [urgencies][]*waiter
	texts  int // interim turns since the last idle one
	timer  *time.Timer
}

// waiter is a call that waits for its turn.
type waiter struct {
	urgency urgency
	since   time.Time     // it has had something to say
	turn    chan struct{} // closed when it is served; what follows may be read then
	extra   bool          // it was, with an extra token
	before  time.Time     // somebody else was, last
}

// newBucket returns the bucket of a process that began at that time. The one
// before it may just have spent the whole burst, so it begins with half of it.
func newBucket(l limit, sharers func() int, begun time.Time) *bucket {
	b := &bucket{limit: l, sharers: sharers, filled: begun, rate: 1}
	b.tokens = max(1, b.share().burst/2)
	for range (l.extra + 1) / 2 {
		b.extras = append(b.extras, begun.Add(extraReturn))
	}
	return b
}

// take waits for a turn. It returns the cause of ctx when that ends first. Who
// was served calls answered in the end, or giveBack.
func (b *bucket) take(ctx context.Context, u urgency, since time.Time) (*waiter, error) {
	w := b.enter(u, since)
	select {
	case <-w.turn:
		return w, nil
	case <-ctx.Done():
		b.leave(w)
		return nil, context.Cause(ctx)
	}
}

// enter begins to wait. It is followed by a receive from turn, or by leave.
func (b *bucket) enter(u urgency, since time.Time) *waiter {
	w := &waiter{urgency: u, since: since, turn: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	queue := b.queues[u]
	i := len(queue)
	for i > 0 && queue[i-1].since.After(since) {
		i--
	}
	b.queues[u] = slices.Insert(queue, i, w)
	b.serve()
	return w
}

// leave ends the wait, or hands the turn back if it came in the same instant.
func (b *bucket) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.queues[w.urgency], w); i >= 0 {
		b.queues[w.urgency] = slices.Delete(b.queues[w.urgency], i, i+1)
		b.serve()
		return
	}
	b.refund(w)
}

// giveBack hands back a turn that was not used.
func (b *bucket) giveBack(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refund(w)
}

func (b *bucket) refund(w *waiter) {
	b.flying--
	b.served = w.before
	if w.extra && len(b.extras) > 0 {
		b.extras = b.extras[:len(b.extras)-1]
	} else {
		b.tokens = min(max(1, b.burst), b.tokens+1)
	}
	b.serve()
}

// answered tells that a call has its answer, or that there will be none.
func (b *bucket) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	b.flying--
	b.serve()
}

// A 429 halves the rate, down to minRate; each minute after it gives recovery
// back. https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease
const (
	minRate  = 1.0 / 8
	recovery = 1.0 / 10
)

// limited takes in a 429 to a call that was sent at that time: nobody is served
// before retryAfter has passed, and calls come slower after that. The answers to
// calls that were on their way together slow it once.
func (b *bucket) limited(sent time.Time, retryAfter time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.refill(now)
	if sent.After(b.slowed) {
		b.rate, b.slowed = max(b.rate/2, minRate), now
	}
	if until := now.Add(retryAfter); until.After(b.held) {
		b.held = until
	}
	b.tokens, b.filled = 1, b.held // the first call after the wait, then one at a time
	b.serve()
}

// untouched reports that forgetting the bucket would change nothing.
func (b *bucket) untouched() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	_, waits := b.next(time.Now())
	return b.tokens >= b.share().burst && len(b.extras) == 0 && b.flying == 0 && b.rate == 1 && !waits
}

// share is this process's part of the limit. Together the processes have no more
// than one alone, as long as there is a token for each.
func (b *bucket) share() limit {
	n := max(1, b.sharers())
	part := limit{
		every:   time.Duration(float64(b.every) * float64(n) / b.rate),
		burst:   max(1, b.burst/float64(n)),
		extra:   (b.extra + min(0, int(b.burst)-n)) / n, // each has one call beside them
		reserve: (b.reserve + n - 1) / n,
	}
	if b.rate < 1 { // Slack takes less than we thought
		part.burst, part.extra = 1, 0
	}
	return part
}

// refill counts the tokens. The bucket never holds more than Slack's own may,
// however late the calls on their way arrive there.
func (b *bucket) refill(now time.Time) {
	b.extras = slices.DeleteFunc(b.extras, func(t time.Time) bool { return !t.After(now) })
	passed := now.Sub(b.filled)
	if passed <= 0 {
		return
	}
	part := b.share()
	most := max(1, part.burst-float64(b.flying))
	if b.tokens < most {
		b.tokens = min(most, b.tokens+float64(passed)/float64(part.every))
	}
	b.tokens = min(b.tokens, part.burst)
	b.filled = now
	b.rate = min(1, b.rate+recovery*passed.Minutes())
}

// serve gives turns to those who are next, and sets the timer for the one after.
// The caller holds mu.
func (b *bucket) serve() {
	now := time.Now()
	b.refill(now)
	for {
		u, waits := b.next(now)
		if !waits {
			return
		}
		extra, wait := b.ready(u, now)
		if wait > 0 {
			b.wake(wait)
			return // whoever is less urgent waits behind
		}
		w := b.queues[u][0]
		b.queues[u] = slices.Delete(b.queues[u], 0, 1)
		switch u {
		case interim:
			b.texts++
		case idle:
			b.texts = 0
		}
		b.flying++
		w.before, b.served = b.served, now
		if w.extra = extra; extra {
			b.extras = append(b.extras, now.Add(extraReturn))
		} else {
			b.tokens--
		}
		close(w.turn)
	}
}

// next is the queue whose first waiter is next.
func (b *bucket) next(now time.Time) (u urgency, waits bool) {
	for u, queue := range b.queues {
		if len(queue) == 0 {
			continue
		}
		if lines := b.queues[idle]; urgency(u) == interim && len(lines) > 0 &&
			b.texts >= idleShare-1 && now.Sub(lines[0].since) >= patience {
			return idle, true
		}
		return urgency(u), true
	}
	return 0, false
}

// ready tells how long a waiter must wait for a token, and whether it is an extra
// one.
func (b *bucket) ready(u urgency, now time.Time) (extra bool, wait time.Duration) {
	part := b.share()
	left, spent := part.extra, len(b.extras)
	if u >= interim {
		left -= part.reserve
	}
	hold := b.held.Sub(now)
	if u >= first && b.extra > 0 {
		hold = max(hold, b.served.Add(b.pause(part, left-spent)).Sub(now))
	}
	if b.tokens >= 1 {
		return false, hold
	}
	token := time.Duration((1 - b.tokens) * float64(part.every))
	switch {
	case left <= 0:
		return false, max(hold, token)
	case spent < left:
		return hold <= 0, hold
	}
	back := b.extras[spent-left].Sub(now)
	return false, max(hold, min(token, back))
}

// pause is the time between two live edits: at least half of what the rate would
// give, and the more the fewer tokens are in stock. Spent at once, they would show
// beginnings that are old before the next edit; spread out they keep the text of
// all replies fresher, whenever those end.
func (b *bucket) pause(part limit, extra int) time.Duration {
	stock := (max(0, b.tokens) + float64(max(0, extra))) / (part.burst + float64(part.extra))
	return time.Duration((1 - stock/2) * float64(part.every))
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
