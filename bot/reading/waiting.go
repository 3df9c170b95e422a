package reading

import "sync"

// Waiting counts the files of this process that wait for the model or are
// being read.
type Waiting struct {
	mu        sync.Mutex // guards the fields below
	ofPerson  map[string]int
	inChannel map[string]int
}

// Files returns the number of waiting files of a person, and of a channel.
func (w *Waiting) Files(person, channel string) (own, here int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ofPerson[person], w.inChannel[channel]
}

func (w *Waiting) add(person, channel string, n int) {
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
