// Package jobs stores requests until they are done, across restarts, crashes
// and several replicas.
//
// A job has two entries. Its spec says what to do and never changes; storing
// the spec also queues the job, so that neither exists without the other. Its
// state holds the progress of the work and names the owner, who alone may
// change the state. The texts of pages are separate entries.
//
// A job is leased to one worker at a time. The error that the worker returns
// decides about the job; only the queue settles jobs. A lease must be renewed,
// so that the job of a dead worker goes to another worker. Delivery is at
// least once: a worker that was frozen may believe that it still has its
// lease. Therefore [Job.Fence] must precede each write to the outside.
package jobs

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"slackocr/bot/jobs/kv"
)

// State is the state of a job.
type State string

// The states of a job. A finished job never changes, except to Erased.
const (
	Queued  State = "queued"  // no worker has the job: new, waiting for another attempt, or handed back
	Running State = "running" // a worker has the job, or died with it
	Done    State = "done"
	Failed  State = "failed"
	Stopped State = "stopped" // by a person
	Erased  State = "erased"  // only the fact that the job existed is left
)

// final reports whether a job is finished.
func (s State) final() bool { return s != Queued && s != Running }

// Record describes a job.
type Record struct {
	Key    string // identifies the request; any string
	Thread string // index of jobs; any string
	Person string // index of jobs; any string
	File   string // index of jobs; any string
	// Others are up to 100 more files under which the job is listed. Only
	// [Queue.Enqueue] reads this field.
	Others []string
	// Request says what to do, and Progress is the saved state of the work.
	// Both belong to the caller, at most 256 KiB each.
	Request  json.RawMessage
	Progress json.RawMessage

	State     State
	Attempts  int    // failed attempts; handing back does not count
	Owner     string // token of the worker that may write
	StoppedBy string // the person who asked to stop the job
	// StoppedItems are the items that were stopped separately, by number, with
	// the person who asked.
	StoppedItems map[int]string
	Created      time.Time
	Updated      time.Time
}

// The errors of the store, see package kv.
var (
	ErrUnavailable = kv.ErrUnavailable
	ErrFull        = kv.ErrFull
	ErrBroken      = kv.ErrBroken
	// ErrNotFound means that a job is unknown, or no longer known.
	ErrNotFound = kv.ErrNotFound
)

// The errors of this package.
var (
	// ErrKeyMissing means that the store is encrypted and no key was given,
	// ErrKeyWrong that the key is wrong.
	ErrKeyMissing = errors.New("the store of jobs is encrypted: set DATA_KEY, or DATA_KEY_FILE, to its key")
	ErrKeyWrong   = errors.New("the key in DATA_KEY or DATA_KEY_FILE is not the one that the store of jobs is encrypted with: give the right one, or begin with a new store")
	// ErrCorrupt means that a record cannot be read.
	ErrCorrupt = errors.New("the job's record is corrupt")
	// ErrTooLarge means that a value exceeds its limit.
	ErrTooLarge = errors.New("too large to store")
	// ErrLost means that another worker has the job, or that its lease could
	// not be renewed in time. The work must do nothing more and post nothing.
	ErrLost = errors.New("the job was lost to another worker")
	// ErrStopped means that a person stopped the job, or an item of the job.
	// The work should say so and return the error.
	ErrStopped = errors.New("the job was stopped")
	// ErrClosing means that the queue hands its jobs back.
	ErrClosing = errors.New("the queue is closing")
)

// Limits.
const (
	maxJSON = 256 << 10 // bytes of a request or of progress
	maxName = 4 << 10   // bytes of a key, thread, person, file or setting's name
	maxList = 500       // records in a list: the newest

	maxOthers = 100  // further files under which a job is listed
	maxItem   = 1000 // one more than the highest number of an item
)

// Config configures a Queue. Zero values mean the defaults.
type Config struct {
	// Retention is the time for which a record is kept after its last change,
	// and its key after its creation. A job may take no longer. If Retention
	// is shorter than a day, or [KeepNothing], these times are a day, and a
	// job is erased that long after its end, as soon as its follow-ups are
	// done. Default 30 days.
	Retention time.Duration
	// Key encrypts the contents of jobs, and the settings. Default: none.
	Key []byte
	// MaxAttempts is the number of attempts of a job. Default 5.
	MaxAttempts int
	// LeaseFor is the duration of a lease, which is renewed three times within
	// it. The job of a worker that died waits that long; the job of a frozen
	// worker up to twice as long, since the store may first lease the job to
	// the frozen worker again. Default 10 s, at least 1 s.
	LeaseFor time.Duration
	// MaxLeased is the most jobs that a queue works on at once. Default 256.
	MaxLeased int
	// Grace is the time that running jobs have when the queue stops. Default 4
	// s.
	Grace time.Duration
	// Log gets messages for an operator, without texts of jobs and names of
	// people. Default: nothing.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Retention = max(cmp.Or(c.Retention, 30*24*time.Hour), 0) // KeepNothing becomes 0
	c.MaxAttempts = cmp.Or(c.MaxAttempts, 5)
	c.LeaseFor = max(cmp.Or(c.LeaseFor, 10*time.Second), time.Second)
	c.MaxLeased = cmp.Or(c.MaxLeased, 256)
	c.Grace = cmp.Or(c.Grace, 4*time.Second)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return c
}
