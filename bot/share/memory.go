package share

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Memory links replicas within one process, for tests, in fake time too. The zero
// value is ready.
type Memory struct {
	mu       sync.Mutex // guards what follows
	value    []byte
	revision uint64
	ends     []*End
}

// End is the link of one replica.
type End struct {
	m     *Memory
	heard func([]byte)
	// Guarded by the memory's mu.
	cut   bool                   // the link is interrupted
	delay func() time.Duration   // of a message; nil for none
	lose  func(sender *End) bool // a message to this end; nil for none
}

// Link returns the link of one more replica.
func (m *Memory) Link() *End { return &End{m: m} }

// Cut interrupts the link, or mends it.
func (e *End) Cut(cut bool) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	e.cut = cut
}

// Spoil makes the link lose one of n messages to this end, and delay the others by up to
// late.
func (e *End) Spoil(random *rand.Rand, n int, late time.Duration) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	e.lose = func(*End) bool { return random.IntN(n) == 0 }
	e.delay = func() time.Duration { return rand.N(late) }
}

var (
	errCut      = errors.New("the link is down")
	errConflict = errors.New("the record has another revision")
)

// Exclusive implements [Link].
func (e *End) Exclusive() bool { return false }

// Publish implements [Link].
func (e *End) Publish(data []byte) error {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	if e.cut {
		return errCut
	}
	for _, to := range e.m.ends {
		switch {
		case to.cut, to.lose != nil && to.lose(e):
		case to.delay != nil:
			time.AfterFunc(to.delay(), func() { to.heard(data) })
		default:
			to.heard(data)
		}
	}
	return nil
}

// Subscribe implements [Link].
func (e *End) Subscribe(heard func([]byte)) (stop func(), err error) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	e.heard = heard
	e.m.ends = append(e.m.ends, e)
	return func() {
		e.m.mu.Lock()
		defer e.m.mu.Unlock()
		e.m.ends = slices.DeleteFunc(e.m.ends, func(x *End) bool { return x == e })
	}, nil
}

// Record implements [Link].
func (e *End) Record(context.Context) ([]byte, uint64, error) {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	if e.cut {
		return nil, 0, errCut
	}
	return e.m.value, e.m.revision, nil
}

// UpdateRecord implements [Link].
func (e *End) UpdateRecord(_ context.Context, value []byte, revision uint64) error {
	e.m.mu.Lock()
	defer e.m.mu.Unlock()
	switch {
	case e.cut:
		return errCut
	case revision != e.m.revision:
		return errConflict
	}
	e.m.value, e.m.revision = slices.Clone(value), revision+1
	return nil
}
