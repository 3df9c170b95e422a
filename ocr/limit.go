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
	// together returns the number of requests of all processes that share the limit. If
	// away is true, another process decides on the limit, and gets the samples.
	together func() int
	away     bool
	unsent   []Sample

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

// A call is a request, for the limit.
type call struct {
	limit      *Limit
	begun      time.Time
	concurrent int // that many requests ran then, with this one
}

func (l *Limit) begin() call {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running++
	return call{limit: l, begun: time.Now(), concurrent: l.countInFlight()}
}

// end notes that the request is over.
func (c call) end() {
	c.limit.mu.Lock()
	defer c.limit.mu.Unlock()
	c.limit.running--
}

// A Sample is what one request says of the limit.
type Sample struct {
	Verdict Verdict
	Took    time.Duration // until then
}

// Verdict is how a request went, as far as a limit is concerned.
type Verdict int

// The verdicts.
const (
	FirstText  Verdict = iota // it came
	TurnedAway                // there are too many requests
	NoAnswer                  // the endpoint failed, or was silent
)

// maxUnsent bounds the samples that are kept for another process.
const maxUnsent = 64

// verdict is that of a request with this error. It reports false where it says nothing
// of the limit.
func verdict(err error) (Verdict, bool) {
	e, failed := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return FirstText, true
	case !failed: // the caller stopped it
		return 0, false
	case e.Class == Busy, e.Status == http.StatusServiceUnavailable:
		return TurnedAway, true
	case e.Class == Idle, e.Class == Down && e.Status != http.StatusInternalServerError:
		return NoAnswer, true
	}
	return 0, false
}

// record notes that the first text came, or how the request failed before it.
func (c call) record(err error) {
	l := c.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := verdict(err)
	switch {
	case l.fixed || !ok:
	case !l.away:
		l.judge(c, v)
	case len(l.unsent) < maxUnsent:
		l.unsent = append(l.unsent, Sample{Verdict: v, Took: time.Since(c.begun)})
	}
}

// judge has the limit learn from a request. The caller holds mu.
func (l *Limit) judge(c call, v Verdict) {
	switch v {
	case FirstText:
		l.firstText(c)
	case TurnedAway:
		l.refused(c)
	case NoAnswer:
		l.failed(c)
	}
}

// Follow says that another process decides on the limit for both, which is n there now,
// or that this one does again, for n of 0. A fixed limit stays.
func (l *Limit) Follow(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = n > 0
	if l.fixed || !l.away {
		return
	}
	if n = min(n, maxLimit); n != l.size {
		l.good = n
		l.set(n)
	}
}

// Together has all processes together keep to the limit. f returns the number of requests
// of all of them; it must return soon and must not call the limit.
func (l *Limit) Together(f func() int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.together = f
}

// Samples returns what the process that decides on the limit has to know: how requests
// went since the last call.
func (l *Limit) Samples() (samples []Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	samples, l.unsent = l.unsent, nil
	return samples
}

// Learn takes the samples of another process.
func (l *Limit) Learn(samples []Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fixed || l.away {
		return
	}
	for _, s := range samples {
		l.judge(call{limit: l, begun: time.Now().Add(-s.Took), concurrent: l.countInFlight()}, s.Verdict)
	}
}

// countInFlight returns the number of requests of all processes. The caller holds mu.
func (l *Limit) countInFlight() int {
	if l.together == nil {
		return l.running
	}
	return max(l.running, l.together())
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
func (l *Limit) refused(c call) {
	rest := max(1, l.countInFlight()-1)
	switch {
	case c.concurrent == 1: // it does not depend on how many there are
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
func (l *Limit) failed(c call) {
	if !c.begun.After(l.since) {
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

// firstText notes the time to the first text of c.
func (l *Limit) firstText(c call) {
	used := l.size // a limit that is not made use of is not judged
	if l.size > l.good {
		used = l.good + 1
	}
	if c.begun.Before(l.since) || max(c.concurrent, l.countInFlight()) < used {
		return
	}
	l.samples = append(l.samples, time.Since(c.begun))
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
