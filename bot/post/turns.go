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

// patience is how long an idle line leaves the budget to replies with more to
// say. After that it gets one turn in idleShare.
const (
	patience  = 30 * time.Second
	idleShare = 4
)

// waiter is a call that waits for its turn, of this replica or another one.
type waiter struct {
	bucket   *bucket
	priority priority
	since    time.Time // it has had something to say
	served   func(ahead int)
	extra    bool      // it was served with an extra token
	resets   int       // the bucket's stock from which it was served
	before   time.Time // the turn before it
}

// enter begins to wait. It is followed by leave or answered.
func (b *bucket) enter(u priority, since time.Time, tell func(ahead int)) *waiter {
	w := &waiter{bucket: b, priority: u, since: since, served: tell}
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
	if i := slices.Index(b.queues[w.priority], w); i >= 0 {
		b.queues[w.priority] = slices.Delete(b.queues[w.priority], i, i+1)
		b.serve()
		return
	}
	b.refund(w)
}

// refund hands back a turn that was not used. The caller holds mu.
func (b *bucket) refund(w *waiter) {
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

// done tells that a call has its answer, or that there will be none.
func (b *bucket) done(w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	if !w.extra {
		b.inFlight--
	}
	b.serve()
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
			b.wakeAfter(wait)
			return // whoever is less urgent waits behind
		}
		w := b.queues[u][0]
		b.queues[u] = slices.Delete(b.queues[u], 0, 1)
		switch u {
		case interim:
			b.texts++
		case queuePosition:
			b.texts = 0
		}
		w.before, w.resets, b.lastServed = b.lastServed, b.resets, now
		if w.extra = extra; extra {
			b.spentExtras = append(b.spentExtras, now.Add(extraReturn))
		} else {
			b.tokens--
			b.inFlight++
		}
		w.served(share.Served)
	}
}

// next is the queue whose first waiter is next.
func (b *bucket) next(now time.Time) (u priority, waits bool) {
	for u, queue := range b.queues {
		if len(queue) == 0 {
			continue
		}
		if lines := b.queues[queuePosition]; priority(u) == interim && len(lines) > 0 &&
			b.texts >= idleShare-1 && now.Sub(lines[0].since) >= patience {
			return queuePosition, true
		}
		return priority(u), true
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
