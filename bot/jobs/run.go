package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"sync"
	"time"

	"slackocr/bot/guard"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/sleep"
)

const (
	// leasePause is the time until the next try after a failure of the store, and
	// until a lease that cannot be used now is given out again.
	leasePause = time.Second
	// claimTimeout bounds the calls before a job's work and the last calls of a
	// lease or a queue.
	claimTimeout = time.Second
	// announceInterval is the time between two announcements of a replica. After
	// three missed announcements the replica is forgotten.
	announceInterval = 5 * time.Second
)

// Run leases jobs and works on each in a goroutine of its own until ctx ends.
// Then Run leases no more, the contexts of running jobs end after the grace
// with [ErrClosing], unfinished jobs are handed back, and Run returns nil when
// all goroutines have ended. If the store is broken, Run returns [ErrBroken].
// Run must be called once.
//
// The error that the work returns decides about the job:
//   - nil: done, or stopped if a person stopped the job.
//   - [Retry]: the attempt failed. There are [Config.MaxAttempts] attempts in all; then the job has failed.
//   - [Cancel]: failed, or stopped.
//   - [Handoff]: handed back, and no attempt is counted.
//   - An error that wraps [ErrLost]: another worker has the job.
//   - An error that wraps [ErrClosing], [ErrUnavailable] or [ErrFull]: as Handoff.
//   - An error that wraps [ErrStopped]: as Cancel.
//   - Any other error, and a panic: as Retry after the queue's own time.
//
// An error that only says that the work's context was cancelled, or that the
// store did not answer because of that, counts as the cause of the context.
func (q *Queue) Run(ctx context.Context, work func(ctx context.Context, j *Job) error) error {
	stop, err := q.store.Listen(signalSubject, func(id string) {
		q.mu.Lock()
		defer q.mu.Unlock()
		if j := q.running[id]; j != nil {
			j.wake()
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	ctx, broken := context.WithCancelCause(ctx)
	defer broken(nil)
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { q.announce(ctx, broken) })

	working, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	var jobs sync.WaitGroup
	room := make(chan struct{}, q.config.MaxLeased)
	for lease := range q.leases(ctx, kv.Jobs, room) {
		jobs.Go(func() {
			defer func() { <-room }()
			q.take(ctx, working, lease, work)
		})
	}
	grace := time.AfterFunc(q.config.Grace, func() { end(ErrClosing) })
	defer grace.Stop()
	jobs.Wait()
	if err := context.Cause(ctx); errors.Is(err, ErrBroken) {
		return err
	}
	return nil
}

// leases yields leases of a queue until ctx ends. Each lease takes a place in room.
func (q *Queue) leases(ctx context.Context, queue string, room chan<- struct{}) iter.Seq[kv.Lease] {
	return func(yield func(kv.Lease) bool) {
		for {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			lease, ok := q.lease(ctx, queue)
			if !ok || !yield(lease) {
				return
			}
		}
	}
}

// lease waits for a lease. When ctx ends, ok is false. One failure is no news: a busy
// machine may miss the server's heartbeat. The second one in a row is logged.
func (q *Queue) lease(ctx context.Context, queue string) (l kv.Lease, ok bool) {
	for failures := 1; ; failures++ {
		l, err := q.store.Lease(ctx, queue)
		switch {
		case err == nil:
			return l, true
		case ctx.Err() != nil:
			return nil, false
		case failures == 2:
			q.config.Log.Error("could not get work from the store", "queue", queue, "error", err)
		}
		if sleep.For(ctx, leasePause) != nil {
			return nil, false
		}
	}
}

func (q *Queue) announce(ctx context.Context, broken context.CancelCauseFunc) {
	for {
		n, err := q.store.Announce(ctx, q.id, 3*announceInterval)
		switch {
		case err == nil:
			q.replicas.Store(int64(n))
			q.answered.Store(time.Now().UnixNano())
			if length, err := q.store.Unfinished(ctx); err == nil { // otherwise the next count is as good
				q.length.Store(int64(length))
			}
		case errors.Is(err, ErrBroken):
			broken(err)
			return
		}
		if sleep.For(ctx, announceInterval) != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
			defer cancel()
			_, _ = q.store.Announce(ctx, q.id, 0) // it is forgotten anyway, only later
			return
		}
	}
}

// take makes a job of a lease and has work run.
func (q *Queue) take(ctx, working context.Context, lease kv.Lease, work func(context.Context, *Job) error) {
	id := idOf(lease.Entry().Key)
	j := &Job{q: q, id: id, lease: lease, owner: rand.Text(), recheck: make(chan struct{}, 1)}
	q.mu.Lock()
	_, busy := q.running[id]
	if !busy {
		q.running[id] = j
	}
	q.mu.Unlock()
	claim, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	if busy {
		// The lease has lapsed, or the job was stored anew. The work here ends
		// with its lease and must end first.
		_ = lease.Return(claim, leasePause)
		return
	}
	defer q.drop(j)
	if ctx.Err() != nil {
		_ = lease.Return(claim, 0) // too late to start
		return
	}
	if ok := q.claim(claim, j); ok {
		q.work(ctx, working, j, work)
	}
}

// drop records that this queue no longer works on a job.
func (q *Queue) drop(j *Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running[j.id] == j {
		delete(q.running, j.id)
	}
}

var (
	errFinished = errors.New("the job is finished")
	errEarly    = errors.New("the job waits for its next attempt")
	errStale    = errors.New("the lease is older than the job's last one")
)

// claim makes this worker the owner of a job.
func (q *Queue) claim(ctx context.Context, j *Job) bool {
	wait, err := q.own(ctx, j)
	switch {
	case err == nil:
		return true
	case errors.Is(err, errStale):
		return false // another worker owns the job
	case errors.Is(err, errFinished):
		err = j.lease.Finish(ctx)
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrNotFound):
		// The record stays in the store, for a person to examine, but is not
		// leased again.
		q.config.Log.Error("set aside a corrupt record", "request", requestID(j.id), "error", err)
		err = j.lease.Finish(ctx)
	case errors.Is(err, errEarly):
		err = j.lease.Return(ctx, max(wait, leasePause))
	default:
		q.config.Log.Error("could not lease a job", "request", requestID(j.id), "error", err)
		err = j.lease.Return(ctx, leasePause)
	}
	if err != nil {
		q.config.Log.Warn("could not return a lease; it will expire", "request", requestID(j.id), "error", err)
	}
	return false
}

