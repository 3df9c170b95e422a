package post

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"slackocr/bot/share"
	"slackocr/bot/sleep"
)

// maxChannels bounds how many channels' budgets are remembered.
const maxChannels = 1000

// Pacer is the one gate for all calls to Slack that count against a limit. It
// owns all retries, so no other layer may repeat a call.
type Pacer struct {
	methods  map[string]*bucket // read only after NewPacer
	other    *bucket            // of methods that have no limit of their own
	shared   *share.Share
	counters counters
	fairness
	// answered is when Slack last gave an answer that tells what became of a call,
	// in nanoseconds of Unix time.
	answered atomic.Int64

	mu       sync.Mutex // guards what follows; goes before the buckets' locks
	channels map[string]*bucket
	fresh    *bucket // of a channel in which nothing was posted
}

// NewPacer returns a pacer for one workspace, whose budget is shared. The
// pacer's metrics are registered with registry, unless that is nil.
func NewPacer(shared *share.Share, registry prometheus.Registerer) *Pacer {
	now := time.Now()
	p := &Pacer{
		methods: map[string]*bucket{}, other: newBucket(otherMethods, tier2, now), shared: shared, counters: newCounters(registry),
		channels: map[string]*bucket{}, fresh: newBucket("", postsInChannel, now),
	}
	for method, l := range limits {
		p.methods[method] = newBucket(method, l, now)
	}
	shared.Add(sourceName, p, callTimeout+time.Second)
	return p
}

// call is one call of a Slack method.
type call struct {
	method   string
	channel  string // for chat.postMessage, which is limited by channel too
	person   string // whose doing it is, or ""; see fairness
	priority priority
	timeout  time.Duration               // of one try; 0 means callTimeout
	ready    func(context.Context) error // nil, or called when the first turn has come
	do       func(context.Context) error
	// applied finds out whether a try that failed was carried out all the
	// same. nil: carrying it out twice does no harm.
	applied func(context.Context) (bool, error)
}

// callTimeout is the time one try may take. Slack answers in well under a
// second; what takes longer is not going to.
const callTimeout = 15 * time.Second

// turnLasts is how long a call may be made ready during its turn. After that it waits for
// another turn, since its replica may have lost touch with the others.
const turnLasts = 2 * time.Second

// uncertainTime is how long a call may have no answer that tells what became of
// it, while others have.
const uncertainTime = 5 * time.Minute

// run carries out c within the budget: until it succeeds, Slack refuses it, or
// ctx ends. A try that may have been applied is looked up before it is repeated. It
// fails with [ErrUncertain] where Slack is there but this call stays open: something
// about it is the cause, and it would go on for ever. While Slack does not answer
// anything, it is waited for.
func (p *Pacer) run(ctx context.Context, c call) error {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.3,
		Multiplier: 2, MaxInterval: 15 * time.Second,
	}
	pause.Reset()
	since := time.Now()
	var open time.Time // since when it is
	for {
		turn, err := p.wait(ctx, c, since)
		if err != nil {
			return err
		}
		c.person = "" // counts once
		if ready := c.ready; ready != nil {
			c.ready = nil
			begun := time.Now()
			if err := ready(ctx); err != nil {
				turn.GiveBack()
				return err
			}
			if time.Since(begun) > turnLasts {
				turn.GiveBack()
				continue
			}
		}
		err = p.try(ctx, c, turn)
		fate, _ := classify(err)
		if fate == refused && ctx.Err() != nil {
			// Over HTTP/2 a call that ends with its context does not tell why.
			return context.Cause(ctx)
		}
		if fate == succeeded || fate == refused {
			return err
		}
		if fate != limited {
			if err := sleep.For(ctx, pause.NextBackOff()); err != nil {
				return err
			}
		}
		if open.IsZero() && fate == unknown {
			open = time.Now()
		}
		if answered := time.Unix(0, p.answered.Load()); fate == unknown && answered.After(open) && time.Since(open) > uncertainTime {
			return fmt.Errorf("%w: %s: %w", ErrUncertain, c.method, err)
		}
		if fate == unknown && c.applied != nil {
			// Where Slack does not let us look, a text that may stand there
			// twice is better than one that is lost.
			if found, _ := c.applied(ctx); found || ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
}

// once carries out c within the budget, or not: it is tried a single time.
func (p *Pacer) once(ctx context.Context, c call) error {
	turn, err := p.wait(ctx, c, time.Now())
	if err != nil {
		return err
	}
	if err = p.try(ctx, c, turn); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// wait takes c's turn, in the order of since. The turn is to be used by try.
func (p *Pacer) wait(ctx context.Context, c call, since time.Time) (*share.Turn, error) {
	begun := time.Now()
	defer func() { p.counters.waited.WithLabelValues(c.method).Add(time.Since(begun).Seconds()) }()
	turn := p.enter(c, since)
	if err := turn.Wait(ctx, nil, func(int) {}); err != nil {
		return nil, err
	}
	return turn, nil
}

var errTooSlow = errors.New("no answer from Slack in time")

// try calls Slack once, which uses up the turn. After a 429 nobody calls that
// method before Slack said; nor in that channel, since Slack does not say which of
// the two it was.
func (p *Pacer) try(ctx context.Context, c call, turn *share.Turn) error {
	timeout := c.timeout
	if timeout == 0 {
		timeout = callTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTooSlow)
	defer cancel()
	defer turn.Done()
	sent := time.Now()
	err := c.do(ctx)
	fate, retryAfter := classify(err)
	p.counters.calls.WithLabelValues(c.method).Inc()
	rateLimited := p.counters.limited.WithLabelValues(c.method) // there from the first call on
	if fate == succeeded || Code(err) != "" && fate == refused {
		p.answered.Store(time.Now().UnixNano())
	}
	if fate == limited {
		rateLimited.Inc()
		p.method(c.method).onRateLimit(sent, retryAfter)
		if c.channel != "" {
			p.channel(c.channel).onRateLimit(sent, retryAfter)
		}
		p.shared.Changed()
	}
	return err
}

func (p *Pacer) method(name string) *bucket {
	if b, ok := p.methods[name]; ok {
		return b
	}
	return p.other
}

func (p *Pacer) channel(id string) *bucket {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.channels[id]
	if !ok {
		if len(p.channels) >= maxChannels {
			for id, b := range p.channels {
				if b.unused() {
					delete(p.channels, id)
				}
			}
		}
		b = p.fresh.copy(channelPool + id)
		p.channels[id] = b
	}
	return b
}
