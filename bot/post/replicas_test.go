package post

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/share"
	"slackocr/bot/share/sharetest"
	"slackocr/bot/sleep"
)

// replica is a pacer that shares its budget.
type replica struct {
	*Pacer
	link *sharetest.Link
	stop func() // as a process that ends
}

// newReplica starts a replica that shares over m. It ends with the test.
func newReplica(t testing.TB, m *sharetest.Memory) *replica {
	r := &replica{link: m.Link()}
	s := share.New(r.link, slog.New(slog.DiscardHandler))
	r.Pacer = NewPacer(s, nil)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	r.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(r.stop)
	return r
}

// spend returns the time that n calls of a method take.
func (r *replica) spend(t testing.TB, n int, u priority) time.Duration {
	t.Helper()
	begun := time.Now()
	for range n {
		turn, err := r.wait(t.Context(), call{method: "chat.update", priority: u}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		turn.Done()
	}
	return time.Since(begun)
}

// replicas starts n of them, and lets their budget grow full.
func replicas(t testing.TB, n int) (all []*replica) {
	m := &sharetest.Memory{}
	for range n {
		all = append(all, newReplica(t, m))
		_ = sleep.For(t.Context(), time.Second) // the first one is the leader
	}
	_ = sleep.For(t.Context(), 3*time.Minute)
	return all
}

// TestReplicasShareTheBudget: three processes, each with a pacer of its own.
func TestReplicasShareTheBudget(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		var all sync.WaitGroup
		for i, r := range replicas(d.T, 3) {
			all.Go(func() {
				for j := range 20 {
					m := result("text", "text")
					m.Key = fmt.Sprint(i, "/", j)
					if err := NewClient(d.api, r.Pacer, nil).Thread(nil, d.channel, d.parent).Post(d.Context(), m, &PostState{}, unsaved); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		d.noRateLimit()
	})
}

// TestUpdatesOfAnyMinute: Slack takes 50, however the burst falls and however
// many processes share them, and none is left unused.
func TestUpdatesOfAnyMinute(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 8} {
		for name, u := range map[string]priority{"finals": final, "interim edits": interim} {
			t.Run(fmt.Sprint(n, " processes, ", name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex
					var served []time.Time
					var all sync.WaitGroup
					for _, r := range replicas(t, n) {
						all.Go(func() {
							for range 150 / n {
								r.spend(t, 1, u)
								mu.Lock()
								served = append(served, time.Now())
								mu.Unlock()
							}
						})
					}
					all.Wait()
					for i := 50; i < len(served); i++ {
						if minute := served[i].Sub(served[i-50]); minute <= time.Minute {
							t.Fatalf("51 within %s", minute)
						}
					}
					if took := time.Since(served[0]); took > 190*time.Second {
						t.Errorf("%d took %s: the budget was not used", len(served), took)
					}
				})
			})
		}
	}
}

// TestIdleReplicaKeepsNothing: one of three has all there is within a second, first
// the one and then another.
func TestIdleReplicaKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, r := range replicas(t, 3) {
			if took := r.spend(t, 9, final); took > time.Second {
				t.Errorf("the whole burst took %s", took)
			}
			if took := r.spend(t, 10, final); took > 16*time.Second {
				t.Errorf("ten more took %s: there is one each 1.43 s", took)
			}
			_ = sleep.For(t.Context(), 2*time.Minute)
		}
	})
}

// TestReplicaComesAndGoes: a second process joins while the first one streams with
// all it has, and leaves again.
func TestReplicaComesAndGoes(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		stream := func(pacer *Pacer, name string, length time.Duration) {
			var all sync.WaitGroup
			for i := range 5 {
				all.Go(func() {
					thread := NewClient(d.api, pacer, nil).Thread(nil, d.channel, d.parent)
					r, err := openWriter(d.Context(), thread, fmt.Sprint(name, i), d.parent, "reading")
					if err != nil {
						t.Error(err)
						return
					}
					d.write(r, length)
					r.Detach()
				})
			}
			all.Wait()
		}
		var all sync.WaitGroup
		m := &sharetest.Memory{}
		first := newReplica(d.T, m)
		_ = sleep.For(d.Context(), time.Hour)
		begun := time.Now()
		all.Go(func() { stream(first.Pacer, "first", 10*time.Minute) })
		_ = sleep.For(d.Context(), 2*time.Minute)
		second := newReplica(d.T, m)
		stream(second.Pacer, "second", 3*time.Minute)
		second.stop()
		all.Wait()
		d.noRateLimit()
		inMinute := map[int]int{}
		for _, c := range d.calls("chat.update") {
			inMinute[int(c.Time.Sub(begun).Minutes())]++
		}
		for _, minute := range []int{1, 3, 4, 7, 8} {
			if n := inMinute[minute]; n < 40 || n > 50 {
				t.Errorf("%d edits in minute %d", n, minute+1)
			}
		}
	})
}

