// Package share has the replicas of one bot share the limits that count for all replicas
// together: Slack's budgets, and the number of requests that the model takes at once.
//
// One replica is the keeper. The keeper alone gives out turns, to its own callers and to
// those of the other replicas, which tell the keeper of their waiters. All waiters stand in
// one line, an idle replica holds nothing back, and a 429 holds all replicas.
//
// A record in the store names the keeper. The keeper writes the record again and again,
// and stays the keeper for a while after each write. Another replica takes the record over
// if the record does not change for longer than that.
//
// A replica that does not hear the keeper goes on with a tenth of everything, since Slack
// connects ten replicas at most. The keeper leaves that tenth free: the keeper notices the
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

// Tenths is the largest number of replicas.
const Tenths = 10

// Role says which turns a replica may give out.
type Role int

// The roles of a replica.
const (
	None   Role = iota // none: the replica knows nothing of the others
	Keeper             // all, without the tenths of the replicas that are out of reach
	Member             // none: the keeper serves this replica
	Apart              // a tenth
)

// Part is a role for a time.
type Part struct {
	Role    Role
	Until   time.Time // the end of the role; zero for ever
	Missing int       // number of tenths that a keeper leaves free, Tenths-1 at most
	// Unheard is true if other replicas may have turns of an earlier keeper that this
	// keeper does not know yet.
	Unheard bool
}

// Whole is the part of a replica that is the only one.
var Whole = Part{Role: Keeper}

// Link is the connection to the other replicas, and to the record.
type Link interface {
	// Exclusive reports whether no other replica can exist.
	Exclusive() bool
	// Tell sends a message to all replicas, at most once.
	Tell(data []byte) error
	// Hear calls heard, which must not block, for each message until stop is called.
	Hear(heard func(data []byte)) (stop func(), err error)
	// Agreed returns the record and its revision, or revision 0 if there is no record.
	Agreed(ctx context.Context) (value []byte, revision uint64, err error)
	// Agree replaces the record of that revision. Agree fails if the record has another
	// revision; after any other error the record may have been replaced.
	Agree(ctx context.Context, value []byte, revision uint64) error
}

const (
	beating  = time.Second             // between two messages of the keeper
	renewing = 2 * time.Second         // between two writes of the record
	lasting  = 6 * time.Second         // the time as keeper from the beginning of a write
	vacant   = 7500 * time.Millisecond // without a change of the record until a takeover
	asking   = 3 * time.Second         // the most for a look at the record and a write

	// Times of silence.
	silent       = 1500 * time.Millisecond // until a member looks at the keeper's record
	missingAfter = 2500 * time.Millisecond // until the keeper leaves a tenth free for a member
	apartAfter   = 4 * time.Second         // until a member is apart
	apartFor     = time.Minute             // until a replica that is apart stops
	forgotten    = apartFor * 5 / 4        // until the keeper leaves no tenth free any more
	// Lapse is the time from the last message of a replica that was cut off until its jobs
	// have lost their leases, which last 10 s.
	Lapse = 12 * time.Second
)

// Share is one replica's end.
type Share struct {
	id        string
	link      Link
	exclusive bool // there are no other replicas
	log       *slog.Logger
	sources   map[string]Source        // read only after Run has begun
	lasts     map[string]time.Duration // the longest turn of a replica that is silent, for each source
	names     []string                 // of the sources, in their order
	rate      float64                  // of this replica's clock, for tests
	inbox     chan []byte
	changed   chan struct{} // holds one wake-up for the talker
	joined    chan struct{} // holds one wake-up for the leaseholder
	ready     chan struct{} // closed after the first look at the record

	mu      sync.Mutex // guards the fields up to out; goes before the sources' locks
	part    Part
	contact time.Time            // the last time that a keeper is known to have heard this replica
	beat    uint64               // the keeper's last beat, sent or heard
	hearing time.Time            // the beginning of the time in which this replica heard itself without a gap
	echo    time.Time            // the last message of this replica that came back to it
	lastOf  map[string]time.Time // the last message of each other replica
	// The turns of this replica.
	ids   uint64           // the last turn's id
	mine  map[uint64]*Turn // waiting or taken
	ended []ended          // not told to the keeper yet
	// For the keeper.
	renewed time.Time            // the beginning of the last write
	took    uint64               // the last beat before this replica became the keeper
	tookAt  time.Time            // the time at which this replica became the keeper
	sent    map[uint64]time.Time // times of the last beats
	members map[string]*member   // the other replicas
	// For the others.
	keeper  string               // the sender of the last beat
	heard   time.Time            // the time of the last beat that lists this replica
	hellos  uint64               // number of sent hellos
	said    map[uint64]time.Time // times of the last hellos
	known   uint64               // revision of the record at the last look
	knownAt time.Time            // the first look at that revision

	out    sync.Mutex // guards grants and a turn's state; goes after the sources' locks
	grants map[string][]grant
}

