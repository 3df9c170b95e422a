package post

import (
	"maps"
	"sync"
	"time"
)

const (
	// maxFairKeys bounds the number of keys in memory. If more have calls ahead, all
	// are forgotten.
	maxFairKeys = 10_000
	// maxLead is the lead of a person's calls over the person's share from which on
	// the person's first replies lose their priority.
	maxLead = 2 * time.Second
)

// fairness orders the calls that people cause. A person has half of a method's rate
// before all others. Further calls of the person wait behind the calls of everybody
// else, and are not delayed if nobody else waits.
type fairness struct {
	mu   sync.Mutex            // guards next
	next map[fairKey]time.Time // when the next call of a key is due
}

// fairKey stands for the calls of one method that one person causes.
type fairKey struct{ method, person string }

// due returns the time by which calls are ordered, for a call that began to wait at
// since. every is the method's time between two calls.
func (f *fairness) due(k fairKey, since time.Time, every time.Duration) time.Time {
	if k.person == "" {
		return since
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.next) >= maxFairKeys {
		maps.DeleteFunc(f.next, func(_ fairKey, due time.Time) bool { return !due.After(since) })
	}
	if f.next == nil || len(f.next) >= maxFairKeys {
		f.next = map[fairKey]time.Time{}
	}
	due := f.next[k]
	if due.Before(since) {
		due = since
	}
	f.next[k] = due.Add(2 * every)
	return due
}

// order returns the priority of a call and the time by which the call is ordered. The
// first replies of a person go before all else. First replies without end do not:
// results would never have their turn.
func (f *fairness) order(b *bucket, person string, p priority, since time.Time) (priority, time.Time) {
	due := f.due(fairKey{b.pool, person}, since, b.every)
	if p == firstReply && due.Sub(since) > maxLead {
		return final, due
	}
	return p, due
}
