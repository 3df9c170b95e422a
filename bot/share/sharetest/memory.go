// Package sharetest links replicas within one process, for tests, in fake time too.
package sharetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Memory holds the record and the links of replicas. The zero value is ready.
type Memory struct {
	mu       sync.Mutex // guards the fields below, and those of the links
	value    []byte
	revision uint64
	links    []*Link
}

// Link is the link of one replica. It implements share.Link.
type Link struct {
	m       *Memory
	receive func([]byte)
	cut     bool
	random  *rand.Rand    // nil for a link that loses and delays nothing
	loss    int           // one of so many messages to this link is lost
	delay   time.Duration // of the others, at most
}

// Link returns the link of one more replica.
func (m *Memory) Link() *Link { return &Link{m: m} }

// Cut interrupts the link, or restores it.
func (l *Link) Cut(cut bool) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.cut = cut
}

// Spoil makes the link lose one of n messages to it, and delay the others by up to
// delay.
func (l *Link) Spoil(random *rand.Rand, n int, delay time.Duration) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.random, l.loss, l.delay = random, n, delay
}

var (
	errCut      = errors.New("the link is down")
	errConflict = errors.New("the record has another revision")
)

// Exclusive returns false.
func (l *Link) Exclusive() bool { return false }

// Publish sends a message to all links.
func (l *Link) Publish(data []byte) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if l.cut {
		return errCut
	}
	for _, to := range l.m.links {
		switch {
		case to.cut, to.random != nil && to.random.IntN(to.loss) == 0:
		case to.random != nil:
			time.AfterFunc(rand.N(to.delay), func() { to.receive(data) })
		default:
			to.receive(data)
		}
	}
	return nil
}

// Subscribe calls receive for each message until stop is called.
func (l *Link) Subscribe(receive func([]byte)) (stop func(), err error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.receive = receive
	l.m.links = append(l.m.links, l)
	return func() {
		l.m.mu.Lock()
		defer l.m.mu.Unlock()
		l.m.links = slices.DeleteFunc(l.m.links, func(x *Link) bool { return x == l })
	}, nil
}

// Record returns the record and its revision.
func (l *Link) Record(context.Context) ([]byte, uint64, error) {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if l.cut {
		return nil, 0, errCut
	}
	return l.m.value, l.m.revision, nil
}

// UpdateRecord replaces the record of that revision.
func (l *Link) UpdateRecord(_ context.Context, value []byte, revision uint64) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	switch {
	case l.cut:
		return errCut
	case revision != l.m.revision:
		return errConflict
	}
	l.m.value, l.m.revision = slices.Clone(value), revision+1
	return nil
}
