package reading

import "sync"

// Counter counts what this process works on, such as files that wait for the
// model, by person and by channel. The zero value is ready to use.
type Counter struct {
	mu sync.Mutex     // guards n
	n  map[string]int // by the id of a person or channel
}

// Number returns the number for a person, and for a channel.
func (w *Counter) Number(person, channel string) (own, here int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n[person], w.n[channel]
}

// Add adds n, which may be negative.
func (w *Counter) Add(person, channel string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n == nil {
		w.n = map[string]int{}
	}
	for _, id := range []string{person, channel} {
		if w.n[id] += n; w.n[id] <= 0 {
			delete(w.n, id)
		}
	}
}
