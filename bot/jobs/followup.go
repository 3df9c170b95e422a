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

	"slackocr/bot/jobs/kv"
)

// FollowUp is work after a job's end, such as a last look. A follow-up is as
// durable as a job, but is not leased and does not count as a job.
type FollowUp struct {
	Key  string    // key of the job
	Kind string    // kind of the work; a job has at most one follow-up of a kind
	Due  time.Time // earliest time of the work

	id   string // distinguishes the follow-up from its replacement
	free bool   // its process handed the follow-up back
}

const (
	maxFollowUps = 1000 // in a list: the oldest
	// lookEvery is the time between two searches of the store for follow-ups
	// of processes that died, and rescueAfter the delay after which a
	// follow-up counts as such.
	lookEvery   = 10 * time.Second
	rescueAfter = 12 * time.Second
	// followUpsAtOnce bounds concurrent follow-ups, and the next constant the
	// time of each.
	followUpsAtOnce = 16
	followUpTime    = 2 * time.Minute
	// giveUpAfter is the time after its first failure at which a follow-up is
	// given up.
	giveUpAfter = time.Hour
)

// followUp is a follow-up's entry under followup.ID.KIND.
type followUp struct {
	Key    string    `json:"key"`
	Kind   string    `json:"kind"`
	Due    time.Time `json:"due"`
	ID     string    `json:"id"`
	Failed int       `json:"failed,omitempty"` // failed tries
	Since  time.Time `json:"since,omitzero"`   // time of the first failure
	Free   bool      `json:"free,omitempty"`   // its process handed the follow-up back
}

func followUpKey(f FollowUp) string { return "followup." + token(f.Key) + "." + token(f.Kind) }
func followUpsOf(id string) string  { return "followup." + id + ".>" }

