package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"

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

// done is a follow-up that was done, and how late.
type done struct {
	kind string
	late time.Duration
}

// wantDone waits for follow-ups, which must not be done before they are due, and in
// fake time in this order and at most that late.
func (w *world) wantDone(did <-chan done, late time.Duration, want ...string) {
	w.Helper()
	var kinds []string
	for range want {
		got := soon(w, "follow-up", did)
		if got.late < 0 || w.fakeTime() && got.late > late {
			w.Errorf("%q came %s late", got.kind, got.late)
		}
		kinds = append(kinds, got.kind)
	}
	if !w.fakeTime() {
		slices.Sort(kinds)
		slices.Sort(want)
	}
	if !slices.Equal(kinds, want) {
		w.Errorf("done were %q, want %q", kinds, want)
	}
}

// followUps returns the follow-ups in the store, in the order in which they are due.
func (w *world) followUps(q *Queue) (kinds []string) {
	w.Helper()
	entries, err := q.store.List(w.Context(), maxList, "followup.>")
	w.must(err)
	var list []followUp
	for _, e := range entries {
		s, err := q.decodeFollowUp(w.Context(), e)
		w.must(err)
		list = append(list, s)
	}
	slices.SortStableFunc(list, func(a, b followUp) int { return a.Due.Compare(b.Due) })
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

// A follow-up is kept until it is replaced, or its job is erased.
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
		w.must(elsewhere.Erase(w.Context(), "a"))
		w.wantFollowUps(q, "b/close")
		if err := q.AddFollowUp(w.Context(), FollowUp{Key: "a", Kind: "close"}); !errors.Is(err, ErrNotFound) {
			w.Errorf("of an erased job: %v", err)
		}
		w.wantFollowUps(q, "b/close")
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
		did := make(chan string, 1)
		w.follow(q, func(_ context.Context, f FollowUp) error {
			did <- f.Key
			return nil
		})
		if key := soon(w, "follow-up", did); key != "k" {
			w.Errorf("%q was done", key)
		}
		w.until("none is left", func() bool {
			left, err := w.store.List(w.Context(), 10, "followup.>")
			return len(left) == 0 && err == nil
		})
	})
}

// A process's own follow-ups are done when they are due, and are gone then.
func TestOwnFollowUps(t *testing.T) {
	inWorlds(t, func(w *world) {
		q := w.queue()
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
		replaced := 200 * time.Millisecond
		if !w.fakeTime() {
			replaced = time.Hour // it must not be due before it is replaced
		}
		add("replaced", replaced)
		add("replaced", 900*time.Millisecond)
		w.wantDone(did, 200*time.Millisecond, "before it runs", "soon", "later", "replaced")
		w.until("none is left", func() bool { return len(w.followUps(q)) == 0 })
		if len(did) > 0 {
			w.Error("one was done twice")
		}
	})
}

// Each is done once by one of the replicas that run, when it is due, whoever added it.
func TestFollowUpsOfADeadProcess(t *testing.T) {
	inMemory(t, func(w *world) {
		dead, alive, q := w.queue(), w.queue(), w.queue()
		var mu sync.Mutex
		done := map[string]bool{}
		do := func(_ context.Context, f FollowUp) error {
			mu.Lock()
			defer mu.Unlock()
			if done[f.Kind] {
				w.Errorf("%s was done twice", f.Kind)
			}
			done[f.Kind] = true
			if late := time.Since(f.Due); late > 0 {
				w.Errorf("%s was done %s late", f.Kind, late)
			}
			return nil
		}
		w.follow(alive, do)
		w.follow(q, do)
		for i := range 20 {
			due := time.Now().Add(time.Duration(i*3) * time.Second)
			w.must(dead.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: fmt.Sprint("dead ", i), Due: due}))
			w.must(alive.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: fmt.Sprint("alive ", i), Due: due}))
		}
		_ = sleep.For(w.Context(), 3*time.Minute) // of fake time
		synctest.Wait()
		if len(done) != 40 {
			w.Errorf("done were %v", done)
		}
		w.wantFollowUps(q)
	})
}

