package jobs

import (
	"context"
	"errors"
)

// Subjects of signals.
const (
	signalSubject   = "signal" // a job's id
	replicasSubject = "replicas"
)

// leaderKey is the key of the record by which replicas agree on a leader. Earlier
// versions called the leader the keeper.
const leaderKey = "keeper"

// Exclusive reports whether no other replica can use the store.
func (q *Queue) Exclusive() bool { return q.store.Session() != "" }

// Publish sends a message to all replicas, at most once.
func (q *Queue) Publish(data []byte) error {
	return q.store.Signal(replicasSubject, string(data))
}

// Subscribe calls heard, which must not block, for each message of a replica, until
// stop is called.
func (q *Queue) Subscribe(heard func(data []byte)) (stop func(), err error) {
	return q.store.Listen(replicasSubject, func(message string) { heard([]byte(message)) })
}

// Record returns the record that all replicas agree on and its revision, or revision 0
// if there is none.
func (q *Queue) Record(ctx context.Context) (value []byte, revision uint64, err error) {
	e, err := q.store.Get(ctx, leaderKey)
	if errors.Is(err, ErrNotFound) {
		return nil, 0, nil
	}
	return e.Value, e.Revision, err
}

// UpdateRecord replaces the record of that revision. It fails if the record has another
// revision. After ErrUnavailable the record may have been replaced.
func (q *Queue) UpdateRecord(ctx context.Context, value []byte, revision uint64) error {
	return q.store.Update(ctx, leaderKey, value, revision)
}
