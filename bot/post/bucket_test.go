package post

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/sleep"
)

// spend is how long taking n tokens takes.
func spend(t testing.TB, b *bucket, n int, u priority) time.Duration {
	t.Helper()
	begun := time.Now()
	for range n {
		if err := use(t.Context(), b, u); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(begun)
}

// use waits for a turn and uses it in no time.
func use(ctx context.Context, b *bucket, u priority) error {
	turn, err := b.take(ctx, u, time.Now())
	if err == nil {
		b.locked(turn.done)
	}
	return err
}

// take waits for a turn.
func (b *bucket) take(ctx context.Context, u priority, since time.Time) (*waiter, error) {
	served := make(chan struct{})
	w := &waiter{bucket: b, priority: u, since: since, onServed: func() { close(served) }}
	b.locked(w.enter)
	select {
	case <-served:
		return w, nil
	case <-ctx.Done():
		b.locked(w.leave)
		return nil, context.Cause(ctx)
	}
}

// locked calls do as the pacer does.
func (b *bucket) locked(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do()
}

// limited handles a 429 to a call that was sent at that time.
func (b *bucket) limited(sent time.Time, retryAfter time.Duration) {
	b.locked(func() { b.onRateLimit(sent, retryAfter) })
}

// find returns the bucket of that name.
func (p *Pacer) find(pool string) *bucket {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bucket(pool)
}

// rested is the bucket of a process that has been idle for an hour.
func rested(l limit) *bucket {
	return newBucket(new(sync.Mutex), "", l, time.Now().Add(-time.Hour))
}

// TestTokenOfALeaverServesTheNext: a waiter that is cancelled in the instant in
// which it is served hands its token on.
func TestTokenOfALeaverServesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Hour, burst: 1})
		spend(t, b, 1, final)
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("given up")
		var all sync.WaitGroup
		all.Go(func() {
			if err := use(ctx, b, final); !errors.Is(err, cause) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		begun := time.Now()
		all.Go(func() {
			if err := use(t.Context(), b, final); err != nil || time.Since(begun) != 0 {
				t.Errorf("the next one was served after %s, %v", time.Since(begun), err)
			}
		})
		synctest.Wait()
		b.mu.Lock()
		cancel(cause) // wakes the first one, which then has to wait for the lock
		b.tokens = 1
		b.serve()
		b.mu.Unlock()
		all.Wait()
		b.timer.Stop()
	})
}

// TestLeaverHandsItsTokenBack where nobody else waits.
func TestLeaverHandsItsTokenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Hour, burst: 2})
		spend(t, b, 2, final)
		ctx, cancel := context.WithCancel(t.Context())
		var one sync.WaitGroup
		one.Go(func() { _ = use(ctx, b, final) })
		synctest.Wait()
		b.mu.Lock()
		cancel()
		b.tokens = 1
		b.serve()
		b.mu.Unlock()
		one.Wait()
		if took := spend(t, b, 1, final); took != 0 {
			t.Errorf("the token came back after %s", took)
		}
		b.timer.Stop()
	})
}

func TestLaterBlockDoesNotShortenAnEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Second, burst: 5})
		b.limited(time.Now(), 10*time.Second)
		b.limited(time.Now(), time.Second)
		if took := spend(t, b, 1, firstReply); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("served after %s, want 10 s", took)
		}
	})
}

func TestIdleHourIsWorthOneBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Second, burst: 3})
		_ = sleep.For(t.Context(), time.Hour)
		if took := spend(t, b, 5, final); took < 2*time.Second || took > 2100*time.Millisecond {
			t.Errorf("five tokens took %s, want three at once and two more seconds", took)
		}
	})
}

// TestLiveEditsLeaveAReserve, and take what is in stock evenly.
func TestLiveEditsLeaveAReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Second, burst: 2, extra: 6, reserve: 2})
		for i, most := range []time.Duration{0, 700 * time.Millisecond, 800 * time.Millisecond} {
			if took := spend(t, b, 1, interim); took > most || i > 0 && took < 500*time.Millisecond {
				t.Errorf("live edit %d came after %s", i+1, took)
			}
		}
		spend(t, b, 30, interim)
		if took := spend(t, b, 1, interim); took < 900*time.Millisecond || took > 1100*time.Millisecond {
			t.Errorf("a live edit took %s when the stock was spent", took)
		}
		if took := spend(t, b, 2, final); took != 0 {
			t.Errorf("finals waited %s behind live edits", took)
		}
		if took := spend(t, b, 1, final); took == 0 {
			t.Error("a third final was served at once: the stock was not spent")
		}
		b.timer.Stop()
	})
}

