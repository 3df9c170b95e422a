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
func (t *Turns) Resize(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size = n
	t.serve()
}

// Take waits for a turn, which the caller must release with Done. For back see Enter.
// If ctx ends first, Take returns the cause.
func (t *Turns) Take(ctx context.Context, person string, back bool) (*Waiter, error) {
	served := make(chan struct{})
	w := t.Enter(person, back, func(ahead int) {
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
func (t *Turns) Ahead(person string) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken < t.size {
		return -1
	}
	own := 0
	for _, l := range t.lines {
		if l.person == person {
			own = len(l.waiting)
		}
	}
	for _, l := range t.lines {
		n += min(len(l.waiting), own+1) // number of earlier rounds
	}
	return n
}

// Free reports whether a new waiter of a person is served at once, or as soon as a
// turn on loan is given back.
func (t *Turns) Free(person string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken < t.size || t.held[person] < t.each && len(t.loans) > 0
}

// Load returns the number of turns in use and the number of waiting people.
func (t *Turns) Load() (taken, people int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken, len(t.lines)
}

// Enter adds a waiter to the line of a person: as the last one, or, if back is true
// because the page had a turn before, ahead of all pages without one. Enter and later
// changes call tell with the number of waiters ahead, and with Served in the end.
// tell must return at once.
func (t *Turns) Enter(person string, back bool, tell func(ahead int)) *Waiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &Waiter{turns: t, person: person, tell: tell, recall: make(chan struct{})}
	i := slices.IndexFunc(t.lines, func(l *line) bool { return l.person == person })
	if i < 0 {
		i = len(t.lines)
		t.lines = append(t.lines, &line{person: person})
	}
	l := t.lines[i]
	if back {
		l.waiting = slices.Insert(l.waiting, l.back, w)
		l.back++
	} else {
		l.waiting = append(l.waiting, w)
	}
	t.serve()
	return w
}

// Adopt counts a turn that another process gave out.
func (t *Turns) Adopt(person string) *Waiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &Waiter{turns: t, person: person, tell: func(int) {}}
	t.give(w)
	return w
}

// give gives w a turn. The caller holds mu.
func (t *Turns) give(w *Waiter) {
	t.taken++
	t.held[w.person]++
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
func (t *Turns) giveBack(w *Waiter) {
	t.taken--
	if t.held[w.person]--; t.held[w.person] == 0 {
		delete(t.held, w.person)
	}
	if !w.loan { // the person's oldest loan takes its place
		i := slices.IndexFunc(t.loans, func(other *Waiter) bool { return other.person == w.person })
		if i < 0 {
			return
		}
		w = t.loans[i]
		w.loan = false
	}
	if i := slices.Index(t.loans, w); i >= 0 {
		t.loans = slices.Delete(t.loans, i, i+1)
	} else {
		t.recalled--
	}
}

// Leave ends the wait, or releases the turn if it came at the same time.
func (w *Waiter) Leave() {
	t := w.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if w.served {
		t.giveBack(w)
	} else {
		i := slices.IndexFunc(t.lines, func(l *line) bool { return l.person == w.person })
		l := t.lines[i]
		l.remove(slices.Index(l.waiting, w))
		if len(l.waiting) == 0 {
			t.lines = slices.Delete(t.lines, i, i+1)
		}
	}
	t.serve()
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
func (t *Turns) serve() {
	for t.taken < t.size && len(t.lines) > 0 {
		i := slices.IndexFunc(t.lines, func(l *line) bool { return t.held[l.person] < t.each })
		loan := i < 0
		i = max(i, 0)
		l := t.lines[i]
		w := l.waiting[0]
		l.remove(0)
		if w.loan = loan; loan {
			t.loans = append(t.loans, w)
		}
		t.give(w)
		t.lines = slices.Delete(t.lines, i, i+1)
		if len(l.waiting) > 0 {
			t.lines = append(t.lines, l)
		}
	}
	t.recallLoans()
	ahead := 0
	for round := 0; ; round++ {
		before := ahead
		for _, l := range t.lines {
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
func (t *Turns) recallLoans() {
	wanted := 0
	for _, l := range t.lines {
		wanted += max(0, min(len(l.waiting), t.each-t.held[l.person]))
	}
	for last := len(t.loans) - 1; last >= 0 && t.recalled < wanted; last-- {
		close(t.loans[last].recall)
		t.loans = t.loans[:last]
		t.recalled++
	}
}