// New returns the end of a replica that shares over link, or of the only replica if link
// is nil.
func New(link Link, log *slog.Logger) *Share {
	s := &Share{
		id: rand.Text(), link: link, exclusive: link == nil || link.Exclusive(), log: log, sources: map[string]Source{}, lasts: map[string]time.Duration{}, rate: 1,
		inbox: make(chan []byte, 256), changed: make(chan struct{}, 1), joined: make(chan struct{}, 1), ready: make(chan struct{}),
		mine: map[uint64]*Turn{}, sent: map[uint64]time.Time{}, said: map[uint64]time.Time{},
		members: map[string]*member{}, lastOf: map[string]time.Time{}, grants: map[string][]grant{},
	}
	if s.exclusive {
		s.part = Whole
	}
	return s
}

// Exclusive reports whether this is the only replica.
func (s *Share) Exclusive() bool { return s.exclusive }

// Add shares the turns of a source under a name. A turn of a replica that is silent ends
// when lasts has passed. Add comes before Run.
func (s *Share) Add(name string, source Source, lasts time.Duration) {
	s.names, s.sources[name], s.lasts[name] = append(s.names, name), source, lasts
	source.Become(s.part)
}

// Ready is closed when Run has looked for a keeper.
func (s *Share) Ready() <-chan struct{} { return s.ready }

// Run shares until ctx ends, then leaves.
func (s *Share) Run(ctx context.Context) error {
	if s.exclusive {
		close(s.ready)
		<-ctx.Done()
		return nil
	}
	stop, err := s.link.Hear(func(data []byte) {
		select {
		case s.inbox <- data:
		default: // a full hello or a beat makes up for it within a second
		}
	})
	if err != nil {
		close(s.ready)
		return err
	}
	defer stop()
	var leasing sync.WaitGroup
	leasing.Go(func() { s.lease(ctx) })
	s.talk(ctx)
	leasing.Wait()
	s.leave(context.WithoutCancel(ctx))
	return nil
}

// settle updates the part of this replica, and of its sources. The caller holds mu.
func (s *Share) settle() {
	if s.exclusive {
		return
	}
	now := time.Now()
	part := Part{}
	switch {
	case s.renewed.Add(s.time(lasting)).After(now):
		part = Part{Role: Keeper, Until: s.renewed.Add(s.time(lasting)), Missing: s.missing(now), Unheard: s.unheard(now)}
	case s.keeper != "" && s.heard.Add(s.time(apartAfter)).After(now):
		part = Part{Role: Member, Until: s.heard.Add(s.time(apartAfter))}
	case s.contact.Add(s.time(apartFor)).After(now):
		part = Part{Role: Apart, Until: s.contact.Add(s.time(apartFor))}
	}
	if part == s.part {
		return
	}
	if part.Role != s.part.Role {
		s.tell(part.Role)
	}
	before := s.part
	s.part = part
	for _, name := range s.names {
		s.sources[name].Become(part)
	}
	if part.Role == before.Role {
		return
	}
	if before.Role == Keeper {
		s.drop()
	}
	s.ended = nil
	s.out.Lock()
	clear(s.grants)
	s.out.Unlock()
	s.move()
}

// tell logs a new role.
func (s *Share) tell(r Role) {
	switch r {
	case Keeper:
		s.log.Info("this replica gives out the turns of all")
	case Member:
		s.log.Info("another replica gives out the turns")
	case Apart:
		s.log.Warn("no replica that gives out turns can be reached; going on with a tenth of Slack's budgets")
	case None:
		s.log.Warn("no replica that gives out turns can be reached, for minutes; waiting")
	}
}

// missing returns the number of tenths to leave free. The caller holds mu.
func (s *Share) missing(now time.Time) (n int) {
	for _, m := range s.members {
		if m.listed && now.Sub(m.contact) > s.time(missingAfter) {
			n++
		}
	}
	return min(n, Tenths-1)
}

// unheard reports whether a member may have turns that this keeper does not know: those
// of an earlier keeper. The caller holds mu.
func (s *Share) unheard(now time.Time) bool {
	if now.Sub(s.tookAt) >= s.time(Lapse) {
		return false
	}
	for id, m := range s.members {
		silence := min(now.Sub(s.hearing), now.Sub(s.lastOf[id]))
		if m.listed && !m.reported && silence < s.time(Lapse) {
			return true
		}
	}
	return false
}

// drop takes the wants of all other replicas out of the lines. The caller holds mu.
func (s *Share) drop() {
	for id, m := range s.members {
		m.drop(s)
		delete(s.members, id)
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
