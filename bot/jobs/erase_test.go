package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A running job ends at once, whichever replica erases it, and however many do.
func TestEraseByMany(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.lease = 2 * time.Minute // it is not what ends the work
		q, elsewhere := w.queue(), w.queue()
		began, lost := make(chan struct{}, 2), make(chan error, 2)
		w.run(q, func(ctx context.Context, j *Job) error {
			w.must(j.SavePage(ctx, 1, "text"))
			began <- struct{}{}
			<-ctx.Done()
			lost <- context.Cause(ctx)
			return context.Cause(ctx)
		})
		for _, by := range []struct {
			what   string
			queues []*Queue
			each   int
		}{{"another replica", []*Queue{elsewhere}, 1}, {"many", []*Queue{q, elsewhere}, 10}} {
			w.enqueue(q, Record{Key: by.what, Thread: "t", Person: "p", File: "f"})
			soon(w, "run", began)
			asked := time.Now()
			var erasing sync.WaitGroup
			for _, from := range by.queues {
				for range by.each {
					erasing.Go(func() { w.must(from.Erase(w.Context(), by.what)) })
				}
			}
			if cause := soon(w, "end", lost); !errors.Is(cause, ErrLost) {
				w.Errorf("erased by %s it ended because of %v", by.what, cause)
			}
			w.within(500*time.Millisecond, "the end of a run that is erased by "+by.what, time.Since(asked))
			erasing.Wait()
			w.onlyTombstone(q, by.what)
		}
	})
}

// onlyTombstone checks that nothing is left of an erased job.
func (w *world) onlyTombstone(q *Queue, key string) {
	w.Helper()
	if r := w.record(q, key); r.State != Erased {
		w.Errorf("%+v", r)
	}
	id := token(key)
	entries, err := w.store.List(w.Context(), 10, specsOf(id), stateKey(id), pagesOf(id), secretKey(id), pageSecretsOf(id))
	w.must(err)
	var keys []string
	for _, e := range entries {
		keys = append(keys, e.Key)
	}
	if want := fmt.Sprint([]string{stateKey(id), "job." + id + ".-.-.-"}); len(keys) != 2 || !strings.Contains(want, keys[0]) || !strings.Contains(want, keys[1]) {
		w.Errorf("left of %q: %v", key, keys)
	}
}

// Somebody stops a job that waits, while somebody else erases it: its spec
// does not come back.
func TestEraseWhileStopping(t *testing.T) {
	inMemory(t, func(w *world) {
		other := w.queue()
		var updates, asked atomic.Int64
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if call == "Update" && asked.Load() > 0 && updates.Add(1) == 2 { // the first is that of the state
				w.must(other.Erase(w.Context(), "k"))
			}
			return none
		}})
		w.enqueue(q, Record{Key: "k", Thread: "t", Person: "p", File: "f"})
		w.run(other, func(ctx context.Context, j *Job) error {
			return Retry(time.Hour, errors.New("fails"))
		})
		synctest.Wait()
		if r := w.record(q, "k"); r.State != Queued || r.Attempts != 1 {
			w.Fatalf("%+v", r)
		}
		asked.Store(1)
		w.must(q.Stop(w.Context(), "k", "bob"))
		if updates.Load() != 2 {
			w.Errorf("%d updates", updates.Load())
		}
		w.onlyTombstone(q, "k")
	})
}

// A replica whose clock is behind stops a job: its worker learns by whom.
func TestStopFromAnEarlierClock(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		by := make(chan string, 1)
		w.run(q, func(ctx context.Context, j *Job) error {
			_, err := q.change(ctx, token("k"), func(s *state) error {
				s.StoppedBy = "bob"
				return nil
			})
			w.must(err)
			s, _, err := q.state(ctx, token("k"))
			w.must(err)
			s.Updated = s.Updated.Add(-time.Minute)
			value, err := encode(s)
			w.must(err)
			key := stateKey(token("k"))
			w.must(w.store.Put(ctx, key, q.knownSeal(token("k")).close(key, value)))
			_, cancel, err := j.Fence(ctx)
			w.must(err)
			cancel()
			by <- j.Record().StoppedBy
			return ErrStopped
		})
		if got := soon(w, "stop", by); got != "bob" {
			w.Errorf("stopped by %q", got)
		}
	})
}
