package post

import (
	"maps"
	"slices"
	"time"
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

const (
	// maxFairKeys bounds the number of keys in memory. If more have calls ahead, all
	// are forgotten.
	maxFairKeys = 10_000
	// maxLead is the lead of a person's calls over the person's share from which on
	// the person's first replies lose their priority.
	maxLead = 2 * time.Second
)

// fairness orders the calls that people cause: it holds the time at which the next call
// of a key is due. A person has half of a method's rate before all others. Further calls
// of the person wait behind the calls of everybody else, and are not delayed if nobody
// else waits.
type fairness map[fairKey]time.Time

// fairKey stands for the calls of one method that one person causes.
type fairKey struct{ method, person string }

// due returns the time by which calls are ordered, for a call that began to wait at
// since. every is the method's time between two calls.
func (f fairness) due(k fairKey, since time.Time, every time.Duration) time.Time {
	if k.person == "" {
		return since
	}
	if len(f) >= maxFairKeys {
		maps.DeleteFunc(f, func(_ fairKey, due time.Time) bool { return !due.After(since) })
	}
	if len(f) >= maxFairKeys {
		clear(f)
	}
	due := f[k]
	if due.Before(since) {
		due = since
	}
	f[k] = due.Add(2 * every)
	return due
}

// order returns the priority of a call and the time by which the call is ordered. The
// first replies of a person go before all else. First replies without end do not:
// results would never have their turn.
func (f fairness) order(b *bucket, person string, p priority, since time.Time) (priority, time.Time) {
	due := f.due(fairKey{b.pool, person}, since, b.every)
	if p == firstReply && due.Sub(since) > maxLead {
		return final, due
	}
	return p, due
}

// waiter is a call that waits for its turn, of this replica or another one.
type waiter struct {
	bucket   *bucket
	priority priority
	since    time.Time // the time by which waiters of a priority are ordered
	onServed func()
	extra    bool // it was served with an extra token
}

// enter puts w in its queue. The caller must call leave or done.
func (w *waiter) enter() {
	b := w.bucket
	queue := b.queues[w.priority]
	i := len(queue)
	for i > 0 && queue[i-1].since.After(w.since) {
		i--
	}
	b.queues[w.priority] = slices.Insert(queue, i, w)
	b.serve()
}

// leave ends the wait, or hands back a turn that was not used.
func (w *waiter) leave() {
	b := w.bucket
	i := slices.Index(b.queues[w.priority], w)
	switch {
	case i >= 0:
		b.queues[w.priority] = slices.Delete(b.queues[w.priority], i, i+1)
	case !w.extra:
		b.inFlight--
	case len(b.spentExtras) > 0:
		b.spentExtras = b.spentExtras[:len(b.spentExtras)-1]
	}
	if i < 0 {
		b.lastServed = time.Time{} // the turn before is far enough away
	}
	b.serve()
}

// done ends the use of a turn: the call has its answer, or there will be none.
func (w *waiter) done() {
	b := w.bucket
	b.refill(time.Now())
	if !w.extra {
		b.inFlight--
		b.tokens = max(0, b.tokens-1)
	}
	b.serve()
}

// serve gives turns to the next waiters, and sets the timer for the waiter after
// them.
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
		b.lastServed = now
		if w.extra = extra; extra {
			b.spendExtras(1, now)
		} else {
			b.inFlight++
		}
		w.onServed()
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
