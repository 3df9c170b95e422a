package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"pgregory.net/rapid"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/sleep"
)

// follow lets a queue do follow-ups until stop, or the end of the test.
func (w *world) follow(q *Queue, do func(context.Context, FollowUp) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	var running sync.WaitGroup
	running.Go(func() { q.RunFollowUps(ctx, do) })
	stop = func() {
		cancel()
		running.Wait()
	}
	w.Cleanup(stop)
	return stop
}

func (w *world) followUps(q *Queue) (kinds []string) {
	w.Helper()
	list, err := q.FollowUps(w.Context())
	w.must(err)
	for _, f := range list {
		kinds = append(kinds, f.Key+"/"+f.Kind)
	}
	return kinds
}

// wants checks the follow-ups that are stored.
func (w *world) wantFollowUps(q *Queue, want ...string) {
	w.Helper()
	if got := w.followUps(q); !slices.Equal(got, want) {
		w.Errorf("the follow-ups are %v, want %v", got, want)
	}
}

// A follow-up is kept until it is removed, replaced, or its job is erased.
func TestFollowUpsAreKept(t *testing.T) {
	inWorlds(t, func(w *world) {
		q, elsewhere := w.queue(), w.queue()
		now := time.Now()
		add := func(key, kind string, in time.Duration) {
			w.must(q.AddFollowUp(w.Context(), FollowUp{Key: key, Kind: kind, Due: now.Add(in)}))
		}
		for _, key := range []string{"a", "b"} {
			w.enqueue(q, Record{Key: key})
		}
		add("a", "close", 3*time.Minute)
		add("a", "look", time.Minute)
		add("b", "close", 2*time.Minute)
		w.wantFollowUps(elsewhere, "a/look", "b/close", "a/close")
		add("a", "look", 4*time.Minute)
		w.wantFollowUps(elsewhere, "b/close", "a/close", "a/look")

		list, err := elsewhere.FollowUps(w.Context())
		w.must(err)
		add("b", "close", 5*time.Minute)
		w.must(elsewhere.RemoveFollowUp(w.Context(), list[0])) // it was replaced since
		w.wantFollowUps(elsewhere, "a/close", "a/look", "b/close")
		w.must(elsewhere.RemoveFollowUp(w.Context(), FollowUp{Key: "b", Kind: "close"}))
		w.must(elsewhere.RemoveFollowUp(w.Context(), FollowUp{Key: "b", Kind: "close"}))
		w.wantFollowUps(q, "a/close", "a/look")

		w.must(elsewhere.Erase(w.Context(), "a"))
		w.wantFollowUps(q)
		if err := q.AddFollowUp(w.Context(), FollowUp{Key: "a", Kind: "close"}); !errors.Is(err, ErrNotFound) {
			w.Errorf("of an erased job: %v", err)
		}
		w.wantFollowUps(q)
		if err := q.AddFollowUp(w.Context(), FollowUp{Key: "b", Kind: strings.Repeat("k", maxName+1)}); !errors.Is(err, ErrTooLarge) {
			w.Errorf("too large: %v", err)
		}
		if n := w.unfinished(); n != 2 {
			w.Errorf("%d jobs are not finished, want those that were enqueued", n)
		}
	})
}

func (w *world) unfinished() int {
	n, err := w.store.Unfinished(w.Context())
	w.must(err)
	return n
}

// One that cannot be read is put away and stops nobody.
func TestFollowUpCorrupt(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		w.must(w.store.Put(w.Context(), "followup.a.b", []byte("\x00nonsense")))
		w.must(w.store.Put(w.Context(), "followup.a.c", []byte(`{"key":"other","id":"x"}`)))
		w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close"}))
		w.wantFollowUps(q, "k/close")
		if left, err := w.store.List(w.Context(), 10, "followup.>"); len(left) != 1 || err != nil {
			w.Errorf("%d are left, %v", len(left), err)
		}
	})
}

