package share

import (
	"context"
	"encoding/json"
	"maps"
	"time"
)

// message is a message to the other replicas. Each second a replica sends all that is
// true, so that a lost message does no harm for long.
type message struct {
	From string
	To   string `json:",omitempty"` // the receiver, or "" for all

	// Beat is the number of a leader's beat, or of the beat that a hello answers. Followers
	// has the last hello of each follower. See contact for the numbers.
	Beat      uint64            `json:",omitempty"`
	Followers map[string]uint64 `json:"Members,omitempty"`
	// Hello is the number of a hello, with all turns of its sender if Full is true, or
	// the new ones.
	Hello    uint64    `json:",omitempty"`
	Full     bool      `json:",omitempty"`
	Requests []Request `json:"Wants,omitempty"`
	Ended    []ended   `json:",omitempty"`
	// Grants are the leader's news for the waiters of a follower.
	Grants []grant `json:",omitempty"`
	// Reports are those of the sources.
	Reports map[string][]byte `json:",omitempty"`
	// Bye is true if the sender ends.
	Bye bool `json:",omitempty"`
}

// ended is the end of a turn, or of a wait.
type ended struct {
	ID     uint64 `json:"i"`
	Unused bool   `json:"u,omitempty"`
}

// grant is news for a waiter: its turn has come, or the number of waiters ahead.
type grant struct {
	ID    uint64 `json:"i"`
	Ahead int    `json:"n"` // or Served
}

const (
	maxMessage  = 512 << 10 // bytes
	maxRequests = 4000      // turns of a replica that the leader knows at once
	maxName     = 64        // bytes of a replica's id, a pool, a channel, or a person
)

// contact is what a replica knows of its contact with the others. Share.mu guards the
// fields.
type contact struct {
	// Each beat and hello has the time of its sending as its number, in nanoseconds since
	// start: the answer to a message then says when the message was sent.
	start time.Time
	sent  uint64 // number of the last beat or hello

	leader    string    // the sender of the last beat
	beat      uint64    // number of that beat
	listedAt  time.Time // the time of the last beat that lists this replica
	reachedAt time.Time // the last time that a leader is known to have heard this replica

	lastMessages map[string]time.Time // the last message of each replica, also of this one, that was heard
	hearingSince time.Time            // the beginning of the time in which this replica heard itself without a gap
}

// number returns the number of a message that is sent now. Numbers grow also within an
// instant.
func (c *contact) number(now time.Time) uint64 {
	c.sent = max(c.sent+1, uint64(now.Sub(c.start)))
	return c.sent
}

// sentAt returns the time of the message with that number. If no such message was sent, ok
// is false.
func (c *contact) sentAt(number uint64) (at time.Time, ok bool) {
	return c.start.Add(time.Duration(number)), 0 < number && number <= c.sent
}

// exchange sends and takes messages until ctx ends.
func (s *Share) exchange(ctx context.Context, inbox <-chan []byte) {
	tick := time.NewTicker(s.time(heartbeatInterval))
	defer tick.Stop()
	s.sendStatus(true)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.sendStatus(true)
		case <-s.changed:
			s.mu.Lock()
			role := s.assigned.Role
			s.mu.Unlock()
			if role == Leader {
				s.sendGrants(false)
			} else {
				s.sendStatus(false)
			}
		case data := <-inbox:
			s.receive(data)
			s.sendGrants(false)
		}
	}
}

// sendStatus sends a beat or a hello.
func (s *Share) sendStatus(full bool) {
	s.mu.Lock()
	s.updateRole()
	m := message{From: s.id, Reports: map[string][]byte{}}
	now := time.Now()
	switch s.assigned.Role {
	case Leader:
		s.forgetSilent(now)
		m.Beat, m.Followers = s.contact.number(now), map[string]uint64{}
		for id, f := range s.leading.followers {
			if f.listed {
				m.Followers[id] = f.hello
			}
		}
	default:
		m.Hello, m.Beat = s.contact.number(now), s.contact.beat
		if s.assigned.Role == Follower { // otherwise there is nobody to serve the waiters
			m.To, m.Full = s.contact.leader, full
			m.Requests, m.Ended = s.requests(full)
		}
	}
	for name, source := range s.sources {
		if r := source.Report(); len(r) > 0 {
			m.Reports[name] = r
		}
	}
	s.mu.Unlock()
	s.send(m)
	s.sendGrants(full)
}

