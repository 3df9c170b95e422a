package post

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"slackocr/bot/share"
)

var _ share.Source = (*Pacer)(nil)

// Names of the pacer, and of the buckets among replicas; a method's is the method.
const (
	sourceName   = "slack"
	otherMethods = "other"
	channelPool  = "#" // and the channel
)

// maxHolds bounds the buckets of which other replicas are told that Slack takes no call.
const maxHolds = 400

// enter begins to wait for a turn for c, in the order of since.
func (p *Pacer) enter(c call, since time.Time) *share.Turn {
	return p.shared.Enter(share.Request{
		Source: sourceName, Pool: p.method(c.method).pool, Channel: c.channel, Person: c.person, Priority: int(c.priority),
	}, since)
}

// Enter implements [share.Source].
func (p *Pacer) Enter(w share.Request, tell func(ahead int)) share.Place {
	u := priority(w.Priority)
	b, ok := p.pool(w.Pool)
	if !ok || u < 0 || u >= priorities {
		return nil
	}
	place := &place{method: b}
	if w.Channel != "" {
		place.channel = p.channel(w.Channel)
	}
	if w.Taken {
		place.adopt()
		return place
	}
	u, since := p.order(b, w.Person, u, time.Now().Add(-w.Age))
	place.enter(u, since, tell)
	return place
}

// Assign implements [share.Source].
func (p *Pacer) Assign(part share.Assignment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.buckets() {
		b.assign(part, time.Now())
	}
}

// buckets returns all buckets. The caller holds mu.
func (p *Pacer) buckets() []*bucket {
	all := []*bucket{p.other, p.fresh}
	for _, b := range p.methods {
		all = append(all, b)
	}
	for _, b := range p.channels {
		all = append(all, b)
	}
	return all
}

// pool returns the bucket of that name, which may be any text.
func (p *Pacer) pool(name string) (b *bucket, ok bool) {
	if channel, ok := strings.CutPrefix(name, channelPool); ok {
		return p.channel(channel), true
	}
	if name == otherMethods {
		return p.other, true
	}
	b, ok = p.methods[name]
	return b, ok
}

// copy returns a bucket of another name that has the same stock.
func (b *bucket) copy(pool string) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refill(time.Now())
	return &bucket{limit: b.limit, pool: pool, part: b.part, rate: b.rate, tokens: b.tokens, countedAt: b.countedAt, spentExtras: slices.Clone(b.spentExtras)}
}

// place is the place of a call in the lines of its channel, if it has one, and then of
// its method.
type place struct {
	channel, method *bucket

	mu            sync.Mutex // guards the fields below; goes after the channel's lock
	left          bool
	first, second *waiter // in the line of the channel, and of the method
}

func (p *place) enter(u priority, since time.Time, tell func(ahead int)) {
	next := func(int) {
		w := p.method.enter(u, since, tell)
		p.mu.Lock()
		p.second = w
		left := p.left
		p.mu.Unlock()
		if left {
			p.method.leave(w)
		}
	}
	if p.channel == nil {
		next(share.Served)
		return
	}
	w := p.channel.enter(u, since, next)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = w
}

// adopt counts a turn that an earlier leader gave out.
func (p *place) adopt() {
	p.second = p.method.adopt()
	if p.channel != nil {
		p.first = p.channel.adopt()
	}
}

func (b *bucket) adopt() *waiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight++
	return &waiter{bucket: b, resets: -1}
}

// Leave implements [share.Place].
func (p *place) Leave() {
	p.end((*bucket).leave)
}

// Done implements [share.Place].
func (p *place) Done() { p.end((*bucket).done) }

func (p *place) end(how func(*bucket, *waiter)) {
	p.mu.Lock()
	p.left = true
	first, second := p.first, p.second
	p.mu.Unlock()
	for _, w := range []*waiter{second, first} {
		if w != nil {
			how(w.bucket, w)
		}
	}
}

// hold says that Slack takes no call for a while.
type hold struct {
	Since time.Duration // the time since the 429
	For   time.Duration // the time from now
}

// Report implements [share.Source]. It tells of 429s.
func (p *Pacer) Report() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, holds := time.Now(), map[string]hold{}
	for _, b := range p.buckets() {
		b.mu.Lock()
		if b.blockedUntil.After(now) && b.pool != "" && len(holds) < maxHolds {
			holds[b.pool] = hold{Since: now.Sub(b.lastLimited), For: b.blockedUntil.Sub(now)}
		}
		b.mu.Unlock()
	}
	if len(holds) == 0 {
		return nil
	}
	data, _ := json.Marshal(holds) // of such a map it cannot fail
	return data
}

const (
	// maxHold bounds what another replica may say of a 429.
	maxHold = time.Hour
	// heldAlready is by how much a hold that was told twice may seem to have grown.
	heldAlready = 200 * time.Millisecond
)

// Merge implements [share.Source].
func (p *Pacer) Merge(_ string, report []byte) {
	var holds map[string]hold
	if len(report) == 0 || json.Unmarshal(report, &holds) != nil || len(holds) > maxHolds {
		return
	}
	now := time.Now()
	for pool, h := range holds {
		b, ok := p.pool(pool)
		if !ok || h.Since < 0 || h.For <= 0 || max(h.Since, h.For) > maxHold {
			continue
		}
		b.mu.Lock()
		known := now.Add(h.For).Before(b.blockedUntil.Add(heldAlready))
		b.mu.Unlock()
		if !known {
			b.onRateLimit(now.Add(-h.Since), h.For)
		}
	}
}
