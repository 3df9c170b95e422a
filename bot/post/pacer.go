package post

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// limit is how often Slack takes a method from one app in one workspace.
type limit struct {
	every   time.Duration
	burst   float64
	reserve float64
}

// limits stay a little under what Slack documents
// (https://docs.slack.dev/apis/web-api/rate-limits), because its clock and
// ours do not tick together. How large a burst it forgives is not documented.
var limits = map[string]limit{
	"chat.update":                  {every: 1430 * time.Millisecond, burst: 8, reserve: 3}, // tier 3: 50 a minute, the burst counted
	"conversations.replies":        {every: 1430 * time.Millisecond, burst: 8},
	"chat.postMessage":             {every: 250 * time.Millisecond, burst: 20}, // "several hundred a minute"
	"chat.delete":                  {every: 1430 * time.Millisecond, burst: 8},
	"files.delete":                 {every: 1430 * time.Millisecond, burst: 8},
	"conversations.history":        {every: 1430 * time.Millisecond, burst: 8},
	"conversations.info":           {every: 1430 * time.Millisecond, burst: 8},
	"conversations.open":           {every: 1430 * time.Millisecond, burst: 8},
	"conversations.members":        {every: 650 * time.Millisecond, burst: 8},
	"users.info":                   {every: 650 * time.Millisecond, burst: 8},
	"views.open":                   {every: 650 * time.Millisecond, burst: 8},
	"chat.postEphemeral":           {every: 650 * time.Millisecond, burst: 8},
	"response_url":                 {every: 100 * time.Millisecond, burst: 8}, // five uses each; no limit for all
	"files.info":                   {every: 650 * time.Millisecond, burst: 8}, // tier 4: 100 a minute
	"files.getUploadURLExternal":   {every: 650 * time.Millisecond, burst: 8},
	"files.completeUploadExternal": {every: 650 * time.Millisecond, burst: 8},
	"upload":                       {every: 100 * time.Millisecond, burst: 8}, // to the address that Slack gave; no documented limit
}

// postsInChannel: about one message a second in a channel.
var postsInChannel = limit{every: 1050 * time.Millisecond, burst: 4}

// maxChannels bounds how many channels' budgets are remembered.
const maxChannels = 1000

// Pacer is the one gate for all calls to Slack that count against a limit. It
// owns all retries, so no other layer may repeat a call.
type Pacer struct {
	methods map[string]*bucket // read only after NewPacer
	sharers func() int

	mu       sync.Mutex // guards channels
	channels map[string]*bucket
}

// NewPacer returns a pacer for one workspace with its budget unspent. sharers
// tells how many processes share that budget now, this one included.
func NewPacer(sharers func() int) *Pacer {
	p := &Pacer{methods: map[string]*bucket{}, channels: map[string]*bucket{}, sharers: sharers}
	for method, l := range limits {
		p.methods[method] = newBucket(l, sharers)
	}
	return p
}

// call is one call of a Slack method.
type call struct {
	method  string
	channel string // for chat.postMessage, which is limited by channel too
	urgency urgency
	timeout time.Duration // of one try; 0 means callTimeout
	do      func(context.Context) error
	// applied finds out whether a try that failed was carried out all the
	// same. nil: carrying it out twice does no harm.
	applied func(context.Context) (bool, error)
}

// callTimeout is the time one try may take. Slack answers in well under a
// second; what takes longer is not going to.
const callTimeout = 15 * time.Second

// run carries out c within the budget: until it succeeds, Slack refuses it, or
// ctx ends. A try that may have been applied is looked up before it is repeated.
func (p *Pacer) run(ctx context.Context, c call) error {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: 500 * time.Millisecond, RandomizationFactor: 0.3,
		Multiplier: 2, MaxInterval: 15 * time.Second,
	}
	pause.Reset()
	for {
		if err := p.wait(ctx, c); err != nil {
			return err
		}
		err := p.try(ctx, c)
		fate, _ := judge(err)
		if fate == done || fate == refused {
			return err
		}
		if fate != limited {
			if err := sleep(ctx, pause.NextBackOff()); err != nil {
				return err
			}
		}
		if fate == unsure && c.applied != nil {
			// Where Slack does not let us look, a text that may stand there
			// twice is better than one that is lost.
			if found, _ := c.applied(ctx); found || ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
}

// wait takes c's turn at the channel, then at the method.
func (p *Pacer) wait(ctx context.Context, c call) error {
	if c.channel != "" {
		if err := p.channel(c.channel).take(ctx, c.urgency); err != nil {
			return err
		}
	}
	return p.methods[c.method].take(ctx, c.urgency)
}

func (p *Pacer) channel(id string) *bucket {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.channels[id]
	if !ok {
		if len(p.channels) >= maxChannels {
			for id, b := range p.channels {
				if b.idle() {
					delete(p.channels, id)
				}
			}
		}
		b = newBucket(postsInChannel, p.sharers)
		p.channels[id] = b
	}
	return b
}

var errTooSlow = errors.New("no answer from Slack in time")

// once carries out c within the budget, or not: it is tried a single time.
func (p *Pacer) once(ctx context.Context, c call) error {
	if err := p.wait(ctx, c); err != nil {
		return err
	}
	return p.try(ctx, c)
}

// try calls Slack once. After a 429 nobody calls that method before Slack said.
func (p *Pacer) try(ctx context.Context, c call) error {
	timeout := c.timeout
	if timeout == 0 {
		timeout = callTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTooSlow)
	defer cancel()
	err := c.do(ctx)
	if fate, retryAfter := judge(err); fate == limited {
		p.methods[c.method].hold(retryAfter)
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
