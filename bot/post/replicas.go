package post

import (
	"encoding/json"
	"sync"
	"time"

	"slackocr/bot/share"
)

var _ share.Source = (*Pacer)(nil)

// Names of the pacer, and of the buckets among replicas. The bucket of a method has
// the method's name.
const (
	sourceName  = "slack"
	channelPool = "#" // and the channel
)

// enter begins to wait for a turn for c, in the order of since.
func (p *Pacer) enter(c call, since time.Time) *share.Turn {
	return p.shared.Enter(share.Request{
		Source: sourceName, Pool: p.bucket(c.method).pool, Channel: c.channel, Person: c.person, Priority: int(c.priority),
	}, since)
}

// Enter implements [share.Source].
func (p *Pacer) Enter(r share.Request, tell func(ahead int)) share.Place {
	b, pri := p.bucket(r.Pool), priority(r.Priority)
	if b == nil || pri < 0 || pri >= priorities {
		return nil
	}
	place := &place{method: b}
	if r.Channel != "" {
		place.channel = p.bucket(channelPool + r.Channel)
	}
	if r.Taken {
		place.adopt()
		return place
	}
	pri, since := p.fairness.order(b, r.Person, pri, time.Now().Add(-r.Age))
	place.enter(pri, since, tell)
	return place
}

// Assign implements [share.Source].
func (p *Pacer) Assign(a share.Assignment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.fresh.assign(a, now)
	for _, b := range p.buckets {
		b.assign(a, now)
	}
}

// place is the place of a call in the lines of its channel, if it has one, and then of
// its method.
type place struct {
	channel, method *bucket

	mu            sync.Mutex // guards the fields below; goes after the channel's lock
	left          bool
	first, second *waiter // in the line of the channel, and of the method
}

func (p *place) enter(pri priority, since time.Time, tell func(ahead int)) {
	next := func(int) {
		w := p.method.enter(pri, since, tell)
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
	w := p.channel.enter(pri, since, next)
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
func (p *place) Leave() { p.end((*bucket).leave) }

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

// block is the news that Slack takes no call for a while.
type block struct {
	Since time.Duration // the time since the 429
	For   time.Duration // the time from now
}

const (
	// maxBlocks bounds the blocks in a report.
	maxBlocks = 400
	// maxBlock bounds the times of a block that another replica reports.
	maxBlock = time.Hour
	// sameBlock is the growth up to which a block counts as the one that is known:
	// a report takes some time.
	sameBlock = 200 * time.Millisecond
)

// Report implements [share.Source]. The report tells of 429s.
func (p *Pacer) Report() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, blocks := time.Now(), map[string]block{}
	for pool, b := range p.buckets {
		b.mu.Lock()
		if b.blockedUntil.After(now) && len(blocks) < maxBlocks {
			blocks[pool] = block{Since: now.Sub(b.lastLimited), For: b.blockedUntil.Sub(now)}
		}
		b.mu.Unlock()
	}
	if len(blocks) == 0 {
		return nil
	}
	data, _ := json.Marshal(blocks) // of such a map it cannot fail
	return data
}

// Merge implements [share.Source].
func (p *Pacer) Merge(_ string, report []byte) {
	var blocks map[string]block
	if len(report) == 0 || json.Unmarshal(report, &blocks) != nil || len(blocks) > maxBlocks {
		return
	}
	now := time.Now()
	for pool, r := range blocks {
		b := p.bucket(pool)
		if b == nil || r.Since < 0 || r.For <= 0 || max(r.Since, r.For) > maxBlock {
			continue
		}
		b.mu.Lock()
		known := now.Add(r.For).Before(b.blockedUntil.Add(sameBlock))
		b.mu.Unlock()
		if !known {
			b.onRateLimit(now.Add(-r.Since), r.For)
		}
	}
}
