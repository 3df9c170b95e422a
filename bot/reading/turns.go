package reading

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Turns shares out the requests that may run at the model at once, whose number may
// change, see [ocr.Limit]. People are served round-robin, so that one person's forty
// pictures do not keep another's waiting.
type Turns struct {
	mu    sync.Mutex // guards what follows
	size  int        // of them there are
	taken int        // more than size for a while after that was lowered
	lines []*line    // one for each person who waits, the next to be served first
}

// line is one person's waiters, the first first.
type line struct {
	person  string
	waiting []*waiter
}

type waiter struct {
	served chan struct{} // closed when the slot is this waiter's
	ahead  chan int      // holds the latest number of waiters ahead
}

// NewTurns returns n turns.
func NewTurns(n int) *Turns { return &Turns{size: n} }

// Resize changes how many turns there are. Those that are taken stay taken.
func (s *Turns) Resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = n
	s.serve()
}

// errGivenUp is the error of whoever left the line.
var errGivenUp = errors.New("gave up its place in the line")

// Take waits for a slot and returns its release. While it waits, it tells how
// many are ahead, each time that changes. It returns the cause of ctx when that
// ends first, and errGivenUp when giveUp is closed first.
func (s *Turns) Take(ctx context.Context, giveUp <-chan struct{}, person string, tell func(ahead int)) (release func(), err error) {
	return s.wait(ctx, giveUp, person, s.enter(person), tell)
}

// wait is the second half of Take, for a waiter that has its place in the line.
func (s *Turns) wait(ctx context.Context, giveUp <-chan struct{}, person string, w *waiter, tell func(ahead int)) (release func(), err error) {
	if ctx.Err() != nil { // though a slot may be free
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

// Ahead estimates how many would be served before somebody who comes now; it is
// negative where nobody has to wait.
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
		n += min(len(l.waiting), own+1) // so many rounds come before
	}
	return n
}

// Load is how many slots are taken, and how many wait for one.
func (s *Turns) Load() (taken, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		waiting += len(l.waiting)
	}
	return s.taken, waiting
}

// Size is how many turns there are now.
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

// leave takes back a waiter, or its slot if it was served in the same instant.
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

// serve gives free slots to the first of each line in turn, then tells the
// rest how many are ahead. The caller holds mu.
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

// places bring the files of an ask into the line in the order in which they were
// posted, though all of them are worked on at once.
type places []*place

// place is that of one file.
type place struct {
	once  sync.Once
	taken chan struct{} // closed when the file is in the line, or holds up no other
}

func newPlaces(files int) places {
	p := make(places, files)
	for i := range p {
		p[i] = &place{taken: make(chan struct{})}
	}
	return p
}

// take notes that a file is in the line, or that the others need not wait for it.
func (p places) take(file int) { p[file].once.Do(func() { close(p[file].taken) }) }

// wait waits until the files before a file have taken their places. It returns the
// cause of ctx when that ends first.
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
