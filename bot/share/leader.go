package share

import "time"

// leading is what a replica knows as the leader. Share.mu guards the fields.
type leading struct {
	since     time.Time            // the time at which this replica became the leader
	began     uint64               // number of the last message before that, see contact
	followers map[string]*follower // the other replicas
}

// silences returns the time since the last hello of each follower.
func (l leading) silences(now time.Time) map[string]time.Duration {
	all := map[string]time.Duration{}
	for id, f := range l.followers {
		all[id] = now.Sub(f.helloAt)
	}
	return all
}

// follower is another replica in the eyes of the leader.
type follower struct {
	id         string
	listed     bool               // in the record
	reported   bool               // this leader knows the turns of the follower
	hello      uint64             // number of the last hello
	helloAt    time.Time          // time of the last hello
	answeredAt time.Time          // time of the last beat that the follower answered
	tickets    map[uint64]*ticket // by the ids of the requests
}

// ticket is a request of a follower in the line.
type ticket struct {
	Place
	source string
	// Guarded by Share.out.
	ahead   int       // number of waiters ahead, or Served, or unknown
	news    bool      // ahead was not sent yet
	granted time.Time // the last time at which the turn was granted
}

// unknown stands for the number of waiters ahead before the source tells it.
const unknown = -2

// end ends a turn or a wait of a follower.
func (f *follower) end(s *Share, id uint64, unused bool) {
	t := f.tickets[id]
	if t == nil {
		return
	}
	delete(f.tickets, id)
	end(t.Place, unused || t.waits(s))
}

// waits reports whether the turn was not granted yet.
func (t *ticket) waits(s *Share) bool {
	s.out.Lock()
	defer s.out.Unlock()
	return t.ahead != Served
}

// becomeLeader makes this replica the leader. All others may be isolated at that time. The
// caller holds mu.
func (s *Share) becomeLeader(r record, now time.Time) {
	if now.Sub(s.contact.lastMessages[s.id]) > s.time(reserveAfter) {
		s.contact.hearingSince = now // this replica was cut off, or frozen
	}
	for id, silence := range r.Followers {
		s.leading.followers[id] = &follower{id: id, helloAt: now.Add(-silence), tickets: map[uint64]*ticket{}}
	}
	s.contact.leader, s.contact.listedAt = "", time.Time{}
	s.leading.since, s.leading.began = now, s.contact.number(now)
}

// reserved returns the number of tenths to leave free. The caller holds mu.
func (s *Share) reserved(now time.Time) (n int) {
	for _, f := range s.leading.followers {
		if f.listed && now.Sub(f.answeredAt) > s.time(reserveAfter) {
			n++
		}
	}
	return min(n, Tenths-1)
}

// recovering reports whether a follower may have turns of an earlier leader that this
// leader does not know. The caller holds mu.
func (s *Share) recovering(now time.Time) bool {
	if now.Sub(s.leading.since) >= s.time(JobLeaseTimeout) {
		return false
	}
	for id, f := range s.leading.followers {
		silence := min(now.Sub(s.contact.hearingSince), now.Sub(s.contact.lastMessages[id]))
		if f.listed && !f.reported && silence < s.time(JobLeaseTimeout) {
			return true
		}
	}
	return false
}

// forgetSilent ends the waits of silent followers, later their turns, and removes such
// followers in the end. The caller holds mu.
func (s *Share) forgetSilent(now time.Time) {
	for id, f := range s.leading.followers {
		silence := now.Sub(f.helloAt)
		for turn, t := range f.tickets {
			if silence > s.time(s.sources[t.source].maxSilence) || silence > s.time(reserveAfter) && t.waits(s) {
				f.end(s, turn, false)
			}
		}
		if silence > s.time(forgetAfter) {
			s.log.Info("a replica is gone for good", "replica", id)
			s.remove(f)
		}
	}
}

