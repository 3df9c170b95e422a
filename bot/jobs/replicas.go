package jobs

import (
	"context"
	"errors"
)

// Subjects of signals.
const (
	signalSubject   = "signal" // a job's id, or freeSignal
	replicasSubject = "replicas"
)

// keeperKey is the key of the record by which replicas agree on one of them.
const keeperKey = "keeper"

// Exclusive reports whether no other replica can use the store.
func (q *Queue) Exclusive() bool { return q.store.Session() != "" }

// Tell sends a message to all replicas, at most once.
func (q *Queue) Tell(data []byte) error {
	return q.store.Signal(context.Background(), replicasSubject, string(data))
}

// Hear calls heard, which must not block, for each message of a replica, until stop is
// called.
func (q *Queue) Hear(heard func(data []byte)) (stop func(), err error) {
	return q.store.Listen(replicasSubject, func(message string) { heard([]byte(message)) })
}

// Agreed returns the record that all replicas agree on and its revision, or revision 0
// if there is none.
func (q *Queue) Agreed(ctx context.Context) (value []byte, revision uint64, err error) {
	e, err := q.store.Get(ctx, keeperKey)
	if errors.Is(err, ErrNotFound) {
		return nil, 0, nil
	}
	return e.Value, e.Revision, err
}

// Agree replaces the record of that revision. It fails if the record has another
// revision. After ErrUnavailable the record may have been replaced.
func (q *Queue) Agree(ctx context.Context, value []byte, revision uint64) error {
	return q.store.Update(ctx, keeperKey, value, revision)
}
