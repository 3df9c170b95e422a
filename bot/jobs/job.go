package jobs

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Job is a job that a worker has the lease of. Its methods write in the
// worker's name, and fail with [ErrLost] when that is not the owner any more.
// They take contexts of their own, so that the last words can be written after
// the work's context has ended.
type Job struct {
	q     *Queue
	id    string
	lease Lease
	owner string
	end   context.CancelCauseFunc // ends the work's context
	look  chan struct{}           // asks for a look at the state

	mu    sync.Mutex   // guards what follows
	order order        // does not change once the job is claimed
	state state        // as last seen
	seal  seal         // of what is stored of the job
	pages map[int]seal // of the pages that it saved
	until time.Time    // the lease lasts
	over  bool         // lost or settled: nothing may be written
	last  bool         // the write that gives the job away is under way
	items map[*itemContext]struct{}
	told  func(State, error) // nil, or what OnSettled was given
}

// OnSettled sets what is called when the job has been settled: with Done, Failed
// or Stopped where it is finished, and with Queued where an attempt failed and
// another one comes, which begins after the call. err is what the work returned.
// The call comes from the work's goroutine, and not for a job that was lost or
// handed back.
func (j *Job) OnSettled(call func(as State, err error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.told = call
}

func (j *Job) tellSettled(as State, err error) {
	j.mu.Lock()
	call := j.told
	j.mu.Unlock()
	if call != nil {
		call(as, err)
	}
}

// Record returns the job's record as last seen.
func (j *Job) Record() Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.order.record(j.state)
}

// running returns the record, and whether the job is still this worker's.
func (j *Job) running() (Record, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.order.record(j.state), j.state.Owner == j.owner && !j.over
}

// Fence goes before each write to the outside. It makes sure that the job is
// still this worker's, and returns a context that ends with the lease. A write
// in that context is over, or given up, before another worker begins. While the
// store does not answer, it is asked again for 30 s.
func (j *Job) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := retryStore(ctx, j.check); err != nil {
		return nil, nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.over || !time.Now().Before(j.until) {
		return nil, nil, ErrLost
	}
	ctx, cancel := context.WithDeadlineCause(ctx, j.until, ErrLost)
	return ctx, cancel, nil
}

// check looks at the state in the store.
func (j *Job) check(ctx context.Context) error {
	if j.settled() {
		return ErrLost
	}
	s, _, err := j.q.state(ctx, j.id)
	if err != nil {
		return err
	}
	return j.seen(s)
}

// seen takes a state that was read from the store, or written to it.
func (j *Job) seen(s state) error {
	if s.Owner != j.owner {
		j.lose()
		return ErrLost
	}
	if s.StoppedBy != "" {
		j.end(ErrStopped)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if s.Changes > j.state.Changes { // a slow look may come after a write
		j.state = s
		j.stopItems()
	}
	return nil
}

func (j *Job) lose() {
	j.mu.Lock()
	mine := j.last || j.over // it is given away, not lost
	j.over = true
	j.mu.Unlock()
	if !mine {
		j.end(ErrLost)
	}
}

// settled reports whether there is nothing left to do for this worker.
func (j *Job) settled() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.over
}

// write changes the state in the worker's name, and returns it.
func (j *Job) write(ctx context.Context, edit func(*state)) (state, error) {
	if j.settled() {
		return state{}, ErrLost
	}
	j.mu.Lock()
	mine, giving := j.state.Turn, j.last
	j.mu.Unlock()
	s, err := j.q.change(ctx, j.id, func(s *state) error {
		switch {
		case s.Owner == j.owner:
			edit(s)
			return nil
		case giving && s.Owner == "" && s.Turn == mine:
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
	return s, j.seen(s)
}

// errGiven means that a worker gave its job away by an earlier write, of which
// the store only said that it failed.
var errGiven = errors.New("the job was given away before")

// Save keeps what a worker needs who goes on with the job, as JSON of 256 KiB
// at most ([ErrTooLarge]). While the store does not answer, it is tried again for
// 30 s.
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

// done finishes the job for good as Done, Failed or Stopped. One that a person
// stopped is never Done. Its pages stay as long as its record.
func (j *Job) done(ctx context.Context, as State) (State, error) {
	return j.settle(ctx, func(s *state) {
		s.State, s.Owner = as, ""
		if as == Done && s.StoppedBy != "" {
			s.State = Stopped
		}
	})
}

// retry counts a failed attempt. The next one comes after a while, 0 being the
// queue's own, or at once where a person stopped the job. After the last one
// there is none: the job has failed.
func (j *Job) retry(ctx context.Context, after time.Duration) (State, error) {
	return j.settle(ctx, func(s *state) {
		wait := after
		switch {
		case s.StoppedBy != "":
			wait = 0
		case wait == 0:
			wait = backoff(s.Attempts)
		}
		s.State, s.Owner, s.Attempts = Queued, "", s.Attempts+1
		s.NotBefore = time.Now().Add(wait)
		if s.Attempts >= j.q.config.MaxAttempts {
			s.State, s.NotBefore = Failed, time.Time{}
		}
	})
}

// release hands the job back: no attempt, and the next worker begins after a
// while, or at once.
func (j *Job) release(ctx context.Context, after time.Duration) (State, error) {
	return j.settle(ctx, func(s *state) {
		s.State, s.Owner = Queued, ""
		if after > 0 {
			s.NotBefore = time.Now().Add(after)
		}
	})
}

// settle writes the last state, and returns what the job is now.
func (j *Job) settle(ctx context.Context, edit func(*state)) (State, error) {
	j.giving(true)
	s, err := j.write(ctx, edit)
	if err != nil {
		j.giving(false)
		return "", err
	}
	j.mu.Lock()
	j.over, j.state = true, s
	j.mu.Unlock()
	return s.State, nil
}

// endLease gives the lease of a settled job back. What happens to it is of no
// consequence for the job: one that lapses is leased again, and the state says
// what to do with it.
func (j *Job) endLease(ctx context.Context) {
	j.q.drop(j) // or it would be busy when the lease is given out again
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
		j.q.config.Log.Warn("could not end a lease; it lapses", "request", requestID(j.id), "error", err)
	}
}

func (j *Job) giving(away bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = away
}

func (j *Job) poke() { notify(j.look) }

// keep renews the lease and looks out for a stop and for other owners. It loses
// the job when the lease could not be renewed in time.
func (j *Job) keep(ctx context.Context) {
	every := j.q.config.LeaseFor * 3 / 10
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	lapse := time.NewTimer(time.Until(j.ends()))
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
				lapse.Reset(time.Until(j.ends()))
			}
		case <-j.look:
		}
		// A frozen process wakes up with all its timers due: this one rules.
		if !time.Now().Before(j.ends()) {
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

func (j *Job) ends() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.until
}

func (j *Job) renew(ctx context.Context, within time.Duration) bool {
	asked := time.Now()
	if j.settled() || !asked.Before(j.ends()) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := j.lease.Renew(ctx); err != nil {
		j.q.config.Log.Warn("could not renew a lease", "request", requestID(j.id), "error", err)
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.until = asked.Add(j.q.config.LeaseFor)
	return true
}

// LastAttempt reports whether a failure now would be the last one.
func (j *Job) LastAttempt() bool { return j.Record().Attempts+1 >= j.q.config.MaxAttempts }

// Backoff is how long the next attempt is waited for after a failure now, where
// the work names no time: 5 s after the first one, then 15, 45 and 135 s.
func (j *Job) Backoff() time.Duration { return backoff(j.Record().Attempts) }
