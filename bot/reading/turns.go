package reading

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Turns limits the concurrent requests to the model. The limit may change, see
// [ocr.Limit]. People are served round-robin, so that forty pictures of one
// person do not delay another person's.
type Turns struct {
	mu    sync.Mutex // guards the fields below
	size  int        // number of turns
	taken int        // may exceed size for a while after size was lowered
	lines []*line    // one line for each waiting person, the next person first
}

// line is the queue of one person's waiters.
type line struct {
	person  string
	waiting []*waiter
}

type waiter struct {
	served chan struct{} // closed when the waiter has a turn
	ahead  chan int      // the latest number of waiters ahead
}

// NewTurns returns n turns.
func NewTurns(n int) *Turns { return &Turns{size: n} }

// Resize changes the number of turns. Turns in use stay in use.
func (s *Turns) Resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = n
	s.serve()
}

// errGivenUp is the error of a caller that left the line.
var errGivenUp = errors.New("gave up its place in the line")

// Take waits for a turn and returns the function that releases the turn.
// During the wait Take calls tell with the number of waiters ahead after each
// change. If ctx ends first, Take returns the cause; if giveUp is closed
// first, errGivenUp.
func (s *Turns) Take(ctx context.Context, giveUp <-chan struct{}, person string, tell func(ahead int)) (release func(), err error) {
	return s.wait(ctx, giveUp, person, s.enter(person), tell)
}

// wait is the second half of Take, for a waiter in the line.
func (s *Turns) wait(ctx context.Context, giveUp <-chan struct{}, person string, w *waiter, tell func(ahead int)) (release func(), err error) {
	if ctx.Err() != nil { // even if a turn is free
		s.leave(person, w)
		return nil, context.Cause(ctx)
	}
	for {
		select {
		case <-w.served:
			return sync.OnceFunc(s.release), nil
		case n := <-w.ahead:
			tell(n)
		case <-ctx.Done():
			s.leave(person, w)
			return nil, context.Cause(ctx)
		case <-giveUp:
			s.leave(person, w)
			return nil, errGivenUp
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

func (s *Turns) enter(person string) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &waiter{served: make(chan struct{}), ahead: make(chan int, 1)}
	i := slices.IndexFunc(s.lines, func(l *line) bool { return l.person == person })
	if i < 0 {
		i = len(s.lines)
		s.lines = append(s.lines, &line{person: person})
	}
	s.lines[i].waiting = append(s.lines[i].waiting, w)
	s.serve()
	return w
}

func (s *Turns) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	s.serve()
}

// leave removes a waiter, or releases its turn if the waiter was served at the
// same time.
func (s *Turns) leave(person string, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.served:
		s.taken--
	default:
		i := slices.IndexFunc(s.lines, func(l *line) bool { return l.person == person })
		l := s.lines[i]
		l.waiting = slices.DeleteFunc(l.waiting, func(x *waiter) bool { return x == w })
		if len(l.waiting) == 0 {
			s.lines = slices.Delete(s.lines, i, i+1)
		}
	}
	s.serve()
}

// serve gives free turns to the first waiter of each line in rotation, then
// tells the others their place. The caller must hold mu.
func (s *Turns) serve() {
	for s.taken < s.size && len(s.lines) > 0 {
		s.taken++
		l := s.lines[0]
		close(l.waiting[0].served)
		l.waiting = l.waiting[1:]
		s.lines = s.lines[1:]
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
func (w *waiter) tell(n int) {
	select {
	case <-w.ahead:
	default:
	}
	w.ahead <- n
}

// places let the files of an ask enter the line in the order of posting,
// although all are worked on at once.
type places []*place

// place is the place of one file.
type place struct {
	once  sync.Once
	taken chan struct{} // closed when the file is in the line, or must not delay others
}

func newPlaces(files int) places {
	p := make(places, files)
	for i := range p {
		p[i] = &place{taken: make(chan struct{})}
	}
	return p
}

// take records that a file is in the line, or that the others need not wait
// for the file.
func (p places) take(file int) { p[file].once.Do(func() { close(p[file].taken) }) }

// wait waits until all earlier files have taken their places. If ctx ends
// first, wait returns the cause.
func (p places) wait(ctx context.Context, file int) error {
	for _, before := range p[:file] {
		select {
		case <-before.taken:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