// A process's own follow-ups are done when they are due, and are gone then.
func TestOwnFollowUps(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
		type done struct {
			kind string
			late time.Duration
		}
		did := make(chan done, 10)
		start := time.Now()
		add := func(kind string, in time.Duration) {
			w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: kind, Due: start.Add(in)}))
		}
		add("before it runs", 0)
		w.follow(q, func(_ context.Context, f FollowUp) error {
			did <- done{f.Kind, time.Since(f.Due)}
			return nil
		})
		add("later", 600*time.Millisecond)
		add("soon", 300*time.Millisecond)
		add("replaced", 200*time.Millisecond)
		add("replaced", 900*time.Millisecond)
		for _, want := range []string{"before it runs", "soon", "later", "replaced"} {
			got := soon(w, "follow-up", did)
			if got.kind != want || got.late < 0 || got.late > 200*time.Millisecond {
				w.Errorf("%q came %s late, want %q", got.kind, got.late, want)
			}
		}
		w.until("none is left", func() bool { return len(w.followUps(q)) == 0 })
		if len(did) > 0 {
			w.Error("one was done twice")
		}
	})
}

// Those of a process that died are done by another one, and only those: not
// those that are about to be done.
func TestFollowUpsOfADeadProcess(t *testing.T) {
	inMemory(t, func(w *world) {
		dead, alive, q := w.queue(), w.queue(), w.queue()
		var mu sync.Mutex
		by := map[string]string{}
		do := func(who string) func(context.Context, FollowUp) error {
			return func(_ context.Context, f FollowUp) error {
				mu.Lock()
				defer mu.Unlock()
				if by[f.Kind] != "" {
					w.Errorf("%s was done twice", f.Kind)
				}
				by[f.Kind] = who
				late, dead := time.Since(f.Due), strings.HasPrefix(f.Kind, "dead")
				if dead && (late < rescueAfter || late > rescueAfter+lookEvery) || !dead && late > 0 {
					w.Errorf("%s was rescued after %s", f.Kind, late)
				}
				return nil
			}
		}
		w.follow(alive, do("alive"))
		w.follow(q, do("q"))
		for i := range 20 {
			due := time.Now().Add(time.Duration(i*3) * time.Second)
			w.must(dead.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: fmt.Sprint("dead ", i), Due: due}))
			w.must(alive.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: fmt.Sprint("alive ", i), Due: due}))
		}
		_ = sleep.For(w.Context(), 3*time.Minute) // of fake time
		for i := range 20 {
			if by[fmt.Sprint("alive ", i)] != "alive" || by[fmt.Sprint("dead ", i)] == "" {
				w.Errorf("done by %v", by)
			}
		}
		w.wantFollowUps(q)
	})
}

// Those of a replica that ends are done by another one at once: those that wait,
// when they are due, one that was cut, and one that was added last.
func TestFollowUpsOfAReplicaThatEnds(t *testing.T) {
	story := func(w *world, first, second *Queue) {
		began := make(chan struct{})
		stop := w.follow(first, func(ctx context.Context, f FollowUp) error {
			if f.Kind != "cut" {
				w.Errorf("the first did %s", f.Kind)
			}
			close(began)
			<-ctx.Done()
			return ctx.Err()
		})
		type done struct {
			kind string
			late time.Duration
		}
		did := make(chan done, 10)
		w.follow(second, func(_ context.Context, f FollowUp) error {
			did <- done{f.Kind, time.Since(f.Due)}
			return nil
		})
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "cut", Due: time.Now()}))
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "later", Due: time.Now().Add(2 * time.Second)}))
		soon(w, "follow-up", began)
		stop()
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "after its end", Due: time.Now().Add(time.Second)}))
		for _, want := range []string{"cut", "after its end", "later"} {
			got := soon(w, "follow-up", did)
			if got.kind != want || got.late < 0 || got.late > time.Second {
				w.Errorf("%q came %s late, want %q", got.kind, got.late, want)
			}
		}
		w.until("none is left", func() bool { return len(w.followUps(second)) == 0 })
	}
	t.Run("memory", func(t *testing.T) {
		inMemory(t, func(w *world) { story(w, w.queue(), w.queue()) })
	})
	t.Run("nats", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		s := kvtest.StartServer(t, server.Options{StoreDir: t.TempDir()})
		story(w, w.queueOn(kvtest.Connect(t, s)), w.queueOn(kvtest.Connect(t, s)))
	})
}

