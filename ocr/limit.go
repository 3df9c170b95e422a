package ocr

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	firstLimit = 4
	// maxLimit is the highest one that is found by trying.
	maxLimit = 64

	// enoughSamples are the times to the first text that judge a limit, where it
	// lets as many requests run.
	enoughSamples = 8
	// A limit is too high where the first text takes longer than slower times
	// what it took before, and slack more.
	slower = 1.75
	slack  = 100 * time.Millisecond
	// firstHold is how long a limit stays once the one above it was too high.
	// Each time that it still is, it stays twice as long.
	firstHold = 30 * time.Second
	lastHold  = 15 * time.Minute
)

// A Limit is how many requests may run at an endpoint at once: a fixed number, or
// one that is found by trying. The client tells it how its requests go; those who
// start them ask for its size. It is safe for use by several goroutines at once.
//
// It doubles while the first text comes as soon as before. Where it comes later, or
// the endpoint refuses a request because there are too many, the number between the
// last good limit and that bad one is tried, until they meet; then the next one from
// time to time. A refusal sets it to what the endpoint took, and a failure of the
// endpoint to half.
//
// The adaptive limiter of failsafe-go v0.9.8 is for short requests: it learns from
// whole answers, in windows of them, and not from refusals. At answers of 10 s it
// reaches 0.8 of the pages of the best fixed number at an endpoint that takes 40 at
// once, takes 80 s for forty pages where this one takes 18 s, and goes on sending far
// more than an endpoint lets through: see docs/BENCHMARKS.md.
type Limit struct {
	fixed bool

	mu      sync.Mutex // guards what follows
	size    int
	changed func(size int)
	running int // requests

	good int           // the highest limit known to be good
	bad  int           // the lowest one known to be too high; 0 for none
	next time.Time     // when bad may be tried again
	hold time.Duration // from bad until then
	// usual is the time to the first text at good; 0 where it is not known.
	usual time.Duration
	// since is when size was set, and samples are the times to the first text of
	// requests that began after that and made use of it.
	since   time.Time
	samples []time.Duration
}

// newLimit makes a limit of n requests, or one that is found by trying where n is 0.
func newLimit(n int) *Limit {
	l := &Limit{fixed: n > 0, size: n, good: n, hold: firstHold, changed: func(int) {}}
	if !l.fixed {
		l.size, l.good = firstLimit, firstLimit
	}
	return l
}

// Size returns how many requests may run at once now.
func (l *Limit) Size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// OnChange has f called with each new size, one call after the other. It must return
// soon and must not call the limit. There is one f.
func (l *Limit) OnChange(f func(size int)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = f
}

// A trip is one request as the limit sees it.
type trip struct {
	limit *Limit
	begun time.Time
	among int // that many requests ran then, with this one
}

func (l *Limit) begin() trip {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running++
	return trip{limit: l, begun: time.Now(), among: l.running}
}

// end notes that the request is over.
func (t trip) end() {
	t.limit.mu.Lock()
	defer t.limit.mu.Unlock()
	t.limit.running--
}

// answered notes that the first text came, or how the request failed before it.
func (t trip) answered(err error) {
	l := t.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fixed {
		return
	}
	e, failed := errors.AsType[*Error](err)
	switch {
	case err == nil:
		l.took(t)
	case !failed: // the caller stopped it
	case e.Class == Busy, e.Status == http.StatusServiceUnavailable:
		l.refused(t)
	case e.Class == Idle, e.Class == Down && e.Status != http.StatusInternalServerError:
		l.failed(t)
	}
}

// set makes n the limit. The caller holds mu, as for all that follows.
func (l *Limit) set(n int) {
	l.since, l.samples = time.Now(), l.samples[:0]
	if n != l.size {
		l.size = n
		l.changed(n)
	}
}

// refused lowers the limit to the requests that ran when one was refused.
func (l *Limit) refused(t trip) {
	rest := max(1, l.running-1)
	switch {
	case t.among == 1: // it does not depend on how many there are
		l.bad = 0
	case rest >= l.size:
		return // the limit is lower already
	default:
		l.bad = rest + 1
		l.wait()
	}
	l.good = rest
	l.set(rest)
}

// failed halves the limit, once for all requests that were on their way.
func (l *Limit) failed(t trip) {
	if !t.begun.After(l.since) {
		return
	}
	if l.size > l.good {
		l.bad = l.size
		l.wait()
	}
	l.good = max(1, l.size/2)
	l.set(l.good)
}

// wait puts the next try at a limit off, for longer each time.
func (l *Limit) wait() {
	l.next = time.Now().Add(l.hold)
	l.hold = min(2*l.hold, lastHold)
}

// took notes the time to the first text of t.
func (l *Limit) took(t trip) {
	used := l.size // a limit that is not made use of is not judged
	if l.size > l.good {
		used = l.good + 1
	}
	if t.begun.Before(l.since) || max(t.among, l.running) < used {
		return
	}
	l.samples = append(l.samples, time.Since(t.begun))
	late := 0
	for _, took := range l.samples {
		if l.usual > 0 && took > time.Duration(slower*float64(l.usual))+slack {
			late++
		}
	}
	n := len(l.samples)
	switch {
	case l.size > l.good && (late >= 3 && late > 2*n/3 || n >= l.enough() && late > n/2):
		l.bad = l.size
		l.wait()
		l.set(l.good)
	case n < l.enough():
	case late > n/2: // it was good once
		l.learn()
		l.bad, l.good = l.size, max(1, l.size-max(1, l.size/8))
		l.next = time.Now().Add(firstHold)
		l.set(l.good)
	default:
		l.learn()
		l.grow()
	}
}

// enough is how many samples judge the limit.
func (l *Limit) enough() int {
	added := l.size - l.good
	if added == 0 {
		added = l.size
	}
	return min(max(added, min(l.size, enoughSamples/2)), enoughSamples)
}

// learn takes the samples for what is usual, little by little: pages differ. Only
// where it took far longer before, as for a model that had to be loaded, it is
// forgotten at once.
func (l *Limit) learn() {
	slices.Sort(l.samples)
	middle := l.samples[(len(l.samples)-1)/2]
	if l.usual == 0 || middle < l.usual/4 {
		l.usual = middle
	}
	share := time.Duration(8)
	if middle > l.usual {
		share = 16
	}
	l.usual += (middle - l.usual) / share
}

// grow tries a higher limit, now that size is known to be good.
func (l *Limit) grow() {
	l.good = l.size
	if l.bad > 0 && l.good >= l.bad { // it was bad, and is not any more
		l.bad, l.hold = 0, firstHold
	}
	n := l.size
	switch {
	case l.bad == 0:
		n = min(2*l.size, maxLimit)
	case l.bad-l.good > max(1, l.good/16):
		n = (l.good + l.bad) / 2
	case time.Now().After(l.next):
		n = min(l.bad, maxLimit)
	}
	l.set(n)
}
