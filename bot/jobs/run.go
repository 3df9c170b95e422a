package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// pause is how long a queue waits after the store failed, and a lease that
	// cannot be used now.
	pause = time.Second
	// settling bounds what a queue itself still writes for a job.
	settling = time.Second
	// announcing is how often a replica says that it is there; it is forgotten
	// after three times of silence.
	announcing = 5 * time.Second
)

// Run leases jobs and works on each in a goroutine of its own until ctx ends.
// It leases no more then; the contexts of those that run end after the grace
// with [ErrClosing], what is not finished is handed back, and Run returns nil
// when all have returned. It ends by itself with [ErrBroken]. Run is called
// once.
//
// work settles its job with Done, Retry or Release. Where it does not, the job
// is handed back when the queue stops, and has failed once more otherwise;
// a panic counts as that. A work whose context ended with [ErrLost] just
// returns.
func (q *Queue) Run(ctx context.Context, work func(ctx context.Context, j *Job)) error {
	stop, err := q.store.Listen(func(id string) {
		q.mu.Lock()
		defer q.mu.Unlock()
		if j := q.running[id]; j != nil {
			j.poke()
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
	for lease := range q.leases(ctx, room) {
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

// leases yields leases until ctx ends. Each takes a place in room.
func (q *Queue) leases(ctx context.Context, room chan<- struct{}) iter.Seq[Lease] {
	return func(yield func(Lease) bool) {
		for {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			lease, ok := q.lease(ctx)
			if !ok || !yield(lease) {
				return
			}
		}
	}
}

// lease waits for a lease; ok is false when ctx has ended.
func (q *Queue) lease(ctx context.Context) (l Lease, ok bool) {
	for failed := false; ; failed = true {
		l, err := q.store.Lease(ctx)
		switch {
		case err == nil:
			return l, true
		case ctx.Err() != nil:
			return nil, false
		case !failed:
			q.config.Log.Error("no jobs from the store", "error", err)
		}
		if !sleep(ctx, pause) {
			return nil, false
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (q *Queue) announce(ctx context.Context, broken context.CancelCauseFunc) {
	for {
		n, err := q.store.Announce(ctx, q.id, 3*announcing)
		switch {
		case err == nil:
			q.replicas.Store(int64(n))
			q.answered.Store(time.Now().UnixNano())
			q.measure(ctx)
		case errors.Is(err, ErrBroken):
			broken(err)
			return
		}
		if !sleep(ctx, announcing) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
			defer cancel()
			_, _ = q.store.Announce(ctx, q.id, 0) // it is forgotten anyway, only later
			return
		}
	}
}

// measure counts what is not finished. A count that fails is made the next time.
func (q *Queue) measure(ctx context.Context) {
	if n, err := q.store.Unfinished(ctx); err == nil {
		q.length.Store(int64(n))
	}
}

// take makes a lease a job and has it worked on.
func (q *Queue) take(ctx, working context.Context, lease Lease, work func(context.Context, *Job)) {
	id := idOf(lease.Entry().Key)
	j := &Job{q: q, id: id, lease: lease, owner: rand.Text(), look: make(chan struct{}, 1)}
	q.mu.Lock()
	_, busy := q.running[id]
	if !busy {
		q.running[id] = j
	}
	q.mu.Unlock()
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if busy {
		// Its lease has lapsed, or it is stored anew. The work here has to end
		// first, which it does with its lease.
		_ = lease.Return(settle, pause)
		return
	}
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.running, id)
	}()

	if ctx.Err() != nil {
		_ = lease.Return(settle, 0) // it came too late to begin
		return
	}
	if ok := q.claim(settle, j); ok {
		q.work(ctx, working, j, work)
	}
}

var (
	errFinished = errors.New("the job is finished")
	errEarly    = errors.New("the job waits for its next attempt")
	errStale    = errors.New("the lease is older than the job's last one")
)

// claim makes a job this worker's own.
func (q *Queue) claim(ctx context.Context, j *Job) bool {
	var notBefore time.Time
	o, err := decodeOrder(j.lease.Entry().Value)
	if err == nil {
		notBefore, err = q.own(ctx, j, o)
	}
	var wait time.Duration
	switch {
	case err == nil:
		return true
	case errors.Is(err, errStale):
		return false // it is somebody else's: leave it alone
	case errors.Is(err, errFinished):
		err = j.lease.Finish(ctx)
	case errors.Is(err, ErrCorrupt):
		// It stays where it is, for a person to look at, out of the line.
		q.config.Log.Error("set a corrupt record aside", "id", j.id, "error", err)
		err = j.lease.Finish(ctx)
	case errors.Is(err, errEarly):
		wait = time.Until(notBefore)
		fallthrough
	default:
		if !errors.Is(err, errEarly) {
			q.config.Log.Error("could not take a job", "id", j.id, "error", err)
		}
		err = j.lease.Return(ctx, max(wait, pause))
	}
	if err != nil {
		q.config.Log.Warn("could not give a lease back; it lapses", "id", j.id, "error", err)
	}
	return false
}

// own writes the job's owner, after the lease was renewed: from here on its
// end is known. Where it is too early for that, it returns until when.
func (q *Queue) own(ctx context.Context, j *Job, o order) (notBefore time.Time, err error) {
	asked := time.Now()
	if err := j.lease.Renew(ctx); err != nil {
		return time.Time{}, err
	}
	mine := turn{j.lease.Entry().Revision, j.lease.Delivery()}
	s, err := q.change(ctx, j.id, func(s *state) error {
		switch {
		case s.State.final():
			return errFinished
		case s.Owner == j.owner:
			return nil // written before, though the store said otherwise
		case !s.Turn.before(mine):
			return errStale
		case s.StoppedBy == "" && time.Until(s.NotBefore) > 0:
			return errEarly
		}
		s.State, s.Owner, s.Turn, s.NotBefore = Running, j.owner, mine, time.Time{}
		return nil
	})
	if err != nil {
		return s.NotBefore, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.order, j.state, j.until = o, s, asked.Add(q.config.LeaseFor)
	return time.Time{}, nil
}

// work runs one job and leaves it settled.
func (q *Queue) work(ctx, working context.Context, j *Job, work func(context.Context, *Job)) {
	jobCtx, end := context.WithCancelCause(working)
	j.end = end
	defer end(nil)
	if j.Record().StoppedBy != "" {
		end(ErrStopped)
	}
	var keeper sync.WaitGroup
	defer keeper.Wait()
	keeping, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	keeper.Go(func() { j.keep(keeping) })
	defer func() {
		if fault := recover(); fault != nil {
			q.config.Log.Error("a job panicked", "id", j.id, "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		}
		q.settle(ctx, j)
	}()
	work(jobCtx, j)
}

// settle ends what the work left open.
func (q *Queue) settle(ctx context.Context, j *Job) {
	if j.settled() {
		return
	}
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	var err error
	if stopping {
		err = j.Release(ctx)
	} else {
		q.config.Log.Error("a job was left unfinished", "id", j.id)
		var last bool
		if last, err = j.Retry(ctx, pause); last && err == nil {
			err = j.Done(ctx, Failed)
		}
	}
	if err != nil && !errors.Is(err, ErrLost) {
		q.config.Log.Warn("could not settle a job; its lease lapses", "id", j.id, "error", err)
	}
}
