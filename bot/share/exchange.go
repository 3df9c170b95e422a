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
	// has the last hello of each follower.
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
	maxName     = 64        // bytes of a replica's id, a pool, or a person
	maxKept     = 1024      // beats and hellos with a known time
)

// follower is another replica in the eyes of the leader.
type follower struct {
	id         string
	listed     bool      // in the record
	reported   bool      // this leader knows the turns of the follower
	hello      uint64    // number of the last hello
	helloAt    time.Time // time of the last hello
	answeredAt time.Time // time of the last beat that the follower answered
	tickets    map[uint64]*ticket
}

// ticket is a request of a follower in the line.
type ticket struct {
	Place
	source string
	// Guarded by Share.out.
	granted time.Time // zero for a waiter
	ahead   int       // number of waiters ahead, or Served if that is not known
	moved   bool      // ahead was not sent yet
}

// end ends a turn or a wait of a follower.
func (m *follower) end(s *Share, id uint64, unused bool) {
	t := m.tickets[id]
	if t == nil {
		return
	}
	delete(m.tickets, id)
	end(t.Place, unused || t.waits(s))
}

// waits reports whether the turn was not granted yet.
func (t *ticket) waits(s *Share) bool {
	s.out.Lock()
	defer s.out.Unlock()
	return t.granted.IsZero()
}

// exchange sends and takes messages until ctx ends.
func (s *Share) exchange(ctx context.Context) {
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
		case data := <-s.inbox:
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
		s.beat++
		remember(s.beatTimes, s.beat, now)
		m.Beat, m.Followers = s.beat, map[string]uint64{}
		for id, other := range s.followers {
			if other.listed {
				m.Followers[id] = other.hello
			}
		}
	default:
		s.hellos++
		remember(s.helloTimes, s.hellos, now)
		m.Hello, m.Beat = s.hellos, s.beat
		if s.assigned.Role == Follower { // otherwise there is nobody to serve the waiters
			m.To, m.Full = s.leader, full
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
		w := t.request
		w.Age = time.Since(t.since)
		requests = append(requests, w)
	}
	over, s.ended = s.ended, nil
	return requests, over[:min(len(over), maxRequests)] // the next full hello tells the rest
}

// remember keeps the time of a message.
func remember(sent map[uint64]time.Time, n uint64, at time.Time) {
	sent[n] = at
	delete(sent, n-maxKept)
}

// sendGrants sends the turns of other replicas, and, if places is true, the number of waiters
// ahead of those that wait.
func (s *Share) sendGrants(places bool) {
	s.mu.Lock()
	s.updateRole()
	if s.assigned.Role != Leader { // for example after a freeze
		s.mu.Unlock()
		return
	}
	s.out.Lock()
	grants := map[string][]grant{}
	for _, m := range s.followers {
		for _, g := range s.grants[m.id] {
			if m.tickets[g.ID] != nil { // otherwise the turn went to another waiter
				grants[m.id] = append(grants[m.id], g)
			}
		}
		for id, t := range m.tickets {
			if places && t.moved && t.granted.IsZero() {
				t.moved = false
				grants[m.id] = append(grants[m.id], grant{id, t.ahead})
			}
		}
	}
	clear(s.grants)
	s.out.Unlock()
	s.mu.Unlock()
	for to, list := range grants {
		s.send(message{From: s.id, To: to, Grants: list})
	}
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
	case len(m.Grants) > 0 && m.From == s.leader:
		s.handleGrants(m.Grants)
	}
}

// noteMessage keeps the time of a message of a replica. The caller holds mu.
func (s *Share) noteMessage(from string, now time.Time) {
	if from != s.id {
		maps.DeleteFunc(s.lastMessages, func(_ string, at time.Time) bool { return now.Sub(at) > s.time(JobLeaseTimeout) })
		s.lastMessages[from] = now
		return
	}
	if now.Sub(s.lastEcho) > s.time(reserveAfter) {
		s.hearingSince = now
	}
	s.lastEcho = now
}

// handleBye removes a replica that has left. The caller holds mu, as for what follows.
func (s *Share) handleBye(id string) {
	if m := s.followers[id]; m != nil {
		s.remove(m)
		s.updateRole()
	}
	if s.leader == id {
		s.leader, s.listedAt = "", time.Time{}
		s.updateRole()
		notify(s.joined) // the next leader may be this replica
	}
}

