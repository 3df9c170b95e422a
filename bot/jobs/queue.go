package jobs

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"slackocr/bot/jobs/kv"
)

// Queue stores jobs and gives them to workers.
type Queue struct {
	config   Config
	store    kv.Store
	master   seal         // seal of the store's key
	id       string       // id of this replica
	replicas atomic.Int64 // as last counted
	length   atomic.Int64 // number of unfinished jobs at the last count
	answered atomic.Int64 // time of the last accepted announcement, in ns, or 0

	mu      sync.Mutex // guards the fields below
	running map[string]*Job
}

// enqueueTimeout bounds the time to store a job: Slack waits 3 s for an answer
// (https://docs.slack.dev/apis/events-api#responding).
const enqueueTimeout = 2 * time.Second

// Open returns a queue on a store. The queue closes the store, unless Open
// fails.
func Open(ctx context.Context, c Config, store kv.Store) (*Queue, error) {
	c = c.withDefaults()
	// A cluster that has just lost a server refuses for some seconds.
	err := repeat(ctx, func(ctx context.Context) error {
		return store.Setup(ctx, kv.Setup{Retention: max(c.Retention, keyKnown), LeaseFor: c.LeaseFor})
	})
	if err != nil {
		return nil, err
	}
	master, err := masterSeal(c.Key)
	if err != nil {
		return nil, err
	}
	q := &Queue{config: c, store: store, master: master, id: rand.Text(), running: map[string]*Job{}}
	q.replicas.Store(1)
	return q, q.checkKey(ctx)
}

// Enqueue stores a job. When Enqueue returns nil, the job is durable. If a job
// with this key was stored before, even a finished or erased one, created is
// false. Of r only the fields up to Progress are used.
//
// The error is [ErrFull], [ErrUnavailable] or [ErrTooLarge], within 2 s. After
// ErrUnavailable the job may have been stored; it can be enqueued again.
func (q *Queue) Enqueue(ctx context.Context, r Record) (created bool, err error) {
	if max(len(r.Request), len(r.Progress)) > maxJSON || max(len(r.Key), len(r.Thread), len(r.Person), len(r.File)) > maxName || len(r.Others) > maxOthers {
		return false, ErrTooLarge
	}
	value, err := encode(spec{
		Key: r.Key, Thread: r.Thread, Person: r.Person, File: r.File,
		Request: r.Request, Progress: r.Progress, Created: time.Now(),
	})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, enqueueTimeout)
	defer cancel()
	id := token(r.Key)
	err = q.create(ctx, id, specKey(id, token(r.Thread), token(r.Person), token(r.File)), value)
	if created = err == nil; errors.Is(err, kv.ErrExists) {
		err = nil
	}
	// The job is stored now. After a failure here the job is enqueued again.
	for _, file := range r.Others {
		if err != nil {
			return created, err
		}
		if !created {
			if _, err = q.store.Get(ctx, listedKey(file, id)); !errors.Is(err, ErrNotFound) {
				continue
			}
		}
		err = q.store.Put(ctx, listedKey(file, id), []byte("{}"))
	}
	return created, err
}

