package jobs

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// plan holds the follow-ups that this process will do. Others stay in the
// store, and are found when overdue.
type plan struct {
	wake chan struct{} // wakes next after a change

	mu      sync.Mutex        // guards the fields below
	waiting []planned         // in order of time, one for each key
	doing   map[string]string // ids by key
	closed  bool
}

type planned struct {
	at      time.Time
	f       FollowUp
	rescued bool // from another process, which died
}

// maxPlanned bounds the follow-ups in memory.
const maxPlanned = 10_000

func newPlan() *plan { return &plan{wake: make(chan struct{}, 1), doing: map[string]string{}} }

// add plans a new follow-up in place of the one that it replaces. If the plan
// has ended, ok is false.
func (p *plan) add(f FollowUp) (ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if i := p.index(f); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.insert(planned{at: f.Due, f: f})
	return true
}

// find plans a follow-up from the store, unless this process knows the
// follow-up or its replacement.
func (p *plan) find(found planned) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.index(found.f) < 0 && p.doing[followUpKey(found.f)] != found.f.id {
		p.insert(found)
	}
}

// again plans a failed follow-up, unless another has replaced it.
func (p *plan) again(f FollowUp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.index(f) < 0 {
		p.insert(planned{at: f.Due, f: f})
	}
}

// index returns the position of the waiting follow-up of this job and kind, or
// -1. The caller must hold p.mu.
func (p *plan) index(f FollowUp) int {
	return slices.IndexFunc(p.waiting, func(w planned) bool { return w.f.Key == f.Key && w.f.Kind == f.Kind })
}

// insert adds a follow-up at its position. The caller must hold p.mu.
func (p *plan) insert(one planned) {
	if len(p.waiting) >= maxPlanned {
		return
	}
	i, _ := slices.BinarySearchFunc(p.waiting, one.at, func(w planned, at time.Time) int {
		return cmp.Or(w.at.Compare(at), -1) // after those of the same time
	})
	p.waiting = slices.Insert(p.waiting, i, one)
	notify(p.wake)
}

// close ends the plan and returns this process's own follow-ups.
func (p *plan) close() (own []FollowUp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.waiting {
		if !one.rescued {
			own = append(own, one.f)
		}
	}
	p.waiting, p.closed = nil, true
	return own
}

// notify wakes the reader of c, which must have room for one value.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// next waits for a follow-up that is due, and takes it. When ctx ends, ok is
// false.
func (p *plan) next(ctx context.Context) (one planned, ok bool) {
	for {
		one, wait, ok := p.take()
		if ok {
			return one, true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.wake:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return planned{}, false
		}
	}
}

// take returns the first follow-up that is due, or the time to wait. Two
// follow-ups of the same job and kind never run at once.
func (p *plan) take() (one planned, wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, w := range p.waiting {
		key := followUpKey(w.f)
		if _, busy := p.doing[key]; busy {
			continue
		}
		if wait := time.Until(w.at); wait > 0 {
			return planned{}, wait, false
		}
		p.waiting = slices.Delete(p.waiting, i, i+1)
		p.doing[key] = w.f.id
		return w, 0, true
	}
	return planned{}, time.Hour, false
}

func (p *plan) done(f FollowUp) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.doing, followUpKey(f))
	notify(p.wake)
}