// One that a replica was doing when it died is done by another one after the lease.
func TestFollowUpOfAReplicaThatDies(t *testing.T) {
	inMemory(t, func(w *world) {
		began := make(chan struct{})
		var dead atomic.Bool
		first := w.queueOn(&faulty{Store: w.store, fault: func(string) fault {
			if dead.Load() {
				return failed
			}
			return none
		}})
		stop := w.follow(first, func(ctx context.Context, _ FollowUp) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		})
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
		soon(w, "follow-up", began)
		did := make(chan time.Time, 1)
		w.follow(w.queue(), func(context.Context, FollowUp) error {
			did <- time.Now()
			return nil
		})
		_ = sleep.For(w.Context(), time.Minute) // of fake time
		synctest.Wait()
		if len(did) > 0 {
			w.Error("done by two at once")
		}
		dead.Store(true)
		died := time.Now()
		go stop()
		if late := soon(w, "follow-up", did).Sub(died); late > time.Second {
			w.Errorf("done after %s, with leases of 1 s", late)
		}
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
		did := make(chan done, 10)
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "cut", Due: time.Now()}))
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "later", Due: time.Now().Add(2 * time.Second)}))
		soon(w, "follow-up", began)
		w.follow(second, func(_ context.Context, f FollowUp) error {
			did <- done{f.Kind, time.Since(f.Due)}
			return nil
		})
		stop()
		w.must(first.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "after its end", Due: time.Now().Add(time.Second)}))
		w.wantDone(did, time.Second, "cut", "after its end", "later")
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
	w.lease = 2 * time.Minute // longer than the test waits
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
	w.follow(q, func(_ context.Context, f FollowUp) error {
		did <- f.Kind
		return nil
	})
	for range 2 {
		soon(w, "follow-up", did)
	}
	w.until("none is left", func() bool { return len(w.followUps(q)) == 0 })
}

// One that fails, or panics, comes again after longer and longer, at any of two
// replicas, and is given up an hour after it failed first.
func TestFollowUpFails(t *testing.T) {
	for name, fail := range map[string]func(){"fails": func() {}, "panics": func() { panic("a bug") }} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(w *world) {
				q, other := w.queue(), w.queue()
				var tries []time.Duration // one after the other
				do := func(context.Context, FollowUp) error {
					tries = append(tries, time.Since(epoch).Round(time.Second))
					fail()
					return errWork
				}
				w.follow(q, do)
				w.follow(other, do)
				w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
				_ = sleep.For(w.Context(), 3*time.Hour) // of fake time
				synctest.Wait()
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
		synctest.Wait()
		stop()
		_ = sleep.For(w.Context(), 2*time.Hour)
		w.wantFollowUps(other, "k/close")
		w.follow(other, fail)
		_ = sleep.For(w.Context(), time.Minute)
		w.wantFollowUps(other)
	})
}

// At most 16 are done at a time, those that are due already in the order in which
// they were stored, two of the same job and kind never at once.
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
		order := 0 // of the last one that was due from the start
		same := map[string]int{}
		w.follow(q, func(ctx context.Context, f FollowUp) error {
			mu.Lock()
			now++
			most = max(most, now)
			if same[f.Kind]++; same[f.Kind] > 1 {
				w.Errorf("%s is done twice at once", f.Kind)
			}
			if nth := int(epoch.Sub(f.Due) / time.Second); nth > 0 {
				if nth < order-followUpsAtOnce {
					w.Errorf("the follow-up %d after %d", nth, order)
				}
				order = nth
			}
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
		synctest.Wait()
		if most != followUpsAtOnce {
			w.Errorf("%d at once", most)
		}
		w.wantFollowUps(q)
	})
}

// One that is added while its predecessor is being done comes after it.
func TestFollowUpReplacedWhileItIsDone(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		f := FollowUp{Key: "k", Kind: "close", Due: time.Now()}
		var now, done atomic.Int64
		w.follow(q, func(ctx context.Context, _ FollowUp) error {
			if now.Add(1) > 1 {
				w.Error("done twice at once")
			}
			defer now.Add(-1)
			if done.Add(1) == 1 {
				w.must(q.AddFollowUp(ctx, f))
			}
			return sleep.For(ctx, 3*time.Second)
		})
		w.must(q.AddFollowUp(w.Context(), f))
		_ = sleep.For(w.Context(), time.Minute) // of fake time
		synctest.Wait()
		if n := done.Load(); n != 2 {
			w.Errorf("done %d times", n)
		}
		w.wantFollowUps(q)
	})
}

// One that was erased or put off while it waited is not done.
func TestFollowUpGoneFromTheStore(t *testing.T) {
	inMemory(t, func(w *world) {
		q, other := w.queue(), w.queue()
		w.enqueue(q, Record{Key: "erased"})
		soon := time.Now().Add(time.Minute)
		for _, key := range []string{"erased", "replaced", "stays"} {
			w.must(q.AddFollowUp(w.Context(), FollowUp{Key: key, Kind: "close", Due: soon}))
		}
		w.must(other.Erase(w.Context(), "erased"))
		w.must(other.AddFollowUp(w.Context(), FollowUp{Key: "replaced", Kind: "close", Due: soon.Add(time.Hour)}))
		var did []string
		w.follow(q, func(_ context.Context, f FollowUp) error {
			did = append(did, f.Key)
			return nil
		})
		_ = sleep.For(w.Context(), 10*time.Minute) // of fake time
		synctest.Wait()
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
		e, err := w.store.Get(w.Context(), FollowUp{Key: "k", Kind: "cut"}.entryKey())
		w.must(err)
		if s, err := q.decodeFollowUp(w.Context(), e); err != nil || s.Failed != 0 {
			w.Errorf("%+v, %v", s, err)
		}
	})
}