// requests returns the turns of this replica, all or those that the leader does not know,
// and the turns that have ended since the last call. The caller holds mu.
func (s *Share) requests(full bool) (requests []Request, over []ended) {
	n := 0
	for _, t := range s.sortedTurns() {
		if n++; n > maxRequests {
			break
		}
		if t.announced && !full {
			continue
		}
		t.announced = true
		r := t.request
		r.Age = time.Since(t.since)
		requests = append(requests, r)
	}
	over, s.turns.ended = s.turns.ended, nil
	return requests, over[:min(len(over), maxRequests)] // the next full hello tells the rest
}

func (s *Share) send(m message) {
	data, err := json.Marshal(m)
	if err != nil || len(data) > maxMessage {
		s.log.Error("a message to other replicas cannot be sent", "bytes", len(data), "error", err)
		return
	}
	if err := s.link.Publish(data); err != nil {
		s.log.Debug("other replicas cannot be told", "error", err)
	}
}

// receive takes one message.
func (s *Share) receive(data []byte) {
	var m message
	if len(data) > maxMessage || json.Unmarshal(data, &m) != nil || m.From == "" || len(m.From) > maxName {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updateRole()
	if s.noteMessage(m.From, time.Now()); m.From == s.id || m.To != "" && m.To != s.id {
		return
	}
	switch {
	case m.Bye:
		s.handleBye(m.From)
	case m.Hello > 0:
		s.handleHello(m)
	case m.Beat > 0:
		s.handleBeat(m)
	case len(m.Grants) > 0 && m.From == s.contact.leader:
		s.handleGrants(m.Grants)
	}
}

// noteMessage keeps the time of a message of a replica. The caller holds mu.
func (s *Share) noteMessage(from string, now time.Time) {
	c := &s.contact
	if from == s.id && now.Sub(c.lastMessages[from]) > s.time(reserveAfter) {
		c.hearingSince = now
	}
	maps.DeleteFunc(c.lastMessages, func(_ string, at time.Time) bool { return now.Sub(at) > s.time(JobLeaseTimeout) })
	c.lastMessages[from] = now
}

// handleBye removes a replica that has left. The caller holds mu, as for what follows.
func (s *Share) handleBye(id string) {
	if f := s.leading.followers[id]; f != nil {
		s.remove(f)
	}
	if s.contact.leader == id {
		s.contact.leader, s.contact.listedAt = "", time.Time{}
		notify(s.joined) // the next leader may be this replica
	}
	s.updateRole()
}

// handleBeat handles a beat.
func (s *Share) handleBeat(m message) {
	if s.assigned.Role == Leader {
		return // one of the two has been replaced, and will learn that from the record
	}
	c := &s.contact
	last, listed := m.Followers[s.id]
	if m.From != c.leader || !listed {
		c.leader, c.listedAt = m.From, time.Time{}
		for _, t := range s.turns.byID {
			t.announced = false
		}
	}
	c.beat = m.Beat
	if at, ok := c.sentAt(last); ok {
		// The leader has heard this replica since.
		c.listedAt = time.Now()
		if at.After(c.reachedAt) {
			c.reachedAt = at
		}
	}
	s.updateRole()
	if s.assigned.Role == Follower {
		s.mergeReports("", m.Reports)
	}
	notify(s.changed) // answers it
}

// mergeReports passes the reports of another replica on.
func (s *Share) mergeReports(from string, reports map[string][]byte) {
	for name, r := range reports {
		if source, ok := s.sources[name]; ok {
			source.Merge(from, r)
		}
	}
}

// handleGrants handles news for the waiters of this replica.
func (s *Share) handleGrants(grants []grant) {
	if s.assigned.Role != Follower {
		return
	}
	for _, g := range grants {
		t := s.turns.byID[g.ID]
		switch {
		case t != nil && !t.request.Taken:
			t.tell(t.entry, g.Ahead)
		case t == nil && g.Ahead == Served:
			s.turns.ended = append(s.turns.ended, ended{g.ID, true})
			notify(s.changed)
		}
	}
}
