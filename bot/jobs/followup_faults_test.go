package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/sleep"
)

// A do that never ends has its time.
func TestFollowUpHangs(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		took := make(chan time.Duration, 10)
		w.follow(q, func(ctx context.Context, f FollowUp) error {
			start := time.Now()
			<-ctx.Done()
			took <- time.Since(start)
			return ctx.Err()
		})
		w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
		if got := <-took; got != followUpTimeout {
			w.Errorf("it took %s", got)
		}
		synctest.Wait()
		w.wantFollowUps(q, "k/close")
	})
}

// Whatever call of the store fails, before or after the fact: a follow-up that
// was added is done once at least, and is gone in the end.
func TestEachCallOfAFollowUpFails(t *testing.T) {
	for _, how := range []fault{failed, applied} {
		for n := range 12 {
			t.Run(fmt.Sprintf("%d/%d", how, n), func(t *testing.T) {
				inMemory(t, func(w *world) {
					var calls atomic.Int64
					q := w.queueOn(&faulty{Store: w.store, fault: func(string) fault {
						if calls.Add(1) == int64(n)+1 {
							return how
						}
						return none
					}})
					tries := 0
					w.follow(q, func(context.Context, FollowUp) error {
						if tries++; tries == 1 {
							return errWork
						}
						return nil
					})
					w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
					_ = sleep.For(w.Context(), 10*time.Minute) // of fake time
					synctest.Wait()
					if tries != 2 {
						w.Errorf("%d tries", tries)
					}
					w.wantFollowUps(w.queue())
				})
			})
		}
	}
}

// The patience with the store is that of both calls together.
func TestPatienceOfAddFollowUp(t *testing.T) {
	inMemory(t, func(w *world) {
		began, stored := time.Now(), false
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if late := time.Since(began) >= storePatience*2/3; stored || call == "Put" && !late {
				return failed
			} else if call == "Put" {
				stored = true
			}
			return none
		}})
		err := q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()})
		if took := time.Since(began); !errors.Is(err, ErrUnavailable) || took > storePatience+time.Second {
			w.Errorf("it took %s: %v", took, err)
		}
	})
}

// A store that fails now and then puts no follow-up off, which reads a record that is
// sealed: each fifth call fails, and a failed try would come again 5 s later.
func TestFollowUpOnAShakyStore(t *testing.T) {
	for offset := range 5 {
		t.Run(fmt.Sprint(offset), func(t *testing.T) {
			inMemory(t, func(w *world) {
				w.enqueue(w.queue(), Record{Key: "k"})
				var calls atomic.Int64
				calls.Store(int64(offset))
				q := w.queueOn(&faulty{Store: w.store, fault: func(string) fault {
					if calls.Add(1)%5 == 0 {
						return failed
					}
					return none
				}})
				var done atomic.Int64
				w.follow(q, func(ctx context.Context, f FollowUp) error {
					if _, err := q.Get(ctx, f.Key); err != nil {
						return err
					}
					done.Add(1)
					return nil
				})
				w.must(q.AddFollowUp(w.Context(), FollowUp{Key: "k", Kind: "close", Due: time.Now()}))
				_ = sleep.For(w.Context(), 4*time.Second) // of fake time
				synctest.Wait()
				if n := done.Load(); n != 1 {
					w.Errorf("done %d times", n)
				}
				w.wantFollowUps(w.queue())
			})
		})
	}
}