// handleBeat handles a beat.
func (s *Share) handleBeat(m message) {
	if s.assigned.Role == Leader {
		return // one of the two has been replaced, and will learn that from the record
	}
	last, listed := m.Followers[s.id]
	if m.From != s.leader || !listed {
		s.leader, s.listedAt = m.From, time.Time{}
		for _, t := range s.turns {
			t.announced = false
		}
	}
	s.beat = m.Beat
	if at, ok := s.helloTimes[last]; listed && ok {
		// The leader has heard this replica since.
		s.listedAt = time.Now()
		if at.After(s.reachedAt) {
			s.reachedAt = at
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

// handleHello handles a hello.
func (s *Share) handleHello(m message) {
	if s.assigned.Role != Leader {
		return
	}
	other := s.followers[m.From]
	if other == nil {
		if len(s.followers) >= maxFollowers {
			return
		}
		other = &follower{id: m.From, tickets: map[uint64]*ticket{}}
		s.followers[m.From] = other
		notify(s.joined)
	}
	if m.Hello <= other.hello && other.hello > 0 {
		return
	}
	other.hello, other.helloAt = m.Hello, time.Now()
	if at, ok := s.beatTimes[m.Beat]; ok && m.To == s.id && at.After(other.answeredAt) {
		other.answeredAt = at
		s.updateRole()
	}
	if !other.listed {
		return
	}
	if m.To == s.id && m.Full && m.Beat > s.beatBefore && !other.reported {
		other.reported = true
		defer s.updateRole()
	}
	s.mergeReports(other.id, m.Reports)
	if m.To == s.id {
		s.reconcile(other, m)
	}
}

// reconcile brings the lines up to date with a hello.
func (s *Share) reconcile(m *follower, hello message) {
	for _, e := range hello.Ended {
		m.end(s, e.ID, e.Unused)
	}
	if len(hello.Requests) > maxRequests {
		return
	}
	requested := map[uint64]bool{}
	for _, w := range hello.Requests {
		requested[w.ID] = true
		t := m.tickets[w.ID]
		if t != nil && w.Taken && t.waits(s) { // with a turn of an earlier leader
			m.end(s, w.ID, true)
			t = nil
		}
		switch {
		case t == nil:
			s.enqueue(m, w)
		case !w.Taken:
			s.grantAgain(m, w.ID, t)
		}
	}
	for id := range m.tickets {
		if hello.Full && !requested[id] {
			m.end(s, id, false)
		}
	}
}

// enqueue puts a request of a follower in the line.
func (s *Share) enqueue(m *follower, w Request) {
	source, ok := s.sources[w.Source]
	if !ok || max(len(w.Pool), len(w.Person)) > maxName {
		return
	}
	w.Age = min(max(w.Age, 0), forgetAfter)
	t := &ticket{source: w.Source, ahead: Served}
	if w.Taken {
		t.granted = time.Now()
	}
	t.Place = source.Enter(w, func(ahead int) {
		s.out.Lock()
		defer s.out.Unlock()
		if ahead != Served {
			t.moved = t.moved || t.ahead != ahead
			t.ahead = ahead
			return
		}
		t.granted = time.Now()
		s.grants[m.id] = append(s.grants[m.id], grant{w.ID, Served})
		notify(s.changed)
	})
	if t.Place != nil {
		m.tickets[w.ID] = t
	}
}

// grantAgain grants a turn once more if the grant did not reach the follower.
func (s *Share) grantAgain(m *follower, id uint64, t *ticket) {
	s.out.Lock()
	defer s.out.Unlock()
	if !t.granted.IsZero() && time.Since(t.granted) > s.time(heartbeatInterval) {
		t.granted = time.Now()
		s.grants[m.id] = append(s.grants[m.id], grant{id, Served})
	}
}

// handleGrants handles news for the waiters of this replica.
func (s *Share) handleGrants(grants []grant) {
	if s.assigned.Role != Follower {
		return
	}
	for _, g := range grants {
		t := s.turns[g.ID]
		switch {
		case t != nil && !t.request.Taken:
			s.out.Lock()
			entry := t.entry
			s.out.Unlock()
			t.tell(entry, g.Ahead)
		case t == nil && g.Ahead == Served:
			s.ended = append(s.ended, ended{g.ID, true})
			notify(s.changed)
		}
	}
}
