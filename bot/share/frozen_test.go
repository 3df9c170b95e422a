package share

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// counter gives out turns without end, when it is told to.
type counter struct {
	part    Part
	roles   []Role // one after the other
	waiting []*counted
}

type counted struct {
	source *counter
	tell   func(ahead int)
	over   bool
}

func (c *counter) Enter(_ Want, tell func(ahead int)) Place {
	w := &counted{source: c, tell: tell}
	c.waiting = append(c.waiting, w)
	return w
}

func (c *counter) Become(p Part) {
	c.part = p
	if n := len(c.roles); n == 0 || c.roles[n-1] != p.Role {
		c.roles = append(c.roles, p.Role)
	}
}

func (c *counter) Report() []byte       { return nil }
func (c *counter) Learn(string, []byte) {}
func (w *counted) Leave()               { w.over = true }
func (w *counted) Done()                { w.over = true }

func (c *counter) serve() {
	for _, w := range slices.Clone(c.waiting) {
		if !w.over {
			w.tell(Served)
		}
	}
}

// frozen returns a replica that is the keeper. It runs no goroutine, as a process that is
// stopped does not.
func frozen(t *testing.T, m *Memory) (*Share, *counter) {
	t.Helper()
	s, source := New(m.Link(), slog.New(slog.DiscardHandler)), &counter{}
	s.Add("counter", source, Lapse)
	if err := s.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if source.part.Role != Keeper {
		t.Fatalf("role %d", source.part.Role)
	}
	return s, source
}

// TestFrozenKeeperTakesNoTurn: a process that is stopped in its wait, and wakes up after
// another one may have become the keeper, has lost the turn that had come.
func TestFrozenKeeperTakesNoTurn(t *testing.T) {
	for _, tt := range []struct {
		frozen time.Duration
		taken  bool
	}{{lasting - time.Millisecond, true}, {lasting, false}, {time.Hour, false}} {
		synctest.Test(t, func(t *testing.T) {
			s, source := frozen(t, &Memory{})
			turn := s.Enter(Want{Source: "counter"}, time.Now())
			source.serve()
			<-time.After(tt.frozen)
			if taken := turn.Take(); taken != tt.taken {
				t.Errorf("frozen for %s: taken is %t", tt.frozen, taken)
			}
			turn.GiveBack()
		})
	}
}

// TestFrozenKeeperGrantsNoTurn to another replica either.
func TestFrozenKeeperGrantsNoTurn(t *testing.T) {
	for _, tt := range []struct {
		frozen time.Duration
		grants int
	}{{lasting - time.Millisecond, 1}, {time.Hour, 0}} {
		synctest.Test(t, func(t *testing.T) {
			var m Memory
			s, source := frozen(t, &m)
			told := 0
			stop, err := m.Link().Hear(func([]byte) { told++ })
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			other := &member{id: "other", listed: true, heard: time.Now(), contact: time.Now(), tickets: map[uint64]*ticket{}}
			s.mu.Lock()
			s.members[other.id] = other
			s.reconcile(other, message{Wants: []Want{{ID: 1, Source: "counter"}}})
			s.mu.Unlock()
			<-time.After(tt.frozen)
			source.serve()
			s.flush(false)
			if told != tt.grants {
				t.Errorf("frozen for %s: %d grants", tt.frozen, told)
			}
		})
	}
}

// TestFrozenKeeperBeginsAnew, since the others may have used a tenth each in the meantime.
func TestFrozenKeeperBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, source := frozen(t, &Memory{})
		<-time.After(lasting)
		if err := s.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []Role{None, Keeper, Apart, Keeper}; !slices.Equal(source.roles, want) {
			t.Errorf("roles %d, want %d", source.roles, want)
		}
	})
}

// TestFrozenMemberTakesNoTurn that a keeper granted before the freeze.
func TestFrozenMemberTakesNoTurn(t *testing.T) {
	for _, tt := range []struct {
		frozen time.Duration
		taken  bool
	}{{apartAfter - time.Millisecond, true}, {apartAfter, false}} {
		synctest.Test(t, func(t *testing.T) {
			s := New((&Memory{}).Link(), slog.New(slog.DiscardHandler))
			s.Add("counter", &counter{}, Lapse)
			s.mu.Lock()
			s.keeper, s.heard, s.contact = "keeper", time.Now(), time.Now()
			s.settle()
			s.mu.Unlock()
			turn := s.Enter(Want{Source: "counter"}, time.Now())
			s.receive([]byte(`{"From":"keeper","To":"` + s.id + `","Grants":[{"i":1,"n":-1}]}`))
			<-time.After(tt.frozen)
			if taken := turn.Take(); taken != tt.taken {
				t.Errorf("frozen for %s: taken is %t", tt.frozen, taken)
			}
			turn.GiveBack()
		})
	}
}
