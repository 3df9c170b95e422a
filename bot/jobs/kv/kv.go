// Package kv stores entries under keys in NATS JetStream, embedded or external,
// and leases some of them to workers.
package kv

import (
	"context"
	"errors"
	"time"
)

// Store stores entries under keys. A key consists of tokens of letters,
// digits, "-" and "_" between dots. A filter is a key in which "*" stands for
// any token and a final ">" for one or more tokens.
//
// The entries of the queues [Jobs] and [FollowUps] can also be leased: each
// change of such an entry puts the entry at the end of its queue.
//
// All methods but Close may be called from several goroutines.
type Store interface {
	// Setup prepares the store. Setup must be called first.
	Setup(ctx context.Context, s Setup) error
	// Create stores a new entry if no key matches the filter, which must match
	// the key itself. Otherwise Create returns [ErrExists]. Create leaves a part
	// of the store free for changes.
	Create(ctx context.Context, key, filter string, value []byte) error
	// Get returns the newest entry that matches.
	Get(ctx context.Context, filter string) (Entry, error)
	// Put stores an entry, new or not.
	Put(ctx context.Context, key string, value []byte) error
	// Update changes an entry with a known revision, 0 for a new entry. If the
	// revision differs, Update returns [ErrConflict].
	Update(ctx context.Context, key string, value []byte, revision uint64) error
	// Delete removes all matching entries without a trace.
	Delete(ctx context.Context, filter string) error
	// Erase removes an entry and overwrites its value wherever the store keeps
	// the value. Earlier revisions of the entry may stay. If there is no
	// entry, Erase returns nil.
	Erase(ctx context.Context, key string) error
	// Remove removes an entry with a known revision. If the revision differs
	// or there is no entry, Remove returns nil.
	Remove(ctx context.Context, key string, revision uint64) error
	// List returns the newest entries that match one of the filters, oldest
	// first. No key may match two filters.
	List(ctx context.Context, newest int, filters ...string) ([]Entry, error)

	// Setting returns the newest value of a setting, whose key is a single
	// token, or ErrNotFound. Settings are kept apart from the entries, for
	// ever.
	Setting(ctx context.Context, key string) ([]byte, error)
	// SetSetting stores a value; an empty value removes the setting.
	SetSetting(ctx context.Context, key string, value []byte) error

	// Lease waits for an entry of a queue that no worker has. If ctx ends
	// first, Lease returns the error of ctx.
	Lease(ctx context.Context, queue string) (Lease, error)

	// Signal reaches each listener to a subject, in any replica, at most once.
	Signal(subject, message string) error
	// Listen calls heard, which must not block, until stop is called.
	Listen(subject string, heard func(message string)) (stop func(), err error)

	// Session names the period since a process opened the store, if no other
	// process can use the store. Otherwise Session returns "".
	Session() string

	// Announce registers the replica for a while, and returns the number of
	// replicas.
	Announce(ctx context.Context, id string, while time.Duration) (replicas int, err error)

	// Unfinished returns the number of entries of [Jobs] that are leased or
	// will be, in all replicas.
	Unfinished(ctx context.Context) (int, error)

	// Close closes the store. Nobody may use the store any more.
	Close(ctx context.Context) error
}

// The queues of a store: the first tokens of the entries that can be leased.
const (
	Jobs      = "job"
	FollowUps = "followup"
)

// Setup holds the settings of the queue that a store needs.
type Setup struct {
	Retention time.Duration // time for which an entry is kept after its last change
	LeaseFor  time.Duration // duration of a lease without renewal
}

// Entry is a stored value with its key.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64 // greater than that of all earlier changes of the store
}

// Lease is the right to work on an entry for a while.
type Lease interface {
	Entry() Entry
	// Delivery returns the number of leases of this revision of the entry,
	// from 1.
	Delivery() uint64
	// Renew restarts the full time of the lease, and returns after the store
	// has done so. A lapsed lease may or may not be renewed.
	Renew(ctx context.Context) error
	// Finish ends the lease; the entry is not leased again.
	Finish(ctx context.Context) error
	// Return ends the lease; the entry is leased again after a while.
	Return(ctx context.Context, after time.Duration) error
}

// The errors of a store. Every error wraps one of them.
var (
	// ErrUnavailable means that the store does not answer. The request may
	// have been carried out.
	ErrUnavailable = errors.New("the store of jobs is not available")
	// ErrFull means that there is no room for another entry.
	ErrFull = errors.New("the store of jobs is full")
	// ErrBroken means that the embedded store will not answer again, for
	// example after a full disk. A new process can use its folder.
	ErrBroken = errors.New("the store of jobs cannot write any more: look at the disk of DATA_DIR, then start again")
	// ErrNotFound means that there is no such entry or setting.
	ErrNotFound = errors.New("no such job")
	ErrExists   = errors.New("the key exists")
	ErrConflict = errors.New("the entry has another revision")
)
