package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var secretRecord = Record{
	Key: "T1/C1/1.2/F1/prompt: total", Thread: "C1/1.2", Person: "U-ann",
	Request: json.RawMessage(`{"file":"invoice.png"}`),
}

func TestOnce(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, secretRecord)
		if created, err := q.Enqueue(w.Context(), secretRecord); created || err != nil {
			w.Errorf("again: created %t, %v", created, err)
		}
		elsewhere := secretRecord
		elsewhere.Thread, elsewhere.Person = "C2/1", "U-bob"
		if created, err := q.Enqueue(w.Context(), elsewhere); created || err != nil {
			w.Errorf("the same key with another thread: created %t, %v", created, err)
		}
		if r := w.record(q, secretRecord.Key); r.State != Queued || r.Thread != secretRecord.Thread || r.Created.IsZero() || r.Updated.IsZero() {
			w.Errorf("queued: %+v", r)
		}
		runs := make(chan Record, 10)
		w.run(q, func(ctx context.Context, j *Job) error {
			runs <- j.Record()
			return nil
		})
		if r := soon(w, "run", runs); r.State != Running || r.Owner == "" || string(r.Request) != string(secretRecord.Request) {
			w.Errorf("running: %+v", r)
		}
		w.until("done", func() bool { return w.record(q, secretRecord.Key).State == Done })
		if created, err := q.Enqueue(w.Context(), secretRecord); created || err != nil {
			w.Errorf("when done: created %t, %v", created, err)
		}
		other := Record{Key: "other"}
		w.enqueue(q, other)
		soon(w, "run of the other", runs)
		select {
		case <-runs:
			w.Error("a job ran twice")
		case <-time.After(1500 * time.Millisecond): // longer than a lease
		}
	})
}

func TestHandOver(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.lease = 10 * time.Second // it is not what brings the job
		first, second := w.queue(), w.queue()
		w.enqueue(first, secretRecord)
		began := make(chan *Job, 1)
		page := strings.Repeat("text of the first page, ä\n", 40_000)
		stop := w.run(first, func(ctx context.Context, j *Job) error {
			w.must(j.Save(ctx, map[string]string{"reply": "1.3"}))
			w.must(j.SavePage(ctx, 1, page))
			w.must(j.SavePage(ctx, 2, ""))
			began <- j
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, ErrClosing) {
				w.Errorf("ended because of %v", cause)
			}
			return context.Cause(ctx)
		})
		old := soon(w, "run", began)
		stop()
		stopped := time.Now()
		runs := make(chan struct{}, 1)
		w.run(second, func(ctx context.Context, j *Job) error {
			defer func() { runs <- struct{}{} }()
			w.within(time.Second, "handing over", time.Since(stopped))
			if r := j.Record(); r.Attempts != 0 || string(r.Progress) != `{"reply":"1.3"}` {
				w.Errorf("handed over: %+v", r)
			}
			if text, ok, err := j.Page(ctx, 1); text != page || !ok || err != nil {
				w.Errorf("page 1: %d bytes, %t, %v", len(text), ok, err)
			}
			if text, ok, err := j.Page(ctx, 2); text != "" || !ok || err != nil {
				w.Errorf("page 2: %d bytes, %t, %v", len(text), ok, err)
			}
			if _, ok, err := j.Page(ctx, 3); ok || err != nil {
				w.Errorf("page 3: %t, %v", ok, err)
			}
			return nil
		})
		soon(w, "second run", runs)
		if _, _, err := old.Fence(w.Context()); !errors.Is(err, ErrLost) {
			w.Errorf("the old worker's fence: %v", err)
		}
		if err := old.Save(w.Context(), "mine"); !errors.Is(err, ErrLost) {
			w.Errorf("the old worker's progress: %v", err)
		}
		if text, ok, err := second.Page(w.Context(), secretRecord.Key, 1); text != page || !ok || err != nil {
			w.Errorf("page 1 of the finished job: %d bytes, %t, %v", len(text), ok, err)
		}
	})
}

