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
	for _, keeper := range []int{0, 1} {
		t.Run(fmt.Sprint("the keeper is ", keeper), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				var m share.Memory
				var replicas [2]*Turns
				var all sync.WaitGroup
				for _, i := range []int{keeper, 1 - keeper} {
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

// TestConcurrencyIsOfAllReplicas: whatever befalls replicas, together they never read
// more pages than they may. A page of a replica that is cut off ends soon, since its
// job has lost its lease.
func TestConcurrencyIsOfAllReplicas(t *testing.T) {
	for seed := range 5 {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const most = 6
				random := rand.New(rand.NewPCG(uint64(seed), 23))
				var m share.Memory
				var running, read atomic.Int32
				type replica struct {
					link *share.End
					cut  bool
					stop func()
				}
				var all []*replica
				start := func() {
					r := &replica{link: m.Link()}
					if random.IntN(2) == 0 {
						r.link.Spoil(rand.New(rand.NewPCG(random.Uint64(), 1)), 2+random.IntN(20), time.Duration(1+random.IntN(800))*time.Millisecond)
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
								if n := running.Add(1); n > most {
									t.Errorf("%d pages are read at once", n)
								}
								select {
								case <-time.After(time.Duration(pause.IntN(6000)) * time.Millisecond):
								case <-working.Done():
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
						r.cut = !r.cut
						r.link.Cut(r.cut)
					}
				}
				for _, r := range all {
					r.stop()
				}
				if read.Load() < 300 {
					t.Errorf("only %d pages were read", read.Load())
				}
			})
		})
	}
}
