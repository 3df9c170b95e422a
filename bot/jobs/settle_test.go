package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/sleep"
)

var errWork = errors.New("the work fails")

// What the work returns is what becomes of the job.
func TestWorkSettlesByItsError(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("wrapped: %w", err) }
	for name, tt := range map[string]struct {
		err      error
		stopped  bool // by a person, before the work returns
		state    State
		attempts int
		runs     int           // the second one ends well
		after    time.Duration // the first, at least
	}{
		"nothing":               {nil, false, Done, 0, 1, 0},
		"nothing, stopped":      {nil, true, Stopped, 0, 1, 0},
		"a failure":             {errWork, false, Done, 1, 2, 5 * time.Second},
		"retry":                 {wrap(Retry(0, errWork)), false, Done, 1, 2, 5 * time.Second},
		"retry soon":            {Retry(time.Second, errWork), false, Done, 1, 2, time.Second},
		"retry, stopped":        {Retry(time.Hour, errWork), true, Stopped, 1, 2, 0},
		"retry of nothing":      {Retry(time.Second, nil), false, Done, 1, 2, time.Second},
		"cancel":                {wrap(Cancel(errWork)), false, Failed, 0, 1, 0},
		"cancel of a stop":      {Cancel(wrap(ErrStopped)), false, Stopped, 0, 1, 0},
		"cancel, cut by a stop": {Cancel(wrap(context.Canceled)), true, Failed, 0, 1, 0},
		"cancel of a hand-off":  {Cancel(ErrClosing), false, Failed, 0, 1, 0},
		"hand-off":              {wrap(Handoff(errWork)), false, Done, 0, 2, 0},
		"a stop":                {wrap(ErrStopped), false, Stopped, 0, 1, 0},
		"closing":               {wrap(ErrClosing), false, Done, 0, 2, 0},
		"no store":              {wrap(ErrUnavailable), false, Done, 0, 2, 0},
		"a full store":          {wrap(ErrFull), false, Done, 0, 2, fullPause},
		"too large":             {ErrTooLarge, false, Done, 1, 2, 5 * time.Second},
		"cut by a stop":         {wrap(context.Canceled), true, Stopped, 0, 1, 0},
		"retry, cut by a stop":  {Retry(time.Hour, wrap(context.Canceled)), true, Stopped, 0, 1, 0},
		"no store at a stop":    {wrap(ErrUnavailable), true, Stopped, 0, 1, 0},
		"cancelled from within": {wrap(context.Canceled), false, Done, 1, 2, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(w *world) {
				if tt.err != nil && tt.err.Error() == "" {
					w.Error("the error says nothing")
				}
				q := w.queue()
				w.enqueue(q, Record{Key: "k"})
				var runs []time.Time
				var settled []State
				stop := w.run(q, func(ctx context.Context, j *Job) error {
					j.OnSettled(func(as State, err error) {
						settled = append(settled, as)
						if len(runs) == 1 && errors.Is(tt.err, errWork) && !errors.Is(err, errWork) {
							w.Errorf("settled because of %v", err)
						}
					})
					runs = append(runs, time.Now())
					if len(runs) > 1 {
						if len(settled) != tt.attempts {
							w.Errorf("the next run began after %v", settled)
						}
						return nil
					}
					if tt.stopped {
						w.must(q.Stop(w.Context(), "k", "bob"))
						<-ctx.Done()
					}
					return tt.err
				})
				_ = sleep.For(w.Context(), 2*time.Hour) // of fake time
				stop()
				if r := w.record(q, "k"); r.State != tt.state || r.Attempts != tt.attempts {
					w.Errorf("%s after %d attempts", r.State, r.Attempts)
				}
				if len(runs) != tt.runs {
					w.Fatalf("%d runs", len(runs))
				}
				if len(runs) > 1 {
					if after := runs[1].Sub(runs[0]); after < tt.after || after > tt.after+100*time.Millisecond {
						w.Errorf("it came again after %s, want %s", after, tt.after)
					}
				}
				want := []State{tt.state}
				if tt.attempts > 0 {
					want = []State{Queued, tt.state}
				}
				if !slices.Equal(settled, want) {
					w.Errorf("settled as %v, want %v", settled, want)
				}
			})
		})
	}
}

