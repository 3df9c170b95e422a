package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// FollowUp is work that is left after a job's end, such as a last look. It is
// durable as a job is, but nobody has a lease of it and it counts as no job.
type FollowUp struct {
	Key  string    // of its job
	Kind string    // what is to be done; a job has one follow-up of a kind
	Due  time.Time // it is done then, or later

	id   string // tells it from one that replaced it
	free bool   // its process has handed it back
}

const (
	maxFollowUps = 1000 // in a list: the oldest
	// lookEvery is how often the store is looked at for follow-ups of processes
	// that died, and rescueAfter how long they are overdue then.
	lookEvery   = 10 * time.Second
	rescueAfter = 12 * time.Second
	// followUpsAtOnce, and how long one may take.
	followUpsAtOnce = 16
	followUpTime    = 2 * time.Minute
	// giveUpAfter is how long after its first failure a follow-up is tried.
	giveUpAfter = time.Hour
)

// followUp is a follow-up's entry under followup.ID.KIND.
type followUp struct {
	Key    string    `json:"key"`
	Kind   string    `json:"kind"`
	Due    time.Time `json:"due"`
	ID     string    `json:"id"`
	Failed int       `json:"failed,omitempty"` // tries
	Since  time.Time `json:"since,omitzero"`   // the first of them
	Free   bool      `json:"free,omitempty"`   // its process has handed it back
}

func followUpKey(f FollowUp) string { return "followup." + token(f.Key) + "." + token(f.Kind) }
func followUpsOf(id string) string  { return "followup." + id + ".>" }

// decodeFollowUp returns the follow-up of an entry, or [ErrCorrupt]. It is sealed as its
// job is.
func (q *Queue) decodeFollowUp(ctx context.Context, e Entry) (followUp, error) {
	id, _, _ := strings.Cut(strings.TrimPrefix(e.Key, "followup."), ".")
	value, err := q.open(ctx, id, e)
	if errors.Is(err, ErrUnavailable) {
		return followUp{}, err
	}
	var s followUp
	if err != nil || json.Unmarshal(value, &s) != nil || s.ID == "" || e.Key != followUpKey(s.public()) {
		return followUp{}, fmt.Errorf("%w: a follow-up", ErrCorrupt)
	}
	return s, nil
}

// encodeFollowUp is the inverse of decodeFollowUp.
func (q *Queue) encodeFollowUp(ctx context.Context, s followUp) ([]byte, error) {
	value, err := encode(s)
	if err != nil {
		return nil, err
	}
	var seal seal
	err = retryStore(ctx, func(ctx context.Context) (err error) {
		seal, err = q.seal(ctx, token(s.Key))
		return err
	})
	return seal.close(followUpKey(s.public()), value), err
}

func (s followUp) public() FollowUp {
	return FollowUp{Key: s.Key, Kind: s.Kind, Due: s.Due, id: s.ID, free: s.Free}
}

// AddFollowUp makes a follow-up durable, in place of an earlier one of the same
// job and kind; the job may still run. It is kept as long as a record, unless it
// is done or its job is erased. It fails with [ErrNotFound] where the job is
// erased already, with [ErrTooLarge], [ErrFull] or [ErrUnavailable]. While the
// store does not answer, it is tried again for 30 s.
func (q *Queue) AddFollowUp(ctx context.Context, f FollowUp) error {
	if len(f.Key) > maxName || len(f.Kind) > maxName {
		return ErrTooLarge
	}
	f.id, f.Due = rand.Text(), f.Due.Round(0)
	value, err := q.encodeFollowUp(ctx, followUp{Key: f.Key, Kind: f.Kind, Due: f.Due, ID: f.id})
	if err != nil {
		return err
	}
	err = retryStore(ctx, func(ctx context.Context) error {
		if err := q.store.Put(ctx, followUpKey(f), value); err != nil {
			return err
		}
		// It may have been erased before the follow-up was there.
		s, _, err := q.state(ctx, token(f.Key))
		if err == nil && s.State == Erased {
			return errors.Join(ErrNotFound, q.store.Delete(ctx, followUpsOf(token(f.Key))))
		}
		return err
	})
	if err == nil && !q.plan.add(f) {
		q.freeFollowUps(ctx, f)
	}
	return err
}

