package share

import (
	"context"
	"encoding/json"
	"time"
)

// record is the record in the store.
type record struct {
	Keeper string // "" if the last keeper has left
	// Members are the other replicas that may go on with a tenth, and the time of each
	// member's silence. A replica becomes a member only after its entry is written, so
	// the next keeper knows all members.
	Members map[string]time.Duration
}

// maxMembers bounds the number of members. Only ten can be alive.
const maxMembers = 32

// lease makes this replica the keeper if no other one is, and keeps the role.
func (s *Share) lease(ctx context.Context) {
	for first := true; ; first = false {
		var err error
		if s.wantsRecord() {
			if err = s.renew(ctx); err != nil && ctx.Err() == nil {
				s.log.Debug("the record of who gives out turns was not written", "error", err)
			}
		}
		if first {
			close(s.ready)
		}
		s.mu.Lock()
		pause := s.time(renewing)
		if s.part.Role != Keeper || err != nil {
			pause = s.time(beating) / 2
		}
		s.mu.Unlock()
		if !sleep(ctx, pause, s.joined) {
			return
		}
	}
}

// wantsRecord reports whether it is time to look at the record. A member that hears the
// keeper does not look.
func (s *Share) wantsRecord() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.part.Role != Member || time.Since(s.heard) > s.time(silent)
}

// renew writes the record if no other replica is the keeper.
func (s *Share) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.time(asking))
	defer cancel()
	value, revision, err := s.link.Agreed(ctx)
	if err != nil {
		return err
	}
	var last record
	if len(value) > 0 && json.Unmarshal(value, &last) != nil {
		last = record{} // no replica wrote that
	}
	begun := time.Now()
	next, free := s.next(last, revision, begun)
	if !free {
		return nil
	}
	if value, err = json.Marshal(next); err != nil {
		return err
	}
	if err := s.link.Agree(ctx, value, revision); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle() // after a freeze the role may be over
	if s.part.Role != Keeper {
		s.take(next, begun)
	}
	for id := range next.Members {
		if m := s.members[id]; m != nil {
			m.listed = true
		}
	}
	s.renewed, s.contact = begun, begun
	s.settle()
	notify(s.changed)
	return nil
}

// next returns the record to write after last. If another replica is the keeper, free is
// false.
func (s *Share) next(last record, revision uint64, now time.Time) (next record, free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision != s.known {
		s.known, s.knownAt = revision, now
	}
	if last.Keeper != "" && last.Keeper != s.id && now.Sub(s.knownAt) < s.time(vacant) {
		return record{}, false
	}
	next = record{Keeper: s.id, Members: map[string]time.Duration{}}
	if s.part.Role == Keeper {
		for id, m := range s.members {
			next.Members[id] = now.Sub(m.heard)
		}
		return next, true
	}
	for id, quiet := range last.Members {
		if id != s.id && quiet < s.time(forgotten) && len(next.Members) < maxMembers {
			next.Members[id] = max(quiet, 0)
		}
	}
	if last.Keeper != "" && last.Keeper != s.id {
		next.Members[last.Keeper] = now.Sub(s.knownAt)
	}
	return next, true
}

// take makes this replica the keeper. All others may be apart at that time. The caller
// holds mu.
func (s *Share) take(r record, now time.Time) {
	s.drop()
	if now.Sub(s.echo) > s.time(missingAfter) {
		s.hearing = now // this replica was cut off, or frozen
	}
	for id, quiet := range r.Members {
		s.members[id] = &member{id: id, heard: now.Add(-quiet), tickets: map[uint64]*ticket{}}
	}
	s.keeper, s.heard = "", time.Time{}
	s.beat++
	s.took, s.tookAt = s.beat, now
	clear(s.sent)
}

// forget ends the waits of silent members, later their turns, and removes such members in
// the end. The caller holds mu.
func (s *Share) forget(now time.Time) {
	for id, m := range s.members {
		silence := now.Sub(m.heard)
		for turn, t := range m.tickets {
			if silence > s.time(s.lasts[t.source]) || silence > s.time(missingAfter) && t.waits(s) {
				m.end(s, turn, false)
			}
		}
		if silence > s.time(forgotten) {
			s.log.Info("a replica is gone for good", "replica", id)
			s.remove(m)
		}
	}
}

// remove removes a member. The caller holds mu.
func (s *Share) remove(m *member) {
	m.drop(s)
	delete(s.members, m.id)
}

// leave tells the others that this replica ends.
func (s *Share) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	s.mu.Lock()
	s.settle()
	role := s.part.Role
	free := record{Members: map[string]time.Duration{}}
	for id, m := range s.members {
		free.Members[id] = time.Since(m.heard)
	}
	s.renewed, s.contact, s.heard = time.Time{}, time.Time{}, time.Time{}
	s.settle()
	s.mu.Unlock()
	if role == Keeper {
		s.free(ctx, free) // after a failure another replica takes over some seconds later
	}
	s.send(message{From: s.id, Bye: true})
}

// free writes a record without a keeper.
func (s *Share) free(ctx context.Context, r record) {
	value, revision, err := s.link.Agreed(ctx)
	var last record
	if err != nil || json.Unmarshal(value, &last) != nil || last.Keeper != s.id {
		return
	}
	if value, err = json.Marshal(r); err == nil {
		_ = s.link.Agree(ctx, value, revision)
	}
}
