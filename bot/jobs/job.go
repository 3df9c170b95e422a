package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"slackocr/bot/jobs/kv"
)

// Job is a job that a worker has leased. Its methods write on behalf of the
// worker, and fail with [ErrLost] when the worker no longer owns the job. They
// take contexts of their own, so that the last writes can follow the end of
// the work's context.
type Job struct {
	q       *Queue
	id      string
	lease   kv.Lease
	owner   string
	endWork context.CancelCauseFunc // ends the work's context
	recheck chan struct{}           // requests a look at the state

	mu        sync.Mutex // guards the fields below
	spec      spec       // does not change after the claim
	state     state      // as last seen
	seal      seal       // seal of the job's entries
	until     time.Time  // end of the lease
	ended     bool       // lost or settled: nothing may be written
	releasing bool       // the work is over: a write gives the job away
	items     map[*itemContext]struct{}
	onSettled func(State, error) // or nil
}

// OnSettled sets a callback for the end of the work: with Done, Failed or
// Stopped if the job is finished, and with Queued if an attempt failed and
// another will start after the call. err is the error of the work. The work's
// goroutine makes the call. There is no call for a job that was lost or handed
// back.
func (j *Job) OnSettled(call func(as State, err error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.onSettled = call
}

// Record returns the job's record as last seen.
func (j *Job) Record() Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spec.record(j.state)
}

// running returns the record, and whether this worker still owns the job.
func (j *Job) running() (Record, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.spec.record(j.state), j.state.Owner == j.owner && !j.ended
}

// Fence must be called before each write to the outside. Fence checks that
// this worker still owns the job, and returns a context that ends with the
// lease. A write in that context ends before another worker starts. While the
// store does not answer, Fence retries for 30 s.
func (j *Job) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := retryStore(ctx, j.check); err != nil {
		return nil, nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended || !time.Now().Before(j.until) {
		return nil, nil, ErrLost
	}
	ctx, cancel := context.WithDeadlineCause(ctx, j.until, ErrLost)
	return ctx, cancel, nil
}

// check reads the state from the store.
func (j *Job) check(ctx context.Context) error {
	if j.hasEnded() {
		return ErrLost
	}
	s, _, err := j.q.state(ctx, j.id)
	if err != nil {
		return err
	}
	return j.observe(s)
}

// observe takes a state that was read from the store, or written to the store.
func (j *Job) observe(s state) error {
	if s.Owner != j.owner {
		j.lose()
		return ErrLost
	}
	j.mu.Lock()
	if s.Changes > j.state.Changes { // a slow look may come after a write
		j.state = s
		j.stopItems()
	}
	j.mu.Unlock()
	if s.StoppedBy != "" { // after the record has the person who stopped the job
		j.endWork(ErrStopped)
	}
	return nil
}

// lose records that the job is lost. While the worker gives the job away, the
// worker's own write may be the reason for another owner, so settle decides.
func (j *Job) lose() {
	j.mu.Lock()
	lost := !j.ended && !j.releasing
	j.ended = j.ended || lost
	j.mu.Unlock()
	if lost {
		j.endWork(ErrLost)
	}
}

// hasEnded reports whether this worker has nothing left to do.
func (j *Job) hasEnded() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}

// write changes the state on behalf of the worker, and returns the new state.
func (j *Job) write(ctx context.Context, edit func(*state)) (state, error) {
	if j.hasEnded() {
		return state{}, ErrLost
	}
	j.mu.Lock()
	seq, releasing := j.state.LeaseSeq, j.releasing
	j.mu.Unlock()
	s, err := j.q.change(ctx, j.id, func(s *state) error {
		switch {
		case s.Owner == j.owner:
			edit(s)
			return nil
		case releasing && s.Owner == "" && s.LeaseSeq == seq:
			return errGiven
		}
		return ErrLost
	})
	switch {
	case errors.Is(err, errGiven):
		return s, nil
	case errors.Is(err, ErrLost):
		j.lose()
		return state{}, err
	case err != nil, s.Owner == "":
		return s, err
	}
	return s, j.observe(s)
}

