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
	// maxLimit is the highest limit that is found by trying.
	maxLimit = 64

	// enoughTimes is the number of times to the first text that judge a limit,
	// if the limit allows as many requests.
	enoughTimes = 8
	// A limit is too high if the first text takes longer than slower times the
	// usual time, plus slack.
	slower = 1.75
	slack  = 100 * time.Millisecond
	// firstHold is the time until a limit that was too high is tried again. Each
	// time that the limit still is too high, the next time is twice as long.
	firstHold = 30 * time.Second
	lastHold  = 15 * time.Minute
)

// A Limit is the number of requests that may run at an endpoint at once: a fixed
// number, or one that is found by trying. The client reports its requests to the
// limit; callers that start requests ask for the limit's size. A Limit is safe for
// use by several goroutines at once.
//
// The limit doubles while the first text comes as soon as before. If the first text
// comes later, or the endpoint refuses a request because there are too many, the
// limit tries the middle between the last good number and that bad number, until the
// two meet, and then the next number from time to time. A refusal lowers the limit to
// the number that the endpoint took; a failure of the endpoint halves the limit.
//
// The adaptive limiter of failsafe-go v0.9.8 is made for short requests: it learns
// from whole answers, in windows, and not from refusals. At answers of 10 s it reads
// 0.8 of the pages of the best fixed number if the endpoint takes 40 at once, takes
// 80 s for forty pages instead of 18 s, and goes on sending far more than an endpoint
// lets through: see docs/BENCHMARKS.md.
type Limit struct {
	fixed bool

	mu      sync.Mutex // guards the fields below
	size    int
	changed func(size int)
	running int // requests
	// together returns the number of requests of all processes that share the limit,
	// or is nil. If follows is true, another process decides on the limit, and gets
	// the unsent samples.
	together func() int
	follows  bool
	unsent   []Sample

	good int           // the highest limit known to be good
	bad  int           // the lowest limit known to be too high, or 0
	next time.Time     // earliest time to try bad again
	hold time.Duration // time between two tries of bad
	// usual is the time to the first text at good, or 0 if unknown.
	usual time.Duration
	// since is the time when size was set. times are the times to the first text of
	// later requests, while as many requests ran as the limit allows.
	since time.Time
	times []time.Duration
}

// newLimit returns a limit of n requests, or, if n is 0, one that is found by trying.
func newLimit(n int) *Limit {
	l := &Limit{fixed: n > 0, size: n, good: n, hold: firstHold, changed: func(int) {}}
	if !l.fixed {
		l.size, l.good = firstLimit, firstLimit
	}
	return l
}

// Size returns the number of requests that may run at once now.
func (l *Limit) Size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// OnChange makes the limit call f with each new size, one call after the other. f
// must return soon and must not call the limit. A limit has one such f.
func (l *Limit) OnChange(f func(size int)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = f
}

// A call is a request, for the limit.
type call struct {
	limit      *Limit
	begun      time.Time
	concurrent int // number of requests at the start of this one, which is included
}

func (l *Limit) begin() call {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running++
	return call{limit: l, begun: time.Now(), concurrent: l.countInFlight()}
}

// end records the end of the request.
func (c call) end() {
	c.limit.mu.Lock()
	defer c.limit.mu.Unlock()
	c.limit.running--
}

// A Sample is the result of a request, as far as the limit is concerned.
type Sample struct {
	Verdict Verdict
	Took    time.Duration // time from the start of the request to the verdict
}

// A Verdict is the kind of a Sample.
type Verdict int

// The verdicts.
const (
	FirstText  Verdict = iota // the first text came
	TurnedAway                // the endpoint has too many requests
	NoAnswer                  // the endpoint failed, or was silent
)

// maxUnsent bounds the samples that are kept for another process.
const maxUnsent = 64

// verdict returns the verdict of a request that ended with err before any text, or
// whose first text came if err is nil. If the request says nothing about the limit,
// ok is false.
func verdict(err error) (v Verdict, ok bool) {
	e, failed := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return FirstText, true
	case !failed: // the caller stopped the request
		return 0, false
	case e.Class == Busy, e.Status == http.StatusServiceUnavailable:
		return TurnedAway, true
	case e.Class == Idle, e.Class == Down && e.Status != http.StatusInternalServerError:
		return NoAnswer, true
	}
	return 0, false
}

// record records the first text, or the error that came before any text.
func (c call) record(err error) {
	l := c.limit
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := verdict(err)
	switch {
	case l.fixed || !ok:
	case !l.follows:
		l.judge(c, v)
	case len(l.unsent) < maxUnsent:
		l.unsent = append(l.unsent, Sample{Verdict: v, Took: time.Since(c.begun)})
	}
}

