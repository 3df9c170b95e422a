// Package jobs keeps requests until they are done: over restarts, crashes and
// several replicas.
//
// A job is stored as two entries. Its order says what to do and never changes;
// storing it is also what puts the job in the line of work, so that there is no
// instant at which one exists without the other. Its state is what the work
// has come to, and names the owner who alone may change it. The pages' texts
// are entries of their own.
//
// A job is leased to one worker at a time, which says with its error what becomes
// of the job; only the queue settles it. The lease has to be renewed, so that
// the job of a worker that died goes to the next one. Delivery is at least
// once: a worker that was frozen may believe that it still has its lease.
// That is why [Job.Fence] goes before each write to the outside.
package jobs

import (
	"encoding/json"
	"errors"
	"log/slog"
	"time"
)

// State says where a job stands.
type State string

// The states of a job. A finished one stays as it is, but for Erased.
const (
	Queued  State = "queued"  // nobody works on it: new, waiting for another try, or handed back
	Running State = "running" // a worker has it, or had it and died
	Done    State = "done"
	Failed  State = "failed"
	Stopped State = "stopped" // by a person
	Erased  State = "erased"  // nothing is left but the fact that it was there
)

// final reports whether a job is not worked on any more.
func (s State) final() bool { return s != Queued && s != Running }

// Record is what is known of a job.
type Record struct {
	Key    string // says which requests are the same one; any string
	Thread string // jobs are listed by it; any string
	Person string // jobs are listed by it; any string
	File   string // jobs are listed by it; any string
	// Others are more files that the job is listed by, up to 100. It is read only by
	// [Queue.Enqueue].
	Others []string
	// Request says what to do, and Progress what a worker needs who goes on
	// with it. Both belong to the caller. 256 KiB each at most.
	Request  json.RawMessage
	Progress json.RawMessage

	State     State
	Attempts  int    // that failed; handing back is none
	Owner     string // token of the worker that may write
	StoppedBy string // who asked to stop it
	// StoppedItems are the parts of the job that were stopped on their own, by
	// number, and who asked for that.
	StoppedItems map[int]string
	Created      time.Time
	Updated      time.Time
}

// Errors of this package. Those of the store wrap one of the first three.
var (
	// ErrUnavailable means that the store does not answer; what was asked for
	// may have been done all the same.
	ErrUnavailable = errors.New("the store of jobs is not available")
	// ErrFull means that there is no room for another job.
	ErrFull = errors.New("the store of jobs is full")
	// ErrBroken means that the embedded store will not answer again: after a full
	// disk, say. A new process can use its folder.
	ErrBroken = errors.New("the store of jobs cannot write any more: look at the disk of DATA_DIR, then start again")
	// ErrKeyMissing and ErrKeyWrong mean that the store is encrypted with a key
	// which was not given.
	ErrKeyMissing = errors.New("the store of jobs is encrypted: set DATA_KEY, or DATA_KEY_FILE, to its key")
	ErrKeyWrong   = errors.New("the key in DATA_KEY or DATA_KEY_FILE is not the one that the store of jobs is encrypted with: give the right one, or begin with a new store")
	// ErrNotFound means that a job is not known, or not any more.
	ErrNotFound = errors.New("no such job")
	// ErrCorrupt means that a record cannot be read.
	ErrCorrupt = errors.New("the job's record is corrupt")
	// ErrTooLarge means that a value is over its limit.
	ErrTooLarge = errors.New("too large to store")
	// ErrLost means that somebody else has the job now, or that its lease
	// could not be renewed in time: do nothing more for it, say nothing.
	ErrLost = errors.New("the job was lost to another worker")
	// ErrStopped means that a person stopped the job, or an item of it: say so,
	// then return it.
	ErrStopped = errors.New("the job was stopped")
	// ErrClosing means that the queue hands its jobs back.
	ErrClosing = errors.New("the queue is closing")
)

// Limits.
const (
	maxJSON = 256 << 10 // bytes of a request or a progress
	maxName = 4 << 10   // bytes of a key, thread, person, file or setting's name
	maxList = 500       // records in a list: the newest

	maxOthers = 100  // further files that a job is listed by
	maxItem   = 1000 // one more than the highest number of an item
)

// Config sets up a Queue. Zero values mean the defaults.
type Config struct {
	// Retention is how long a record is kept after its last change, and its
	// key known after it was created. It is the longest time that a job may
	// take, too. If it is shorter than a day, or [KeepNothing], these times are a
	// day, and a job is erased so long after its end, as soon as its follow-ups
	// are done. Default 30 days.
	Retention time.Duration
	// Key encrypts what is stored of jobs, and the settings. Default: none.
	Key []byte
	// MaxAttempts is how often a job may fail. Default 5.
	MaxAttempts int
	// LeaseFor is how long a job waits for a worker that died, and up to twice
	// that for one that is frozen, which still seems to ask for jobs. A lease
	// is renewed three times in it. Default 10 s, at least 1 s.
	LeaseFor time.Duration
	// MaxLeased is how many jobs one queue works on at once. Default 256.
	MaxLeased int
	// Grace is how long jobs may go on when the queue stops. Default 4 s.
	Grace time.Duration
	// Log gets what an operator should know; no text of a job, no name of a
	// person. Default: nothing.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	if c.Retention == KeepNothing {
		c.Retention = 0
	} else {
		set(&c.Retention, 30*24*time.Hour)
	}
	set(&c.LeaseFor, 10*time.Second)
	set(&c.Grace, 4*time.Second)
	c.LeaseFor = max(c.LeaseFor, time.Second)
	if c.MaxAttempts <= 0 {
		c.MaxAttempts = 5
	}
	if c.MaxLeased <= 0 {
		c.MaxLeased = 256
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
