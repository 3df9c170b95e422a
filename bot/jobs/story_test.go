package jobs

import (
	"bytes"
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
		w.run(q, func(ctx context.Context, j *Job) {
			runs <- j.Record()
			w.must(j.Done(ctx, Done))
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
		stop := w.run(first, func(ctx context.Context, j *Job) {
			w.must(j.Save(ctx, map[string]string{"reply": "1.3"}))
			w.must(j.SavePage(ctx, 1, page))
			w.must(j.SavePage(ctx, 2, ""))
			began <- j
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, ErrClosing) {
				w.Errorf("ended because of %v", cause)
			}
		})
		old := soon(w, "run", began)
		stop()
		stopped := time.Now()
		runs := make(chan struct{}, 1)
		w.run(second, func(ctx context.Context, j *Job) {
			defer func() { runs <- struct{}{} }()
			if after := time.Since(stopped); after > time.Second {
				w.Errorf("handed over after %s", after)
			}
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
			w.must(j.Done(ctx, Done))
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
		w.run(q, func(ctx context.Context, j *Job) {
			attempt := j.Record().Attempts
			runs <- time.Now()
			last, err := j.Retry(ctx, after)
			w.must(err)
			if last != (attempt == 4) {
				w.Errorf("attempt %d: last %t", attempt, last)
			}
			if last {
				w.must(j.Done(ctx, Failed))
			}
		})
		earlier := soon(w, "attempt", runs)
		for range 4 {
			next := soon(w, "attempt", runs)
			if pause := next.Sub(earlier); pause < after || pause > after+700*time.Millisecond {
				w.Errorf("the next attempt came after %s", pause)
			}
			earlier = next
		}
		w.until("failed", func() bool { return w.record(q, "fails").State == Failed })
		if n := w.record(q, "fails").Attempts; n != 5 {
			w.Errorf("%d attempts", n)
		}
	})
}

// A work that panics, or forgets to settle, fails and is nobody else's problem.
func TestUnsettled(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "panics"})
		w.enqueue(q, Record{Key: "forgets"})
		w.run(q, func(_ context.Context, j *Job) {
			if j.Record().Key == "panics" {
				panic("a bug")
			}
		})
		for _, key := range []string{"panics", "forgets"} {
			w.until(key+" has failed", func() bool { return w.record(q, key).State == Failed })
			if n := w.record(q, key).Attempts; n != 5 {
				w.Errorf("%s: %d attempts", key, n)
			}
		}
	})
}

func TestStop(t *testing.T) {
	inWorlds(t, func(w *world) {
		q, elsewhere := w.queue(), w.queue()
		began, stopped := make(chan string, 10), make(chan Record, 10)
		w.enqueue(q, Record{Key: "queued"})
		w.must(q.Stop(w.Context(), "queued", "bob"))
		w.run(q, func(ctx context.Context, j *Job) {
			if j.Record().Key == "waits" && ctx.Err() == nil {
				began <- "waits"
				_, err := j.Retry(context.WithoutCancel(ctx), time.Hour)
				w.must(err)
				return
			}
			began <- j.Record().Key
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, ErrStopped) {
				w.Errorf("ended because of %v", cause)
			}
			stopped <- j.Record()
			w.must(j.Save(context.WithoutCancel(ctx), "said so"))
			w.must(j.Done(context.WithoutCancel(ctx), Stopped))
		})
		soon(w, "run", began)
		if r := soon(w, "stop of the queued", stopped); r.Key != "queued" || r.StoppedBy != "bob" {
			w.Errorf("stopped: %+v", r)
		}

		w.enqueue(q, Record{Key: "runs"})
		soon(w, "run", began)
		asked := time.Now()
		w.must(elsewhere.Stop(w.Context(), "runs", "bob"))
		soon(w, "stop of the running", stopped)
		if took := time.Since(asked); took > 200*time.Millisecond {
			w.Errorf("stopping took %s", took)
		}

		w.enqueue(q, Record{Key: "waits"})
		soon(w, "run", began)
		w.until("waits for its next attempt", func() bool { return w.record(q, "waits").State == Queued })
		w.must(elsewhere.Stop(w.Context(), "waits", "bob"))
		if r := soon(w, "stop of the waiting", stopped); r.Key != "waits" || r.Attempts != 1 {
			w.Errorf("stopped: %+v", r)
		}
		for _, key := range []string{"queued", "runs", "waits"} {
			w.until(key+" is stopped", func() bool { return w.record(q, key).State == Stopped })
			w.must(q.Stop(w.Context(), key, "carl"))
			if by := w.record(q, key).StoppedBy; by != "bob" {
				w.Errorf("%s was stopped by %q", key, by)
			}
		}
		if err := q.Stop(w.Context(), "unknown", "bob"); !errors.Is(err, ErrNotFound) {
			w.Errorf("stopping an unknown job: %v", err)
		}
	})
}

