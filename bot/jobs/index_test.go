package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot/sleep"
)

// oldKey is the key of a spec as it was before jobs were listed by files.
func oldKey(r Record) string {
	return strings.TrimSuffix(specKey(token(r.Key), token(r.Thread), token(r.Person), ""), ".")
}

// Jobs that were stored before jobs were listed by files are known, listed,
// worked on, stopped and erased as the others are.
func TestEarlierLayout(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.queue() // sets the store up
		for _, key := range []string{"runs", "erased", "stopped", "gone"} {
			r := Record{Key: key, Thread: "t", Person: "p"}
			value, err := encode(spec{Key: r.Key, Thread: r.Thread, Person: r.Person, Created: time.Now()})
			w.must(err)
			w.must(w.store.Create(w.Context(), oldKey(r), specsOf(token(key)), value))
		}
		// It was erased then, too.
		s, err := encode(state{State: Erased})
		w.must(err)
		w.must(w.store.Put(w.Context(), stateKey(token("gone")), s))
		w.must(w.store.Put(w.Context(), "job."+token("gone")+".-.-", []byte("{}")))
		w.must(w.store.Delete(w.Context(), oldKey(Record{Key: "gone", Thread: "t", Person: "p"})))

		q := w.queue()
		if created, err := q.Enqueue(w.Context(), Record{Key: "gone", File: "f"}); created || err != nil {
			w.Errorf("what was erased is taken again: %t, %v", created, err)
		}
		if created, err := q.Enqueue(w.Context(), Record{Key: "runs", Thread: "t", Person: "p", File: "f"}); created || err != nil {
			w.Errorf("taken again: %t, %v", created, err)
		}
		w.enqueue(q, Record{Key: "new", Thread: "t", Person: "p", File: "f"})
		w.lists(q, "runs", "erased", "stopped", "new")
		w.must(q.Erase(w.Context(), "erased"))
		w.must(q.Erase(w.Context(), "gone"))
		w.lists(q, "runs", "stopped", "new")
		w.must(q.Stop(w.Context(), "stopped", "bob"))
		w.run(q, func(ctx context.Context, j *Job) error {
			if cause := context.Cause(ctx); (j.Record().Key == "stopped") != errors.Is(cause, ErrStopped) {
				w.Errorf("%s ended because of %v", j.Record().Key, cause)
			}
			return nil
		})
		for key, as := range map[string]State{"runs": Done, "stopped": Stopped, "new": Done} {
			w.until(key+" is finished", func() bool { return w.record(q, key).State == as })
		}
		for _, key := range []string{"erased", "gone"} {
			if r := w.record(q, key); r.State != Erased {
				w.Errorf("%+v", r)
			}
			if left, err := w.store.List(w.Context(), 10, specsOf(token(key))); len(left) != 1 || err != nil {
				w.Errorf("%d specs of %s, %v", len(left), key, err)
			}
		}
	})
}

// lists checks the thread t, the person p, and the file f, which only the last
// one is of.
func (w *world) lists(q *Queue, want ...string) {
	w.Helper()
	check := func(list []Record, err error, want []string) {
		w.Helper()
		var got []string
		for _, r := range list {
			got = append(got, r.Key)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") || err != nil {
			w.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	list, err := q.ByThread(w.Context(), "t")
	check(list, err, want)
	list, err = q.ByPerson(w.Context(), "p")
	check(list, err, want)
	list, err = q.ByFile(w.Context(), "f")
	check(list, err, want[len(want)-1:])
}

// What a queue works on it knows without the store, from the claim to the end.
func TestRunning(t *testing.T) {
	inWorlds(t, func(w *world) {
		q, idle := w.queue(), w.queue()
		if list := q.Running(); len(list) > 0 {
			w.Errorf("before any ran: %v", list)
		}
		keys := []string{"a", "b", "c"}
		began, end := make(chan struct{}, len(keys)), make(chan struct{})
		for _, key := range keys {
			w.enqueue(q, Record{Key: key, Thread: "t " + key, Person: "p", File: "f"})
		}
		stop := w.run(q, func(ctx context.Context, j *Job) error {
			w.must(j.Save(ctx, "progress of "+j.Record().Key))
			began <- struct{}{}
			select {
			case <-end:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		for range keys {
			soon(w, "run", began)
		}
		list := q.Running()
		if len(list) != len(keys) {
			w.Fatalf("%d jobs", len(list))
		}
		for i, r := range list {
			if r.Key != keys[i] || r.State != Running || r.Thread != "t "+r.Key || r.File != "f" || r.Created.IsZero() ||
				string(r.Progress) != `"progress of `+r.Key+`"` {
				w.Errorf("the job %d: %+v", i, r)
			}
		}
		if list := idle.Running(); len(list) > 0 {
			w.Errorf("elsewhere: %v", list)
		}
		w.must(q.Erase(w.Context(), "b"))
		w.until("the erased one is gone", func() bool { return len(q.Running()) == 2 })
		end <- struct{}{}
		w.until("another one is done", func() bool { return len(q.Running()) == 1 })
		stop()
		if list := q.Running(); len(list) > 0 {
			w.Errorf("after all: %v", list)
		}
	})
}

// Many who look while jobs come and go see whole records only.
func TestRunningWhileJobsComeAndGo(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		const n = 200
		done := make(chan struct{}, n)
		var looking sync.WaitGroup
		ctx, cancel := context.WithCancel(w.Context())
		for range 3 {
			looking.Go(func() {
				for sleep.For(ctx, time.Millisecond) == nil {
					for _, r := range q.Running() {
						if r.Key == "" || r.State != Running || r.Owner == "" {
							w.Errorf("%+v", r)
						}
					}
				}
			})
		}
		w.run(q, func(ctx context.Context, j *Job) error {
			j.OnSettled(func(State, error) { done <- struct{}{} })
			return nil
		})
		for i := range n {
			w.enqueue(q, Record{Key: strings.Repeat("k", i+1)})
		}
		for range n {
			soon(w, "end", done)
		}
		cancel()
		looking.Wait()
	})
}

// Of too many entries the newest are listed, oldest first.
func TestListIsBounded(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.queue()           // sets the store up
		for i := range 14 { // each is stored twice
			w.must(w.store.Put(w.Context(), fmt.Sprint("followup.a.", i%7), []byte("{}")))
		}
		w.must(w.store.Put(w.Context(), "followup.a.0", []byte("{}"))) // the newest now
		for _, n := range []int{1, 2, 3, 6, 7, 100} {
			list, err := w.store.List(w.Context(), n, "followup.>")
			w.must(err)
			if want := min(n, 7); len(list) != want {
				w.Errorf("%d of %d", len(list), want)
			}
			for i, e := range list {
				if want := fmt.Sprint("followup.a.", (i+8-len(list))%7); e.Key != want {
					w.Errorf("the entry %d of %d is %s, want %s", i, n, e.Key, want)
				}
			}
		}
	})
}