// What the work meant is not hidden by saying what becomes of the job.
func TestVerdictsWrap(t *testing.T) {
	stop := fmt.Errorf("while reading: %w", ErrStopped)
	for name, err := range map[string]error{"retry": Retry(0, stop), "cancel": Cancel(stop), "hand-off": Handoff(stop)} {
		if !errors.Is(err, ErrStopped) || err.Error() != stop.Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A work that fails, panics or ends its goroutine is tried again after 5, 15, 45
// and 135 s, and is nobody else's problem.
func TestBackoff(t *testing.T) {
	for name, work := range map[string]func() error{
		"fails":  func() error { return errWork },
		"panics": func() error { panic("a bug") },
		"exits":  func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			inMemory(t, func(w *world) {
				q := w.queue()
				w.enqueue(q, Record{Key: "k"})
				var runs []time.Duration
				stop := w.run(q, func(_ context.Context, j *Job) error {
					runs = append(runs, time.Since(epoch).Round(time.Second))
					if want := backoff(len(runs) - 1); j.Backoff() != want {
						w.Errorf("the next attempt is said to come after %s, want %s", j.Backoff(), want)
					}
					return work()
				})
				_ = sleep.For(w.Context(), time.Hour) // of fake time
				stop()
				if r := w.record(q, "k"); r.State != Failed || r.Attempts != 5 {
					w.Errorf("%s after %d attempts", r.State, r.Attempts)
				}
				if want := "[0s 5s 20s 1m5s 3m20s]"; fmt.Sprint(runs) != want {
					w.Errorf("tried at %v, want %s", runs, want)
				}
			})
		})
	}
	if got := backoff(50); got != time.Hour {
		t.Errorf("%s in the end", got)
	}
}

// A store that does not answer for a while is asked again, by all that a job
// writes and reads: nothing is done twice, no attempt is counted.
func TestStoreIsSilentForAWhile(t *testing.T) {
	inMemory(t, func(w *world) {
		var silent atomic.Bool
		store := &faulty{Store: w.store, fault: func(call string) fault {
			if silent.Load() && call != "Renew" {
				return failed
			}
			return none
		}}
		q := w.queueOn(store)
		w.enqueue(q, Record{Key: "k"})
		silence := func() {
			silent.Store(true)
			time.AfterFunc(storePatience-time.Second, func() { silent.Store(false) })
		}
		runs := 0
		w.run(q, func(ctx context.Context, j *Job) error {
			runs++
			steps := []func() error{
				func() error { return j.Save(ctx, "begun") },
				func() error { return j.SavePage(ctx, 1, "text") },
				func() error { _, _, err := j.Page(ctx, 1); return err },
				func() error {
					_, cancel, err := j.Fence(ctx)
					if err == nil {
						cancel()
					}
					return err
				},
			}
			for _, step := range steps {
				silence()
				w.must(step())
			}
			silence()
			return nil
		})
		_ = sleep.For(w.Context(), time.Hour) // of fake time
		if r := w.record(q, "k"); r.State != Done || r.Attempts != 0 || runs != 1 {
			w.Errorf("%s after %d attempts and %d runs", r.State, r.Attempts, runs)
		}
	})
}

// The patience with the store ends: with the work's context at once, because of
// what ended that, and otherwise after 30 s.
func TestPatienceEnds(t *testing.T) {
	inMemory(t, func(w *world) {
		var silent atomic.Bool
		q := w.queueOn(&faulty{Store: w.store, fault: func(call string) fault {
			if silent.Load() && call != "Renew" {
				return failed
			}
			return none
		}})
		w.enqueue(q, Record{Key: "k"})
		done := make(chan struct{})
		stop := w.run(q, func(ctx context.Context, j *Job) error {
			defer close(done)
			silent.Store(true)
			asked := time.Now()
			if err := j.Save(ctx, 1); !errors.Is(err, ErrUnavailable) {
				w.Errorf("Save: %v", err)
			}
			if took := time.Since(asked); took < storePatience || took > storePatience+time.Second {
				w.Errorf("it took %s", took)
			}
			for _, cause := range []error{ErrStopped, ErrLost, ErrClosing} {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { cancel(cause) })
				asked := time.Now()
				if err := j.Save(ctx, 1); !errors.Is(err, cause) {
					w.Errorf("Save: %v, want %v", err, cause)
				}
				if took := time.Since(asked); took > time.Second {
					w.Errorf("it took %s", took)
				}
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if err := j.Save(ctx, 1); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
				w.Errorf("Save: %v", err)
			}
			return nil
		})
		<-done
		synctest.Wait()
		ended := time.Now()
		stop() // while it cannot settle the job
		if took := time.Since(ended); took > settleAfterStop+claimTimeout {
			w.Errorf("stopping took %s", took)
		}
	})
}