// An embedded store has one process: what an earlier one left is done at once.
func TestFollowUpsAfterARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	first, err := kv.OpenEmbedded(dir, 16<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	q := w.queueOn(first)
	for _, kind := range []string{"close", "look"} {
		w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: kind, Due: time.Now()}))
	}
	w.must(q.Close(w.Context()))
	q = w.queueOn(kvtest.Open(t, dir, 16<<20))
	did := make(chan string, 2)
	start := time.Now()
	w.follow(q, func(_ context.Context, f FollowUp) error {
		did <- f.Kind
		return nil
	})
	for range 2 {
		soon(w, "follow-up", did)
	}
	if took := time.Since(start); took > time.Second {
		w.Errorf("it took %s", took)
	}
	w.until("none is left", func() bool { return len(w.followUps(q)) == 0 })
}

// One that fails, or panics, comes again after longer and longer, and is given up
// an hour after it failed first. A replica that looks in the meantime does not
// come in between.
func TestFollowUpFails(t *testing.T) {
	for name, fail := range map[string]func(){"fails": func() {}, "panics": func() { panic("a bug") }} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(w *world) {
				q, other := w.queue(), w.queue()
				var tries []time.Duration
				w.follow(q, func(context.Context, FollowUp) error {
					tries = append(tries, time.Since(epoch).Round(time.Second))
					fail()
					return errWork
				})
				w.follow(other, func(context.Context, FollowUp) error {
					w.Error("done by another replica")
					return nil
				})
				w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
				_ = sleep.For(w.Context(), 3*time.Hour) // of fake time
				if want := "[0s 5s 20s 1m5s 3m20s 10m5s 30m20s 1h0m0s]"; fmt.Sprint(tries) != want {
					w.Errorf("tried at %v, want %s", tries, want)
				}
				w.wantFollowUps(q)
			})
		})
	}
}

// A replica that takes over what failed knows how long it has been failing.
func TestFollowUpGivenUpElsewhere(t *testing.T) {
	inMemory(t, func(w *world) {
		q, other := w.queue(), w.queue()
		fail := func(context.Context, FollowUp) error { return errWork }
		stop := w.follow(q, fail)
		w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
		_ = sleep.For(w.Context(), 10*time.Second) // of fake time
		stop()
		_ = sleep.For(w.Context(), 2*time.Hour)
		w.wantFollowUps(other, "k/close")
		w.follow(other, fail)
		_ = sleep.For(w.Context(), time.Minute)
		w.wantFollowUps(other)
	})
}

// At most 16 are done at a time, in the order in which they are due, two of the
// same job and kind never at once.
func TestFollowUpsAtOnce(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		const n = 100
		for i := range n {
			due := time.Now().Add(-time.Duration(i) * time.Second)
			w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: fmt.Sprint(i), Due: due}))
		}
		var mu sync.Mutex
		var now, most int
		var last time.Time
		same := map[string]int{}
		w.follow(q, func(ctx context.Context, f FollowUp) error {
			mu.Lock()
			now++
			most = max(most, now)
			if same[f.Kind]++; same[f.Kind] > 1 {
				w.Errorf("%s is done twice at once", f.Kind)
			}
			if f.Due.Before(last.Add(-followUpsAtOnce * time.Second)) {
				w.Errorf("%s after %s", f.Due, last)
			}
			last = f.Due
			again := f.Kind == "7" && f.Due.Before(epoch)
			mu.Unlock()
			if again {
				w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "7", Due: time.Now()}))
			}
			_ = sleep.For(ctx, time.Second)
			mu.Lock()
			defer mu.Unlock()
			now--
			same[f.Kind]--
			return nil
		})
		_ = sleep.For(w.Context(), (n/followUpsAtOnce+2)*time.Second) // of fake time
		if most != followUpsAtOnce {
			w.Errorf("%d at once", most)
		}
		w.wantFollowUps(q)
	})
}

