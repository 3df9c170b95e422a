package share

import (
	"context"
	"encoding/json"
	"time"
)

// record is the record in the store.
type record struct {
	Leader string `json:"Keeper"` // "" if the last leader has left
	// Followers are the other replicas that may go on with a tenth, and the time of each
	// follower's silence. A replica becomes a follower only after its entry is written, so
	// the next leader knows all followers.
	Followers map[string]time.Duration `json:"Members"`
}

// lease is what a replica knows of the record. Share.mu guards the fields.
type lease struct {
	revision      uint64    // of the record at the last look
	revisionSince time.Time // the first look at that revision
	renewed       time.Time // the beginning of the last write as the leader
	first         bool      // no leader was there before
}

// maxFollowers bounds the number of followers. Only ten can be alive.
const maxFollowers = 32

// keepLease makes this replica the leader if no other one is, and keeps the role.
func (s *Share) keepLease(ctx context.Context) {
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
		pause := s.time(renewInterval)
		if s.assigned.Role != Leader || err != nil {
			pause = s.time(heartbeatInterval) / 2
		}
		s.mu.Unlock()
		if !sleep(ctx, pause, s.joined) {
			return
		}
	}
}

// wantsRecord reports whether it is time to look at the record. A follower that hears the
// leader does not look.
func (s *Share) wantsRecord() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.assigned.Role != Follower || time.Since(s.contact.listedAt) > s.time(suspectAfter)
}

// renew writes the record if no other replica is the leader.
func (s *Share) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.time(storeTimeout))
	defer cancel()
	value, revision, err := s.link.Record(ctx)
	if err != nil {
		return err
	}
	var last record
	if len(value) > 0 && json.Unmarshal(value, &last) != nil {
		last = record{} // no replica wrote that
	}
	begun := time.Now()
	next, free := s.nextRecord(last, revision, begun)
	if !free {
		return nil
	}
	if value, err = json.Marshal(next); err != nil {
		return err
	}
	if err := s.link.UpdateRecord(ctx, value, revision); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updateRole() // after a freeze the role may be over
	if s.assigned.Role != Leader {
		s.becomeLeader(next, begun)
		s.lease.first = revision == 0
	}
	for id := range next.Followers {
		if f := s.leading.followers[id]; f != nil {
			f.listed = true
		}
	}
	s.lease.renewed, s.contact.reachedAt = begun, begun
	s.updateRole()
	notify(s.changed)
	return nil
}

// nextRecord returns the record to write after last. If another replica is the leader,
// free is false.
func (s *Share) nextRecord(last record, revision uint64, now time.Time) (next record, free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision != s.lease.revision {
		s.lease.revision, s.lease.revisionSince = revision, now
	}
	if last.Leader != "" && last.Leader != s.id && now.Sub(s.lease.revisionSince) < s.time(takeoverAfter) {
		return record{}, false
	}
	next = record{Leader: s.id, Followers: map[string]time.Duration{}}
	if s.assigned.Role == Leader {
		next.Followers = s.leading.silences(now)
		return next, true
	}
	for id, silence := range last.Followers {
		if id != s.id && silence < s.time(forgetAfter) && len(next.Followers) < maxFollowers {
			next.Followers[id] = max(silence, 0)
		}
	}
	if last.Leader != "" && last.Leader != s.id {
		next.Followers[last.Leader] = now.Sub(s.lease.revisionSince)
	}
	return next, true
}

// leave tells the others that this replica ends.
func (s *Share) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	s.mu.Lock()
	s.updateRole()
	role := s.assigned.Role
	free := record{Followers: s.leading.silences(time.Now())}
	s.lease.renewed, s.contact.reachedAt, s.contact.listedAt = time.Time{}, time.Time{}, time.Time{}
	s.updateRole()
	s.mu.Unlock()
	if role == Leader {
		s.releaseLease(ctx, free) // after a failure another replica takes over some seconds later
	}
	s.send(message{From: s.id, Bye: true})
}

// releaseLease writes a record without a leader.
func (s *Share) releaseLease(ctx context.Context, r record) {
	value, revision, err := s.link.Record(ctx)
	var last record
	if err != nil || json.Unmarshal(value, &last) != nil || last.Leader != s.id {
		return
	}
	if value, err = json.Marshal(r); err == nil {
		_ = s.link.UpdateRecord(ctx, value, revision)
	}
}
