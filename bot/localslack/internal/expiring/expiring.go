// Package expiring holds values that a secret opens for some time: the tickets of
// sockets, the addresses of uploads and responses, and triggers.
package expiring

import (
	"slices"
	"time"
)

const maxItems = 1000

// Map holds values by secret. If there are too many, the oldest are removed
// first. A Map is not safe for concurrent use.
type Map[T any] struct {
	life  time.Duration
	items map[string]item[T]
	order []string
}

type item[T any] struct {
	value T
	until time.Time
}

// New returns an empty Map whose values live for life.
func New[T any](life time.Duration) *Map[T] {
	return &Map[T]{life: life, items: map[string]item[T]{}}
}

// Add adds a value.
func (m *Map[T]) Add(key string, v T) {
	for len(m.order) >= maxItems {
		delete(m.items, m.order[0])
		m.order = m.order[1:]
	}
	m.items[key] = item[T]{v, time.Now().Add(m.life)}
	m.order = append(m.order, key)
}

// Get returns the value of a key, unless it is unknown or too old.
func (m *Map[T]) Get(key string) (v T, ok bool) {
	it, ok := m.items[key]
	if !ok || !time.Now().Before(it.until) {
		return v, false
	}
	return it.value, true
}

// Take is Get, and removes the value that it returns.
func (m *Map[T]) Take(key string) (T, bool) {
	v, ok := m.Get(key)
	if ok {
		m.Remove(key)
	}
	return v, ok
}

// Remove removes a value.
func (m *Map[T]) Remove(key string) {
	delete(m.items, key)
	m.order = slices.DeleteFunc(m.order, func(k string) bool { return k == key })
}
