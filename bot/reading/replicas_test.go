package reading

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/share"
	"slackocr/bot/share/sharetest"
	"slackocr/ocr"
)

// newReplica returns turns that are shared over a link until stop.
func newReplica(t *testing.T, link share.Link, n int, limit *ocr.Limit) (turns *Turns, stop func()) {
	end := share.New(link, slog.New(slog.DiscardHandler))
	turns = NewTurns(end, n, limit)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := end.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return turns, func() {
		cancel()
		running.Wait()
	}
}

// TestPeopleAreEqualInAllReplicas: a hundred pictures of one person in one replica do
// not keep a colleague's waiting in another.
func TestPeopleAreEqualInAllReplicas(t *testing.T) {
	for _, leader := range []int{0, 1} {
		t.Run(fmt.Sprint("the leader is ", leader), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var m sharetest.Memory
				var replicas [2]*Turns
				var all sync.WaitGroup
				for _, i := range []int{leader, 1 - leader} {
					var end func()
					replicas[i], end = newReplica(t, m.Link(), 4, nil)
					defer end()
					<-time.After(2 * time.Second)
				}
				var running atomic.Int32
				read := func(s *Turns, person string) (waited time.Duration) {
					begun := time.Now()
					turn := s.enter(person, false)
					if turn.Wait(ctx, nil, func(int) {}) != nil {
						return time.Hour
					}
					defer turn.Done()
					waited = time.Since(begun)
					if running.Add(1) > 4 {
						t.Error("more than four read at once")
					}
					defer running.Add(-1)
					<-time.After(10 * time.Second)
					return waited
				}
				for range 25 {
					all.Go(func() { read(replicas[0], "ann") })
				}
				<-time.After(25 * time.Second)
				for range 3 {
					if waited := read(replicas[1], "bob"); waited > 10*time.Second {
						t.Errorf("the colleague waited for %s", waited)
					}
				}
				stop()
				all.Wait()
			})
		})
	}
}

// leases are the leases of a replica's jobs. They are renewed each three seconds for ten.
type leases struct {
	context.Context // the page's: it ends when a lease is lost
	lose            context.CancelFunc
	lapse           *time.Timer
}

func newLeases(ctx context.Context) *leases {
	var l leases
	l.Context, l.lose = context.WithCancel(ctx)
	l.lapse = time.AfterFunc(time.Hour, l.lose)
	l.lapse.Stop()
	return &l
}

// TestConcurrencyIsOfAllReplicas: whatever befalls replicas, together they never read
// more pages than they may. A page of a replica that is cut off ends after ten seconds,
// since its job has lost its lease. With pages as long as that, links lose a message in
// five at most; with short pages, every second one.
func TestConcurrencyIsOfAllReplicas(t *testing.T) {
	for seed := range 6 {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const most = 6
				page, kept := 6_000, 2
				if seed%2 == 0 {
					page, kept = 20_000, 5
				}
				random := rand.New(rand.NewPCG(uint64(seed), 23))
				var m sharetest.Memory
				var running, read atomic.Int32
				type replica struct {
					link *sharetest.Link
					cut  bool
					held *leases // guarded by mu
					stop func()
				}
				var mu sync.Mutex
				var all []*replica
				cut := func(r *replica, off bool) {
					mu.Lock()
					defer mu.Unlock()
					r.cut = off
					r.link.Cut(off)
					if off {
						r.held.lapse.Reset(10 * time.Second)
						return
					}
					if r.held.lapse.Stop(); r.held.Err() != nil {
						r.held = newLeases(t.Context())
					}
				}
				start := func() {
					r := &replica{link: m.Link(), held: newLeases(t.Context())}
					if random.IntN(2) == 0 {
						r.link.Spoil(rand.New(rand.NewPCG(random.Uint64(), 1)), kept+random.IntN(20), time.Duration(1+random.IntN(800))*time.Millisecond)
					}
					s, end := newReplica(t, r.link, most, nil)
					working, rest := context.WithCancel(t.Context())
					var people sync.WaitGroup
					for i := range 8 {
						pause := rand.New(rand.NewPCG(random.Uint64(), 2))
						people.Go(func() {
							for working.Err() == nil {
								turn := s.enter(fmt.Sprint(i%3), false)
								if turn.Wait(working, nil, func(int) {}) != nil {
									return
								}
								mu.Lock()
								lost := r.held.Done()
								mu.Unlock()
								if n := running.Add(1); n > most {
									t.Errorf("%d pages are read at once", n)
								}
								select {
								case <-time.After(time.Duration(pause.IntN(page)) * time.Millisecond):
								case <-working.Done():
								case <-lost:
								}
								running.Add(-1)
								read.Add(1)
								turn.Done()
							}
						})
					}
					r.stop = func() {
						rest()
						people.Wait()
						end()
					}
					all = append(all, r)
				}
				for range 3 {
					start()
				}
				for range 40 {
					<-time.After(time.Duration(random.ExpFloat64() * float64(20*time.Second)))
					if len(all) < 2 || len(all) < 5 && random.IntN(3) == 0 {
						start()
						continue
					}
					i := random.IntN(len(all))
					r := all[i]
					switch random.IntN(4) {
					case 0: // it dies
						r.link.Cut(true)
						r.stop()
						all = append(all[:i], all[i+1:]...)
					case 1:
						r.stop()
						all = append(all[:i], all[i+1:]...)
					default:
						cut(r, !r.cut)
					}
				}
				for _, r := range all {
					r.stop()
				}
				if read.Load() < 200 {
					t.Errorf("only %d pages were read", read.Load())
				}
			})
		})
	}
}

// TestTurnsOfALostReplica: when a replica is cut off, the others get those turns that it
// waits for at once, and those that it has when the leases of its jobs are lost, whether
// the leader lives on or has been lost too.
func TestTurnsOfALostReplica(t *testing.T) {
	for _, tt := range []struct {
		leaderToo bool
		all       time.Duration // until all turns are to be had
	}{{false, 13500 * time.Millisecond}, {true, 13500 * time.Millisecond}} {
		t.Run(fmt.Sprint("leader too: ", tt.leaderToo), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var m sharetest.Memory
				var links [3]*sharetest.Link
				var replicas [3]*Turns
				for i := range links {
					var stop func()
					links[i] = m.Link()
					replicas[i], stop = newReplica(t, links[i], 4, nil)
					defer stop()
					<-time.After(3 * time.Second)
				}
				ctx, cancel := context.WithCancel(t.Context())
				var people sync.WaitGroup
				for range 20 {
					people.Go(func() { // in the replica that will be cut off
						turn := replicas[1].enter("ann", false)
						if turn.Wait(ctx, nil, func(int) {}) == nil {
							<-ctx.Done()
						}
					})
				}
				<-time.After(2 * time.Second)
				links[1].Cut(true)
				if tt.leaderToo {
					links[0].Cut(true)
				}
				begun := time.Now()
				var last atomic.Int64
				for range 4 {
					people.Go(func() {
						turn := replicas[2].enter("bob", false)
						if turn.Wait(ctx, nil, func(int) {}) == nil {
							last.Store(max(last.Load(), int64(time.Since(begun))))
							<-ctx.Done()
						}
					})
				}
				<-time.After(tt.all)
				synctest.Wait()
				taken, _ := replicas[2].Load()
				t.Logf("%d turns, the last after %s", taken, time.Duration(last.Load()))
				if taken != 4 {
					t.Errorf("%d of 4 turns are to be had after %s", taken, tt.all)
				}
				cancel()
				people.Wait()
			})
		})
	}
}
