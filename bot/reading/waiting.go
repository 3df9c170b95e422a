package reading

import "sync"

// Waiting counts what this process works on, such as files that wait for the
// model, by person and by channel. The zero value is ready to use.
type Waiting struct {
	mu        sync.Mutex // guards the fields below
	ofPerson  map[string]int
	inChannel map[string]int
}

// Number returns the number for a person, and for a channel.
func (w *Waiting) Number(person, channel string) (own, here int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ofPerson[person], w.inChannel[channel]
}

// Add adds n, which may be negative.
func (w *Waiting) Add(person, channel string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ofPerson == nil {
		w.ofPerson, w.inChannel = map[string]int{}, map[string]int{}
	}
	for of, key := range map[*map[string]int]string{&w.ofPerson: person, &w.inChannel: channel} {
		if (*of)[key] += n; (*of)[key] <= 0 {
			delete(*of, key)
		}
	}
}
