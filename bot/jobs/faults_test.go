package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

func inMemory(t *testing.T, story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(&world{T: t, store: &kvtest.Memory{}}) })
}

// Whatever call fails, before or after the fact: the job is done, and its
// effect, behind a fence and looked for first, is there once.
func TestEachCallFails(t *testing.T) {
	for _, how := range []fault{failed, applied} {
		for n := range 25 {
			t.Run(fmt.Sprintf("%d/%d", how, n), func(t *testing.T) {
				inMemory(t, func(w *world) { w.storyWithFault(n, how) })
			})
		}
	}
}

func (w *world) storyWithFault(n int, how fault) {
	var calls atomic.Int64
	store := &faulty{Store: w.store, fault: func(string) fault {
		if calls.Add(1) == int64(n)+1 {
			return how
		}
		return none
	}}
	q := w.queueOn(store)
	for {
		_, err := q.Enqueue(w.Context(), Record{Key: "k"})
		if err == nil {
			break
		}
		if !errors.Is(err, ErrUnavailable) {
			w.Fatal(err)
		}
	}
	var effects, settled atomic.Int64
	stop := w.run(q, func(ctx context.Context, j *Job) error {
		j.OnSettled(func(as State, _ error) {
			if as == Done {
				settled.Add(1)
			}
		})
		steps := []func() error{
			func() error { return j.Save(ctx, "begun") },
			func() error { return j.SavePage(ctx, 1, "text") },
			func() error {
				_, cancel, err := j.Fence(ctx)
				if err != nil {
					return err
				}
				defer cancel()
				effects.CompareAndSwap(0, 1)
				return nil
			},
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	look := w.queue() // without faults
	w.until("done", func() bool { return w.record(look, "k").State == Done })
	if r := w.record(look, "k"); r.Attempts != 0 || string(r.Progress) != `"begun"` {
		w.Errorf("%+v", r)
	}
	if text, ok, err := look.Page(w.Context(), "k", 1); text != "text" || !ok || err != nil {
		w.Errorf("page: %q %t %v", text, ok, err)
	}
	if effects.Load() != 1 {
		w.Errorf("%d effects", effects.Load())
	}
	stop()
	if settled.Load() != 1 {
		w.Errorf("settled %d times", settled.Load())
	}
}

// The last write is applied although it fails, and the state is looked at before the
// next try: the job is settled by this worker all the same.
func TestLookBetweenTheTriesToSettle(t *testing.T) {
	inMemory(t, func(w *world) {
		var over atomic.Bool
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if call != "Update" || !over.Swap(false) {
				return none
			}
			time.AfterFunc(storeRetryPause/2, func() { _ = w.store.Signal(signalSubject, token("k")) })
			return applied
		}})
		settled := make(chan State, 1)
		w.run(q, func(_ context.Context, j *Job) error {
			j.OnSettled(func(as State, _ error) { settled <- as })
			over.Store(true)
			return nil
		})
		w.enqueue(q, Record{Key: "k"})
		if as := soon(w, "call", settled); as != Done {
			w.Errorf("settled as %s", as)
		}
	})
}

// A job that is erased while a page of it is saved keeps neither page nor secret.
func TestEraseWhileSaving(t *testing.T) {
	for _, during := range []string{"Update page-secret", "Update page"} {
		inMemory(t, func(w *world) {
			other := w.queue()
			q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
				if call == during {
					w.must(other.Erase(w.Context(), "k"))
				}
				return none
			}})
			w.enqueue(q, Record{Key: "k"})
			done := make(chan error)
			w.run(q, func(ctx context.Context, j *Job) error {
				err := j.SavePage(ctx, 1, "text")
				done <- err
				return err
			})
			if err := soon(w, "end", done); !errors.Is(err, ErrLost) {
				w.Errorf("%s: SavePage: %v", during, err)
			}
			w.onlyTombstone(q, "k")
		})
	}
}

