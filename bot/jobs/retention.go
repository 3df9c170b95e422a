package jobs

import (
	"context"
	"time"
)

// KeepNothing is the retention that erases a job as soon as the job and its
// follow-ups are done.
const KeepNothing time.Duration = -1

const (
	// keyKnown is the least time for which the key of a job is known, so that
	// a repeated request is not done again. A shorter retention erases the
	// job, which leaves its key.
	keyKnown = 24 * time.Hour
	// eraseKind is the kind of the follow-up that erases a job.
	eraseKind = "erase"
	// eraseAgain is the time that this follow-up waits for others of the same
	// job.
	eraseAgain = 3 * time.Second
)

// eraseLater adds a follow-up that erases a job that is about to end, if the
// retention asks for that. The follow-up is stored before the end of the job,
// so that no crash comes between.
func (q *Queue) eraseLater(ctx context.Context, j *Job) {
	if q.config.Retention >= keyKnown {
		return
	}
	key := j.Record().Key
	err := q.AddFollowUp(ctx, FollowUp{Key: key, Kind: eraseKind, Due: time.Now().Add(q.config.Retention)})
	if err != nil {
		q.config.Log.Warn("could not schedule the erasure of a job; it expires within a day", "request", requestID(j.id), "error", err)
	}
}

// eraseDue erases the job of a follow-up, or postpones that if the job or
// another follow-up is not done.
func (q *Queue) eraseDue(ctx context.Context, f FollowUp) error {
	id := token(f.Key)
	s, _, err := q.state(ctx, id)
	if err != nil {
		return err
	}
	left, err := q.store.List(ctx, 2, followUpsOf(id))
	if err != nil {
		return err
	}
	if !s.State.final() || len(left) > 1 {
		f.Due = time.Now().Add(eraseAgain)
		return q.AddFollowUp(ctx, f)
	}
	return q.erase(ctx, id)
}
