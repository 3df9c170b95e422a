package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"slackocr/bot/sleep"
)

const (
	// storePatience is the time for which a job's calls are repeated while the
	// store does not answer.
	storePatience = 30 * time.Second
	// storeTimeout bounds each of these calls, and storeRetryPause is the time
	// between two of them.
	storeTimeout    = 5 * time.Second
	storeRetryPause = 200 * time.Millisecond
	// settleAfterStop bounds the writes for a job after the queue's stop.
	settleAfterStop = 2 * time.Second
	// fullPause is the delay of a job that was handed back because the store
	// is full, and would otherwise come back at once.
	fullPause = 2 * time.Second
)

// verdict is the decision about a job after its work. As an error, a verdict
// is the work's own error.
type verdict struct {
	kind  verdictKind
	after time.Duration // delay before the next work on the job
	err   error
}

type verdictKind int

const (
	finish  verdictKind = iota // the job is done
	retry                      // the attempt failed
	cancel                     // the job is finished but not done
	handoff                    // the job goes on later, and no attempt is counted
	leave                      // another worker has the job
)

func (v *verdict) Error() string {
	if v.err == nil {
		return "the job did not come to its end"
	}
	return v.err.Error()
}

func (v *verdict) Unwrap() error { return v.err }

// Retry returns an error that says that an attempt failed and when the next
// starts; 0 means the time of [Job.Backoff]. After the last attempt the job
// has failed. The error wraps err.
func Retry(after time.Duration, err error) error {
	return &verdict{kind: retry, after: max(after, 0), err: err}
}

// Cancel returns an error that ends a job: the job has failed, or was stopped
// if err wraps [ErrStopped]. The error wraps err.
func Cancel(err error) error { return &verdict{kind: cancel, err: err} }

// Handoff returns an error that hands a job back: another worker starts at
// once, and no attempt is counted. The error wraps err.
func Handoff(err error) error { return &verdict{kind: handoff, err: err} }

// judge returns the decision about a job whose work returned err. ctx is the
// context of the work: an error that only says that ctx has ended counts as
// the cause of ctx.
func judge(ctx context.Context, err error) *verdict {
	v, decided := errors.AsType[*verdict](err)
	interrupted := errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable)
	if cause := context.Cause(ctx); cause != nil && interrupted && !(decided && v.kind == cancel) {
		return judge(context.WithoutCancel(ctx), cause)
	}
	switch {
	case decided:
		return &verdict{v.kind, v.after, err}
	case err == nil:
		return &verdict{kind: finish}
	case errors.Is(err, ErrLost):
		return &verdict{kind: leave, err: err}
	case errors.Is(err, ErrFull):
		return &verdict{kind: handoff, after: fullPause, err: err}
	case errors.Is(err, ErrClosing), errors.Is(err, ErrUnavailable):
		return &verdict{kind: handoff, err: err}
	case errors.Is(err, ErrStopped):
		return &verdict{kind: cancel, err: err}
	}
	return &verdict{kind: retry, err: err}
}

// settle carries out the decision about a job, and repeats that for a while if
// the store does not answer.
func (q *Queue) settle(ctx context.Context, j *Job, v *verdict) {
	if v.kind == leave || j.hasEnded() {
		return
	}
	if v.kind == retry {
		q.config.Log.Warn("an attempt failed", "request", requestID(j.id), "attempt", j.Record().Attempts+1, "error", v.err)
	}
	ctx, cancel := settling(ctx)
	defer cancel()
	if v.kind != handoff {
		q.eraseLater(ctx, j)
	}
	var as State
	err := retryStore(ctx, func(ctx context.Context) (err error) {
		as, err = j.settle(ctx, v)
		return err
	})
	switch {
	case errors.Is(err, ErrLost):
		return
	case err != nil:
		q.config.Log.Warn("could not settle a job; its lease will expire", "request", requestID(j.id), "error", err)
		return
	}
	j.mu.Lock()
	call := j.onSettled
	j.mu.Unlock()
	if call != nil && v.kind != handoff {
		call(as, v.err)
	}
	j.endLease(ctx)
}

// apply changes the state of a job as decided.
func (v *verdict) apply(s *state, maxAttempts int) {
	s.Owner = ""
	switch v.kind {
	case finish:
		s.State = Done
		if s.StoppedBy != "" { // such a job is never Done
			s.State = Stopped
		}
	case cancel:
		s.State = Failed
		if errors.Is(v.err, ErrStopped) {
			s.State = Stopped
		}
	case handoff:
		s.State = Queued
		if v.after > 0 {
			s.NotBefore = time.Now().Add(v.after)
		}
	case retry:
		wait := cmp.Or(v.after, backoff(s.Attempts))
		if s.StoppedBy != "" {
			wait = 0
		}
		s.State, s.Attempts, s.NotBefore = Queued, s.Attempts+1, time.Now().Add(wait)
		if s.Attempts >= maxAttempts {
			s.State, s.NotBefore = Failed, time.Time{}
		}
	}
}

// settling returns a context for the last writes of a job, which ends soon
// after ctx, that is, after the queue's stop.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), storePatience)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(settleAfterStop, cancel) })
	return settle, func() {
		stop()
		cancel()
	}
}

// retryStore is repeat for calls of the store alone, each of which may take a
// few seconds.
func retryStore(ctx context.Context, call func(ctx context.Context) error) error {
	return repeat(ctx, func(ctx context.Context) error {
		try, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		return call(try)
	})
}

// repeat repeats a call until the store answers, for at most storePatience. If
// ctx ends in the meantime because of the job or the queue, repeat returns the
// cause.
func repeat(ctx context.Context, call func(ctx context.Context) error) error {
	for end := time.Now().Add(storePatience); ; {
		err := call(ctx)
		if !errors.Is(err, ErrUnavailable) || time.Now().After(end) {
			return err
		}
		if sleep.For(ctx, storeRetryPause) != nil {
			cause := context.Cause(ctx)
			if errors.Is(cause, ErrStopped) || errors.Is(cause, ErrLost) || errors.Is(cause, ErrClosing) {
				return cause
			}
			return fmt.Errorf("%w: %w", ErrUnavailable, cause)
		}
	}
}

// backoff returns the delay before a job's next attempt, after failed earlier
// failures: 5, 15, 45 and 135 s, and at most an hour.
func backoff(failed int) time.Duration {
	wait := 5 * time.Second
	for range failed {
		wait = min(3*wait, time.Hour) // no number of failures overflows it
	}
	return wait
}