// FollowUps returns the follow-ups that are not done, in the order in which they
// are due: of more than 1,000 those that were stored first.
func (q *Queue) FollowUps(ctx context.Context) ([]FollowUp, error) {
	entries, err := q.store.Oldest(ctx, maxFollowUps, "followup.>")
	if err != nil {
		return nil, err
	}
	list := make([]FollowUp, 0, len(entries))
	for _, e := range entries {
		s, err := q.decodeFollowUp(ctx, e)
		if errors.Is(err, ErrUnavailable) {
			return nil, err
		}
		if err != nil {
			q.config.Log.Error("removed a follow-up that cannot be read", "error", err)
			if err := q.store.Remove(ctx, e.Key, e.Revision); err != nil {
				return nil, err
			}
			continue
		}
		list = append(list, s.public())
	}
	slices.SortStableFunc(list, func(a, b FollowUp) int { return a.Due.Compare(b.Due) })
	return list, nil
}

// RemoveFollowUp removes a follow-up, and does nothing where there is none. One
// of [Queue.FollowUps] is left alone where another one has replaced it since.
func (q *Queue) RemoveFollowUp(ctx context.Context, f FollowUp) error {
	return retryStore(ctx, func(ctx context.Context) error {
		e, err := q.store.Get(ctx, followUpKey(f))
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, err := q.decodeFollowUp(ctx, e); err == nil && f.id != "" && f.id != s.ID {
			return nil
		}
		return q.store.Remove(ctx, e.Key, e.Revision)
	})
}

// RunFollowUps has follow-ups done until ctx ends, and returns when the last do
// has. It is called once in a process. Those that were added to this queue are
// done when they are due, those of an embedded store's earlier process at once,
// and those of another process 12 s later: then it has died, or has more to do. 16 are done at a
// time.
//
// When RunFollowUps ends, what is left goes to another replica at once, and so
// does what is added after that.
//
// do returns nil where the follow-up is done for good. After an error it comes
// again, in 5 s, 15 s and so on; an hour after the first failure it is given up.
// A try may take 2 minutes, until its context ends. It may come twice, and for
// something that is done already: do has to be idempotent. If do returns
// [ErrUnavailable], do is called again within the same try, for 30 s.
func (q *Queue) RunFollowUps(ctx context.Context, do func(ctx context.Context, f FollowUp) error) {
	look := make(chan struct{}, 1)
	stop, err := q.store.Listen(func(id string) {
		if id == freeSignal {
			notify(look)
		}
	})
	if err != nil { // it looks from time to time anyway
		q.config.Log.Warn("cannot hear of other replicas' follow-ups", "error", err)
	} else {
		defer stop()
	}
	var doing sync.WaitGroup
	defer func() {
		doing.Wait()
		ctx, cancel := settling(ctx)
		defer cancel()
		q.freeFollowUps(ctx, q.plan.close()...)
	}()
	doing.Go(func() { q.lookForFollowUps(ctx, look) })
	room := make(chan struct{}, followUpsAtOnce)
	for {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		next, ok := q.plan.next(ctx)
		if !ok {
			return
		}
		doing.Go(func() {
			defer func() { <-room }()
			defer q.plan.done(next.f)
			q.followUp(ctx, next, do)
		})
	}
}

// freeSignal tells that there are follow-ups which a replica has handed back. It
// is no job's id.
const freeSignal = "followups"

// freeFollowUps hands back what this process will not do any more, so that other
// replicas need not wait until it must have died.
func (q *Queue) freeFollowUps(ctx context.Context, list ...FollowUp) {
	if q.store.Session() != "" {
		return // the next process knows
	}
	freed := false
	for _, f := range list {
		e, s, ok := q.stored(ctx, f)
		if !ok {
			continue
		}
		s.Free = true
		if value, err := q.encodeFollowUp(ctx, s); err == nil && q.store.Update(ctx, e.Key, value, e.Revision) == nil {
			freed = true
		}
	}
	if freed {
		_ = q.store.Signal(ctx, freeSignal) // without it they are found a little later
	}
}

