package webapi

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Quota is a rate limit: the tier's calls a minute
// (https://docs.slack.dev/apis/web-api/rate-limits), and a burst. Slack
// documents no burst; an app should not count on more than ten.
type Quota struct {
	perMinute float64
	burst     int
}

// The quotas of Slack's methods.
var (
	Unlimited    = Quota{}
	Tier2        = Quota{20, 10}
	Tier3        = Quota{50, 10}
	Tier4        = Quota{100, 10}
	Special      = Quota{300, 30} // "several hundred a minute"
	ChannelPosts = Quota{60, 5}   // chat.postMessage: one a second in a channel
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

// Buckets are an app's token buckets by name: that of a method, or a method and
// a channel.
type Buckets map[string]*bucket

func (b Buckets) get(name string, q Quota) *bucket {
	if b[name] == nil {
		b[name] = &bucket{limiter: rate.NewLimiter(rate.Limit(q.perMinute/60), q.burst)}
	}
	return b[name]
}

// Take counts a call against the quota. The error is ratelimited.
func (b Buckets) Take(name string, q Quota, now time.Time) error {
	if q == Unlimited {
		return nil
	}
	if wait, ok := b.get(name, q).allow(now); !ok {
		return Limited(wait)
	}
	return nil
}

// Hold refuses the next calls until d, rounded up to whole seconds, has passed.
func (b Buckets) Hold(name string, q Quota, now time.Time, d time.Duration) {
	if q != Unlimited {
		b.get(name, q).hold(now, d)
	}
}
