package localslack

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// quota is a rate limit: the tier's calls a minute
// (https://docs.slack.dev/apis/web-api/rate-limits), and a burst. Slack
// documents no burst; an app should not count on more than ten.
type quota struct {
	perMinute float64
	burst     int
}

var (
	unlimited    = quota{}
	tier2        = quota{20, 10}
	tier3        = quota{50, 10}
	tier4        = quota{100, 10}
	special      = quota{300, 30} // "several hundred a minute"
	channelPosts = quota{60, 5}   // chat.postMessage: one a second in a channel
)

// bucket is a token bucket that also remembers the last Retry-After. A call
// before the end of that wait is refused and starts the whole wait anew.
type bucket struct {
	limiter *rate.Limiter
	wait    time.Duration // the last Retry-After
	until   time.Time     // end of the wait
}

// allow takes a call from the bucket. If the call is refused, wait is the
// Retry-After, in whole seconds and at least one.
func (b *bucket) allow(now time.Time) (wait time.Duration, ok bool) {
	r := b.limiter.ReserveN(now, 1)
	delay := r.DelayFrom(now)
	if delay == 0 && !now.Before(b.until) {
		return 0, true
	}
	r.CancelAt(now)
	if now.Before(b.until) {
		delay = max(delay, b.wait)
	}
	b.hold(now, delay)
	return b.wait, false
}

// hold refuses calls until d, rounded up to whole seconds, has passed.
func (b *bucket) hold(now time.Time, d time.Duration) {
	b.wait = wholeSeconds(d)
	b.until = now.Add(b.wait)
}

func wholeSeconds(d time.Duration) time.Duration {
	return time.Duration(max(1, math.Ceil(d.Seconds()))) * time.Second
}

// bucket returns the app's bucket of this name.
func (a *app) bucket(name string, q quota) *bucket {
	b := a.buckets[name]
	if b == nil {
		b = &bucket{limiter: rate.NewLimiter(rate.Limit(q.perMinute/60), q.burst)}
		a.buckets[name] = b
	}
	return b
}

// limited returns the error for a call above the rate limit.
func limited(wait time.Duration) *Error {
	return &Error{Code: "ratelimited", retryAfter: wait}
}

// checkRate counts a call of the app against the method's quota.
func (a *app) checkRate(method string, q quota, now time.Time) error {
	if q == unlimited {
		return nil
	}
	if wait, ok := a.bucket(method, q).allow(now); !ok {
		return limited(wait)
	}
	return nil
}