// One that was erased, removed or put off in the store is not done from memory.
func TestFollowUpGoneFromTheStore(t *testing.T) {
	inMemory(t, func(w *world) {
		q, other := w.queue(), w.queue()
		w.enqueue(q, Record{Key: "erased"})
		soon := time.Now().Add(time.Minute)
		for _, key := range []string{"erased", "removed", "replaced", "stays"} {
			w.must(q.AddFollowUp(w.Context(), FollowUp{Key: key, Kind: "close", Due: soon}))
		}
		w.must(other.Erase(w.Context(), "erased"))
		w.must(other.RemoveFollowUp(w.Context(), FollowUp{Key: "removed", Kind: "close"}))
		w.must(other.AddFollowUp(w.Context(), FollowUp{Key: "replaced", Kind: "close", Due: soon.Add(time.Hour)}))
		var did []string
		w.follow(q, func(_ context.Context, f FollowUp) error {
			did = append(did, f.Key)
			return nil
		})
		_ = sleep.For(w.Context(), 10*time.Minute) // of fake time
		if fmt.Sprint(did) != "[stays]" {
			w.Errorf("done: %v", did)
		}
		w.wantFollowUps(other, "replaced/close")
	})
}

// At the end of the queue nothing is forgotten: what was not done stays, with no
// failure counted, and what was done goes.
func TestFollowUpsEnd(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queueOn(&faulty{Store: w.store})
		began := make(chan struct{}, 2)
		stop := w.follow(q, func(ctx context.Context, f FollowUp) error {
			began <- struct{}{}
			<-ctx.Done()
			if f.Kind == "done" {
				return nil
			}
			return ctx.Err()
		})
		for _, kind := range []string{"done", "cut"} {
			w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: kind, Due: time.Now()}))
			<-began
		}
		stop()
		w.wantFollowUps(q, "k/cut")
		e, err := w.store.Get(w.Context(), followUpKey(FollowUp{Key: "k", Kind: "cut"}))
		w.must(err)
		if s, err := q.decodeFollowUp(w.Context(), e); err != nil || s.Failed != 0 {
			w.Errorf("%+v, %v", s, err)
		}
	})
}

// Of too many follow-ups those that were stored first are listed.
func TestFollowUpsAreBounded(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.queue() // sets the store up
		for i := range 7 {
			w.must(w.store.Put(w.Context(), fmt.Sprint("followup.a.", i), []byte("{}")))
		}
		w.must(w.store.Put(w.Context(), "followup.a.0", []byte("{}"))) // the newest now
		for _, n := range []int{1, 3, 6, 7, 100} {
			list, err := w.store.Oldest(w.Context(), n, "followup.>")
			w.must(err)
			if want := min(n, 7); len(list) != want {
				w.Errorf("%d of %d", len(list), want)
			}
			for i, e := range list {
				if want := fmt.Sprint("followup.a.", (i+1)%7); e.Key != want {
					w.Errorf("the entry %d of %d is %s, want %s", i, n, e.Key, want)
				}
			}
		}
	})
}

func TestPlanIsBounded(t *testing.T) {
	p := newPlan()
	for i := range maxPlanned + 10 {
		p.find(planned{at: epoch, f: FollowUp{Key: fmt.Sprint(i), Kind: "close", id: "x"}})
	}
	if len(p.waiting) != maxPlanned {
		t.Errorf("%d are planned", len(p.waiting))
	}
}

// The plan gives each follow-up once, in the order of their times, the newest of
// each job and kind.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlan()
		newest := map[string]FollowUp{}
		for i := range rapid.IntRange(0, 40).Draw(t, "n") {
			f := FollowUp{
				Key: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), Kind: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "kind"),
				Due: epoch.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "due"))), id: fmt.Sprint(i),
			}
			_, known := newest[followUpKey(f)]
			if rapid.Bool().Draw(t, "found") {
				p.find(planned{at: f.Due, f: f})
				if known {
					continue
				}
			} else {
				p.add(f)
			}
			newest[followUpKey(f)] = f
		}
		var last time.Time
		for {
			one, _, ok := p.take()
			if !ok {
				break
			}
			f := one.f
			if newest[followUpKey(f)] != f || f.Due.Before(last) {
				t.Fatalf("got %v after %s", f, last)
			}
			delete(newest, followUpKey(f))
			last = f.Due
		}
		if len(newest) > 0 {
			t.Fatalf("never got %v", newest)
		}
	})
}
