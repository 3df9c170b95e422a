package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"slackocr/bot/guard"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/sleep"
)

// FollowUp is work after a job's end, such as a last look. A follow-up is as
// durable as a job and is leased in the same way, but does not count as a job.
type FollowUp struct {
	Key  string    `json:"key"`  // key of the job
	Kind string    `json:"kind"` // kind of the work; a job has at most one follow-up of a kind
	Due  time.Time `json:"due"`  // earliest time of the work
}

const (
	// followUpsAtOnce bounds the follow-ups that a queue does at once, and
	// followUpTimeout the time of each.
	followUpsAtOnce = 16
	followUpTimeout = 2 * time.Minute
	// giveUpAfter is the time after its first failure at which a follow-up is
	// given up.
	giveUpAfter = time.Hour
)

// followUp is a follow-up's entry under followup.ID.KIND.
type followUp struct {
	FollowUp
	ID     string    `json:"id"`               // for replicas of an earlier version, which remove an entry without one
	Failed int       `json:"failed,omitempty"` // failed tries
	Since  time.Time `json:"since,omitzero"`   // time of the first failure
}

func (f FollowUp) entryKey() string { return kv.FollowUps + "." + token(f.Key) + "." + token(f.Kind) }
func followUpsOf(id string) string  { return kv.FollowUps + "." + id + ".>" }

