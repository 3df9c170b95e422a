// Package share has the replicas of one bot share the limits that count for all replicas
// together: Slack's budgets, and the number of requests that the model takes at once.
//
// One replica is the leader. The leader alone gives out turns, to its own callers and to
// those of the other replicas, which tell the leader of their waiters. All waiters stand in
// one line, an idle replica holds nothing back, and a 429 holds all replicas.
//
// A record in the store names the leader. The leader writes the record again and again,
// and stays the leader for a while after each write. Another replica takes the record over
// if the record does not change for longer than that.
//
// A replica that does not hear the leader goes on with a tenth of everything, since Slack
// connects ten replicas at most. The leader leaves that tenth free: the leader notices the
// silence before the replica begins with its tenth, and remembers the replica longer than
// the replica goes on. No message and no record holds a time of day, so clocks may differ.
package share

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"
)

// Tenths is the number of equal parts of each limit, and the largest number of replicas:
// a replica that is cut off has one part.
const Tenths = 10

// Role says which turns a replica may give out.
type Role int

// The roles of a replica.
const (
	None     Role = iota // none: the replica knows nothing of the others
	Leader               // all, without the tenths of the replicas that are out of reach
	Follower             // none: the leader serves this replica
	Isolated             // a tenth
)

// Assignment is a role for a time.
type Assignment struct {
	Role     Role
	Reserved int // number of tenths that a leader leaves free, Tenths-1 at most
	// Recovering is true if other replicas may have turns of an earlier leader that this
	// leader does not know yet.
	Recovering bool
	// First is true for a leader before which there was none.
	First bool
}

// Whole is the assignment of the only replica.
var Whole = Assignment{Role: Leader}

// Link is the connection to the other replicas, and to the record.
type Link interface {
	// Exclusive reports whether no other replica can exist.
	Exclusive() bool
	// Publish sends a message to all replicas, at most once.
	Publish(data []byte) error
	// Subscribe calls heard, which must not block, for each message until stop is called.
	Subscribe(heard func(data []byte)) (stop func(), err error)
	// Record returns the record and its revision, or revision 0 if there is no record.
	Record(ctx context.Context) (value []byte, revision uint64, err error)
	// UpdateRecord replaces the record of that revision. UpdateRecord fails if the record
	// has another revision; after any other error the record may have been replaced.
	UpdateRecord(ctx context.Context, value []byte, revision uint64) error
}

const (
	heartbeatInterval = time.Second             // between two messages of the leader
	renewInterval     = 2 * time.Second         // between two writes of the record
	leaseTime         = 6 * time.Second         // the time as leader from the beginning of a write
	takeoverAfter     = 7500 * time.Millisecond // without a change of the record until a takeover
	storeTimeout      = 3 * time.Second         // the most for a look at the record and a write

	// Times of silence.
	suspectAfter  = 1500 * time.Millisecond // until a follower looks at the leader's record
	reserveAfter  = 2500 * time.Millisecond // until the leader leaves a tenth free for a follower
	isolatedAfter = 4 * time.Second         // until a follower is isolated
	isolatedFor   = time.Minute             // until an isolated replica stops
	forgetAfter   = isolatedFor * 5 / 4     // until the leader leaves no tenth free any more
	// JobLeaseTimeout is the time from the last message of a replica that was cut off
	// until its jobs have lost their leases, which last 10 s.
	JobLeaseTimeout = 12 * time.Second
)

// Share is one replica's end.
type Share struct {
	id        string
	link      Link
	exclusive bool // there are no other replicas
	log       *slog.Logger
	sources   map[string]sharedSource // by name; read only after Run has begun
	rate      float64                 // of this replica's clock, for tests
	changed   chan struct{}           // holds one wake-up for exchange
	joined    chan struct{}           // holds one wake-up for keepLease
	ready     chan struct{}           // closed after the first look at the record

	mu       sync.Mutex // guards the fields below, which change together; goes before the sources' locks
	assigned Assignment
	lease    lease
	contact  contact
	leading  leading
	turns    turns

	out sync.Mutex // guards fields of Turn and ticket; goes after the sources' locks
}

