package jobs

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

func TestMain(m *testing.M) {
	if os.Getenv("JOBS_TEST_CHILD") != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

// world is a store and the queues on it.
type world struct {
	*testing.T
	store kv.Store
	lease time.Duration // of the queues; 0 means 1 s of fake time, or 5 s of real time
}

// inWorlds runs a story over each store: in memory in fake time, with NATS in
// real time.
func inWorlds(t *testing.T, story func(w *world)) {
	t.Helper()
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { story(&world{T: t, store: &kvtest.Memory{}}) })
	})
	t.Run("nats", func(t *testing.T) {
		t.Parallel()
		story(&world{T: t, store: kvtest.Open(t, t.TempDir(), 16<<20)})
	})
}

// queue opens a replica with short times.
func (w *world) queue() *Queue { return w.queueOn(w.store) }

func (w *world) queueOn(store kv.Store) *Queue {
	w.Helper()
	lease := time.Second
	if !w.fakeTime() {
		lease = 5 * time.Second // a busy machine may be late to renew a lease
	}
	q, err := Open(w.Context(), Config{
		LeaseFor: max(w.lease, lease), Grace: 100 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(w.Output(), nil)),
	}, store)
	if err != nil {
		w.Fatal(err)
	}
	return q
}

// run lets a queue work until stop, or the end of the test.
func (w *world) run(q *Queue, work func(context.Context, *Job) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := q.Run(ctx, work); err != nil {
			w.Errorf("Run: %v", err)
		}
	})
	stop = func() {
		cancel()
		running.Wait()
	}
	w.Cleanup(stop)
	return stop
}

func (w *world) enqueue(q *Queue, r Record) {
	w.Helper()
	if created, err := q.Enqueue(w.Context(), r); !created || err != nil {
		w.Fatalf("Enqueue: created %t, %v", created, err)
	}
}

func (w *world) record(q *Queue, key string) Record {
	w.Helper()
	r, err := q.Get(w.Context(), key)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// must fails the test on an error, from any goroutine.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Error(err)
	}
}

// soon returns what arrives, and fails when nothing does.
func soon[T any](w *world, what string, from <-chan T) T {
	w.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		w.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// fakeTime reports whether the world runs in fake time. Real time is not judged, since
// everything may take long on a busy machine.
func (w *world) fakeTime() bool {
	_, memory := w.store.(*kvtest.Memory)
	return memory
}

// within fails the test if something took longer than limit. In real time only an end of
// the waits, such as that of soon, is judged.
func (w *world) within(limit time.Duration, what string, took time.Duration) {
	w.Helper()
	if w.fakeTime() && took > limit {
		w.Errorf("%s took %s, want at most %s", what, took, limit)
	}
}

// until waits for a condition that changes without a sign.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			w.Fatalf("never: %s", what)
		}
	}
}
