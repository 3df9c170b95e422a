package reading

import "sync"

// Waiting counts the files that wait for the model or are read, in this process.
type Waiting struct {
	mu        sync.Mutex // guards what follows
	ofPerson  map[string]int
	inChannel map[string]int
}

// Files is how many files of a person wait, and how many in a channel.
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
