package share_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"slackocr/bot/post"
	"slackocr/bot/share"
	"slackocr/bot/share/sharetest"
)

// TestNoBudgetIsExceeded: whatever befalls replicas, together they call no more often
// than Slack takes. They come, end, die and are cut off, and come back; messages are
// lost and late; their clocks run at different rates.
func TestNoBudgetIsExceeded(t *testing.T) {
	for seed := range 15 {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(seed), 22))
				w := &fleet{
					T: t, random: random, greedy: seed%2 == 0, served: map[string]int{},
					budgets: map[string]*rate.Limiter{"chat.update": rate.NewLimiter(50./60, 10), "chat.postMessage": rate.NewLimiter(1, 5)},
				}
				for range 3 {
					w.start()
				}
				end := time.Now().Add(10 * time.Minute)
				for time.Now().Before(end) {
					pause(t.Context(), time.Duration(random.ExpFloat64()*float64(20*time.Second)))
					w.befall()
				}
				w.end()
			})
		})
	}
}

// fleet is some replicas that all want more than there is.
type fleet struct {
	*testing.T
	random *rand.Rand
	greedy bool // they never rest
	m      sharetest.Memory
	all    []*worker

	mu      sync.Mutex // guards what follows
	budgets map[string]*rate.Limiter
	served  map[string]int
}

// worker is one replica and who wants something of it.
type worker struct {
	link *sharetest.Link
	cut  bool
	stop func() // it leaves
	die  func() // it does not call any more, and nobody is told
}

// maxFleet is how many replicas there are at once. The burst in a channel is five, so
// with more of them apart there would not be a token for each.
const maxFleet = 4

func (w *fleet) start() {
	r := &worker{link: w.m.Link()}
	s := share.New(r.link, slog.New(slog.DiscardHandler))
	s.SetRate(0.95 + w.random.Float64()/10)
	post.NewPacer(s, nil)
	if w.random.IntN(2) == 0 {
		r.link.Spoil(rand.New(rand.NewPCG(w.random.Uint64(), 1)), 2+w.random.IntN(20), time.Duration(1+w.random.IntN(800))*time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	working, rest := context.WithCancel(ctx)
	var running, callers sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	for range 4 {
		for _, want := range wants {
			random := rand.New(rand.NewPCG(w.random.Uint64(), 0))
			callers.Go(func() { w.calls(working, s, want, random) })
		}
	}
	r.stop = func() {
		rest()
		callers.Wait()
		cancel()
		running.Wait()
	}
	r.die = func() {
		r.link.Cut(true)
		r.stop()
	}
	w.all = append(w.all, r)
}

var wants = []share.Request{
	{Source: "slack", Pool: "chat.update"},
	{Source: "slack", Pool: "chat.postMessage", Channel: "C1"},
}

// calls calls Slack as often as it may, now and then.
func (w *fleet) calls(ctx context.Context, s *share.Share, want share.Request, random *rand.Rand) {
	for ctx.Err() == nil {
		for range 1 + random.IntN(20) {
			want.Priority = random.IntN(6)
			turn := s.Enter(want, time.Now())
			if turn.Wait(ctx, nil, nil) != nil {
				return
			}
			if random.IntN(10) == 0 {
				turn.GiveBack()
				continue
			}
			pause(ctx, time.Duration(random.IntN(200))*time.Millisecond) // to Slack
			w.mu.Lock()
			w.served[want.Pool]++
			if !w.budgets[want.Pool].Allow() {
				w.Errorf("%s: more calls than Slack takes", want.Pool)
			}
			w.mu.Unlock()
			turn.Done()
		}
		if !w.greedy {
			pause(ctx, time.Duration(random.ExpFloat64()*float64(2*time.Second)))
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// befall has something happen to one of them.
func (w *fleet) befall() {
	if len(w.all) == 0 {
		w.start()
		return
	}
	i := w.random.IntN(len(w.all))
	r := w.all[i]
	gone := func() { w.all = append(w.all[:i], w.all[i+1:]...) }
	switch w.random.IntN(5) {
	case 0:
		r.stop()
		gone()
	case 1:
		r.die()
		gone()
	case 2:
		if len(w.all) < maxFleet {
			w.start()
		}
	default:
		r.cut = !r.cut
		r.link.Cut(r.cut)
	}
}

func (w *fleet) end() {
	for _, r := range w.all {
		r.stop()
	}
	w.Logf("calls: %v", w.served)
	if w.served["chat.update"] < 10*8 {
		w.Errorf("only %d edits in 10 minutes", w.served["chat.update"])
	}
}
