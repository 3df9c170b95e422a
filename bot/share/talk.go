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

	// Beat is the number of a keeper's beat, or of the beat that a hello answers. Members
	// has the last hello of each member.
	Beat    uint64            `json:",omitempty"`
	Members map[string]uint64 `json:",omitempty"`
	// Hello is the number of a hello, with all turns of its sender if Full is true, or
	// the new ones.
	Hello uint64  `json:",omitempty"`
	Full  bool    `json:",omitempty"`
	Wants []Want  `json:",omitempty"`
	Ended []ended `json:",omitempty"`
	// Grants are the keeper's news for the waiters of a member.
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
	maxMessage = 512 << 10 // bytes
	maxWants   = 4000      // turns of a replica that the keeper knows at once
	maxName    = 64        // bytes of a replica's id, a pool, or a person
	maxKept    = 1024      // beats and hellos with a known time
)

// member is another replica in the eyes of the keeper.
type member struct {
	id       string
	listed   bool      // in the record
	reported bool      // this keeper knows the turns of the member
	hello    uint64    // number of the last hello
	heard    time.Time // time of the last hello
	contact  time.Time // time of the last beat that the member answered
	tickets  map[uint64]*ticket
}

// ticket is a want of a member in the line.
type ticket struct {
	Place
	source string
	// Guarded by Share.out.
	granted time.Time // zero for a waiter
	ahead   int       // number of waiters ahead, or Served if that is not known
	moved   bool      // ahead was not sent yet
}

// drop ends all turns and waits of a member.
func (m *member) drop(s *Share) {
	for id := range m.tickets {
		m.end(s, id, false)
	}
}

// end ends a turn or a wait of a member.
func (m *member) end(s *Share, id uint64, unused bool) {
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

// talk sends and takes messages until ctx ends.
func (s *Share) talk(ctx context.Context) {
	tick := time.NewTicker(s.time(beating))
	defer tick.Stop()
	s.say(true)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.say(true)
		case <-s.changed:
			s.mu.Lock()
			role := s.part.Role
			s.mu.Unlock()
			if role == Keeper {
				s.flush(false)
			} else {
				s.say(false)
			}
		case data := <-s.inbox:
			s.receive(data)
			s.flush(false)
		}
	}
}

// say sends a beat or a hello.
func (s *Share) say(full bool) {
	s.mu.Lock()
	s.settle()
	m := message{From: s.id, Reports: map[string][]byte{}}
	now := time.Now()
	switch s.part.Role {
	case Keeper:
		s.forget(now)
		s.beat++
		remember(s.sent, s.beat, now)
		m.Beat, m.Members = s.beat, map[string]uint64{}
		for id, other := range s.members {
			if other.listed {
				m.Members[id] = other.hello
			}
		}
	default:
		s.hellos++
		remember(s.said, s.hellos, now)
		m.Hello, m.Beat = s.hellos, s.beat
		if s.part.Role == Member { // otherwise there is nobody to serve the waiters
			m.To, m.Full = s.keeper, full
			m.Wants, m.Ended = s.wants(full)
		}
	}
	for _, name := range s.names {
		if r := s.sources[name].Report(); len(r) > 0 {
			m.Reports[name] = r
		}
	}
	s.mu.Unlock()
	s.send(m)
	s.flush(full)
}

// wants returns the turns of this replica, all or those that the keeper does not know,
// and the turns that have ended since the last call. The caller holds mu.
func (s *Share) wants(full bool) (wants []Want, over []ended) {
	n := 0
	for _, t := range s.turns() {
		if n++; n > maxWants {
			break
		}
		if t.told && !full {
			continue
		}
		t.told = true
		w := t.want
		w.Age = time.Since(t.since)
		wants = append(wants, w)
	}
	over, s.ended = s.ended, nil
	return wants, over[:min(len(over), maxWants)] // the next full hello tells the rest
}

// remember keeps the time of a message.
func remember(sent map[uint64]time.Time, n uint64, at time.Time) {
	sent[n] = at
	delete(sent, n-maxKept)
}