// errGiven means that an earlier write gave the job away, although the store
// reported a failure.
var errGiven = errors.New("the job was given away before")

// Save stores the progress that another worker needs to go on, as JSON of at
// most 256 KiB ([ErrTooLarge]). While the store does not answer, Save retries
// for 30 s.
func (j *Job) Save(ctx context.Context, progress any) error {
	value, err := encode(progress)
	if err != nil {
		return err
	}
	if len(value) > maxJSON {
		return ErrTooLarge
	}
	return retryStore(ctx, func(ctx context.Context) error {
		_, err := j.write(ctx, func(s *state) { s.Progress = value })
		return err
	})
}

// settle writes the decision about the job and returns the job's state.
func (j *Job) settle(ctx context.Context, v *verdict) (State, error) {
	j.mu.Lock()
	j.releasing = true
	j.mu.Unlock()
	s, err := j.write(ctx, func(s *state) { v.apply(s, j.q.config.MaxAttempts) })
	if err != nil {
		return "", err
	}
	j.mu.Lock()
	j.ended, j.state = true, s
	j.mu.Unlock()
	return s.State, nil
}

// endLease returns the lease of a settled job. Errors do not matter: if the
// lease lapses, the job is leased again, and its state says that there is
// nothing to do.
func (j *Job) endLease(ctx context.Context) {
	j.q.drop(j) // otherwise the job would be busy when the lease is given out again
	j.mu.Lock()
	s := j.state
	j.mu.Unlock()
	var err error
	if s.State.final() {
		err = j.lease.Finish(ctx)
	} else {
		err = j.lease.Return(ctx, max(time.Until(s.NotBefore), 0))
	}
	if err != nil {
		j.q.config.Log.Warn("could not end a lease; it will expire", "request", requestID(j.id), "error", err)
	}
}

// wake requests a look at the state.
func (j *Job) wake() {
	select {
	case j.recheck <- struct{}{}:
	default: // a look is requested already
	}
}

// keep renews the lease and watches for a stop and for other owners. If the
// lease could not be renewed in time, the job is lost.
func (j *Job) keep(ctx context.Context) {
	every := j.q.config.LeaseFor * 3 / 10
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	lapse := time.NewTimer(time.Until(j.leaseEnd()))
	defer lapse.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-lapse.C:
			j.lose()
			return
		case <-ticker.C:
			if j.renew(ctx, every) {
				lapse.Reset(time.Until(j.leaseEnd()))
			}
		case <-j.recheck:
		}
		// A frozen process wakes up with all timers due: this check decides.
		if !time.Now().Before(j.leaseEnd()) {
			j.lose()
			return
		}
		look, cancel := context.WithTimeout(ctx, every)
		err := j.check(look)
		cancel()
		if errors.Is(err, ErrLost) {
			return
		}
	}
}

func (j *Job) leaseEnd() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.until
}

func (j *Job) renew(ctx context.Context, within time.Duration) bool {
	asked := time.Now()
	if j.hasEnded() || !asked.Before(j.leaseEnd()) {
		return false
	}
	renewing, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := j.lease.Renew(renewing); err != nil {
		if ctx.Err() == nil { // otherwise the work has ended, and needs no lease
			j.q.config.Log.Warn("could not renew a lease", "request", requestID(j.id), "error", err)
		}
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.until = asked.Add(j.q.config.LeaseFor)
	return true
}

// LastAttempt reports whether a failure now would be the last.
func (j *Job) LastAttempt() bool { return j.Record().Attempts+1 >= j.q.config.MaxAttempts }

// Backoff returns the delay before the next attempt after a failure now, if
// the work names no time: 5 s after the first failure, then 15, 45 and 135 s.
func (j *Job) Backoff() time.Duration { return backoff(j.Record().Attempts) }