// TestExtraTokensComeBack a minute after they were spent, so that a long stream
// is edited as often as Slack takes it.
func TestExtraTokensComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limits["chat.update"])
		spend(t, b, 9, final)
		for range 10 { // minutes
			if took := spend(t, b, 50, final); took < 60*time.Second || took > 62*time.Second {
				t.Errorf("50 calls took %s, want a minute", took)
			}
		}
		b.timer.Stop()
	})
}

// TestNewProcessBeginsWithHalf: the one before it may just have spent all.
func TestNewProcessBeginsWithHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			l    limit
			half int
		}{{limit{every: time.Second, burst: 4}, 2}, {limit{every: time.Second, burst: 1, extra: 8}, 5}} {
			b := newBucket(new(sync.Mutex), "", tt.l, time.Now())
			if took := spend(t, b, tt.half, final); took != 0 {
				t.Errorf("%d calls took %s", tt.half, took)
			}
			if took := spend(t, b, 1, final); took < time.Second {
				t.Errorf("one more than %d took %s", tt.half, took)
			}
			b.timer.Stop()
		}
	})
}

// TestBusyChannelsAreRemembered when others are forgotten.
func TestBusyChannelsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		_ = sleep.For(t.Context(), time.Minute)
		spent, waiting := p.find(channelPool+"spent"), p.find(channelPool+"waiting")
		spend(t, spent, 2, final)
		waiting.limited(time.Now(), time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		var one sync.WaitGroup
		one.Go(func() { _ = use(ctx, waiting, final) })
		synctest.Wait()
		for i := range maxBuckets {
			p.find(channelPool + fmt.Sprint("C", i))
		}
		if p.find(channelPool+"spent") != spent || p.find(channelPool+"waiting") != waiting {
			t.Error("a channel's budget was forgotten while it counted")
		}
		if n := len(p.buckets); n > maxBuckets/2 {
			t.Errorf("%d channels are remembered that are idle", n)
		}
		cancel()
		one.Wait()
		waiting.timer.Stop()
	})
}

// TestOrderOfPosts: where a channel's budget is spent, a first reply goes before
// results, whichever came first.
func TestOrderOfPosts(t *testing.T) {
	inFakeTime(t, func(d *fixture) {
		budget := d.pacer.find(channelPool + d.channel)
		spend(d, budget, int(budget.burst), final)
		open := func(name string) {
			if w, err := openWriter(d.Context(), d.thread(), name, d.parent, name); err == nil {
				w.Detach()
			} else {
				t.Error(err)
			}
		}
		var all sync.WaitGroup
		for _, do := range []func(){
			func() {
				if err := d.thread().Post(d.Context(), result("result", "result"), &PostState{}, unsaved); err != nil {
					t.Error(err)
				}
			},
			func() { open("first reply") },
		} {
			all.Go(do)
			synctest.Wait()
		}
		all.Wait()
		var order []string
		for _, c := range d.calls("chat.postMessage") {
			order = append(order, c.Args["text"])
		}
		if want := []string{"first reply", "result"}; !slices.Equal(order, want) {
			t.Errorf("posted %q, want %q", order, want)
		}
	})
}

// TestTurnsGivenBack cost nothing: neither a token, nor an extra one, nor a pause,
// nor a place among the calls on their way.
func TestTurnsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: time.Minute, burst: 3, extra: 2})
		for _, u := range []priority{final, interim} {
			var turns []*waiter
			for range map[priority]int{final: 5, interim: 1}[u] {
				turn, err := b.take(t.Context(), u, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				turns = append(turns, turn)
			}
			for _, turn := range slices.Backward(turns) {
				b.locked(turn.leave)
			}
		}
		_ = sleep.For(t.Context(), time.Second)
		if took := spend(t, b, 1, interim) + spend(t, b, 4, final); took != 0 {
			t.Errorf("five calls took %s", took)
		}
		_ = sleep.For(t.Context(), 10*time.Minute)
		if took := spend(t, b, 5, final); took != 0 {
			t.Errorf("five calls after a rest took %s", took)
		}
	})
}

// TestSlowedBucketHasNoBurst, but the first call comes when Slack said, whatever
// was spent before.
func TestSlowedBucketHasNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := rested(limit{every: 10 * time.Second, burst: 3, extra: 2})
		spend(t, b, 5, final)
		b.limited(time.Now(), time.Second)
		if took := spend(t, b, 1, final); took < time.Second || took > 1001*time.Millisecond {
			t.Errorf("the first call came after %s", took)
		}
		_ = sleep.For(t.Context(), 2*time.Minute)
		if took := spend(t, b, 2, final); took < 10*time.Second {
			t.Errorf("two calls took %s", took)
		}
		b.timer.Stop()
	})
}