// TestLimitHoldsAllReplicas: after a 429 to one of them, none calls that method before
// Slack said.
func TestLimitHoldsAllReplicas(t *testing.T) {
	for i, who := range []string{"the leader's", "another's"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := replicas(t, 3)
				_ = all[i].once(t.Context(), tooMany(20))
				begun := time.Now()
				_ = sleep.For(t.Context(), 10*time.Millisecond)
				for _, r := range all {
					r.spend(t, 1, final)
					if took := time.Since(begun); took < 20*time.Second {
						t.Errorf("served after %s", took)
					}
				}
			})
		})
	}
}

// tooMany is a call that Slack answers with a 429.
func tooMany(seconds int) call {
	return call{method: "chat.update", priority: final, do: func(context.Context) error {
		return &slack.RateLimitedError{RetryAfter: time.Duration(seconds) * time.Second}
	}}
}

// TestBlockOutlivesItsLeader: the next one knows of a 429 to the one before.
func TestBlockOutlivesItsLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := replicas(t, 2)
		begun := time.Now()
		_ = all[0].once(t.Context(), tooMany(30))
		_ = sleep.For(t.Context(), 2*time.Second)
		all[0].stop()
		all[1].spend(t, 1, final)
		if took := time.Since(begun); took < 30*time.Second || took > 35*time.Second {
			t.Errorf("served after %s", took)
		}
	})
}

// TestNextLeaderHasNothingInStock, since the one before may just have spent it,
// whether it left or died.
func TestNextLeaderHasNothingInStock(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprint("dies: ", dies), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := replicas(t, 2)
				all[0].spend(t, 9, final)
				begun := time.Now()
				if all[0].link.Cut(dies); !dies {
					all[0].stop()
				}
				all[1].spend(t, 9, final)
				if took := time.Since(begun); took < 12*time.Second || took > 30*time.Second {
					t.Errorf("nine calls took %s, want 1.43 s each, and some to notice", took)
				}
			})
		})
	}
}

// TestGrowingPartBringsNoStock: what was left free for replicas that were out of reach
// may just have been spent by them.
func TestGrowingPartBringsNoStock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limits["chat.update"])
		b.locked(func() { b.assign(share.Assignment{Role: share.Leader, Reserved: 3}, time.Now()) })
		if took := spend(t, b, 6, final); took != 0 {
			t.Errorf("six calls took %s", took)
		}
		b.locked(func() { b.assign(share.Whole, time.Now()) })
		if took := spend(t, b, 2, final); took < 2*time.Second {
			t.Errorf("two more took %s", took)
		}
		b.timer.Stop()
	})
}

// TestOnePersonsCallsGoBehindTheOthersInAllReplicas: a hundred posts that one person
// causes in one replica do not delay a colleague's in another one.
func TestOnePersonsCallsGoBehindTheOthersInAllReplicas(t *testing.T) {
	for ann := range 2 { // the leader, or not
		synctest.Test(t, func(t *testing.T) {
			all := replicas(t, 2)
			ctx, cancel := context.WithCancel(t.Context())
			var posts sync.WaitGroup
			said := func(r *replica, person string, n int) error {
				return r.run(ctx, call{method: "chat.postMessage", channel: fmt.Sprint(person, n%20), person: person, priority: final, do: func(context.Context) error { return nil }})
			}
			for n := range 100 {
				posts.Go(func() { _ = said(all[ann], "ann", n) })
			}
			_ = sleep.For(ctx, 5*time.Second)
			begun := time.Now()
			if err := said(all[1-ann], "bob", 1); err != nil {
				t.Error(err)
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("the colleague's post took %s", took)
			}
			cancel()
			posts.Wait()
		})
	}
}
