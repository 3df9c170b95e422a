package post

import (
	"maps"
	"sync"
	"time"
)

// Stats counts the work of a pacer since its start.
type Stats struct {
	Methods map[string]MethodStats // by Slack's name of the method
	// Coalesced counts changes of live replies that were shown together with
	// an earlier change. Dropped counts last changes that were never shown,
	// because a closing edit came first, the process ended, or Slack refused.
	Coalesced, Dropped int64
}

// MethodStats counts the calls of a method of Slack.
type MethodStats struct {
	Calls   int64         // tries, with any result
	Limited int64         // of these, answered 429
	Waited  time.Duration // for turns, over all calls
}

// Stats returns a snapshot of the counters. Stats may be called from any
// goroutine.
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
