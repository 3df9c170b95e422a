package share

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Request asks for a turn.
type Request struct {
	ID       uint64        `json:"i"`            // unique in its replica
	Source   string        `json:"s"`            // name of the source
	Pool     string        `json:"p,omitempty"`  // the part of the source
	Channel  string        `json:"ch,omitempty"` // the Slack channel, if that is limited too
	Person   string        `json:"w,omitempty"`  // the person who causes it
	Priority int           `json:"c,omitempty"`  // for the source
	Age      time.Duration `json:"a,omitempty"`  // the time since it began to wait
	Taken    bool          `json:"t,omitempty"`  // it has its turn already
}

// Served stands for the number of waiters ahead of a waiter that has its turn.
const Served = -1

// Source gives out the turns of one kind. Its methods return at once.
type Source interface {
	// Enter puts a request in the line. The source calls tell, which must return at once,
	// with the number of waiters ahead, and with Served in the end. A taken request counts
	// at once. Enter returns nil for an invalid request.
	Enter(r Request, tell func(ahead int)) Place
	// Assign tells the source which part of the turns to give out.
	Assign(a Assignment)
	// Report returns a report for the leader, or, from the leader, for all others.
	Report() []byte
	// Merge takes the report of another replica, "" for the leader.
	Merge(from string, report []byte)
}

// Place is a place in the line of a source.
type Place interface {
	Leave() // ends the wait, or hands back a turn that was not used
	Done()  // ends the use of a turn
}

// Turn is a turn, or the wait for it.
type Turn struct {
	share   *Share
	request Request       // Taken is guarded by Share.mu
	since   time.Time     // the beginning of the wait
	wake    chan struct{} // holds one wake-up
	ahead   chan int      // the latest number of waiters ahead

	// Guarded by Share.mu.
	place     Place // in the line of this replica, or nil
	announced bool  // the leader knows of the request

	// entry counts the entries of the request in a line, since the request is entered again
	// whenever this replica gets another role. served is the last entry that was served. The
	// turn has come if both are equal. Share.out guards served; entry changes under
	// Share.mu and Share.out.
	entry, served int
}

// turns are the turns of this replica. Share.mu guards the fields.
type turns struct {
	last  uint64           // id of the newest turn
	byID  map[uint64]*Turn // waiting or taken
	ended []ended          // not told to the leader yet
}

// ErrGivenUp is the error of a caller that left the line.
var ErrGivenUp = errors.New("gave up its place in the line")

// Enter puts a request in the line of all replicas. The caller must call Wait or GiveBack.
func (s *Share) Enter(r Request, since time.Time) *Turn {
	t := &Turn{share: s, request: r, since: since, wake: make(chan struct{}, 1), ahead: make(chan int, 1), entry: 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updateRole()
	s.turns.last++
	t.request.ID = s.turns.last
	s.turns.byID[t.request.ID] = t
	s.enter(t)
	return t
}

// enter puts t in the line of this replica, if this replica gives out turns. The caller
// holds mu.
func (s *Share) enter(t *Turn) {
	t.announced = false
	switch s.assigned.Role {
	case None:
	case Follower:
		notify(s.changed)
	case Leader, Isolated:
		entry, r := t.entry, t.request
		r.Age = time.Since(t.since)
		t.place = s.sources[r.Source].Enter(r, func(ahead int) { t.tell(entry, ahead) })
	}
}

// tell passes news on to the waiter, unless the entry is an earlier one.
func (t *Turn) tell(entry, ahead int) {
	t.share.out.Lock()
	defer t.share.out.Unlock()
	switch {
	case entry != t.entry:
	case ahead == Served:
		t.served = entry
		notify(t.wake)
	default:
		select {
		case <-t.ahead:
		default:
		}
		t.ahead <- ahead
	}
}

// Wait waits for the turn. During the wait Wait calls tell with the number of waiters ahead
// after each change. If ctx ends first, Wait returns the cause; if giveUp is closed
// first, ErrGivenUp. After an error the turn is over.
func (t *Turn) Wait(ctx context.Context, giveUp <-chan struct{}, tell func(ahead int)) error {
	for ctx.Err() == nil {
		select {
		case <-t.wake:
			if t.take() {
				return nil
			}
		case n := <-t.ahead:
			tell(n)
		case <-ctx.Done():
		case <-giveUp:
			t.GiveBack()
			return ErrGivenUp
		}
	}
	t.GiveBack()
	return context.Cause(ctx)
}

// take takes the turn. If the turn is not there, take returns false, and the wait goes on.
// A process that was frozen loses the turns that came before.
func (t *Turn) take() bool {
	s := t.share
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updateRole()
	s.out.Lock()
	t.request.Taken = t.served == t.entry
	s.out.Unlock()
	return t.request.Taken
}

// Done ends the use of the turn.
func (t *Turn) Done() { t.end(false) }

// GiveBack hands back a turn that was not used, or ends the wait for it.
func (t *Turn) GiveBack() { t.end(true) }

func (t *Turn) end(unused bool) {
	s := t.share
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.place != nil {
		end(t.place, unused)
	}
	delete(s.turns.byID, t.request.ID)
	if s.assigned.Role == Follower {
		s.turns.ended = append(s.turns.ended, ended{t.request.ID, unused})
		notify(s.changed)
	}
}

func end(p Place, unused bool) {
	if unused {
		p.Leave()
	} else {
		p.Done()
	}
}

// Load returns the number of turns that this replica has of a source, and the number of
// its waiters.
func (s *Share) Load(source string) (taken, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.turns.byID {
		switch {
		case t.request.Source != source:
		case t.request.Taken:
			taken++
		default:
			waiting++
		}
	}
	return taken, waiting
}

// sortedTurns returns the turns of this replica in their order. The caller holds mu.
func (s *Share) sortedTurns() []*Turn {
	return slices.SortedFunc(maps.Values(s.turns.byID), func(a, b *Turn) int { return cmp.Compare(a.request.ID, b.request.ID) })
}

// requeue takes the waiters of this replica to the line of its new role. A new leader first
// counts the turns that an earlier leader gave to this replica. The caller holds mu.
func (s *Share) requeue() {
	var waiting []*Turn
	for _, t := range s.sortedTurns() {
		switch {
		case !t.request.Taken:
			if t.place != nil {
				t.place.Leave()
				t.place = nil
			}
			s.out.Lock()
			t.entry++
			s.out.Unlock()
			waiting = append(waiting, t)
		case t.place == nil && s.assigned.Role == Leader:
			t.place = s.sources[t.request.Source].Enter(t.request, nil)
		}
	}
	for _, t := range waiting {
		s.enter(t)
	}
}

// Changed tells the other replicas soon that a report has changed.
func (s *Share) Changed() { notify(s.changed) }
