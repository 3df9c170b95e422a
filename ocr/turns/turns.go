// Package turns limits the concurrent use of something scarce, such as the requests to
// a model, and serves people round-robin.
package turns

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Turns are served round-robin over people, so that forty pictures of one person do
// not delay another person's. The number of turns may change.
type Turns struct {
	mu    sync.Mutex     // guards the fields below
	size  int            // number of turns
	each  int            // the most turns of one person at the same time
	taken int            // may exceed size for a while after size was lowered
	held  map[string]int // taken turns of each person
	lines []*line        // one line for each waiting person, the next person first
}

// line is the queue of one person's waiters.
type line struct {
	person  string
	waiting []*Waiter
	back    int // number of waiters at the head that are back, see Turns.Enter
}

// Waiter is a place in a line.
type Waiter struct {
	person string
	served chan struct{} // closed when the waiter has a turn
	ahead  chan int      // the latest number of waiters ahead
}

// New returns n turns, of which each person has at most each at the same time.
func New(n, each int) *Turns { return &Turns{size: n, each: each, held: map[string]int{}} }

// Resize changes the number of turns. Turns in use stay in use.
func (s *Turns) Resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = n
	s.serve()
}

// ErrGivenUp is the error of a caller that left the line.
var ErrGivenUp = errors.New("gave up its place in the line")

// Take waits for a turn and returns the function that releases the turn.
// During the wait Take calls tell with the number of waiters ahead after each
// change. If ctx ends first, Take returns the cause; if giveUp is closed
// first, ErrGivenUp.
func (s *Turns) Take(ctx context.Context, giveUp <-chan struct{}, person string, tell func(ahead int)) (release func(), err error) {
	return s.Wait(ctx, giveUp, s.Enter(person, false), tell)
}

// Wait is the second half of Take, for a waiter in the line.
func (s *Turns) Wait(ctx context.Context, giveUp <-chan struct{}, w *Waiter, tell func(ahead int)) (release func(), err error) {
	if ctx.Err() != nil { // even if a turn is free
		s.leave(w)
		return nil, context.Cause(ctx)
	}
	for {
		select {
		case <-w.served:
			return sync.OnceFunc(func() { s.release(w) }), nil
		case n := <-w.ahead:
			tell(n)
		case <-ctx.Done():
			s.leave(w)
			return nil, context.Cause(ctx)
		case <-giveUp:
			s.leave(w)
			return nil, ErrGivenUp
		}
	}
}

// Ahead estimates the number of waiters ahead of a person who comes now. If
// there is no wait, the number is negative.
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

// Free reports whether a person who comes now is served at once.
func (s *Turns) Free(person string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken < s.size && s.held[person] < s.each
}

// Load returns the number of turns in use, and the number of waiters.
func (s *Turns) Load() (taken, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		waiting += len(l.waiting)
	}
	return s.taken, waiting
}

// Size returns the present number of turns.
func (s *Turns) Size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size
}

// Enter adds a waiter to the line of a person: as the last one, or, if the person is
// back with a page that had a turn before, ahead of all that had none.
func (s *Turns) Enter(person string, back bool) *Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &Waiter{person: person, served: make(chan struct{}), ahead: make(chan int, 1)}
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

func (s *Turns) release(w *Waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveBack(w)
	s.serve()
}

// giveBack makes the turn of w free. The caller holds mu.
func (s *Turns) giveBack(w *Waiter) {
	s.taken--
	if s.held[w.person]--; s.held[w.person] == 0 {
		delete(s.held, w.person)
	}
}

// leave removes a waiter, or releases its turn if the waiter was served at the
// same time.
func (s *Turns) leave(w *Waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.served:
		s.giveBack(w)
	default:
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
// other waiters how many are ahead. The caller holds mu.
func (s *Turns) serve() {
	for s.taken < s.size {
		i := slices.IndexFunc(s.lines, func(l *line) bool { return s.held[l.person] < s.each })
		if i < 0 {
			break
		}
		l := s.lines[i]
		s.taken++
		s.held[l.person]++
		close(l.waiting[0].served)
		l.remove(0)
		s.lines = slices.Delete(s.lines, i, i+1)
		if len(l.waiting) > 0 {
			s.lines = append(s.lines, l)
		}
	}
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

// tell replaces the number that the waiter has not read yet.
func (w *Waiter) tell(n int) {
	select {
	case <-w.ahead:
	default:
	}
	w.ahead <- n
}
