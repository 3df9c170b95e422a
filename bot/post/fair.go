package post

import (
	"sync"
	"time"
)

const (
	// maxLines bounds the number of lines in memory.
	maxLines = 10_000
	// eager is the lead of a person's calls over the person's share from which on
	// the person's greetings lose their priority.
	eager = 2 * time.Second
)

// fairness orders the calls that people cause. A person has half of a method's rate
// before all others. Further calls of the person wait behind the calls of everybody
// else, and are not delayed if nobody else waits.
type fairness struct {
	mu   sync.Mutex            // guards next
	next map[fairKey]time.Time // when the next call of a line is due
}

// fairKey is the calls of one method that one person causes.
type fairKey struct{ method, person string }

// due returns the time by which calls are ordered, for a call that has waited since
// since. every is the method's time between two calls.
func (f *fairness) due(l fairKey, since time.Time, every time.Duration) time.Time {
	if l.person == "" {
		return since
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil || len(f.next) >= maxLines {
		f.forget(since)
	}
	due := f.next[l]
	if due.Before(since) {
		due = since
	}
	f.next[l] = due.Add(2 * every)
	return due
}

// forget drops the lines that are empty, or all lines if that leaves too many. The
// caller holds mu.
func (f *fairness) forget(now time.Time) {
	kept := map[fairKey]time.Time{}
	for l, due := range f.next {
		if due.After(now) && len(kept) < maxLines/2 {
			kept[l] = due
		}
	}
	f.next = kept
}

// order returns the urgency of a call and the time by which it is ordered. The first greetings of a
// person go before all else. Greetings without end do not: results would never have
// their turn.
func (p *Pacer) order(b *bucket, person string, u priority, since time.Time) (priority, time.Time) {
	due := p.fairness.due(fairKey{b.pool, person}, since, b.every)
	if u == firstReply && due.Sub(since) > eager {
		return final, due
	}
	return u, due
}
