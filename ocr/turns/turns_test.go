package turns

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestTurnsAreSharedRoundRobin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1, 99)
		hold, _ := s.Take(t.Context(), "first", false)
		var mu sync.Mutex
		var order []string
		var all sync.WaitGroup
		for _, who := range []string{"ann", "ann", "ann", "bob", "cid", "bob"} {
			all.Go(func() {
				turn, err := s.Take(t.Context(), who, false)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, who)
				mu.Unlock()
				turn.Done()
			})
			synctest.Wait() // so that they queue in this order
		}
		hold.Done()
		all.Wait()
		if want := []string{"ann", "bob", "cid", "ann", "bob", "ann"}; !slices.Equal(order, want) {
			t.Errorf("served %v, want %v", order, want)
		}
	})
}

func TestTurnsTellHowManyAreAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(1, 99)
		hold, _ := s.Take(t.Context(), "first", false)
		for range 3 {
			go func() {
				if turn, err := s.Take(t.Context(), "ann", false); err == nil {
					defer turn.Done()
					<-t.Context().Done()
				}
			}()
		}
		synctest.Wait()
		var told []int
		bob := s.Enter("bob", false, func(n int) { told = append(told, n) })
		hold.Done() // the first of ann's is served and stays
		bob.Leave()
		synctest.Wait()
		if want := []int{1, 0}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v: one of ann's is ahead of bob's first, not three", told, want)
		}
	})
}

// TestTurnsAhead: what somebody who comes now would have to wait for.
func TestTurnsAhead(t *testing.T) {
	for _, tt := range []struct {
		name    string
		slots   int
		waiting string // persons in the order they came, after the slots were taken
		who     string
		want    int
	}{
		{"a slot is free", 1, "", "x", -1},
		{"nobody waits", 1, "h", "x", 0},
		{"one waits", 1, "ha", "x", 1},
		{"one's many count once", 1, "haaaa", "x", 1},
		{"each person counts once", 1, "haabbc", "x", 3},
		{"one's own are before", 1, "haa", "a", 2},
		{"as many rounds as one has", 1, "haabbbbc", "a", 6},
		{"two slots, both taken", 2, "hha", "b", 1},
		{"two slots, one free", 2, "h", "b", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(tt.slots, 99)
			for _, person := range tt.waiting {
				s.Enter(string(person), false, func(int) {})
			}
			if got := s.Ahead(tt.who); got != tt.want {
				t.Errorf("%d ahead, want %d", got, tt.want)
			}
		})
	}
}

func TestTurnsAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(2, 99)
		cause := errors.New("given up")
		var all sync.WaitGroup
		for i := range 40 {
			ctx, cancel := context.WithCancelCause(t.Context())
			all.Go(func() {
				turn, err := s.Take(ctx, "p"+string(rune('a'+i%7)), false)
				if err == nil {
					turn.Done()
				} else if !errors.Is(err, cause) {
					t.Error(err)
				}
			})
			if i%3 == 0 {
				all.Go(func() { cancel(cause) })
			}
			defer cancel(nil)
		}
		all.Wait()
		if s.taken != 0 || len(s.lines) != 0 {
			t.Errorf("%d slots are taken, %d lines are left", s.taken, len(s.lines))
		}
	})
}

// TestSlotsThatChange: more slots are given at once, in turn over people; fewer take
// none away, and none is given until enough came back.
func TestSlotsThatChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(2, 99)
		var order []string
		releases := map[string]*Waiter{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, who := range []string{"ann 1", "ann 2", "ann 3", "ann 4", "bob 1", "bob 2", "bob 3"} {
			all.Go(func() {
				turn, err := s.Take(t.Context(), who[:3], false)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, who)
				releases[who] = turn
			})
			synctest.Wait() // so that they queue in this order
		}
		served := func(want ...string) {
			t.Helper()
			synctest.Wait()
			slices.Sort(order)
			if !slices.Equal(order, want) {
				t.Errorf("%v have slots, want %v", order, want)
			}
		}
		served("ann 1", "ann 2")
		s.Resize(4)
		served("ann 1", "ann 2", "ann 3", "bob 1")
		s.Resize(2)
		releases["ann 1"].Done()
		releases["ann 2"].Done()
		served("ann 1", "ann 2", "ann 3", "bob 1")
		releases["bob 1"].Done()
		served("ann 1", "ann 2", "ann 3", "ann 4", "bob 1")
		if n := s.Ahead("cid"); n != 1 {
			t.Errorf("%d are ahead of another person, want one of bob's", n)
		}
		s.Resize(9)
		all.Wait()
		if n := s.Ahead("cid"); n >= 0 {
			t.Errorf("%d are ahead though slots are free", n)
		}
	})
}

