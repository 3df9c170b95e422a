package post

import (
	"encoding/json"
	"slices"
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
		Source: sourceName, Pool: c.method, Channel: c.channel, Person: c.person, Priority: int(c.priority),
	}, since)
}

// place is a call's place in the queue of its channel, if the call has one, and then in
// the queue of its method.
type place struct {
	pacer   *Pacer
	waiters []*waiter // in the queues that the call has entered; guarded by pacer.mu
}

// Enter implements [share.Source].
func (p *Pacer) Enter(r share.Request, tell func(ahead int)) share.Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	method, pri := p.bucket(r.Pool), priority(r.Priority)
	if method == nil || pri < 0 || pri >= priorities {
		return nil
	}
	buckets := []*bucket{method}
	if r.Channel != "" {
		buckets = []*bucket{p.bucket(channelPool + r.Channel), method}
	}
	at := &place{pacer: p}
	if r.Taken { // an earlier leader gave out the turn
		for _, b := range buckets {
			b.inFlight++
			at.waiters = append(at.waiters, &waiter{bucket: b})
		}
		return at
	}
	pri, since := p.fairness.order(method, r.Person, pri, time.Now().Add(-r.Age))
	at.enter(buckets, waiter{priority: pri, since: since, onServed: func() { tell(share.Served) }})
	return at
}

// enter puts the call into the queue of the first bucket, and into the next one when
// its turn there has come.
func (p *place) enter(buckets []*bucket, w waiter) {
	in := w
	in.bucket = buckets[0]
	if len(buckets) > 1 {
		in.onServed = func() { p.enter(buckets[1:], w) }
	}
	p.waiters = append(p.waiters, &in)
	in.enter()
}

// Leave implements [share.Place].
func (p *place) Leave() { p.end((*waiter).leave) }

// Done implements [share.Place].
func (p *place) Done() { p.end((*waiter).done) }

func (p *place) end(how func(*waiter)) {
	p.pacer.mu.Lock()
	defer p.pacer.mu.Unlock()
	for _, w := range slices.Backward(p.waiters) {
		how(w)
	}
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
		if b.blockedUntil.After(now) && len(blocks) < maxBlocks {
			blocks[pool] = block{Since: now.Sub(b.lastLimited), For: b.blockedUntil.Sub(now)}
		}
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
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for pool, r := range blocks {
		b := p.bucket(pool)
		if b == nil || r.Since < 0 || r.For <= 0 || max(r.Since, r.For) > maxBlock {
			continue
		}
		if known := b.blockedUntil.Add(sameBlock); now.Add(r.For).After(known) {
			b.onRateLimit(now.Add(-r.Since), r.For)
		}
	}
}
