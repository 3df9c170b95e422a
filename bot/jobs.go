package bot

import (
	"context"
	"sync"
	"time"
)

const (
	// maxJobs bounds the requests that are worked on or wait, each with one
	// goroutine. What comes on top is not acknowledged, so Slack sends it again.
	maxJobs = 1000
	// keepKeys is how long a request is remembered: Slack sends an event again
	// up to six minutes later
	// (https://docs.slack.dev/apis/events-api#retries).
	keepKeys = 15 * time.Minute
)

// jobs runs each request once and waits for all of them.
type jobs struct {
	running sync.WaitGroup

	mu     sync.Mutex           // guards what follows
	taken  map[string]time.Time // key → when it was taken
	pruned time.Time
	count  int
	closed bool
}

func newJobs() *jobs { return &jobs{taken: map[string]time.Time{}} }

// claim takes a request. mine is false for one that was taken before; ok is
// false where there is no room, or when no more are taken. Each claim that is
// mine ends with release.
func (j *jobs) claim(key string) (mine, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	if now.Sub(j.pruned) > time.Minute {
		j.pruned = now
		for key, at := range j.taken {
			if now.Sub(at) > keepKeys {
				delete(j.taken, key)
			}
		}
	}
	if _, known := j.taken[key]; known {
		return false, true
	}
	if j.closed || j.count >= maxJobs {
		return false, false
	}
	j.taken[key] = now
	j.count++
	j.running.Add(1)
	return true, true
}

func (j *jobs) release() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count--
	j.running.Done()
}

// close takes no more jobs.
func (j *jobs) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
}

// phases are the contexts of all jobs. When the bot stops they end one after
// the other, so that what waits is told at once, what is being read gets some
// time, and the last words still reach Slack.
type phases struct {
	waiting, reading, writing context.Context
	stopWaiting, stopReading  context.CancelCauseFunc
	stopWriting               context.CancelCauseFunc
}

func newPhases(ctx context.Context) *phases {
	var p phases
	p.writing, p.stopWriting = context.WithCancelCause(context.WithoutCancel(ctx))
	p.reading, p.stopReading = context.WithCancelCause(p.writing)
	p.waiting, p.stopWaiting = context.WithCancelCause(p.reading)
	return &p
}

const (
	readingGrace = 4 * time.Second         // what runs may finish
	writingGrace = 3500 * time.Millisecond // then what was cut off is marked as such
)

// finish ends all jobs within 7.5 s: container runtimes kill after 10.
func (j *jobs) finish(p *phases) {
	j.close()
	ended := make(chan struct{})
	go func() {
		j.running.Wait()
		close(ended)
	}()
	p.stopWaiting(errStopping)
	if !within(readingGrace, ended) {
		p.stopReading(errStopping)
		within(writingGrace, ended)
	}
	p.stopWriting(errStopping)
	<-ended
}

func within(d time.Duration, ended <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		return false
	}
}
