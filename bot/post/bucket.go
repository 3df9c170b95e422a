package post

import (
	"math"
	"slices"
	"sync"
	"time"

	"slackocr/bot/share"
)

// bucket is a token bucket whose waiters are served by priority, and within a
// priority by age. Its extra tokens and the spacing of live edits keep live text
// fresher than a plain token bucket of the same minute does: ten replies are stale
// for 5.0 s instead of 6.0 s, and forty for 11.6 s instead of 12.4 s (-bench Storm,
// with burst 9 and no extra tokens for chat.update).
type bucket struct {
	limit
	pool string // its name among replicas

	mu           sync.Mutex       // guards the fields below
	assigned     share.Assignment // tells the part of the limit that is given out here
	resets       int              // counts the times at which the bucket began with nothing
	tokens       float64
	countedAt    time.Time   // when tokens was counted
	spentExtras  []time.Time // when each spent extra token comes back, the next first
	inFlight     int         // calls that took from tokens and have no answer yet
	lastServed   time.Time   // the last turn
	blockedUntil time.Time   // nobody is served before, because of a 429
	lastLimited  time.Time   // when the last 429 slowed the bucket
	rate         float64     // the part of the limit that Slack has been seen to take, up to 1
	queues       [priorities][]*waiter
	texts        int // interim turns since the last turn of a queue position
	timer        *time.Timer
}

// newBucket returns the bucket of a process that began at that time. The process
// before may just have spent the whole burst, so the bucket begins with half of it.
func newBucket(pool string, l limit, begun time.Time) *bucket {
	b := &bucket{limit: l, pool: pool, assigned: share.Whole, rate: 1, tokens: max(1, l.burst/2), countedAt: begun}
	b.spendExtras((l.extra+1)/2, begun)
	return b
}

// copy returns a bucket of another name with the same tokens.
func (b *bucket) copy(pool string) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	return &bucket{
		limit: b.limit, pool: pool, assigned: b.assigned, rate: b.rate,
		tokens: b.tokens, countedAt: b.countedAt, spentExtras: slices.Clone(b.spentExtras),
	}
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
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(now)
	was, extra := b.assigned.Role, b.current().extra
	b.assigned = a
	if a.Role != was {
		b.resets++
		b.tokens, b.countedAt, b.spentExtras, extra = 0, now, nil, 0
		if b.blockedUntil.After(now) {
			b.countedAt = b.blockedUntil
		}
		if a.First {
			b.tokens, extra = max(1, b.current().burst/2), b.current().extra/2
		}
	}
	b.tokens = min(b.tokens, b.current().burst)
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
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.refill(now)
	if sent.After(b.lastLimited) {
		b.rate, b.lastLimited = max(b.rate/2, minRate), now
	}
	if until := now.Add(retryAfter); until.After(b.blockedUntil) {
		b.blockedUntil = until
	}
	b.tokens, b.countedAt = 1, b.blockedUntil // the first call after the wait, then one at a time
	b.serve()
}

// unused reports whether forgetting the bucket would change nothing.
func (b *bucket) unused() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	if _, waits := b.next(time.Now()); waits || b.inFlight > 0 || b.rate < 1 || b.blockedUntil.After(time.Now()) {
		return false
	}
	// The tokens of a follower are not used: the leader's count.
	follows := b.assigned.Role == share.Follower || b.assigned.Role == share.None
	return follows || b.tokens >= b.current().burst && len(b.spentExtras) == 0
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

// refill counts the tokens. Slack counts a call when the call arrives. Therefore a
// call in flight counts as spent: the bucket never has more than Slack's own bucket
// will have after the call.
func (b *bucket) refill(now time.Time) {
	b.spentExtras = slices.DeleteFunc(b.spentExtras, func(t time.Time) bool { return !t.After(now) })
	passed := now.Sub(b.countedAt)
	if passed <= 0 {
		return
	}
	part := b.current()
	most := part.burst - float64(b.inFlight)
	if b.tokens < most {
		b.tokens = min(most, b.tokens+float64(passed)/float64(part.every))
	}
	b.tokens = min(b.tokens, part.burst)
	b.countedAt = now
	b.rate = min(1, b.rate+recovery*passed.Minutes())
}

// ready returns the time until a token for a waiter of that priority is there, and
// whether the token is an extra one.
func (b *bucket) ready(p priority, now time.Time) (extra bool, wait time.Duration) {
	part := b.current()
	left, spent := part.extra, len(b.spentExtras)
	if p >= interim {
		left -= part.reserve
	}
	hold := b.blockedUntil.Sub(now)
	if p >= firstText && b.extra > 0 {
		hold = max(hold, b.lastServed.Add(b.spacing(part, left-spent)).Sub(now))
	}
	if b.tokens >= 1 {
		return false, hold
	}
	token := time.Duration((1 - b.tokens) * float64(part.every))
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
func (b *bucket) spacing(part limit, extra int) time.Duration {
	left := (max(0, b.tokens) + float64(max(0, extra))) / (part.burst + float64(part.extra))
	return time.Duration((1 - left/2) * float64(part.every))
}
