package jobs

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Job is a job that a worker has the lease of. Its methods write in the
// worker's name, and fail with [ErrLost] when that is not the owner any more.
// They take contexts of their own, so that a job can be settled after the
// work's context has ended.
type Job struct {
	q     *Queue
	id    string
	lease Lease
	owner string
	end   context.CancelCauseFunc // ends the work's context
	look  chan struct{}           // asks for a look at the state

	mu    sync.Mutex // guards what follows
	order order      // does not change once the job is claimed
	state state      // as last seen
	until time.Time  // the lease lasts
	over  bool       // lost or settled: nothing may be written
	last  bool       // the write that gives the job away is under way
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
// in that context is over, or given up, before another worker begins.
func (j *Job) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := j.check(ctx); err != nil {
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

// write changes the state in the worker's name.
func (j *Job) write(ctx context.Context, edit func(*state)) error {
	if j.settled() {
		return ErrLost
	}
	s, err := j.q.change(ctx, j.id, func(s *state) error {
		if s.Owner != j.owner {
			return ErrLost
		}
		edit(s)
		return nil
	})
	if errors.Is(err, ErrLost) {
		j.lose()
	}
	if err != nil {
		return err
	}
	if s.Owner == "" { // handed on by this very write
		return nil
	}
	return j.seen(s)
}

// Save keeps what a worker needs who goes on with the job, as JSON of 256 KiB
// at most ([ErrTooLarge]).
func (j *Job) Save(ctx context.Context, progress any) error {
	value, err := encode(progress)
	if err != nil {
		return err
	}
	if len(value) > maxJSON {
		return ErrTooLarge
	}
	return j.write(ctx, func(s *state) { s.Progress = value })
}

// Done finishes the job for good as Done, Failed or Stopped. Its pages stay as
// long as its record.
func (j *Job) Done(ctx context.Context, as State) error {
	if as != Done && as != Failed && as != Stopped {
		panic("jobs: Done as " + string(as))
	}
	return j.settle(ctx, func(s *state) { s.State, s.Owner = as, "" }, j.lease.Finish)
}

// Retry counts a failed attempt. The next one comes after a while, or at once
// where a person stopped the job. When last is true there is none: the job is
// still this worker's, who says so and calls Done.
func (j *Job) Retry(ctx context.Context, after time.Duration) (last bool, err error) {
	if j.Record().Attempts+1 >= j.q.config.MaxAttempts {
		return true, j.write(ctx, func(s *state) { s.Attempts = j.q.config.MaxAttempts })
	}
	err = j.settle(ctx, func(s *state) {
		if s.StoppedBy != "" {
			after = 0
		}
		s.State, s.Owner, s.Attempts = Queued, "", s.Attempts+1
		s.NotBefore = time.Now().Add(after)
	}, func(ctx context.Context) error { return j.lease.Return(ctx, after) })
	return false, err
}

// Release hands the job back: no attempt, and the next worker begins at once.
func (j *Job) Release(ctx context.Context) error {
	return j.settle(ctx, func(s *state) { s.State, s.Owner = Queued, "" },
		func(ctx context.Context) error { return j.lease.Return(ctx, 0) })
}

// settle writes the last state and then ends the lease. What happens to the
// lease is of no consequence for the job: one that lapses is leased again, and
// the state says what to do with it.
func (j *Job) settle(ctx context.Context, edit func(*state), endLease func(context.Context) error) error {
	j.giving(true)
	if err := j.write(ctx, edit); err != nil {
		j.giving(false)
		return err
	}
	j.mu.Lock()
	j.over = true
	j.mu.Unlock()
	if err := endLease(ctx); err != nil {
		j.q.config.Log.Warn("could not end a lease; it lapses", "id", j.id, "error", err)
	}
	return nil
}

func (j *Job) giving(away bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = away
}

func (j *Job) poke() {
	select {
	case j.look <- struct{}{}:
	default: // it looks anyway
	}
}

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
		j.q.config.Log.Warn("could not renew a lease", "id", j.id, "error", err)
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.until = asked.Add(j.q.config.LeaseFor)
	return true
}

// LastAttempt reports whether a failure now would be the last one.
func (j *Job) LastAttempt() bool { return j.Record().Attempts+1 >= j.q.config.MaxAttempts }
