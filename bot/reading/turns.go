package reading

import (
	"encoding/json"
	"math"
	"sync"
	"time"

	"slackocr/bot/share"
	"slackocr/ocr"
	"slackocr/ocr/turns"
)

// modelTurns is the name of the turns among replicas.
const modelTurns = "model"

// Turns are the turns at the model: as many requests run at once in all replicas
// together. People are served round-robin, in whichever replica they are.
type Turns struct {
	shared *share.Share
	limit  *ocr.Limit // finds the number of turns; nil for a fixed one
	line   *turns.Turns

	mu    sync.Mutex       // guards the fields below; goes before the line's lock
	size  int              // number of turns of all replicas together
	part  share.Assignment // the part of the turns that this replica gives out
	known report           // the leader's, if another replica is the leader
}

// report is a message among the replicas: the turns of the leader, or the
// samples of the limit of another replica.
type report struct {
	Size    int          `json:",omitempty"`
	Taken   int          `json:",omitempty"`
	People  int          `json:",omitempty"` // people who wait
	Samples []ocr.Sample `json:",omitempty"`
}

// maxSamples bounds the samples of a report.
const maxSamples = 400

var _ share.Source = (*Turns)(nil)

// NewTurns returns n turns, or as many as limit says, if n is 0.
func NewTurns(shared *share.Share, n int, limit *ocr.Limit) *Turns {
	t := &Turns{shared: shared, size: n, line: turns.New(0, math.MaxInt)}
	if n == 0 {
		t.limit, t.size = limit, limit.Size()
		limit.OnChange(t.resize)
		if !shared.Exclusive() {
			limit.Together(func() int { taken, _ := t.line.Load(); return taken })
		}
	}
	shared.Add(modelTurns, t, share.JobLeaseTimeout) // the page ends with the lease of its job
	return t
}

// enter puts a person in the line, ahead of those of the person's pages that had no
// turn yet if back is true.
func (t *Turns) enter(person string, back bool) *share.Turn {
	r := share.Request{Source: modelTurns, Person: person}
	if back {
		r.Priority = 1
	}
	return t.shared.Enter(r, time.Now())
}

// ahead estimates the number of waiters ahead of a person who comes now. If there is no
// wait, the number is negative.
func (t *Turns) ahead(person string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.part.Role != share.Follower:
		return t.line.Ahead(person)
	case t.known.Taken < t.known.Size:
		return -1
	}
	return t.known.People
}

// Load returns the number of turns that this replica has, and the number of its waiters.
func (t *Turns) Load() (taken, waiting int) { return t.shared.Load(modelTurns) }

// Size returns the present number of turns of all replicas together.
func (t *Turns) Size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size
}

func (t *Turns) resize(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.size = n
	t.line.Resize(t.room())
}

// room returns the number of turns that are given out here. The caller holds mu.
func (t *Turns) room() int {
	tenth := t.size / share.Tenths
	switch {
	case t.part.Recovering:
	case t.part.Role == share.Leader:
		return t.size - t.part.Reserved*tenth
	case t.part.Role == share.Isolated:
		return tenth
	}
	return 0
}

// Assign implements [share.Source].
func (t *Turns) Assign(p share.Assignment) {
	if t.limit != nil && p.Role != share.Follower {
		t.limit.Follow(0)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = p
	t.line.Resize(t.room())
}

// Enter implements [share.Source].
func (t *Turns) Enter(r share.Request, tell func(ahead int)) share.Place {
	switch {
	case r.Person == "":
		return nil
	case r.Taken:
		return t.line.Adopt(r.Person)
	}
	return t.line.Enter(r.Person, r.Priority > 0, tell)
}

// Report implements [share.Source].
func (t *Turns) Report() []byte {
	t.mu.Lock()
	r := report{Size: t.size}
	follower := t.part.Role == share.Follower
	t.mu.Unlock()
	switch {
	case !follower:
		r.Taken, r.People = t.line.Load()
	case t.limit != nil:
		r = report{Samples: t.limit.Samples()}
	}
	data, _ := json.Marshal(r) // of such a struct it cannot fail
	return data
}

// Merge implements [share.Source].
func (t *Turns) Merge(from string, data []byte) {
	var r report
	if len(data) > 0 && json.Unmarshal(data, &r) != nil {
		return
	}
	if from == "" {
		t.mu.Lock()
		t.known = r
		t.mu.Unlock()
	}
	switch {
	case t.limit == nil:
	case from == "" && r.Size > 0:
		t.limit.Follow(r.Size)
	case from != "" && len(r.Samples) <= maxSamples:
		t.limit.Learn(r.Samples)
	}
}
