package post

import (
	"slices"
	"time"

	"slackocr/bot/share"
)

// priority orders the calls that wait for the same budget.
type priority int

const (
	firstReply    priority = iota // the first sign that an ask was taken
	final                         // somebody waits for it, or it must not be lost
	notice                        // a word about the bot: results go first
	firstText                     // the first text that a reply shows
	interim                       // later text, and closing edits; whoever is most behind goes first
	queuePosition                 // a line that only says who is ahead
	priorities
)

const (
	// queuePositionDelay is the time for which queue positions leave the budget to
	// texts.
	queuePositionDelay = 30 * time.Second
	// queuePositionShare is the share of queue positions after that: one turn in
	// queuePositionShare.
	queuePositionShare = 4
)

// waiter is a call that waits for its turn, of this replica or another one.
type waiter struct {
	bucket   *bucket
	priority priority
	since    time.Time // the time by which waiters of a priority are ordered
	tell     func(ahead int)
	extra    bool      // it was served with an extra token
	resets   int       // the bucket's resets when it was served
	before   time.Time // the turn before
}

// enter puts a waiter in its queue. The caller must call leave or done.
func (b *bucket) enter(p priority, since time.Time, tell func(ahead int)) *waiter {
	w := &waiter{bucket: b, priority: p, since: since, tell: tell}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := len(b.queues[p])
	for i > 0 && b.queues[p][i-1].since.After(since) {
		i--
	}
	b.queues[p] = slices.Insert(b.queues[p], i, w)
	b.serve()
	return w
}

// leave ends the wait, or hands back a turn that came in the same instant and was
// not used.
func (b *bucket) leave(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.queues[w.priority], w); i >= 0 {
		b.queues[w.priority] = slices.Delete(b.queues[w.priority], i, i+1)
		b.serve()
		return
	}
	if !w.extra {
		b.inFlight--
	}
	if w.resets == b.resets {
		b.lastServed = w.before
		switch {
		case !w.extra:
			b.tokens++
		case len(b.spentExtras) > 0:
			b.spentExtras = b.spentExtras[:len(b.spentExtras)-1]
		}
	}
	b.serve()
}

// done ends the use of a turn: the call has its answer, or there will be none.
func (b *bucket) done(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	if !w.extra {
		b.inFlight--
	}
	b.serve()
}

// serve gives turns to the next waiters, and sets the timer for the waiter after
// them. The caller holds mu.
func (b *bucket) serve() {
	now := time.Now()
	b.refill(now)
	for {
		p, waits := b.next(now)
		if !waits {
			return
		}
		extra, wait := b.ready(p, now)
		if wait > 0 {
			b.wakeAfter(wait)
			return // a lower priority waits behind
		}
		w := b.queues[p][0]
		b.queues[p] = slices.Delete(b.queues[p], 0, 1)
		switch p {
		case interim:
			b.texts++
		case queuePosition:
			b.texts = 0
		}
		w.before, w.resets, b.lastServed = b.lastServed, b.resets, now
		if w.extra = extra; extra {
			b.spendExtras(1, now)
		} else {
			b.tokens--
			b.inFlight++
		}
		w.tell(share.Served)
	}
}

// next returns the priority of the next waiter.
func (b *bucket) next(now time.Time) (p priority, waits bool) {
	for p, queue := range b.queues {
		if len(queue) == 0 {
			continue
		}
		if positions := b.queues[queuePosition]; priority(p) == interim && len(positions) > 0 &&
			b.texts >= queuePositionShare-1 && now.Sub(positions[0].since) >= queuePositionDelay {
			return queuePosition, true
		}
		return priority(p), true
	}
	return 0, false
}

// wakeAfter calls serve again after d. A nanosecond more makes up for rounding.
func (b *bucket) wakeAfter(d time.Duration) {
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
