package jobs

import (
	"context"
	"errors"
	"time"
)

// Store keeps entries under keys. A key is tokens of letters, digits, "-" and
// "_" between dots. A filter is a key in which "*" stands for any token and a
// last ">" for one or more.
//
// The entries under "job." are leased as well: each change of such an entry
// puts it at the end of the line of work.
//
// All methods but Close may be called from many goroutines. Errors other than
// the two below wrap [ErrUnavailable], [ErrFull] or [ErrNotFound].
type Store interface {
	// Setup makes the store ready. It comes first.
	Setup(ctx context.Context, s Setup) error
	// Create stores a new entry where no key matches the filter, which must
	// match the key itself; errExists otherwise. It leaves a part of the store
	// free for changes.
	Create(ctx context.Context, key, filter string, value []byte) error
	// Get returns the newest entry that matches.
	Get(ctx context.Context, filter string) (Entry, error)
	// Put stores an entry, new or not.
	Put(ctx context.Context, key string, value []byte) error
	// Update changes an entry of a known revision, 0 for none; errConflict
	// where it has another one.
	Update(ctx context.Context, key string, value []byte, revision uint64) error
	// Delete removes all that matches and leaves no trace.
	Delete(ctx context.Context, filter string) error
	// Erase removes an entry and overwrites its value wherever the store keeps it.
	// Earlier revisions of the entry may stay. It does nothing where there is none.
	Erase(ctx context.Context, key string) error
	// Remove removes an entry of a known revision. It does nothing where it has
	// another one, or is not there.
	Remove(ctx context.Context, key string, revision uint64) error
	// Oldest returns the oldest entries that match, oldest first.
	Oldest(ctx context.Context, n int, filter string) ([]Entry, error)
	// List returns the newest entries that match one of the filters, oldest
	// first. No key matches two of them.
	List(ctx context.Context, newest int, filters ...string) ([]Entry, error)

	// Setting returns the newest value of a setting, a key of one token, or
	// ErrNotFound. Settings are kept apart from the entries, for ever.
	Setting(ctx context.Context, key string) ([]byte, error)
	// SetSetting stores a value; none removes the setting.
	SetSetting(ctx context.Context, key string, value []byte) error

	// Lease waits for an entry that nobody has. Whose context ends gets the
	// context's error.
	Lease(ctx context.Context) (Lease, error)

	// Signal tells all listeners, in any replica, at most once.
	Signal(ctx context.Context, id string) error
	// Listen calls heard, which may not block, until stop.
	Listen(heard func(id string)) (stop func(), err error)

	// Session names the time since a process opened the store, where no other
	// process can use it, and is "" where others may.
	Session() string

	// Announce makes the replica known for a while, and counts them all.
	Announce(ctx context.Context, id string, while time.Duration) (replicas int, err error)

	// Unfinished counts the entries under "job." that are leased or will be,
	// whoever has them.
	Unfinished(ctx context.Context) (int, error)

	// Verify looks at all that is stored, and counts what is missing.
	Verify(ctx context.Context) (Loss, error)

	// Close ends the store when nobody uses it any more.
	Close(ctx context.Context) error
}

// Setup is what a store has to know of its queue.
type Setup struct {
	Retention time.Duration // how long an entry is kept after its last change
	LeaseFor  time.Duration // how long a lease lasts that is not renewed
}

// Entry is what is stored under a key.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64 // higher than that of all earlier changes of the store
}

// Lease is the right to work on an entry for a while.
type Lease interface {
	Entry() Entry
	// Delivery counts the leases of this revision of the entry, from 1.
	Delivery() uint64
	// Renew makes the lease last its full time again from now. It returns
	// after the store has done so. A lease that lapsed may be renewed or not.
	Renew(ctx context.Context) error
	// Finish ends it; the entry is not leased again.
	Finish(ctx context.Context) error
	// Return ends it; the entry is leased again, after a while.
	Return(ctx context.Context, after time.Duration) error
}

// Why a store refuses what was asked for.
var (
	errExists   = errors.New("the key exists")
	errConflict = errors.New("the entry has another revision")
)