// sharedSource is a source whose turns all replicas share.
type sharedSource struct {
	Source
	maxSilence time.Duration // the longest turn of a replica that is silent
}

// New returns the end of a replica that shares over link, or of the only replica if link
// is nil.
func New(link Link, log *slog.Logger) *Share {
	s := &Share{
		id: rand.Text(), link: link, exclusive: link == nil || link.Exclusive(), log: log,
		sources: map[string]sharedSource{}, rate: 1,
		changed: make(chan struct{}, 1), joined: make(chan struct{}, 1), ready: make(chan struct{}),
		contact: contact{start: time.Now(), lastMessages: map[string]time.Time{}},
		leading: leading{followers: map[string]*follower{}}, turns: turns{byID: map[uint64]*Turn{}},
	}
	if s.exclusive {
		s.assigned = Whole
	}
	return s
}

// Exclusive reports whether this is the only replica.
func (s *Share) Exclusive() bool { return s.exclusive }

// Add shares the turns of a source under a name. A turn of a replica that is silent ends
// when maxSilence has passed. Add comes before Run.
func (s *Share) Add(name string, source Source, maxSilence time.Duration) {
	s.sources[name] = sharedSource{source, maxSilence}
	source.Assign(s.assigned)
}

// Ready is closed when Run has looked for a leader.
func (s *Share) Ready() <-chan struct{} { return s.ready }

// Run shares until ctx ends, then leaves.
func (s *Share) Run(ctx context.Context) error {
	if s.exclusive {
		close(s.ready)
		<-ctx.Done()
		return nil
	}
	inbox := make(chan []byte, 256)
	stop, err := s.link.Subscribe(func(data []byte) {
		select {
		case inbox <- data:
		default: // a full hello or a beat makes up for it within a second
		}
	})
	if err != nil {
		close(s.ready)
		return err
	}
	defer stop()
	var leasing sync.WaitGroup
	leasing.Go(func() { s.keepLease(ctx) })
	s.exchange(ctx, inbox)
	leasing.Wait()
	s.leave(context.WithoutCancel(ctx))
	return nil
}

// updateRole updates the assignment of this replica, and of its sources. The caller holds
// mu.
func (s *Share) updateRole() {
	if s.exclusive {
		return
	}
	now := time.Now()
	next := Assignment{}
	switch {
	case now.Sub(s.lease.renewed) < s.time(leaseTime):
		next = Assignment{Role: Leader, Reserved: s.reserved(now), Recovering: s.recovering(now), First: s.lease.first}
	case s.contact.leader != "" && now.Sub(s.contact.listedAt) < s.time(isolatedAfter):
		next.Role = Follower
	case now.Sub(s.contact.reachedAt) < s.time(isolatedFor):
		next.Role = Isolated
	}
	if next == s.assigned {
		return
	}
	before := s.assigned.Role
	s.assigned = next
	for _, source := range s.sources {
		source.Assign(next)
	}
	if next.Role == before {
		return
	}
	s.logRole(next.Role)
	if before == Leader {
		for _, f := range s.leading.followers {
			s.remove(f)
		}
	}
	s.turns.ended = nil
	s.requeue()
}

// logRole logs a new role.
func (s *Share) logRole(r Role) {
	switch r {
	case Leader:
		s.log.Info("this replica gives out the turns of all")
	case Follower:
		s.log.Info("another replica gives out the turns")
	case Isolated:
		s.log.Warn("no replica that gives out turns can be reached; going on with a tenth of Slack's budgets")
	case None:
		s.log.Warn("no replica that gives out turns can be reached, for minutes; waiting")
	}
}

// time returns a duration by the clock of this replica.
func (s *Share) time(d time.Duration) time.Duration { return time.Duration(float64(d) * s.rate) }

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is enough
	}
}

// sleep waits for d or a wake-up. If ctx ends first, sleep returns false.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
		return false
	}
	return true
}