// decodeFollowUp returns the follow-up of an entry, or [ErrCorrupt]. The seal
// is that of the job.
func (q *Queue) decodeFollowUp(ctx context.Context, e kv.Entry) (followUp, error) {
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

// AddFollowUp stores a follow-up, in place of an earlier one of the same job
// and kind; the job may still run. A follow-up is kept as long as a record,
// unless it is done or its job is erased. The error is [ErrNotFound] if the
// job is erased already, or [ErrTooLarge], [ErrFull] or [ErrUnavailable].
// While the store does not answer, AddFollowUp retries for 30 s.
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
		// The job may have been erased before the follow-up was stored.
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

// FollowUps returns the follow-ups that are not done, in the order of their
// due times. If there are more than 1,000, the result has those that were
// stored first.
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

// RemoveFollowUp removes a follow-up, if it exists. A follow-up from
// [Queue.FollowUps] is not removed if another has replaced it since.
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

// RunFollowUps does follow-ups until ctx ends, and returns when the last do
// has returned. A process must call RunFollowUps once. Follow-ups that were
// added to this queue are done when due; those of an earlier process on an
// embedded store at once; and those of another process 12 s after they are
// due, when that process has died or has too much to do. 16 run at a time.
//
// When RunFollowUps ends, the remaining follow-ups go to another replica at
// once, and so do later ones.
//
// If do returns nil, the follow-up is done for good. After an error do is
// called again, in 5 s, 15 s and so on; an hour after the first failure the
// follow-up is given up. The context of a call ends after 2 minutes. do must
// be idempotent, because a follow-up may be done twice. If do returns
// [ErrUnavailable], do is called again within the same try, for 30 s.
func (q *Queue) RunFollowUps(ctx context.Context, do func(ctx context.Context, f FollowUp) error) {
	look := make(chan struct{}, 1)
	stop, err := q.store.Listen(signalSubject, func(id string) {
		if id == freeSignal {
			notify(look)
		}
	})
	if err != nil { // a later search finds the follow-ups
		q.config.Log.Warn("cannot receive other replicas' follow-ups", "error", err)
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

// freeSignal announces that a replica handed follow-ups back. It is not the id
// of a job.
const freeSignal = "followups"

// freeFollowUps hands follow-ups back that this process will not do, so that
// other replicas need not wait.
func (q *Queue) freeFollowUps(ctx context.Context, list ...FollowUp) {
	if q.store.Session() != "" {
		return // the next process does them
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
		_ = q.store.Signal(ctx, signalSubject, freeSignal) // without the signal they are found a little later
	}
}

// lookForFollowUps searches the store for follow-ups that nobody else will do,
// regularly and after a signal.
func (q *Queue) lookForFollowUps(ctx context.Context, told <-chan struct{}) {
	var late time.Duration
	if q.store.Session() == "" { // another process may be about to do the follow-up
		late = rescueAfter
	}
	for {
		look, cancel := context.WithTimeout(ctx, lookEvery)
		list, err := q.FollowUps(look)
		cancel()
		if err != nil && ctx.Err() == nil {
			q.config.Log.Warn("could not list follow-ups", "error", err)
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

// followUp does a planned follow-up, unless it was done, replaced or put off
// meanwhile.
func (q *Queue) followUp(ctx context.Context, p planned, do func(context.Context, FollowUp) error) {
	f := p.f
	e, s, ok := q.stored(ctx, f)
	if ok && p.rescued {
		e, s, ok = q.rescue(ctx, e, s)
	}
	if !ok {
		return // a later search finds the follow-up if it still exists
	}
	err := q.try(ctx, f, do)
	if err != nil && ctx.Err() != nil {
		q.plan.again(s.public()) // a later process does the follow-up
		return
	}
	settle, cancel := settling(ctx)
	defer cancel()
	if err != nil {
		err = q.putOff(settle, e, s, err)
	} else {
		err = q.RemoveFollowUp(settle, s.public()) // also if another process has taken it over
	}
	if err != nil {
		q.config.Log.Warn("could not settle a follow-up; it will run again", "request", requestID(token(f.Key)), "kind", f.Kind, "error", err)
	}
}

// HasFollowUp reports whether a follow-up is still to be done, by this process or another
// one. If the store does not answer, the error is [ErrUnavailable].
func (q *Queue) HasFollowUp(ctx context.Context, f FollowUp) (bool, error) {
	e, err := q.store.Get(ctx, followUpKey(f))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s, err := q.decodeFollowUp(ctx, e)
	if errors.Is(err, ErrUnavailable) {
		return false, err
	}
	return err == nil && s.ID == f.id, nil
}

// stored returns a follow-up's entry. If the entry is gone or has changed, ok
// is false.
func (q *Queue) stored(ctx context.Context, f FollowUp) (e kv.Entry, s followUp, ok bool) {
	err := retryStore(ctx, func(ctx context.Context) (err error) {
		e, err = q.store.Get(ctx, followUpKey(f))
		if err == nil {
			s, err = q.decodeFollowUp(ctx, e)
		}
		return err
	})
	return e, s, err == nil && s.ID == f.id && s.Due.Equal(f.Due)
}

// rescue takes over a dead process's follow-up, unless another replica was
// faster: the follow-up becomes due now, and is no longer overdue for the
// others.
func (q *Queue) rescue(ctx context.Context, e kv.Entry, s followUp) (kv.Entry, followUp, bool) {
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

// try does a follow-up, and repeats it while the store does not answer. A
// panic counts as a failure.
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

// putOff schedules a later try of a failed follow-up, or gives it up.
func (q *Queue) putOff(ctx context.Context, e kv.Entry, s followUp, failure error) error {
	now := time.Now()
	s.Failed++
	if s.Since.IsZero() {
		s.Since = now.Round(0)
	}
	left := giveUpAfter - now.Sub(s.Since)
	log := q.config.Log.With("request", requestID(token(s.Key)), "kind", s.Kind, "tries", s.Failed)
	if left <= 0 {
		log.Error("gave up on a follow-up", "error", failure)
		return retryStore(ctx, func(ctx context.Context) error { return q.store.Remove(ctx, e.Key, e.Revision) })
	}
	log.Warn("a follow-up failed", "error", failure)
	s.Due = now.Add(min(backoff(s.Failed-1), left)).Round(0)
	value, err := q.encodeFollowUp(ctx, s)
	if err != nil {
		return err
	}
	err = retryStore(ctx, func(ctx context.Context) error { return q.store.Update(ctx, e.Key, value, e.Revision) })
	if errors.Is(err, kv.ErrConflict) {
		return nil // replaced, removed or erased
	}
	if err == nil {
		q.plan.again(s.public())
	}
	return err
}
