package jobs

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// An item that was stopped ends alone, wherever it was asked for and whether it
// was begun by then; the job goes on, and the record says who asked first.
func TestStopItem(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.lease = 2 * time.Minute // it is not what brings the news
		w.stopItems(w.queue(), w.queue())
	})
	t.Run("two replicas", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.lease = 2 * time.Minute
		s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
		w.stopItems(w.queueOn(kvtest.Connect(t, s)), w.queueOn(kvtest.Connect(t, s)))
	})
}

func (w *world) stopItems(q, elsewhere *Queue) {
	w.enqueue(q, Record{Key: "k"})
	w.must(elsewhere.StopItem(w.Context(), "k", 0, "ann"))
	began, ended := make(chan struct{}), make(chan error)
	w.run(q, func(ctx context.Context, j *Job) error {
		early, cancelEarly := j.Item(ctx, 0)
		defer cancelEarly()
		if cause := context.Cause(early); !errors.Is(cause, ErrStopped) {
			w.Errorf("the item that was stopped before: %v", cause)
		}
		one, cancelOne := j.Item(ctx, 1)
		defer cancelOne()
		same, cancelSame := j.Item(ctx, 1)
		defer cancelSame()
		freed, cancelFreed := j.Item(ctx, 1)
		cancelFreed()
		other, cancelOther := j.Item(ctx, 2)
		defer cancelOther()
		close(began)
		<-one.Done()
		<-same.Done()
		if cause := context.Cause(freed); errors.Is(cause, ErrStopped) {
			w.Errorf("an item that had ended: %v", cause)
		}
		if other.Err() != nil || ctx.Err() != nil {
			w.Errorf("another item: %v; the job: %v", other.Err(), ctx.Err())
		}
		ended <- context.Cause(one)
		<-ended
		return nil
	})
	soon(w, "run", began)
	asked := time.Now()
	w.must(elsewhere.StopItem(w.Context(), "k", 1, "bob"))
	if cause := soon(w, "end", ended); !errors.Is(cause, ErrStopped) {
		w.Errorf("ended because of %v", cause)
	}
	w.within(500*time.Millisecond, "stopping an item", time.Since(asked))
	w.must(q.StopItem(w.Context(), "k", 1, "carl"))
	close(ended)
	w.until("the job is done", func() bool { return w.record(q, "k").State == Done })
	want := map[int]string{0: "ann", 1: "bob"}
	if r := w.record(q, "k"); !maps.Equal(r.StoppedItems, want) || r.StoppedBy != "" {
		w.Errorf("%+v", r)
	}
	w.must(q.StopItem(w.Context(), "k", 2, "bob")) // too late
	if r := w.record(q, "k"); !maps.Equal(r.StoppedItems, want) {
		w.Errorf("a finished job: %v", r.StoppedItems)
	}
	w.must(q.DropItem(w.Context(), "k", 0, "-"))
	w.must(q.DropItem(w.Context(), "k", 2, "-"))
	if r := w.record(q, "k"); !maps.Equal(r.StoppedItems, map[int]string{0: "-", 1: "bob", 2: "-"}) {
		w.Errorf("dropped of a finished job: %v", r.StoppedItems)
	}
	for _, item := range []int{-1, maxItem} {
		if err := q.StopItem(w.Context(), "k", item, "bob"); !errors.Is(err, ErrNotFound) {
			w.Errorf("item %d: %v", item, err)
		}
	}
	if err := q.StopItem(w.Context(), "unknown", 0, "bob"); !errors.Is(err, ErrNotFound) {
		w.Errorf("an unknown job: %v", err)
	}
}

// A signal that is lost delays the end of an item until the lease is renewed.
func TestStopItemWithoutSignal(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		began, ended := make(chan struct{}), make(chan struct{})
		w.run(q, func(ctx context.Context, j *Job) error {
			ctx, cancel := j.Item(ctx, 7)
			defer cancel()
			close(began)
			<-ctx.Done()
			close(ended)
			return nil
		})
		soon(w, "run", began)
		asked := time.Now()
		w.must(w.queueOn(deafStore{w.store}).StopItem(w.Context(), "k", 7, "bob"))
		soon(w, "end", ended)
		if took := time.Since(asked); took > q.config.LeaseFor*3/10 {
			w.Errorf("it took %s", took)
		}
	})
}

// deafStore loses all signals.
type deafStore struct{ kv.Store }

func (deafStore) Signal(string, string) error { return nil }

// A stop of an item is no reason for an earlier attempt; it is known to the next.
func TestStopItemOfAWaitingJob(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		runs, stopped := make(chan time.Time, 2), make(chan bool, 2)
		w.run(q, func(ctx context.Context, j *Job) error {
			runs <- time.Now()
			item, cancel := j.Item(ctx, 3)
			defer cancel()
			stopped <- item.Err() != nil
			if j.Record().Attempts == 0 {
				return Retry(time.Second, errWork)
			}
			return nil
		})
		first := soon(w, "run", runs)
		w.until("it waits", func() bool { return w.record(q, "k").State == Queued })
		w.must(q.StopItem(w.Context(), "k", 3, "bob"))
		if pause := soon(w, "second run", runs).Sub(first); pause < time.Second {
			w.Errorf("it came again after %s", pause)
		}
		if before, after := <-stopped, <-stopped; before || !after {
			w.Errorf("stopped before: %t, after: %t", before, after)
		}
	})
}
