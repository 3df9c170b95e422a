package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot/jobs/kv"
)

func TestStop(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.lease = 2 * time.Minute // longer than the test waits
		q, elsewhere := w.queue(), w.queue()
		began, stopped := make(chan string, 10), make(chan Record, 10)
		w.enqueue(q, Record{Key: "queued"})
		w.must(q.Stop(w.Context(), "queued", "bob"))
		w.run(q, func(ctx context.Context, j *Job) error {
			if j.Record().Key == "waits" && ctx.Err() == nil {
				began <- "waits"
				return Retry(time.Hour, errors.New("fails"))
			}
			began <- j.Record().Key
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, ErrStopped) {
				w.Errorf("ended because of %v", cause)
			}
			stopped <- j.Record()
			w.must(j.Save(context.WithoutCancel(ctx), "said so"))
			return ErrStopped
		})
		soon(w, "run", began)
		if r := soon(w, "stop of the queued", stopped); r.Key != "queued" || r.StoppedBy != "bob" {
			w.Errorf("stopped: %+v", r)
		}

		w.enqueue(q, Record{Key: "runs"})
		soon(w, "run", began)
		w.must(elsewhere.Stop(w.Context(), "runs", "bob"))
		soon(w, "stop of the running", stopped)

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

// TestStopIsRecordedFirst: when the work's context ends, the record already has the
// person who stopped the job.
func TestStopIsRecordedFirst(t *testing.T) {
	j := &Job{owner: "owner"}
	var by string
	j.endWork = func(error) { by = j.Record().StoppedBy }
	if err := j.observe(state{State: Running, Owner: "owner", Changes: 1, StoppedBy: "bob"}); err != nil {
		t.Error(err)
	}
	if by != "bob" {
		t.Errorf("at the end of the context the job was stopped by %q", by)
	}
}

func TestErase(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, secretRecord)
		began, lost := make(chan struct{}), make(chan error, 1)
		w.run(q, func(ctx context.Context, j *Job) error {
			w.must(j.Save(ctx, "posted at moonrise"))
			w.must(j.SavePage(ctx, 1, "text of the invoice"))
			close(began)
			<-ctx.Done()
			lost <- context.Cause(ctx)
			if err := j.SavePage(context.WithoutCancel(ctx), 2, "more text"); !errors.Is(err, ErrLost) {
				w.Errorf("saving a page of an erased job: %v", err)
			}
			if _, err := j.settle(context.WithoutCancel(ctx), &verdict{kind: finish}); !errors.Is(err, ErrLost) {
				w.Errorf("finishing an erased job: %v", err)
			}
			return nil
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
		entries, err := w.store.List(w.Context(), 100, ">")
		w.must(err)
		entries = slices.DeleteFunc(entries, func(e kv.Entry) bool { return strings.HasPrefix(e.Key, "replica.") })
		if len(entries) != 2 {
			w.Errorf("%d entries left, want an empty spec and a state", len(entries))
		}
		for _, e := range entries {
			for _, word := range []string{"ann", "invoice", "total", "C1", "moonrise", token(secretRecord.Person), token(secretRecord.Thread)} {
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
		w.must(w.store.Put(w.Context(), specKey("bad", token("thread 0"), token("person 0"), token("file 0")), []byte("{")))
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
		if entries, err := w.store.List(w.Context(), 3, "job.>"); len(entries) != 3 || idOf(entries[2].Key) != "bad" || err != nil {
			w.Errorf("the newest three: %v, %v", entries, err)
		}
	})
}

// A job is listed by each of its files, the first one and the others, until it is
// erased. An enqueue that came to nothing half-way is completed by the next.
func TestJobsByTheirOtherFiles(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "one", Thread: "t", Person: "p", File: "a"})
		w.enqueue(q, Record{Key: "two", Thread: "t", Person: "p", File: "b", Others: []string{"a", "c"}})
		keys := func(file string) (keys []string) {
			w.Helper()
			records, err := q.ByFile(w.Context(), file)
			w.must(err)
			for _, r := range records {
				keys = append(keys, r.Key)
			}
			return keys
		}
		for file, want := range map[string][]string{"a": {"one", "two"}, "b": {"two"}, "c": {"two"}, "d": nil} {
			if got := keys(file); !slices.Equal(got, want) {
				w.Errorf("by %s there are %q, want %q", file, got, want)
			}
		}
		if created, err := q.Enqueue(w.Context(), Record{Key: "one", Others: []string{"d"}}); created || err != nil {
			w.Errorf("taken again: %t, %v", created, err)
		}
		if got := keys("d"); !slices.Equal(got, []string{"one"}) {
			w.Errorf("by d there are %q", got)
		}
		w.must(q.Erase(w.Context(), "two"))
		if got := keys("c"); len(got) != 0 {
			w.Errorf("by c there are %q after it was erased", got)
		}
	})
}

// The texts of some pages can be erased alone.
func TestErasePages(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		saved := make(chan struct{}, 1)
		w.run(q, func(ctx context.Context, j *Job) error {
			for _, n := range []int{0, 1, 10, 19, 20} {
				w.must(j.SavePage(ctx, n, strings.Repeat("text", maxChunk/2)))
			}
			saved <- struct{}{}
			return nil
		})
		w.enqueue(q, Record{Key: "k"})
		soon(w, "saved", saved)
		w.must(q.ErasePages(w.Context(), "k", 10, 20))
		for n, want := range map[int]bool{0: true, 1: true, 10: false, 19: false, 20: true} {
			if _, ok, err := q.Page(w.Context(), "k", n); ok != want || err != nil {
				w.Errorf("page %d is there: %t, %v", n, ok, err)
			}
		}
	})
}
