// Package turns limits the concurrent use of something scarce, such as the requests to
// a model, and serves people round-robin.
package turns

import (
	"context"
	"slices"
	"sync"
)

// Turns are served round-robin over people, so that forty pictures of one person do
// not delay another person's. The number of turns may change.
//
// A person has at most a certain number of turns for as long as the person wants.
// Further turns are on loan until another person wants one: see [Waiter.Recalled].
type Turns struct {
	mu    sync.Mutex     // guards the fields below
	size  int            // number of turns
	each  int            // the most turns of one person that are not on loan
	taken int            // may exceed size for a while after size was lowered
	held  map[string]int // taken turns of each person
	lines []*line        // one line for each waiting person, the next person first

	loans    []*Waiter // turns on loan, the oldest first, without the recalled ones
	recalled int       // number of recalled turns that are not given back yet
}

// line is the queue of one person's waiters.
type line struct {
	person  string
	waiting []*Waiter
	back    int // number of waiters at the head that are back, see Turns.Enter
}

// Served tells a waiter that the turn has come.
const Served = -1

// Waiter is a place in a line, or a turn. Its methods are called once.
type Waiter struct {
	turns  *Turns
	person string
	tell   func(ahead int)
	served bool // guarded by Turns.mu, as is loan
	loan   bool // the turn is on loan
	recall chan struct{}
}

// Recalled returns a channel that is closed if the turn is on loan and another
// person wants the turn. The holder must release the turn soon.
func (w *Waiter) Recalled() <-chan struct{} { return w.recall }

// New returns n turns. A person has at most each turns that are not on loan.
func New(n, each int) *Turns { return &Turns{size: n, each: each, held: map[string]int{}} }

// Resize changes the number of turns. Turns in use stay in use.
func (s *Turns) Resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = n
	s.serve()
}

// Take waits for a turn, which the caller must release with Done. For back see Enter.
// If ctx ends first, Take returns the cause.
func (s *Turns) Take(ctx context.Context, person string, back bool) (*Waiter, error) {
	served := make(chan struct{})
	w := s.Enter(person, back, func(ahead int) {
		if ahead == Served {
			close(served)
		}
	})
	if ctx.Err() == nil { // else not even a free turn is taken
		select {
		case <-served:
			return w, nil
		case <-ctx.Done():
		}
	}
	w.Leave()
	return nil, context.Cause(ctx)
}

// Ahead estimates the number of waiters ahead of a new waiter of a person. The
// number is negative if there is no wait.
func (s *Turns) Ahead(person string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken < s.size {
		return -1
	}
	own := 0
	for _, l := range s.lines {
		if l.person == person {
			own = len(l.waiting)
		}
	}
	for _, l := range s.lines {
		n += min(len(l.waiting), own+1) // number of earlier rounds
	}
	return n
}

// Free reports whether a new waiter of a person is served at once, or as soon as a
// turn on loan is given back.
func (s *Turns) Free(person string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken < s.size || s.held[person] < s.each && len(s.loans) > 0
}

// Load returns the number of turns in use and the number of waiting people.
func (s *Turns) Load() (taken, people int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken, len(s.lines)
}

// Enter adds a waiter to the line of a person: as the last one, or, if back is true
// because the page had a turn before, ahead of all pages without one. Enter and later
// changes call tell with the number of waiters ahead, and with Served in the end.
// tell must return at once.
func (s *Turns) Enter(person string, back bool, tell func(ahead int)) *Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &Waiter{turns: s, person: person, tell: tell, recall: make(chan struct{})}
	i := slices.IndexFunc(s.lines, func(l *line) bool { return l.person == person })
	if i < 0 {
		i = len(s.lines)
		s.lines = append(s.lines, &line{person: person})
	}
	l := s.lines[i]
	if back {
		l.waiting = slices.Insert(l.waiting, l.back, w)
		l.back++
	} else {
		l.waiting = append(l.waiting, w)
	}
	s.serve()
	return w
}

// Adopt counts a turn that another process gave out.
func (s *Turns) Adopt(person string) *Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &Waiter{turns: s, person: person, tell: func(int) {}}
	s.give(w)
	return w
}

// give gives w a turn. The caller holds mu.
func (s *Turns) give(w *Waiter) {
	s.taken++
	s.held[w.person]++
	w.served = true
	w.tell(Served)
}

// Done releases the turn.
func (w *Waiter) Done() {
	w.turns.mu.Lock()
	defer w.turns.mu.Unlock()
	w.turns.giveBack(w)
	w.turns.serve()
}

// giveBack makes the turn of w free. The caller holds mu.
func (s *Turns) giveBack(w *Waiter) {
	s.taken--
	if s.held[w.person]--; s.held[w.person] == 0 {
		delete(s.held, w.person)
	}
	if !w.loan { // the person's oldest loan takes its place
		i := slices.IndexFunc(s.loans, func(other *Waiter) bool { return other.person == w.person })
		if i < 0 {
			return
		}
		w = s.loans[i]
		w.loan = false
	}
	if i := slices.Index(s.loans, w); i >= 0 {
		s.loans = slices.Delete(s.loans, i, i+1)
	} else {
		s.recalled--
	}
}

// Leave ends the wait, or releases the turn if it came at the same time.
func (w *Waiter) Leave() {
	s := w.turns
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.served {
		s.giveBack(w)
	} else {
		i := slices.IndexFunc(s.lines, func(l *line) bool { return l.person == w.person })
		l := s.lines[i]
		l.remove(slices.Index(l.waiting, w))
		if len(l.waiting) == 0 {
			s.lines = slices.Delete(s.lines, i, i+1)
		}
	}
	s.serve()
}

// remove removes one waiter.
func (l *line) remove(at int) {
	l.waiting = slices.Delete(l.waiting, at, at+1)
	if at < l.back {
		l.back--
	}
}

// serve gives free turns to the first waiter of each line in turn, then tells the
// other waiters their places. The caller holds mu.
func (s *Turns) serve() {
	for s.taken < s.size && len(s.lines) > 0 {
		i := slices.IndexFunc(s.lines, func(l *line) bool { return s.held[l.person] < s.each })
		loan := i < 0
		i = max(i, 0)
		l := s.lines[i]
		w := l.waiting[0]
		l.remove(0)
		if w.loan = loan; loan {
			s.loans = append(s.loans, w)
		}
		s.give(w)
		s.lines = slices.Delete(s.lines, i, i+1)
		if len(l.waiting) > 0 {
			s.lines = append(s.lines, l)
		}
	}
	s.recallLoans()
	ahead := 0
	for round := 0; ; round++ {
		before := ahead
		for _, l := range s.lines {
			if round < len(l.waiting) {
				l.waiting[round].tell(ahead)
				ahead++
			}
		}
		if ahead == before {
			return
		}
	}
}

// recallLoans recalls the newest loans, one for each waiter with a right to a turn
// that is not on loan. The caller holds mu.
func (s *Turns) recallLoans() {
	wanted := 0
	for _, l := range s.lines {
		wanted += max(0, min(len(l.waiting), s.each-s.held[l.person]))
	}
	for last := len(s.loans) - 1; last >= 0 && s.recalled < wanted; last-- {
		close(s.loans[last].recall)
		s.loans = s.loans[:last]
		s.recalled++
	}
}
