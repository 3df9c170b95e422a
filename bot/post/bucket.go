package post

import (
	"math"
	"slices"
	"sync"
	"time"

	"slackocr/bot/share"
)

// limit is Slack's rate limit of a method for an app in a workspace, and the
// pacer's way to spend it.
type limit struct {
	every time.Duration // the time per call
	burst float64       // the most calls at once within that rate, at least 1
	// extra calls may come at any time in addition. Each returns extraReturn
	// after its use, so that no minute has more than burst + extra + 60 s /
	// every calls, and a burst is not lost to a stream of edits over minutes.
	extra   int
	reserve int // extra calls that live edits leave to others, except for first texts
}

// extraReturn is a minute, and a second for calls that reach Slack late.
const extraReturn = 61 * time.Second

// Slack's tiers, a little below the documented rates
// (https://docs.slack.dev/apis/web-api/rate-limits) because the clocks differ:
// 50 and 100 calls a minute, including the burst. Slack does not document
// the burst that it forgives; an app should not count on more than ten.
var (
	tier3 = limit{every: 1430 * time.Millisecond, burst: 8}
	tier4 = limit{every: 650 * time.Millisecond, burst: 8}
)

// limits are the limits of all methods in use.
var limits = map[string]limit{
	"chat.update":                  {every: 1430 * time.Millisecond, burst: 2, extra: 7, reserve: 1}, // tier 3
	"chat.postMessage":             {every: 250 * time.Millisecond, burst: 20},                       // "several hundred a minute"
	"chat.postEphemeral":           tier4,
	"chat.delete":                  tier3,
	"conversations.history":        tier3,
	"conversations.info":           tier3,
	"conversations.members":        tier4,
	"conversations.open":           tier3,
	"conversations.replies":        tier3,
	"files.completeUploadExternal": tier4,
	"files.delete":                 tier3,
	"files.getUploadURLExternal":   tier4,
	"files.info":                   tier4,
	"users.info":                   tier4,
	"views.open":                   tier4,
	"response_url":                 {every: 100 * time.Millisecond, burst: 8}, // five uses each; no common limit
	"upload":                       {every: 100 * time.Millisecond, burst: 8}, // to the address from Slack; no documented limit
}

// postsInChannel allows about one message a second in a channel, and five at
// once.
var postsInChannel = limit{every: 1050 * time.Millisecond, burst: 5}

// bucket is a token bucket whose waiters are served by priority, and within a
// priority by age. The spacing of live edits keeps live text fresher than a plain
// token bucket with a burst of 9 does: ten replies are stale for 5.0 s instead of
// 6.0 s, and forty for 11.6 s instead of 12.4 s (-bench Storm). The extra tokens allow
// 49 edits a minute instead of 42 after the same burst, however long the replies grow.
type bucket struct {
	limit
	pool string      // its name among replicas
	mu   *sync.Mutex // the pacer's, which guards the fields below; the methods' callers hold it

	assigned     share.Assignment // tells the part of the limit that is given out here
	tokens       float64          // including those of the calls in flight
	countedAt    time.Time        // when tokens was counted
	spentExtras  []time.Time      // when each spent extra token comes back, the next first
	inFlight     int              // calls that use a token and have no answer yet
	lastServed   time.Time        // the last turn
	blockedUntil time.Time        // nobody is served before, because of a 429
	lastLimited  time.Time        // when the last 429 slowed the bucket
	rate         float64          // the part of the limit that Slack has been seen to take, up to 1
	queues       [priorities][]*waiter
	texts        int // interim turns since the last turn of a queue position
	timer        *time.Timer
}

// newBucket returns the bucket of a process that began at that time. The process
// before may just have spent the whole burst, so the bucket begins with half of it.
func newBucket(mu *sync.Mutex, pool string, l limit, begun time.Time) *bucket {
	b := &bucket{limit: l, pool: pool, mu: mu, assigned: share.Whole, rate: 1, tokens: max(1, l.burst/2), countedAt: begun}
	b.spendExtras((l.extra+1)/2, begun)
	return b
}

// spendExtras counts n extra tokens as spent at that time.
func (b *bucket) spendExtras(n int, at time.Time) {
	for range n {
		b.spentExtras = append(b.spentExtras, at.Add(extraReturn))
	}
}

// assign sets the part of the limit that is given out here. In a new role the bucket
// begins with nothing, since other replicas may just have spent all. The first leader
// begins as a process without replicas does.
func (b *bucket) assign(a share.Assignment, now time.Time) {
	b.refill(now)
	was, extra := b.assigned.Role, b.current().extra
	b.assigned = a
	if a.Role != was {
		b.tokens, b.countedAt, b.spentExtras, extra = 0, now, nil, 0
		if b.blockedUntil.After(now) {
			b.countedAt = b.blockedUntil
		}
		if a.First {
			b.tokens, extra = max(1, b.current().burst/2), b.current().extra/2
		}
	}
	b.tokens = min(b.tokens, b.current().burst+float64(b.inFlight))
	b.spendExtras(b.current().extra-extra, b.countedAt)
	b.serve()
}