// A page of which only a part could be saved over an older text is none.
func TestHalfAPage(t *testing.T) {
	inMemory(t, func(w *world) {
		var saves atomic.Int64
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if call == "Update page" && saves.Add(1) > 1 {
				return failed
			}
			return none
		}})
		w.enqueue(q, Record{Key: "k"})
		done := make(chan struct{})
		w.run(q, func(ctx context.Context, j *Job) error {
			defer close(done)
			w.must(j.SavePage(ctx, 1, strings.Repeat("a", 2*maxChunk)))
			if err := j.SavePage(ctx, 1, strings.Repeat("b", 2*maxChunk)); !errors.Is(err, ErrUnavailable) {
				w.Errorf("SavePage: %v", err)
			}
			if text, ok, err := j.Page(ctx, 1); text != "" || ok || err != nil {
				w.Errorf("a page of %d bytes, %t, %v", len(text), ok, err)
			}
			return nil
		})
		<-done // after half a minute of fake time
	})
}

// Who stopped a job that fails just then does not wait for its next attempt.
func TestStopAndRetry(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		done := make(chan struct{})
		w.run(q, func(ctx context.Context, j *Job) error {
			if j.Record().Attempts == 0 {
				w.must(q.Stop(ctx, "k", "bob"))
				return Retry(time.Hour, errors.New("fails"))
			}
			if cause := context.Cause(ctx); !errors.Is(cause, ErrStopped) {
				w.Errorf("ended because of %v", cause)
			}
			close(done)
			return ErrStopped
		})
		soon(w, "end", done)
	})
}

// A store that hangs does not keep Slack waiting.
func TestStoreHangs(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		q.store = &hanging{w.store}
		asked := time.Now()
		if _, err := q.Enqueue(w.Context(), Record{Key: "k"}); !errors.Is(err, ErrUnavailable) {
			w.Errorf("Enqueue: %v", err)
		}
		if took := time.Since(asked); took > 2*time.Second {
			w.Errorf("Enqueue took %s", took)
		}
	})
}

type hanging struct{ kv.Store }

func (*hanging) Create(ctx context.Context, _, _ string, _ []byte) error {
	<-ctx.Done()
	return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
}

func TestRetention(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		time.Sleep(29 * 24 * time.Hour) // of fake time
		if _, err := q.Get(w.Context(), "k"); err != nil {
			w.Error(err)
		}
		time.Sleep(24 * time.Hour)
		if _, err := q.Get(w.Context(), "k"); !errors.Is(err, ErrNotFound) {
			w.Errorf("after the retention: %v", err)
		}
		w.enqueue(q, Record{Key: "k"})
	})
}

// Two queues know of each other, and forget the one that has gone.
func TestReplicas(t *testing.T) {
	inMemory(t, func(w *world) {
		first, second := w.queue(), w.queue()
		if n := first.Replicas(); n != 1 {
			w.Errorf("%d replicas before any ran", n)
		}
		idle := func(context.Context, *Job) error { return nil }
		w.run(first, idle)
		stop := w.run(second, idle)
		time.Sleep(announceInterval + time.Millisecond)
		if n, m := first.Replicas(), second.Replicas(); n != 2 || m != 2 {
			w.Errorf("%d and %d replicas", n, m)
		}
		stop()
		time.Sleep(announceInterval)
		if n := first.Replicas(); n != 1 {
			w.Errorf("%d replicas after one ended", n)
		}
	})
}

func TestFull(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		w.store.(*kvtest.Memory).Fill(true)
		if _, err := q.Enqueue(w.Context(), Record{Key: "l"}); !errors.Is(err, ErrFull) {
			w.Errorf("Enqueue: %v", err)
		}
		if created, err := q.Enqueue(w.Context(), Record{Key: "k"}); created || err != nil {
			w.Errorf("of a known key: %t, %v", created, err)
		}
	})
}