// judge adapts the limit to the verdict of a request. The caller must hold mu.
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

// Follow sets the limit to n, the limit of another process, which decides for both from
// now on. If n is 0, this process decides again. A fixed limit stays.
func (l *Limit) Follow(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.follows = n > 0
	if l.fixed || !l.follows {
		return
	}
	if n = min(n, maxLimit); n != l.size {
		l.good = n
		l.set(n)
	}
}

// Together makes the limit apply to all processes together. f returns the number of
// requests of all processes; f must return soon and must not call the limit.
func (l *Limit) Together(f func() int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.together = f
}

// Samples returns the samples since the last call, for the process that decides on the
// limit.
func (l *Limit) Samples() (samples []Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	samples, l.unsent = l.unsent, nil
	return samples
}

// Learn adapts the limit to the samples of another process.
func (l *Limit) Learn(samples []Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fixed || l.follows {
		return
	}
	for _, s := range samples {
		l.judge(call{limit: l, begun: time.Now().Add(-s.Took), concurrent: l.countInFlight()}, s.Verdict)
	}
}

// countInFlight returns the number of requests of all processes. The caller must hold
// mu.
func (l *Limit) countInFlight() int {
	if l.together == nil {
		return l.running
	}
	return max(l.running, l.together())
}

// set sets the limit to n. The caller must hold mu, as for all methods below.
func (l *Limit) set(n int) {
	l.since, l.times = time.Now(), l.times[:0]
	if n != l.size {
		l.size = n
		l.changed(n)
	}
}

// refused lowers the limit to the number of requests that the endpoint took when it
// refused c.
func (l *Limit) refused(c call) {
	rest := max(1, l.countInFlight()-1)
	switch {
	case c.concurrent == 1: // the refusal does not depend on the number of requests
		l.bad = 0
	case rest >= l.size:
		return // the limit is lower already
	default:
		l.bad = rest + 1
		l.postpone()
	}
	l.good = rest
	l.set(rest)
}

// failed halves the limit, once for all requests that ran together.
func (l *Limit) failed(c call) {
	if !c.begun.After(l.since) {
		return
	}
	if l.size > l.good {
		l.bad = l.size
		l.postpone()
	}
	l.good = max(1, l.size/2)
	l.set(l.good)
}

// postpone delays the next try at a bad limit, for longer each time.
func (l *Limit) postpone() {
	l.next = time.Now().Add(l.hold)
	l.hold = min(2*l.hold, lastHold)
}

// firstText records the time to the first text of c, and judges the limit if there are
// enough such times.
func (l *Limit) firstText(c call) {
	used := l.size // with fewer requests the limit is not tested
	if l.size > l.good {
		used = l.good + 1
	}
	if c.begun.Before(l.since) || max(c.concurrent, l.countInFlight()) < used {
		return
	}
	l.times = append(l.times, time.Since(c.begun))
	n, late := len(l.times), 0
	for _, took := range l.times {
		if l.usual > 0 && took > time.Duration(slower*float64(l.usual))+slack {
			late++
		}
	}
	switch {
	case n < l.enough():
	case late <= n/2:
		l.adaptUsual()
		l.grow()
	case l.size > l.good:
		l.bad = l.size
		l.postpone()
		l.set(l.good)
	default: // the limit is no longer good
		l.adaptUsual()
		l.bad, l.good = l.size, max(1, l.size-max(1, l.size/8))
		l.next = time.Now().Add(firstHold)
		l.set(l.good)
	}
}

// enough returns the number of times to the first text that judge the limit: one for
// each request that the limit adds to the good limit, at most enoughTimes, and at least
// half of that if the limit allows as many requests.
func (l *Limit) enough() int {
	added := l.size - l.good
	if added == 0 {
		added = l.size
	}
	return min(max(added, min(l.size, enoughTimes/2)), enoughTimes)
}

// adaptUsual moves the usual time towards the times of the present limit, little by
// little, since pages differ. Only if the usual time was far longer, as for a model that
// had to be loaded, adaptUsual forgets it at once.
func (l *Limit) adaptUsual() {
	slices.Sort(l.times)
	middle := l.times[(len(l.times)-1)/2]
	if l.usual == 0 || middle < l.usual/4 {
		l.usual = middle
	}
	l.usual += (middle - l.usual) / 8
}

// grow tries a higher limit after size proved to be good.
func (l *Limit) grow() {
	l.good = l.size
	if l.bad > 0 && l.good >= l.bad { // the bad limit is good now
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