// remove removes a follower, with its turns and waits. The caller holds mu.
func (s *Share) remove(f *follower) {
	for id := range f.tickets {
		f.end(s, id, false)
	}
	delete(s.leading.followers, f.id)
}

// handleHello handles a hello.
func (s *Share) handleHello(m message) {
	if s.assigned.Role != Leader {
		return
	}
	f := s.leading.followers[m.From]
	if f == nil {
		if len(s.leading.followers) >= maxFollowers {
			return
		}
		f = &follower{id: m.From, tickets: map[uint64]*ticket{}}
		s.leading.followers[m.From] = f
		notify(s.joined)
	}
	if m.Hello <= f.hello && f.hello > 0 {
		return
	}
	f.hello, f.helloAt = m.Hello, time.Now()
	at, ok := s.contact.sentAt(m.Beat)
	answers := ok && m.To == s.id && m.Beat > s.leading.began
	if answers && at.After(f.answeredAt) {
		f.answeredAt = at
		s.updateRole()
	}
	if !f.listed {
		return
	}
	if answers && m.Full && !f.reported {
		f.reported = true
		defer s.updateRole()
	}
	s.mergeReports(f.id, m.Reports)
	if m.To == s.id {
		s.reconcile(f, m)
	}
}

// reconcile brings the lines up to date with a hello.
func (s *Share) reconcile(f *follower, hello message) {
	for _, e := range hello.Ended {
		f.end(s, e.ID, e.Unused)
	}
	if len(hello.Requests) > maxRequests {
		return
	}
	requested := map[uint64]bool{}
	for _, r := range hello.Requests {
		requested[r.ID] = true
		t := f.tickets[r.ID]
		if t != nil && r.Taken && t.waits(s) { // with a turn of an earlier leader
			f.end(s, r.ID, true)
			t = nil
		}
		switch {
		case t == nil:
			s.enqueue(f, r)
		case !r.Taken:
			s.grantAgain(t)
		}
	}
	for id := range f.tickets {
		if hello.Full && !requested[id] {
			f.end(s, id, false)
		}
	}
}

// enqueue puts a request of a follower in the line.
func (s *Share) enqueue(f *follower, r Request) {
	source, ok := s.sources[r.Source]
	if !ok || max(len(r.Pool), len(r.Channel), len(r.Person)) > maxName {
		return
	}
	r.Age = min(max(r.Age, 0), forgetAfter)
	t := &ticket{source: r.Source, ahead: unknown}
	if r.Taken {
		t.ahead, t.granted = Served, time.Now()
	}
	t.Place = source.Enter(r, func(ahead int) {
		s.out.Lock()
		defer s.out.Unlock()
		if t.ahead == Served || t.ahead == ahead {
			return
		}
		if t.ahead, t.news = ahead, true; ahead == Served {
			t.granted = time.Now()
			notify(s.changed)
		}
	})
	if t.Place != nil {
		f.tickets[r.ID] = t
	}
}

// grantAgain grants a turn once more if the grant did not reach the follower.
func (s *Share) grantAgain(t *ticket) {
	s.out.Lock()
	defer s.out.Unlock()
	if t.ahead == Served && time.Since(t.granted) > s.time(heartbeatInterval) {
		t.granted, t.news = time.Now(), true
	}
}

// sendGrants sends the turns of other replicas, and, if places is true, the number of waiters
// ahead of those that wait.
func (s *Share) sendGrants(places bool) {
	s.mu.Lock()
	s.updateRole()
	grants := map[string][]grant{} // none, for example after a freeze, if this replica does not lead
	s.out.Lock()
	for _, f := range s.leading.followers {
		for id, t := range f.tickets {
			if t.news && (places || t.ahead == Served) {
				t.news = false
				grants[f.id] = append(grants[f.id], grant{id, t.ahead})
			}
		}
	}
	s.out.Unlock()
	s.mu.Unlock()
	for to, list := range grants {
		s.send(message{From: s.id, To: to, Grants: list})
	}
}