// A person has all turns while nobody else wants one, and gives the newest back
// for another person.
func TestTurnsOnLoan(t *testing.T) {
	s := New(3, 1)
	enter := func(person string) *Waiter { return s.Enter(person, false, func(int) {}) }
	recalled := func(w *Waiter) bool {
		select {
		case <-w.Recalled():
			return true
		default:
			return false
		}
	}
	first, second, third, fourth := enter("ann"), enter("ann"), enter("ann"), enter("ann")
	if !first.served || !second.served || !third.served || fourth.served {
		t.Fatal("ann does not have all turns")
	}
	if s.Free("ann") || !s.Free("bob") {
		t.Fatal("a turn on loan counts as free for ann, or not for bob")
	}
	bob := enter("bob")
	if recalled(first) || recalled(second) || !recalled(third) {
		t.Fatal("not the newest turn alone is recalled for bob")
	}
	bob2 := enter("bob")
	if recalled(second) {
		t.Fatal("a turn is recalled for bob's second waiter, which would be on loan too")
	}
	third.Done()
	if !bob.served || bob2.served {
		t.Fatal("bob does not have the turn that was recalled for him")
	}
	first.Done() // ann's second turn is hers now, and the fourth one is on loan
	cid := enter("cid")
	if recalled(second) || !recalled(fourth) {
		t.Fatal("not the turn on loan is recalled for cid")
	}
	bob.Done()
	fourth.Done()
	if !bob2.served || !cid.served || s.recalled != 0 || len(s.loans) != 0 {
		t.Errorf("%d turns are recalled and %d on loan", s.recalled, len(s.loans))
	}
}

// Turns on loan are not lost, whatever people do.
func TestTurnsOnLoanProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size, each := rapid.IntRange(1, 5).Draw(rt, "size"), rapid.IntRange(1, 3).Draw(rt, "each")
		work := rapid.SliceOfN(rapid.IntRange(0, 50), 1, 40).Draw(rt, "work")
		synctest.Test(t, func(t *testing.T) {
			s := New(size, each)
			var all sync.WaitGroup
			for i, ms := range work {
				all.Go(func() {
					for done := false; !done; {
						w, err := s.Take(t.Context(), string(rune('a'+i%3)), false)
						if err != nil {
							t.Error(err)
							return
						}
						select {
						case <-w.Recalled():
						case <-time.After(time.Duration(ms) * time.Millisecond):
							done = true
						}
						w.Done()
					}
				})
			}
			all.Wait()
			if taken, waiting := s.Load(); taken+waiting+len(s.loans)+s.recalled+len(s.held) != 0 {
				t.Errorf("%+v", s)
			}
		})
	})
}

// Whoever is back is served before the same person's waiters that had no turn.
func TestWhoIsBackIsServedFirst(t *testing.T) {
	s := New(0, 99)
	var order []string
	enter := func(name string, back bool) *Waiter {
		return s.Enter("ann", back, func(ahead int) {
			if ahead == Served {
				order = append(order, name)
			}
		})
	}
	first := enter("first", false)
	enter("second", false)
	enter("back", true)
	enter("more", true)
	first.Leave()
	s.Resize(3)
	if !slices.Equal(order, []string{"back", "more", "second"}) {
		t.Errorf("they are served in the order %v", order)
	}
}