// lookForFollowUps plans those in the store that nobody else will do, from time
// to time and when it is told to.
func (q *Queue) lookForFollowUps(ctx context.Context, told <-chan struct{}) {
	var late time.Duration
	if q.store.Session() == "" { // another process may be about to do it
		late = rescueAfter
	}
	for {
		look, cancel := context.WithTimeout(ctx, lookEvery)
		list, err := q.FollowUps(look)
		cancel()
		if err != nil && ctx.Err() == nil {
			q.config.Log.Warn("could not look for follow-ups", "error", err)
		}
		for _, f := range list {
			at := f.Due
			if !f.free {
				at = at.Add(late)
			}
			if time.Until(at) < lookEvery {
				q.plan.find(planned{at: at, f: f, rescued: late > 0})
			}
		}
		timer := time.NewTimer(lookEvery)
		select {
		case <-timer.C:
		case <-told:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// followUp does one, unless it has been done, replaced or put off meanwhile.
func (q *Queue) followUp(ctx context.Context, p planned, do func(context.Context, FollowUp) error) {
	f := p.f
	e, s, ok := q.stored(ctx, f)
	if ok && p.rescued {
		e, s, ok = q.rescue(ctx, e, s)
	}
	if !ok {
		return // where it is still there, a later look finds it
	}
	err := q.try(ctx, f, do)
	if err != nil && ctx.Err() != nil {
		q.plan.again(s.public()) // a later process does it
		return
	}
	settle, cancel := settling(ctx)
	defer cancel()
	if err != nil {
		err = q.putOff(settle, e, s, err)
	} else {
		err = retryStore(settle, func(ctx context.Context) error { return q.store.Remove(ctx, e.Key, e.Revision) })
	}
	if err != nil {
		q.config.Log.Warn("could not settle a follow-up; it comes again", "request", requestID(token(f.Key)), "kind", f.Kind, "error", err)
	}
}

// stored returns a follow-up's entry; ok is false where it is not there any more
// as it was planned.
func (q *Queue) stored(ctx context.Context, f FollowUp) (e Entry, s followUp, ok bool) {
	err := retryStore(ctx, func(ctx context.Context) (err error) {
		e, err = q.store.Get(ctx, followUpKey(f))
		if err == nil {
			s, err = q.decodeFollowUp(ctx, e)
		}
		return err
	})
	return e, s, err == nil && s.ID == f.id && s.Due.Equal(f.Due)
}

// rescue makes a dead process's follow-up this one's, unless another replica was
// faster: it is due now, and not overdue for the others.
func (q *Queue) rescue(ctx context.Context, e Entry, s followUp) (Entry, followUp, bool) {
	s.Due, s.Free = time.Now().Round(0), false
	value, err := q.encodeFollowUp(ctx, s)
	if err == nil {
		err = retryStore(ctx, func(ctx context.Context) error { return q.store.Update(ctx, e.Key, value, e.Revision) })
	}
	if err != nil {
		return e, s, false
	}
	return q.stored(ctx, s.public())
}

// try does a follow-up, again while the store does not answer. A panic is a failure.
func (q *Queue) try(ctx context.Context, f FollowUp, do func(context.Context, FollowUp) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, followUpTime)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			q.config.Log.Error("a follow-up panicked", "kind", f.Kind, "fault", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	if f.Kind == eraseKind {
		do = q.eraseDue
	}
	return repeat(ctx, func(ctx context.Context) error { return do(ctx, f) })
}

// putOff keeps a follow-up that failed for a later try, or gives it up.
func (q *Queue) putOff(ctx context.Context, e Entry, s followUp, failure error) error {
	now := time.Now()
	s.Failed++
	if s.Since.IsZero() {
		s.Since = now.Round(0)
	}
	left := giveUpAfter - now.Sub(s.Since)
	log := q.config.Log.With("request", requestID(token(s.Key)), "kind", s.Kind, "tries", s.Failed)
	if left <= 0 {
		log.Error("gave a follow-up up", "error", failure)
		return retryStore(ctx, func(ctx context.Context) error { return q.store.Remove(ctx, e.Key, e.Revision) })
	}
	log.Warn("a follow-up failed", "error", failure)
	s.Due = now.Add(min(backoff(s.Failed-1), left)).Round(0)
	value, err := q.encodeFollowUp(ctx, s)
	if err != nil {
		return err
	}
	err = retryStore(ctx, func(ctx context.Context) error { return q.store.Update(ctx, e.Key, value, e.Revision) })
	if errors.Is(err, errConflict) {
		return nil // it was replaced, removed or erased
	}
	if err == nil {
		q.plan.again(s.public())
	}
	return err
}
