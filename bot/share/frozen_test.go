package share

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/share/sharetest"
)

// counter gives out turns without end, when it is told to.
type counter struct {
	assigned Assignment
	roles    []Role // one after the other
	waiting  []*counted
}

type counted struct {
	source *counter
	tell   func(ahead int)
	over   bool
}

func (c *counter) Enter(_ Request, tell func(ahead int)) Place {
	w := &counted{source: c, tell: tell}
	c.waiting = append(c.waiting, w)
	return w
}

func (c *counter) Assign(p Assignment) {
	c.assigned = p
	if n := len(c.roles); n == 0 || c.roles[n-1] != p.Role {
		c.roles = append(c.roles, p.Role)
	}
}

func (c *counter) Report() []byte       { return nil }
func (c *counter) Merge(string, []byte) {}
func (w *counted) Leave()               { w.over = true }
func (w *counted) Done()                { w.over = true }

func (c *counter) serve() {
	for _, w := range slices.Clone(c.waiting) {
		if !w.over {
			w.tell(Served)
		}
	}
}

// frozen returns a replica that is the leader. It runs no goroutine, as a process that is
// stopped does not.
func frozen(t *testing.T, m *sharetest.Memory) (*Share, *counter) {
	t.Helper()
	s, source := New(m.Link(), slog.New(slog.DiscardHandler)), &counter{}
	s.Add("counter", source, JobLeaseTimeout)
	if err := s.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if source.assigned.Role != Leader {
		t.Fatalf("role %d", source.assigned.Role)
	}
	return s, source
}

// TestFrozenLeaderTakesNoTurn: a process that is stopped in its wait, and wakes up after
// another one may have become the leader, has lost the turn that had come.
func TestFrozenLeaderTakesNoTurn(t *testing.T) {
	for _, tt := range []struct {
		frozen time.Duration
		taken  bool
	}{{leaseTime - time.Millisecond, true}, {leaseTime, false}, {time.Hour, false}} {
		synctest.Test(t, func(t *testing.T) {
			s, source := frozen(t, &sharetest.Memory{})
			turn := s.Enter(Request{Source: "counter"}, time.Now())
			source.serve()
			<-time.After(tt.frozen)
			if taken := turn.take(); taken != tt.taken {
				t.Errorf("frozen for %s: taken is %t", tt.frozen, taken)
			}
			turn.GiveBack()
		})
	}
}

// TestFrozenLeaderGrantsNoTurn to another replica either.
func TestFrozenLeaderGrantsNoTurn(t *testing.T) {
	for _, tt := range []struct {
		frozen time.Duration
		grants int
	}{{leaseTime - time.Millisecond, 1}, {time.Hour, 0}} {
		synctest.Test(t, func(t *testing.T) {
			var m sharetest.Memory
			s, source := frozen(t, &m)
			told := 0
			stop, err := m.Link().Subscribe(func([]byte) { told++ })
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			other := &follower{id: "other", listed: true, helloAt: time.Now(), answeredAt: time.Now(), tickets: map[uint64]*ticket{}}
			s.mu.Lock()
			s.leading.followers[other.id] = other
			s.reconcile(other, message{Requests: []Request{{ID: 1, Source: "counter"}}})
			s.mu.Unlock()
			<-time.After(tt.frozen)
			source.serve()
			s.sendGrants(false)
			if told != tt.grants {
				t.Errorf("frozen for %s: %d grants", tt.frozen, told)
			}
		})
	}
}

// TestFrozenLeaderBeginsAnew, since the others may have used a tenth each in the meantime.
func TestFrozenLeaderBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, source := frozen(t, &sharetest.Memory{})
		<-time.After(leaseTime)
		if err := s.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []Role{None, Leader, Isolated, Leader}; !slices.Equal(source.roles, want) {
			t.Errorf("roles %d, want %d", source.roles, want)
		}
	})
}

// TestFrozenFollowerTakesNoTurn that a leader granted before the freeze.
func TestFrozenFollowerTakesNoTurn(t *testing.T) {
	for _, tt := range []struct {
		frozen time.Duration
		taken  bool
	}{{isolatedAfter - time.Millisecond, true}, {isolatedAfter, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := New((&sharetest.Memory{}).Link(), slog.New(slog.DiscardHandler))
			s.Add("counter", &counter{}, JobLeaseTimeout)
			s.mu.Lock()
			s.contact.leader, s.contact.listedAt, s.contact.reachedAt = "leader", time.Now(), time.Now()
			s.updateRole()
			s.mu.Unlock()
			turn := s.Enter(Request{Source: "counter"}, time.Now())
			s.receive([]byte(`{"From":"leader","To":"` + s.id + `","Grants":[{"i":1,"n":-1}]}`))
			<-time.After(tt.frozen)
			if taken := turn.take(); taken != tt.taken {
				t.Errorf("frozen for %s: taken is %t", tt.frozen, taken)
			}
			turn.GiveBack()
		})
	}
}
