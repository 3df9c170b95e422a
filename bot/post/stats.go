package post

import (
	"maps"
	"sync"
	"time"
)

// Stats is what a pacer has done since it began.
type Stats struct {
	Methods map[string]MethodStats // by Slack's name of the method
	// Coalesced counts changes of live replies that were shown together with an
	// earlier one, Dropped last changes that a closing edit or an end came
	// before, or that Slack refused.
	Coalesced, Dropped int64
}

// MethodStats is what was done with one method of Slack.
type MethodStats struct {
	Calls   int64         // tries, however they ended
	Limited int64         // of these, answered 429
	Waited  time.Duration // for turns, all calls together
}

// Stats is a snapshot of the counters. It may be called from any goroutine.
func (p *Pacer) Stats() Stats {
	p.counts.mu.Lock()
	defer p.counts.mu.Unlock()
	s := p.counts.stats
	s.Methods = maps.Clone(s.Methods)
	return s
}

type counts struct {
	mu    sync.Mutex // guards stats
	stats Stats
}

func (c *counts) wait(method string, d time.Duration) {
	c.method(method, func(m *MethodStats) { m.Waited += d })
}

func (c *counts) call(method string, f fate) {
	c.method(method, func(m *MethodStats) {
		m.Calls++
		if f == limited {
			m.Limited++
		}
	})
}

func (c *counts) method(name string, change func(*MethodStats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats.Methods == nil {
		c.stats.Methods = map[string]MethodStats{}
	}
	m := c.stats.Methods[name]
	change(&m)
	c.stats.Methods[name] = m
}

func (c *counts) edits(coalesced, dropped int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Coalesced += coalesced
	c.stats.Dropped += dropped
}