// decodeFollowUp returns the follow-up of an entry, or [ErrCorrupt].
func (q *Queue) decodeFollowUp(ctx context.Context, e kv.Entry) (followUp, error) {
	value, err := q.open(ctx, idOf(e.Key), e)
	if errors.Is(err, ErrUnavailable) {
		return followUp{}, err
	}
	var s followUp
	if err != nil || json.Unmarshal(value, &s) != nil || e.Key != s.entryKey() {
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
	seal, err := q.seal(ctx, token(s.Key))
	return seal.close(s.entryKey(), value), err
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
	ctx, cancel := context.WithTimeout(ctx, storePatience) // for both calls together
	defer cancel()
	err := retryStore(ctx, func(ctx context.Context) error {
		value, err := q.encodeFollowUp(ctx, followUp{FollowUp: f, ID: rand.Text()})
		if err != nil {
			return err
		}
		return q.store.Put(ctx, f.entryKey(), value)
	})
	if err != nil {
		return err
	}
	return retryStore(ctx, func(ctx context.Context) error {
		// The job may have been erased before the follow-up was stored, which then
		// has no seal.
		s, _, err := q.state(ctx, token(f.Key))
		if err == nil && s.State == Erased {
			return errors.Join(ErrNotFound, q.store.Erase(ctx, f.entryKey()))
		}
		return err
	})
}

// RunFollowUps does follow-ups of all queues on the store when they are due,
// 16 at a time, until ctx ends. It returns when the last do has returned. A
// process must call RunFollowUps once.
//
// If do returns nil, the follow-up is done for good. After an error do is
// called again, in 5 s, 15 s and so on; an hour after the first failure the
// follow-up is given up. The context of a call ends after 2 minutes. If
// RunFollowUps or its process ends during a call, another process repeats the
// follow-up, so do must be idempotent. If do returns [ErrUnavailable], do is
// called again within the same try, for 30 s.
func (q *Queue) RunFollowUps(ctx context.Context, do func(ctx context.Context, f FollowUp) error) {
	var doing sync.WaitGroup
	defer doing.Wait()
	var busy sync.Map // the keys of the entries that are being done
	room := make(chan struct{}, followUpsAtOnce)
	for lease := range q.leases(ctx, kv.FollowUps, room) {
		doing.Go(func() {
			defer func() { <-room }()
			key := lease.Entry().Key
			if _, earlier := busy.LoadOrStore(key, true); earlier {
				q.returnFollowUp(ctx, lease, leasePause) // the follow-up that this one replaces must end first
				return
			}
			defer busy.Delete(key)
			q.followUp(ctx, lease, do)
		})
	}
}

// followUp does a leased follow-up if it is due, and ends the lease.
func (q *Queue) followUp(ctx context.Context, lease kv.Lease, do func(context.Context, FollowUp) error) {
	e := lease.Entry()
	s, err := q.decodeFollowUp(ctx, e)
	wait := time.Until(s.Due)
	switch {
	case errors.Is(err, ErrCorrupt):
		q.config.Log.Error("removed a follow-up that cannot be read", "error", err)
		err = q.store.Remove(ctx, e.Key, e.Revision)
	case err == nil && wait > 0:
		q.returnFollowUp(ctx, lease, wait)
		return
	case err == nil:
		release := q.hold(ctx, lease)
		failure := q.try(ctx, s.FollowUp, do)
		if failure != nil && ctx.Err() != nil { // not a failed try
			release()
			q.returnFollowUp(ctx, lease, 0)
			return
		}
		err = q.settleFollowUp(ctx, e, s, failure)
		release()
	}
	if err != nil {
		q.config.Log.Warn("could not settle a follow-up; it will run again", "request", requestID(idOf(e.Key)), "error", err)
		q.returnFollowUp(ctx, lease, leasePause)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	_ = lease.Finish(ctx) // the entry is gone or replaced anyway
}

// returnFollowUp ends a lease. If that fails, the lease lapses.
func (q *Queue) returnFollowUp(ctx context.Context, lease kv.Lease, after time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	_ = lease.Return(ctx, after)
}

// hold renews a lease until release is called.
func (q *Queue) hold(ctx context.Context, lease kv.Lease) (release func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var renewing sync.WaitGroup
	renewing.Go(func() {
		for sleep.For(ctx, q.config.LeaseFor*3/10) == nil {
			_ = lease.Renew(ctx) // if the lease lapses, the follow-up may be done twice
		}
	})
	return func() {
		cancel()
		renewing.Wait()
	}
}

// try does a follow-up, and repeats it while the store does not answer. A
// panic counts as a failure.
func (q *Queue) try(ctx context.Context, f FollowUp, do func(context.Context, FollowUp) error) error {
	ctx, cancel := context.WithTimeout(ctx, followUpTimeout)
	defer cancel()
	if f.Kind == eraseKind {
		do = q.eraseDue
	}
	return guard.Run(q.config.Log.With("kind", f.Kind), "a follow-up panicked", func() error {
		return repeat(ctx, func(ctx context.Context) error { return do(ctx, f) })
	})
}

// settleFollowUp removes a follow-up that is done, schedules a later try of one
// that failed, or gives it up.
func (q *Queue) settleFollowUp(ctx context.Context, e kv.Entry, s followUp, failure error) error {
	ctx, cancel := settling(ctx)
	defer cancel()
	log := q.config.Log.With("request", requestID(idOf(e.Key)), "kind", s.Kind)
	now := time.Now()
	if failure != nil {
		s.Failed++
		if s.Since.IsZero() {
			s.Since = now
		}
		log = log.With("tries", s.Failed, "error", failure)
	}
	left := giveUpAfter - now.Sub(s.Since)
	switch {
	case failure != nil && left > 0:
		log.Warn("a follow-up failed")
		s.Due = now.Add(min(backoff(s.Failed-1), left))
		err := retryStore(ctx, func(ctx context.Context) error {
			value, err := q.encodeFollowUp(ctx, s)
			if err != nil {
				return err
			}
			return q.store.Update(ctx, e.Key, value, e.Revision)
		})
		if errors.Is(err, kv.ErrConflict) {
			return nil // replaced, removed or erased
		}
		return err
	case failure != nil:
		log.Error("gave up on a follow-up")
	}
	return retryStore(ctx, func(ctx context.Context) error { return q.store.Remove(ctx, e.Key, e.Revision) })
}