func TestErase(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, secretRecord)
		began, lost := make(chan struct{}), make(chan error, 1)
		w.run(q, func(ctx context.Context, j *Job) {
			w.must(j.Save(ctx, "posted at 1.3"))
			w.must(j.SavePage(ctx, 1, "text of the invoice"))
			close(began)
			<-ctx.Done()
			lost <- context.Cause(ctx)
			if err := j.SavePage(context.WithoutCancel(ctx), 2, "more text"); !errors.Is(err, ErrLost) {
				w.Errorf("saving a page of an erased job: %v", err)
			}
			if err := j.Done(context.WithoutCancel(ctx), Done); !errors.Is(err, ErrLost) {
				w.Errorf("finishing an erased job: %v", err)
			}
		})
		soon(w, "run", began)
		w.must(q.Erase(w.Context(), secretRecord.Key))
		if cause := soon(w, "end", lost); !errors.Is(cause, ErrLost) {
			w.Errorf("ended because of %v", cause)
		}
		w.must(q.Erase(w.Context(), secretRecord.Key))

		if r := w.record(q, secretRecord.Key); r.State != Erased || r.Key != "" || r.Person != "" || r.Request != nil || r.Progress != nil {
			w.Errorf("erased: %+v", r)
		}
		if created, err := q.Enqueue(w.Context(), secretRecord); created || err != nil {
			w.Errorf("taken again: %t, %v", created, err)
		}
		if list, err := q.ByThread(w.Context(), secretRecord.Thread); len(list) > 0 || err != nil {
			w.Errorf("listed: %v, %v", list, err)
		}
		entries, err := w.store.List(w.Context(), ">", 100)
		w.must(err)
		if len(entries) != 2 {
			w.Errorf("%d entries left, want an empty order and a state", len(entries))
		}
		for _, e := range entries {
			for _, word := range []string{"ann", "invoice", "total", "C1", "1.3", token(secretRecord.Person), token(secretRecord.Thread)} {
				if bytes.Contains(e.Value, []byte(word)) || strings.Contains(e.Key, word) {
					w.Errorf("%q is left in %s: %s", word, e.Key, e.Value)
				}
			}
		}
		if err := q.Erase(w.Context(), "unknown"); !errors.Is(err, ErrNotFound) {
			w.Errorf("erasing an unknown job: %v", err)
		}
	})
}

func TestLists(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		for i := range 20 {
			w.enqueue(q, Record{
				Key: fmt.Sprint(i), Thread: fmt.Sprint("thread ", i%2), Person: fmt.Sprint("person ", i%4),
			})
		}
		w.must(w.store.Put(w.Context(), orderKey("bad", token("thread 0"), token("person 0")), []byte("{")))
		check := func(list []Record, err error, each int) {
			w.Helper()
			if err != nil || len(list) != 20/each {
				w.Fatalf("%d records, %v", len(list), err)
			}
			for i, r := range list {
				if r.Key != fmt.Sprint(i*each) {
					w.Errorf("record %d is %q", i, r.Key)
				}
			}
		}
		list, err := q.ByThread(w.Context(), "thread 0")
		check(list, err, 2)
		list, err = q.ByPerson(w.Context(), "person 0")
		check(list, err, 4)
		if list, err := q.ByThread(w.Context(), "none"); len(list) > 0 || err != nil {
			w.Errorf("%d records, %v", len(list), err)
		}
		if entries, err := w.store.List(w.Context(), "job.>", 3); len(entries) != 3 || idOf(entries[2].Key) != "bad" || err != nil {
			w.Errorf("the newest three: %v, %v", entries, err)
		}
	})
}

// A record that cannot be read is left where it is and stops nobody.
func TestCorrupt(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.must(w.store.Put(w.Context(), orderKey(token("order"), "a", "b"), []byte("\x00nonsense")))
		w.enqueue(q, Record{Key: "state"})
		w.must(w.store.Put(w.Context(), stateKey(token("state")), []byte(`{"state":"dancing"}`)))
		w.enqueue(q, Record{Key: "good"})
		runs := make(chan string, 10)
		w.run(q, func(ctx context.Context, j *Job) {
			runs <- j.Record().Key
			w.must(j.Done(ctx, Done))
		})
		if key := soon(w, "run", runs); key != "good" {
			w.Errorf("ran %q", key)
		}
		for _, key := range []string{"order", "state"} {
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
		w.run(q, func(ctx context.Context, j *Job) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			timer := time.NewTimer(20 * time.Millisecond)
			<-timer.C
			now.Add(-1)
			done.Add(1)
			w.must(j.Done(ctx, Done))
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
		w.run(q, func(ctx context.Context, j *Job) {
			defer close(ran)
			if err := j.Save(ctx, large); !errors.Is(err, ErrTooLarge) {
				w.Errorf("Save: %v", err)
			}
			if err := j.SavePage(ctx, 1, strings.Repeat("a", maxChunk*maxChunks+1)); !errors.Is(err, ErrTooLarge) {
				w.Errorf("SavePage: %v", err)
			}
			w.must(j.Done(ctx, Done))
		})
		soon(w, "run", ran)
	})
}