// create stores the job's secret and then the spec of a new job.
func (q *Queue) create(ctx context.Context, id, key string, spec []byte) error {
	if _, err := q.store.Get(ctx, specsOf(id)); err == nil {
		return kv.ErrExists
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	seal, err := q.makeSeal(ctx, id)
	if err != nil {
		return err
	}
	return q.store.Create(ctx, key, specsOf(id), seal.close(key, spec))
}

// Get returns the record of a job, or [ErrNotFound] or [ErrCorrupt]. The
// record of an erased job has only its state.
func (q *Queue) Get(ctx context.Context, key string) (Record, error) {
	e, err := q.store.Get(ctx, specsOf(token(key)))
	if err != nil {
		return Record{}, err
	}
	return q.record(ctx, e)
}

func (q *Queue) record(ctx context.Context, e kv.Entry) (Record, error) {
	id := idOf(e.Key)
	s, _, err := q.state(ctx, id)
	if err != nil {
		return Record{}, err
	}
	if s.State == Erased {
		return Record{State: Erased, Updated: s.Updated}, nil
	}
	value, err := q.open(ctx, id, e)
	if err != nil {
		return Record{}, err
	}
	sp, err := decodeSpec(value)
	if err != nil {
		return Record{}, err
	}
	return sp.record(s), nil
}

// ByThread returns a thread's records, oldest first, at most the newest 500,
// without erased and corrupt records.
func (q *Queue) ByThread(ctx context.Context, thread string) ([]Record, error) {
	return q.list(ctx, specsIn(thread))
}

// ByPerson is [Queue.ByThread] for a person.
func (q *Queue) ByPerson(ctx context.Context, person string) ([]Record, error) {
	return q.list(ctx, specsBy(person))
}

// ByFile is [Queue.ByThread] for a file: at most 500 records that have the file
// in File, and 500 that have the file in Others.
func (q *Queue) ByFile(ctx context.Context, file string) ([]Record, error) {
	first, err := q.list(ctx, specsFor(file))
	if err != nil {
		return nil, err
	}
	listed, err := q.store.List(ctx, maxList, listedKey(file, "*"))
	if err != nil || len(listed) == 0 {
		return first, err
	}
	var filters []string
	for _, e := range listed {
		_, id, _ := strings.Cut(strings.TrimPrefix(e.Key, "file."), ".")
		filters = append(filters, specsOf(id))
	}
	others, err := q.list(ctx, filters)
	records := append(first, others...)
	slices.SortStableFunc(records, func(a, b Record) int { return a.Created.Compare(b.Created) })
	return records, err
}

func (q *Queue) list(ctx context.Context, filters []string) ([]Record, error) {
	entries, err := q.store.List(ctx, maxList, filters...)
	if err != nil {
		return nil, err
	}
	records := make([]Record, 0, len(entries))
	for _, e := range entries {
		r, err := q.record(ctx, e)
		switch {
		case errors.Is(err, ErrCorrupt):
			q.config.Log.Error("ignored a corrupt record", "request", requestID(idOf(e.Key)), "error", err)
		case errors.Is(err, ErrNotFound): // the entry disappeared in the meantime
		case err != nil:
			return nil, err
		case r.State == Erased:
			if id := idOf(e.Key); e.Key != tombstone(id) { // partly erased
				if err := q.erase(ctx, id); err != nil {
					return nil, err
				}
			}
		default:
			records = append(records, r)
		}
	}
	return records, nil
}

// state returns the state of a job and its revision, which is 0 before the
// first change.
func (q *Queue) state(ctx context.Context, id string) (state, uint64, error) {
	e, err := q.store.Get(ctx, stateKey(id))
	if errors.Is(err, ErrNotFound) {
		return state{State: Queued}, 0, nil
	}
	if err != nil {
		return state{}, 0, err
	}
	value, err := q.open(ctx, id, e)
	if err != nil {
		return state{}, 0, err
	}
	s, err := decodeState(value)
	return s, e.Revision, err
}

// change edits the present state of a job, and repeats that if another writer
// was faster. If edit returns an error, the state is not changed.
func (q *Queue) change(ctx context.Context, id string, edit func(*state) error) (state, error) {
	seal, err := q.seal(ctx, id)
	if err != nil {
		return state{}, err
	}
	for {
		s, revision, err := q.state(ctx, id)
		if err != nil {
			return state{}, err
		}
		if err := edit(&s); err != nil {
			return s, err
		}
		s.Updated, s.Changes = time.Now(), s.Changes+1
		value, err := encode(s)
		if err != nil {
			return state{}, err
		}
		if err := q.store.Update(ctx, stateKey(id), seal.close(stateKey(id), value), revision); !errors.Is(err, kv.ErrConflict) {
			return s, err
		}
		if ctx.Err() != nil {
			return state{}, fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
		}
	}
}

var errNoChange = errors.New("nothing to change")

// Stop asks for the end of a job in any replica: its work's context ends with
// [ErrStopped], at once or within a third of the lease. A waiting job is given
// to a worker with such a context. A finished job is not changed.
func (q *Queue) Stop(ctx context.Context, key, by string) error {
	e, s, changed, err := q.mark(ctx, key, func(s *state) bool {
		if s.State.final() || s.StoppedBy != "" {
			return false
		}
		s.StoppedBy = by
		return true
	})
	if err != nil || !changed {
		return err
	}
	if s.State == Queued && !s.NotBefore.IsZero() {
		// The job waits for its next attempt, perhaps for minutes. Storing its
		// spec again brings the job to a worker now, unless it was erased in
		// the meantime.
		if err := q.store.Update(ctx, e.Key, e.Value, e.Revision); !errors.Is(err, kv.ErrConflict) {
			return err
		}
		return nil
	}
	return q.store.Signal(signalSubject, idOf(e.Key))
}

// mark edits the state of a known job, unless edit returns false. e is the
// job's spec, s the new state.
func (q *Queue) mark(ctx context.Context, key string, edit func(*state) bool) (e kv.Entry, s state, changed bool, err error) {
	id := token(key)
	if e, err = q.store.Get(ctx, specsOf(id)); err != nil {
		return e, s, false, err
	}
	s, err = q.change(ctx, id, func(s *state) error {
		if !edit(s) {
			return errNoChange
		}
		return nil
	})
	if errors.Is(err, errNoChange) {
		return e, s, false, nil
	}
	return e, s, err == nil, err
}

// Erase removes everything about a job except the fact that it existed: its
// key is not accepted again as long as records are kept. Its work's context
// ends with [ErrLost]. A second call completes a partial erasure. While the
// store does not answer, Erase retries for 30 s.
func (q *Queue) Erase(ctx context.Context, key string) error {
	return retryStore(ctx, func(ctx context.Context) error { return q.erase(ctx, token(key)) })
}

func (q *Queue) erase(ctx context.Context, id string) error {
	if _, err := q.store.Get(ctx, specsOf(id)); err != nil {
		return err
	}
	value, err := encode(state{State: Erased, Updated: time.Now()})
	if err != nil {
		return err
	}
	// From here on the job has no owner, whatever the old state was.
	if err := q.store.Put(ctx, stateKey(id), value); err != nil {
		return err
	}
	_ = q.store.Signal(signalSubject, id) // without the signal the worker notices when it renews its lease
	if err := q.store.Put(ctx, tombstone(id), []byte("{}")); err != nil {
		return err
	}
	if err := q.store.Erase(ctx, secretKey(id)); err != nil {
		return err
	}
	if err := q.overwritePages(ctx, id, func(string) bool { return true }); err != nil {
		return err
	}
	for _, filter := range []string{pagesOf(id), pageSecretsOf(id), followUpsOf(id), listedOf(id)} {
		if err := q.store.Delete(ctx, filter); err != nil {
			return err
		}
	}
	// The specs go last: an erased job that still has a spec is erased
	// again.
	entries, err := q.store.List(ctx, maxList, specsOf(id))
	for _, e := range entries {
		switch {
		case e.Key == tombstone(id):
		case isSealed(e):
			err = errors.Join(err, q.store.Delete(ctx, e.Key))
		default: // an earlier version's
			err = errors.Join(err, q.store.Erase(ctx, e.Key))
		}
	}
	return err
}

// Running returns the records of the jobs that this queue works on now, as
// last seen, oldest first, at most [Config.MaxLeased]. The store is not asked.
func (q *Queue) Running() []Record {
	q.mu.Lock()
	jobs := slices.Collect(maps.Values(q.running))
	q.mu.Unlock()
	records := make([]Record, 0, len(jobs))
	for _, j := range jobs {
		if r, ok := j.running(); ok {
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b Record) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Key, b.Key))
	})
	return records
}

// Replicas returns the number of queues on this store at the last count, at
// least 1.
func (q *Queue) Replicas() int { return int(max(q.replicas.Load(), 1)) }

// Length returns the number of unfinished jobs of all replicas at the last
// count: those that wait, also for another attempt, and those that run.
func (q *Queue) Length() int { return int(q.length.Load()) }

// Answered returns the time of the store's last answer to a write that Run
// makes every 5 s, with or without jobs, or the zero time.
func (q *Queue) Answered() time.Time {
	if at := q.answered.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Close closes the queue. Run must have returned.
func (q *Queue) Close(ctx context.Context) error { return q.store.Close(ctx) }
