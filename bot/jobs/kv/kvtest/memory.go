// Package kvtest has what tests of jobs need: a store in memory, and NATS
// servers.
package kvtest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"slackocr/bot/jobs/kv"
)

// Memory is a store that lives as long as the process, for tests, also in fake
// time. Queues on the same Memory are replicas. The zero value is ready for
// use.
type Memory struct {
	mu        sync.Mutex // guards the fields below
	setup     kv.Setup
	revision  uint64
	entries   map[string]*memoryEntry
	changed   chan struct{}            // closed at the next change of the leasable entries
	listeners map[*func(string)]string // subjects
	replicas  map[string]time.Time     // time until which each replica is known
	settings  map[string][]byte
	full      bool
}

type memoryEntry struct {
	kv.Entry
	stored     time.Time
	deliveries uint64
	finished   bool
	due        time.Time // from then on nobody has the entry
}

// Fill makes the store full, or not. Existing entries can still be changed.
func (m *Memory) Fill(full bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = full
}

// Lapse ends all leases and all pauses between leases.
func (m *Memory) Lapse() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.entries {
		e.due = time.Time{}
	}
}

// Setup implements [kv.Store].
func (m *Memory) Setup(_ context.Context, s kv.Setup) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.setup = s
	if m.entries == nil {
		m.entries, m.changed = map[string]*memoryEntry{}, make(chan struct{})
		m.listeners, m.replicas = map[*func(string)]string{}, map[string]time.Time{}
		m.settings = map[string][]byte{}
	}
	return nil
}

// matches returns the entries that match one of the filters, oldest first. The
// caller must hold m.mu.
func (m *Memory) matches(filters ...string) []*memoryEntry {
	var found []*memoryEntry
	for key, e := range m.entries {
		if time.Since(e.stored) >= m.setup.Retention {
			delete(m.entries, key)
		} else if slices.ContainsFunc(filters, func(f string) bool { return match(f, key) }) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *memoryEntry) int { return int(a.Revision) - int(b.Revision) })
	return found
}

func match(filter, key string) bool {
	tokens := strings.Split(key, ".")
	want := strings.Split(filter, ".")
	for i, w := range want {
		if i >= len(tokens) {
			return false
		}
		if w == ">" {
			return true
		}
		if w != "*" && w != tokens[i] {
			return false
		}
	}
	return len(want) == len(tokens)
}

// put stores an entry. The caller must hold m.mu.
func (m *Memory) put(key string, value []byte) {
	m.revision++
	m.entries[key] = &memoryEntry{
		Entry: kv.Entry{Key: key, Value: slices.Clone(value), Revision: m.revision}, stored: time.Now(),
	}
	m.wake()
}

func (m *Memory) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Create implements [kv.Store].
func (m *Memory) Create(_ context.Context, key, filter string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.matches(filter)) > 0 {
		return kv.ErrExists
	}
	if m.full {
		return kv.ErrFull
	}
	m.put(key, value)
	return nil
}

// Get implements [kv.Store].
func (m *Memory) Get(_ context.Context, filter string) (kv.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.matches(filter)
	if len(found) == 0 {
		return kv.Entry{}, kv.ErrNotFound
	}
	return found[len(found)-1].Entry, nil
}

// Put implements [kv.Store].
func (m *Memory) Put(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, value)
	return nil
}

// Update implements [kv.Store].
func (m *Memory) Update(_ context.Context, key string, value []byte, revision uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var is uint64
	if found := m.matches(key); len(found) > 0 {
		is = found[0].Revision
	}
	if is != revision {
		return kv.ErrConflict
	}
	m.put(key, value)
	return nil
}

// Delete implements [kv.Store].
func (m *Memory) Delete(_ context.Context, filter string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.matches(filter) {
		delete(m.entries, e.Key)
	}
	return nil
}

// Erase implements [kv.Store].
func (m *Memory) Erase(ctx context.Context, key string) error { return m.Delete(ctx, key) }

// Remove implements [kv.Store].
func (m *Memory) Remove(_ context.Context, key string, revision uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil && e.Revision == revision {
		delete(m.entries, key)
	}
	return nil
}

// List implements [kv.Store].
func (m *Memory) List(_ context.Context, newest int, filters ...string) ([]kv.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []kv.Entry
	for _, e := range m.matches(filters...) {
		list = append(list, e.Entry)
	}
	return list[max(len(list)-newest, 0):], nil
}

// Setting implements [kv.Store].
func (m *Memory) Setting(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.settings[key]
	if !ok {
		return nil, kv.ErrNotFound
	}
	return value, nil
}

// SetSetting implements [kv.Store].
func (m *Memory) SetSetting(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.settings[key]
	switch {
	case len(value) == 0:
		delete(m.settings, key)
	case m.full && !known:
		return kv.ErrFull
	default:
		m.settings[key] = slices.Clone(value)
	}
	return nil
}

// Lease implements [kv.Store].
func (m *Memory) Lease(ctx context.Context, queue string) (kv.Lease, error) {
	for {
		lease, next, changed := m.tryLease(queue)
		if lease != nil {
			return lease, nil
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// tryLease returns a lease, or the time to wait and a channel that is closed
// earlier when something changes.
func (m *Memory) tryLease(queue string) (lease kv.Lease, next time.Duration, changed <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next = time.Hour
	for _, e := range m.matches(queue + ".>") {
		if e.finished {
			continue
		}
		if wait := time.Until(e.due); wait > 0 {
			next = min(next, wait)
			continue
		}
		e.deliveries++
		e.due = time.Now().Add(m.setup.LeaseFor)
		return &memoryLease{m: m, e: e, delivery: e.deliveries}, 0, nil
	}
	return nil, next, m.changed
}

// Signal implements [kv.Store].
func (m *Memory) Signal(subject, message string) error {
	m.mu.Lock()
	listeners := maps.Clone(m.listeners)
	m.mu.Unlock()
	for heard, to := range listeners {
		if to == subject {
			(*heard)(message)
		}
	}
	return nil
}

// Listen implements [kv.Store].
func (m *Memory) Listen(subject string, heard func(message string)) (stop func(), err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners[&heard] = subject
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.listeners, &heard)
	}, nil
}

// Session implements [kv.Store].
func (*Memory) Session() string { return "" }

// Announce implements [kv.Store].
func (m *Memory) Announce(_ context.Context, id string, while time.Duration) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replicas[id] = time.Now().Add(while)
	for id, until := range m.replicas {
		if time.Until(until) <= 0 {
			delete(m.replicas, id)
		}
	}
	return len(m.replicas), nil
}

// Unfinished implements [kv.Store].
func (m *Memory) Unfinished(context.Context) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.matches(kv.Jobs + ".>") {
		if !e.finished {
			n++
		}
	}
	return n, nil
}

// Close implements [kv.Store]. Other queues may go on with the store.
func (m *Memory) Close(context.Context) error { return nil }

type memoryLease struct {
	m        *Memory
	e        *memoryEntry
	delivery uint64
}

func (l *memoryLease) Entry() kv.Entry  { return l.e.Entry }
func (l *memoryLease) Delivery() uint64 { return l.delivery }

func (l *memoryLease) Renew(context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.due(l.m.setup.LeaseFor)
	return nil
}

func (l *memoryLease) Finish(context.Context) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.e.finished = true
	return nil
}

func (l *memoryLease) Return(_ context.Context, after time.Duration) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	l.due(after)
	return nil
}

// due makes the entry leasable after a while. The caller must hold l.m.mu.
func (l *memoryLease) due(in time.Duration) {
	l.e.due = time.Now().Add(in)
	l.m.wake()
}