func TestAttempts(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "fails"})
		const after = 300 * time.Millisecond
		runs := make(chan time.Time, 10)
		w.run(q, func(ctx context.Context, j *Job) error {
			attempt := j.Record().Attempts
			runs <- time.Now()
			if last := j.LastAttempt(); last != (attempt == 4) {
				w.Errorf("attempt %d: last %t", attempt, last)
			}
			return Retry(after, errors.New("fails"))
		})
		earlier := soon(w, "attempt", runs)
		for range 4 {
			next := soon(w, "attempt", runs)
			pause := next.Sub(earlier)
			if pause < after {
				w.Errorf("the next attempt came after %s", pause)
			}
			w.within(after+700*time.Millisecond, "the pause before the next attempt", pause)
			earlier = next
		}
		w.until("failed", func() bool { return w.record(q, "fails").State == Failed })
		if n := w.record(q, "fails").Attempts; n != 5 {
			w.Errorf("%d attempts", n)
		}
	})
}

// A record that cannot be read is left where it is and stops nobody.
func TestCorrupt(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.must(w.store.Put(w.Context(), specKey(token("spec"), "a", "b", "c"), []byte("\x00nonsense")))
		w.enqueue(q, Record{Key: "state"})
		w.must(w.store.Put(w.Context(), stateKey(token("state")), []byte(`{"state":"dancing"}`)))
		w.enqueue(q, Record{Key: "good"})
		runs := make(chan string, 10)
		w.run(q, func(ctx context.Context, j *Job) error {
			runs <- j.Record().Key
			return nil
		})
		if key := soon(w, "run", runs); key != "good" {
			w.Errorf("ran %q", key)
		}
		for _, key := range []string{"spec", "state"} {
			if _, err := q.Get(w.Context(), key); !errors.Is(err, ErrCorrupt) {
				w.Errorf("%s: %v", key, err)
			}
			w.must(q.Erase(w.Context(), key))
			if r := w.record(q, key); r.State != Erased {
				w.Errorf("%s: %+v", key, r)
			}
		}
	})
}

func TestMaxLeased(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		q.config.MaxLeased = 3
		var now, most, done atomic.Int64
		for i := range 12 {
			w.enqueue(q, Record{Key: fmt.Sprint(i)})
		}
		w.run(q, func(ctx context.Context, j *Job) error {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			timer := time.NewTimer(20 * time.Millisecond)
			<-timer.C
			now.Add(-1)
			done.Add(1)
			return nil
		})
		w.until("all done", func() bool { return done.Load() == 12 })
		if n := most.Load(); n != 3 {
			w.Errorf("%d jobs at once", n)
		}
	})
}

func TestTooLarge(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		large := json.RawMessage(`"` + strings.Repeat("a", maxJSON) + `"`)
		for _, r := range []Record{{Request: large}, {Progress: large}, {Key: strings.Repeat("k", maxName+1)}} {
			if _, err := q.Enqueue(w.Context(), r); !errors.Is(err, ErrTooLarge) {
				w.Errorf("Enqueue: %v", err)
			}
		}
		largest := json.RawMessage(`"` + strings.Repeat("<", maxJSON-2) + `"`)
		w.enqueue(q, Record{Key: "k", Request: largest})
		ran := make(chan struct{})
		w.run(q, func(ctx context.Context, j *Job) error {
			defer close(ran)
			if err := j.Save(ctx, large); !errors.Is(err, ErrTooLarge) {
				w.Errorf("Save: %v", err)
			}
			if err := j.SavePage(ctx, 1, strings.Repeat("a", maxChunk*maxChunks+1)); !errors.Is(err, ErrTooLarge) {
				w.Errorf("SavePage: %v", err)
			}
			return nil
		})
		soon(w, "run", ran)
	})
}