// leased returns the spec of a lease, and loads the seal of the job.
func (q *Queue) leased(ctx context.Context, j *Job) (spec, error) {
	s, _, err := q.state(ctx, j.id)
	if err == nil && s.State.final() {
		err = errFinished
	}
	if err != nil {
		return spec{}, err
	}
	seal, err := q.makeSeal(ctx, j.id)
	if err != nil {
		return spec{}, err
	}
	value, err := seal.open(j.lease.Entry())
	if err != nil {
		return spec{}, err
	}
	j.mu.Lock()
	j.seal = seal
	j.mu.Unlock()
	return decodeSpec(value)
}

// own writes the job's owner after a renewal of the lease, whose end is
// therefore known. If the next attempt is not due yet, wait is the time until
// then.
func (q *Queue) own(ctx context.Context, j *Job) (wait time.Duration, err error) {
	sp, err := q.leased(ctx, j)
	if err != nil {
		return 0, err
	}
	asked := time.Now()
	if err := j.lease.Renew(ctx); err != nil {
		return 0, err
	}
	mine := leaseSeq{j.lease.Entry().Revision, j.lease.Delivery(), q.store.Session()}
	s, err := q.change(ctx, j.id, func(s *state) error {
		switch {
		case s.State.final():
			return errFinished
		case s.Owner == j.owner:
			return nil // written before, although the store reported a failure
		case !s.LeaseSeq.before(mine):
			return errStale
		case s.StoppedBy == "" && time.Until(s.NotBefore) > 0:
			return errEarly
		}
		s.State, s.Owner, s.LeaseSeq, s.NotBefore = Running, j.owner, mine, time.Time{}
		return nil
	})
	if err != nil {
		return time.Until(s.NotBefore), err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.spec, j.state, j.until = sp, s, asked.Add(q.config.LeaseFor)
	return 0, nil
}

// work runs one job and settles it.
func (q *Queue) work(ctx, working context.Context, j *Job, work func(context.Context, *Job) error) {
	jobCtx, end := context.WithCancelCause(working)
	j.endWork = end
	defer end(nil)
	if j.Record().StoppedBy != "" {
		end(ErrStopped)
	}
	var keeper sync.WaitGroup
	defer keeper.Wait()
	keeping, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	keeper.Go(func() { j.keep(keeping) })
	err := guard.ErrPanicked // also if the goroutine called runtime.Goexit
	defer func() { q.settle(ctx, j, judge(jobCtx, err)) }()
	err = guard.Run(q.config.Log.With("request", requestID(j.id)), "a job panicked", func() error { return work(jobCtx, j) })
}
