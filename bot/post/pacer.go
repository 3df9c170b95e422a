package post

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"slackocr/bot/share"
	"slackocr/bot/sleep"
)

// maxBuckets bounds the number of methods and channels whose budgets are
// remembered.
const maxBuckets = 1000

// Pacer is the one gate for all calls to Slack that count against a limit. It
// owns all retries, so no other layer may repeat a call.
type Pacer struct {
	shared   *share.Share
	counters counters
	// answered is the time of Slack's last answer that tells the outcome of a
	// call, in nanoseconds of Unix time.
	answered atomic.Int64

	mu       sync.Mutex         // guards the fields below, and the buckets
	fairness fairness           // orders calls by person
	buckets  map[string]*bucket // of methods, and of channels
	fresh    *bucket            // of a channel in which nothing was posted
}

// NewPacer returns a pacer for one workspace, whose budget is shared. The
// pacer's metrics are registered with registry, unless that is nil.
func NewPacer(shared *share.Share, registry prometheus.Registerer) *Pacer {
	now := time.Now()
	p := &Pacer{shared: shared, counters: newCounters(registry), fairness: fairness{}, buckets: map[string]*bucket{}}
	p.fresh = newBucket(&p.mu, "", postsInChannel, now)
	for method, l := range limits {
		p.buckets[method] = newBucket(&p.mu, method, l, now)
	}
	shared.Add(sourceName, p, callTimeout+time.Second)
	return p
}

// counters count the work of a pacer.
type counters struct {
	calls, limited, waited *prometheus.CounterVec // by Slack's name of the method
	coalesced, dropped     prometheus.Counter     // changes of live replies
}

func newCounters(registry prometheus.Registerer) counters {
	factory := promauto.With(registry)
	options := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "slackocr", Name: name, Help: help}
	}
	methods := func(name, help string) *prometheus.CounterVec {
		return factory.NewCounterVec(options(name, help), []string{"method"})
	}
	return counters{
		calls:     methods("slack_calls_total", "Calls of Slack's methods, each try counted. Edits of replies are chat.update."),
		limited:   methods("slack_limited_total", "Calls that were answered 429."),
		waited:    methods("slack_wait_seconds_total", "Time that calls waited for their turn, over all calls."),
		coalesced: factory.NewCounter(options("edits_coalesced_total", "Changes of live replies that were shown together with an earlier change.")),
		dropped:   factory.NewCounter(options("edits_dropped_total", "Changes of live replies that were never shown, because the end came first.")),
	}
}

// call is one call of a Slack method.
type call struct {
	method   string // has a limit
	channel  string // for chat.postMessage, which is limited by channel too
	person   string // the person who causes the call, or ""; see fairness
	priority priority
	timeout  time.Duration               // of one try; 0 means callTimeout
	ready    func(context.Context) error // nil, or called when the first turn has come
	do       func(context.Context) error
	// applied reports whether a try that failed was carried out all the same.
	// If applied is nil, carrying the call out twice does no harm.
	applied func(context.Context) (bool, error)
}

// callTimeout is the time one try may take. Slack answers in well under a
// second; what takes longer is not going to.
const callTimeout = 15 * time.Second

// turnLasts is the time for which a call may be made ready during its turn. After
// that the call waits for another turn, since its replica may have lost touch with
// the others.
const turnLasts = 2 * time.Second

// uncertainTime is the time for which the outcome of a call may be unknown while
// Slack answers other calls.
const uncertainTime = 5 * time.Minute

// run carries out c within the budget: until c succeeds, Slack refuses c, or ctx
// ends. If a try may have been applied, run looks for its effect before the next
// try. While Slack answers nothing, run goes on. If Slack answers other calls, but
// the outcome of this one stays unknown, something about the call is the cause, and
// run returns [ErrUncertain].
func (p *Pacer) run(ctx context.Context, c call) error {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.3,
		Multiplier: 2, MaxInterval: 15 * time.Second,
	}
	pause.Reset()
	since := time.Now()
	var unknownSince time.Time
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
		outcome, _ := classify(err)
		switch {
		case outcome == refused && ctx.Err() != nil:
			// Over HTTP/2 a call that ends with its context does not tell why.
			return context.Cause(ctx)
		case outcome == succeeded, outcome == refused:
			return err
		case outcome == limited:
			continue
		}
		if err := sleep.For(ctx, pause.NextBackOff()); err != nil {
			return err
		}
		if outcome == notSent {
			continue
		}
		if unknownSince.IsZero() {
			unknownSince = time.Now()
		}
		if answered := time.Unix(0, p.answered.Load()); answered.After(unknownSince) && time.Since(unknownSince) > uncertainTime {
			return fmt.Errorf("%w: %s: %w", ErrUncertain, c.method, err)
		}
		if c.applied != nil {
			// If Slack does not let the bot look, a text that may stand there
			// twice is better than one that is lost.
			if found, _ := c.applied(ctx); found || ctx.Err() != nil {
				return context.Cause(ctx) // nil if ctx goes on
			}
		}
	}
}

// once tries c a single time, within the budget.
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

// wait waits for a turn for c, in the order of since. The caller must use the turn
// in try.
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

// try calls Slack once, which uses the turn up. After a 429 nobody calls that
// method before [RetryAfter] has passed; nor in that channel, since Slack does not
// say which of the two it was.
func (p *Pacer) try(ctx context.Context, c call, turn *share.Turn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(c.timeout, callTimeout), errTooSlow)
	defer cancel()
	defer turn.Done()
	sent := time.Now()
	err := c.do(ctx)
	outcome, retryAfter := classify(err)
	p.counters.calls.WithLabelValues(c.method).Inc()
	limitedCalls := p.counters.limited.WithLabelValues(c.method) // the metric is 0 from the first call on
	if outcome == succeeded || Code(err) != "" && outcome == refused {
		p.answered.Store(time.Now().UnixNano())
	}
	if outcome == limited {
		limitedCalls.Inc()
		p.onRateLimit(c, sent, retryAfter)
	}
	return err
}

// onRateLimit handles a 429 to a call.
func (p *Pacer) onRateLimit(c call, sent time.Time, retryAfter time.Duration) {
	p.mu.Lock()
	p.bucket(c.method).onRateLimit(sent, retryAfter)
	if c.channel != "" {
		p.bucket(channelPool+c.channel).onRateLimit(sent, retryAfter)
	}
	p.mu.Unlock()
	p.shared.Changed()
}

// bucket returns the bucket of that name, or nil for a method without a limit. The
// caller holds mu.
func (p *Pacer) bucket(pool string) *bucket {
	b, ok := p.buckets[pool]
	if ok || !strings.HasPrefix(pool, channelPool) {
		return b
	}
	if len(p.buckets) >= maxBuckets {
		now := time.Now()
		maps.DeleteFunc(p.buckets, func(pool string, b *bucket) bool { return strings.HasPrefix(pool, channelPool) && b.unused(now) })
	}
	fresh := *p.fresh
	fresh.pool = pool
	p.buckets[pool] = &fresh
	return &fresh
}