// flush sends the turns of other replicas, and, if places is true, the number of waiters
// ahead of those that wait.
func (s *Share) flush(places bool) {
	s.mu.Lock()
	s.settle()
	if s.part.Role != Keeper { // for example after a freeze
		s.mu.Unlock()
		return
	}
	s.out.Lock()
	grants := map[string][]grant{}
	for _, m := range s.members {
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
	if err := s.link.Tell(data); err != nil {
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
	s.settle()
	if s.note(m.From, time.Now()); m.From == s.id || m.To != "" && m.To != s.id {
		return
	}
	switch {
	case m.Bye:
		s.left(m.From)
	case m.Hello > 0:
		s.hello(m)
	case m.Beat > 0:
		s.beaten(m)
	case len(m.Grants) > 0 && m.From == s.keeper:
		s.granted(m.Grants)
	}
}

// note keeps the time of a message of a replica. The caller holds mu.
func (s *Share) note(from string, now time.Time) {
	if from != s.id {
		maps.DeleteFunc(s.lastOf, func(_ string, at time.Time) bool { return now.Sub(at) > s.time(Lapse) })
		s.lastOf[from] = now
		return
	}
	if now.Sub(s.echo) > s.time(missingAfter) {
		s.hearing = now
	}
	s.echo = now
}

// left removes a replica that has left. The caller holds mu, as for what follows.
func (s *Share) left(id string) {
	if m := s.members[id]; m != nil {
		s.remove(m)
		s.settle()
	}
	if s.keeper == id {
		s.keeper, s.heard = "", time.Time{}
		s.settle()
		notify(s.joined) // the next keeper may be this replica
	}
}

// beaten handles a beat.
func (s *Share) beaten(m message) {
	if s.part.Role == Keeper {
		return // one of the two has been replaced, and will learn that from the record
	}
	last, listed := m.Members[s.id]
	if m.From != s.keeper || !listed {
		s.keeper, s.heard = m.From, time.Time{}
		for _, t := range s.mine {
			t.told = false
		}
	}
	s.beat = m.Beat
	if at, ok := s.said[last]; listed && ok {
		// The keeper has heard this replica since.
		s.heard = time.Now()
		if at.After(s.contact) {
			s.contact = at
		}
	}
	s.settle()
	if s.part.Role == Member {
		s.learn("", m.Reports)
	}
	notify(s.changed) // answers it
}

// learn passes the reports of another replica on.
func (s *Share) learn(from string, reports map[string][]byte) {
	for name, r := range reports {
		if source := s.sources[name]; source != nil {
			source.Learn(from, r)
		}
	}
}

// hello handles a hello.
func (s *Share) hello(m message) {
	if s.part.Role != Keeper {
		return
	}
	other := s.members[m.From]
	if other == nil {
		if len(s.members) >= maxMembers {
			return
		}
		other = &member{id: m.From, tickets: map[uint64]*ticket{}}
		s.members[m.From] = other
		notify(s.joined)
	}
	if m.Hello <= other.hello && other.hello > 0 {
		return
	}
	other.hello, other.heard = m.Hello, time.Now()
	if at, ok := s.sent[m.Beat]; ok && m.To == s.id && at.After(other.contact) {
		other.contact = at
		s.settle()
	}
	if !other.listed {
		return
	}
	if m.To == s.id && m.Full && m.Beat > s.took && !other.reported {
		other.reported = true
		defer s.settle()
	}
	s.learn(other.id, m.Reports)
	if m.To == s.id {
		s.reconcile(other, m)
	}
}

// reconcile brings the lines up to date with a hello.
func (s *Share) reconcile(m *member, hello message) {
	for _, e := range hello.Ended {
		m.end(s, e.ID, e.Unused)
	}
	if len(hello.Wants) > maxWants {
		return
	}
	wanted := map[uint64]bool{}
	for _, w := range hello.Wants {
		wanted[w.ID] = true
		t := m.tickets[w.ID]
		if t != nil && w.Taken && t.waits(s) { // with a turn of an earlier keeper
			m.end(s, w.ID, true)
			t = nil
		}
		switch {
		case t == nil:
			s.admit(m, w)
		case !w.Taken:
			s.again(m, w.ID, t)
		}
	}
	for id := range m.tickets {
		if hello.Full && !wanted[id] {
			m.end(s, id, false)
		}
	}
}

// admit puts a want of a member in the line.
func (s *Share) admit(m *member, w Want) {
	source := s.sources[w.Source]
	if source == nil || max(len(w.Pool), len(w.Person)) > maxName {
		return
	}
	w.Age = min(max(w.Age, 0), forgotten)
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

// again grants a turn once more if the grant did not reach the member.
func (s *Share) again(m *member, id uint64, t *ticket) {
	s.out.Lock()
	defer s.out.Unlock()
	if !t.granted.IsZero() && time.Since(t.granted) > s.time(beating) {
		t.granted = time.Now()
		s.grants[m.id] = append(s.grants[m.id], grant{id, Served})
	}
}

// granted handles news for the waiters of this replica.
func (s *Share) granted(grants []grant) {
	if s.part.Role != Member {
		return
	}
	for _, g := range grants {
		t := s.mine[g.ID]
		switch {
		case t != nil && !t.want.Taken:
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
