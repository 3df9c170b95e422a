package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/sleep"
)

// A worker that cannot renew its lease has to stop before the next one begins.
func TestLeaseNotRenewed(t *testing.T) {
	inMemory(t, func(w *world) {
		var cut atomic.Bool
		first := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if call == "Renew" && cut.Load() {
				return failed
			}
			return none
		}})
		second := w.queue()
		w.enqueue(first, Record{Key: "k"})
		began, lost, next := make(chan struct{}), make(chan time.Time, 1), make(chan time.Time, 1)
		w.run(first, func(ctx context.Context, j *Job) error {
			cut.Store(true)
			fenced, cancel, err := j.Fence(context.WithoutCancel(ctx)) // as the last words are written
			w.must(err)
			defer cancel()
			close(began)
			<-fenced.Done()
			if cause := context.Cause(fenced); !errors.Is(cause, ErrLost) {
				w.Errorf("the write ended because of %v", cause)
			}
			<-ctx.Done()
			if cause := context.Cause(ctx); !errors.Is(cause, ErrLost) {
				w.Errorf("the work ended because of %v", cause)
			}
			lost <- time.Now()
			return context.Cause(ctx)
		})
		soon(w, "run", began)
		w.run(second, func(ctx context.Context, j *Job) error {
			next <- time.Now()
			return nil
		})
		ended, taken := soon(w, "loss", lost), soon(w, "take-over", next)
		if taken.Before(ended) {
			w.Errorf("taken over %s before the first worker ended", ended.Sub(taken))
		}
		synctest.Wait()
		if r := w.record(second, "k"); r.State != Done || r.Attempts != 0 {
			w.Errorf("%+v", r)
		}
	})
}

// One that can is never disturbed, however long it takes.
func TestLongJob(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		w.enqueue(q, Record{Key: "k"})
		done := make(chan struct{})
		work := func(ctx context.Context, j *Job) error {
			defer close(done) // a second run panics here
			timer := time.NewTimer(10 * time.Minute)
			select {
			case <-timer.C:
			case <-ctx.Done():
				w.Errorf("ended because of %v", context.Cause(ctx))
			}
			return nil
		}
		w.run(q, work)
		w.run(w.queue(), work)
		<-done
	})
}

// A process that is frozen after a lease was given to it wakes up with a lease
// that another worker's has replaced.
func TestStaleLease(t *testing.T) {
	inMemory(t, func(w *world) {
		frozen, awake := make(chan struct{}), make(chan struct{})
		first := w.queueOn(&faulty{Store: w.store, held: func() {
			close(frozen)
			<-awake
		}})
		second := w.queue()
		w.enqueue(first, Record{Key: "k"})
		w.run(first, func(context.Context, *Job) error {
			w.Error("an old lease was worked on")
			return nil
		})
		soon(w, "freeze", frozen)
		done := make(chan struct{})
		w.run(second, func(ctx context.Context, j *Job) error {
			close(awake)
			_ = sleep.For(ctx, 500*time.Millisecond)
			w.must(j.Save(ctx, "still mine"))
			j.OnSettled(func(as State, _ error) {
				if as != Done {
					w.Error(as)
				}
				close(done)
			})
			return nil
		})
		soon(w, "end", done)
	})
}

// The pause before an attempt holds though the store forgets it, as a server
// that starts anew may.
func TestPauseHolds(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if call == "Return" {
				return failed
			}
			return none
		}})
		w.enqueue(q, Record{Key: "k"})
		attempts := make(chan time.Time, 2)
		w.run(q, func(ctx context.Context, j *Job) error {
			attempts <- time.Now()
			if j.Record().Attempts > 0 {
				return nil
			}
			return Retry(10*time.Second, errors.New("fails"))
		})
		first := <-attempts
		if pause := (<-attempts).Sub(first); pause < 10*time.Second || pause > 12*time.Second {
			w.Errorf("the next attempt came after %s", pause)
		}
	})
}

// A job that comes again while its work here has not noticed that it lost its
// lease is not worked on twice at once.
func TestNotTwiceAtOnce(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if call == "Renew" && time.Since(epoch) > 100*time.Millisecond && time.Since(epoch) < 5*time.Second {
				return failed
			}
			return none
		}})
		w.enqueue(q, Record{Key: "k"})
		var now atomic.Int64
		done := make(chan struct{})
		w.run(q, func(ctx context.Context, j *Job) error {
			if n := now.Add(1); n > 1 {
				w.Errorf("%d at once", n)
			}
			defer now.Add(-1)
			if time.Since(epoch) < 4*time.Second {
				_ = sleep.For(w.Context(), 6*time.Second) // deaf
				return nil
			}
			close(done)
			return nil
		})
		soon(w, "end", done)
	})
}

// epoch is when fake time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// The end of the work may cut a renewal, which is no news.
func TestRenewalAtTheEndOfTheWork(t *testing.T) {
	inMemory(t, func(w *world) {
		var began atomic.Bool
		renewing, goOn := make(chan bool, 10), make(chan bool)
		store := &faulty{Store: w.store, fault: func(call string) fault {
			if call != "Renew" || !began.Load() {
				return none
			}
			renewing <- true
			<-goOn
			return failed
		}}
		log := &lockedBuffer{}
		q, err := Open(w.Context(), Config{LeaseFor: time.Second, Log: slog.New(slog.NewTextHandler(log, nil))}, store)
		w.must(err)
		w.run(q, func(context.Context, *Job) error {
			began.Store(true)
			<-renewing
			return nil
		})
		w.enqueue(q, Record{Key: "k"})
		w.until("the job is done", func() bool { return w.record(q, "k").State == Done })
		synctest.Wait()
		close(goOn)
		synctest.Wait()
		if said := log.String(); said != "" {
			w.Errorf("logged: %s", said)
		}
	})
}