// A 429 halves the rate, down to minRate; each minute after it gives recovery
// back. https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease
const (
	minRate  = 1.0 / 8
	recovery = 1.0 / 10
)

// onRateLimit handles a 429 to a call that was sent at that time: nobody is served
// before retryAfter has passed, and calls come slower after that. Several 429s to
// calls that were in flight together slow the bucket once.
func (b *bucket) onRateLimit(sent time.Time, retryAfter time.Duration) {
	now := time.Now()
	b.refill(now)
	if sent.After(b.lastLimited) {
		b.rate, b.lastLimited = max(b.rate/2, minRate), now
	}
	if until := now.Add(retryAfter); until.After(b.blockedUntil) {
		b.blockedUntil = until
	}
	b.tokens, b.countedAt = float64(b.inFlight+1), b.blockedUntil // the first call after the wait, then one at a time
	b.serve()
}

// unused reports whether forgetting the bucket would change nothing.
func (b *bucket) unused(now time.Time) bool {
	b.refill(now)
	_, waits := b.next(now)
	return !waits && b.inFlight == 0 && b.rate == 1 && !b.blockedUntil.After(now) &&
		b.tokens >= b.current().burst && len(b.spentExtras) == 0
}

// current returns the part of the limit that is given out here. The parts of all
// replicas together are no more than the limit, as long as there is a token for each.
func (b *bucket) current() limit {
	part := b.limit
	tenth := max(1, b.burst/share.Tenths)
	switch reserved := b.assigned.Reserved; b.assigned.Role {
	case share.Leader:
		part.every = b.every * share.Tenths / time.Duration(share.Tenths-reserved)
		if part.burst -= float64(reserved) * tenth; part.burst < 1 {
			part.extra = max(0, part.extra-int(math.Ceil(1-part.burst)))
			part.burst = 1
		}
		part.reserve = min(part.reserve, part.extra)
	case share.Isolated:
		part = limit{every: b.every * share.Tenths, burst: tenth}
	}
	part.every = time.Duration(float64(part.every) / b.rate)
	if b.rate < 1 { // Slack takes less than we thought
		part.burst, part.extra = 1, 0
	}
	return part
}

// refill counts the tokens. Slack counts a call when the call arrives. Therefore the
// token of a call in flight is spent when the call has its answer: the bucket never has
// more than Slack's own bucket will have after the call.
func (b *bucket) refill(now time.Time) {
	b.spentExtras = slices.DeleteFunc(b.spentExtras, func(t time.Time) bool { return !t.After(now) })
	passed := now.Sub(b.countedAt)
	if passed <= 0 {
		return
	}
	part := b.current()
	if b.tokens < part.burst {
		b.tokens = min(part.burst, b.tokens+float64(passed)/float64(part.every))
	}
	b.tokens = min(b.tokens, part.burst+float64(b.inFlight))
	b.countedAt = now
	b.rate = min(1, b.rate+recovery*passed.Minutes())
}

// ready returns the time until a token for a waiter of that priority is there, and
// whether the token is an extra one.
func (b *bucket) ready(p priority, now time.Time) (extra bool, wait time.Duration) {
	part, tokens := b.current(), b.tokens-float64(b.inFlight)
	left, spent := part.extra, len(b.spentExtras)
	if p >= interim {
		left -= part.reserve
	}
	hold := b.blockedUntil.Sub(now)
	if p >= firstText && b.extra > 0 {
		hold = max(hold, b.lastServed.Add(spacing(part, tokens, left-spent)).Sub(now))
	}
	if tokens >= 1 {
		return false, hold
	}
	token := time.Duration((1 - tokens) * float64(part.every))
	switch {
	case left <= 0:
		return false, max(hold, token)
	case spent < left:
		return hold <= 0, hold
	}
	back := b.spentExtras[spent-left].Sub(now)
	return false, max(hold, min(token, back))
}

// spacing returns the time between two live edits: at least half of the time per
// call, and the more, the fewer tokens are left. Spent at once, the tokens would show
// beginnings that are old before the next edit; spread out, they keep the text of all
// replies fresher, whenever those end.
func spacing(part limit, tokens float64, extra int) time.Duration {
	left := (max(0, tokens) + float64(max(0, extra))) / (part.burst + float64(part.extra))
	return time.Duration((1 - left/2) * float64(part.every))
}
