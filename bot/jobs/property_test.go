package jobs

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slackocr/bot/jobs/kv"
	"slackocr/bot/jobs/kv/kvtest"
)

// machine does to one job, in any order, what workers, people and lapsing
// leases can do, and holds each step against what it knows.
type machine struct {
	memory  *kvtest.Memory
	q       *Queue
	held    []*Job // leased at any time, also by those who lost it since
	owner   *Job   // who took it last and did not give it away
	known   Record // the record after the last step
	unknown bool   // it was not enqueued yet
}

func TestTransitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{memory: &kvtest.Memory{}, unknown: true, known: Record{State: Queued}}
		var err error
		if m.q, err = Open(context.Background(), Config{MaxAttempts: 3}, m.memory); err != nil {
			t.Fatal(err)
		}
		t.Repeat(map[string]func(*rapid.T){
			"": m.check, "enqueue": m.enqueue, "lapse": m.lapse, "take": m.take, "save": m.save, "fence": m.fence,
			"done": m.done, "retry": m.retry, "release": m.release, "stop": m.stop, "stopItem": m.stopItem, "erase": m.erase,
		})
	})
}

// any picks a worker, the owner or one that lost the job.
func (m *machine) any(t *rapid.T) *Job {
	if len(m.held) == 0 {
		t.Skip("nobody had it yet")
	}
	return rapid.SampledFrom(m.held).Draw(t, "worker")
}

// wants checks that only the owner may do a thing.
func (m *machine) wants(t *rapid.T, j *Job, err error) (ok bool) {
	switch {
	case j == m.owner && err != nil:
		t.Fatalf("the owner is refused: %v", err)
	case j != m.owner && !errors.Is(err, ErrLost):
		t.Fatalf("somebody else is not refused: %v", err)
	}
	return err == nil
}

func (m *machine) enqueue(t *rapid.T) {
	created, err := m.q.Enqueue(t.Context(), Record{Key: "k", Person: "ann"})
	if err != nil || created != m.unknown {
		t.Fatalf("created %t, %v", created, err)
	}
	m.unknown = false
}

func (m *machine) lapse(*rapid.T) { m.memory.Lapse() }

func (m *machine) take(t *rapid.T) {
	atOnce, cancel := context.WithCancel(t.Context())
	cancel()
	lease, err := m.memory.Lease(atOnce, kv.Jobs)
	if err != nil {
		t.Skip("nothing to lease")
	}
	_, end := context.WithCancelCause(context.Background())
	j := &Job{q: m.q, id: token("k"), lease: lease, owner: rapid.StringMatching(`[a-z]{20}`).Draw(t, "owner"), endWork: end}
	waits := m.known.State == Queued && m.known.StoppedBy == "" && m.pausing(t)
	if got := m.q.claim(t.Context(), j); got == (m.known.State.final() || waits) {
		t.Fatalf("claimed %t a job that is %s, waits: %t", got, m.known.State, waits)
	} else if got {
		m.owner = j
		m.held = append(m.held, j)
	}
}

func (m *machine) pausing(t *rapid.T) bool {
	s, _, err := m.q.state(t.Context(), token("k"))
	if err != nil {
		t.Fatal(err)
	}
	return time.Until(s.NotBefore) > 0
}

func (m *machine) save(t *rapid.T) {
	j := m.any(t)
	m.wants(t, j, j.Save(t.Context(), "ann's text"))
}

func (m *machine) fence(t *rapid.T) {
	j := m.any(t)
	_, cancel, err := j.Fence(t.Context())
	if m.wants(t, j, err) {
		cancel()
	}
}

func (m *machine) done(t *rapid.T) {
	j := m.any(t)
	as := rapid.SampledFrom([]State{Done, Failed, Stopped}).Draw(t, "as")
	v := map[State]*verdict{Done: {kind: finish}, Failed: {kind: cancel}, Stopped: {kind: cancel, err: ErrStopped}}[as]
	got, err := j.settle(t.Context(), v)
	if m.wants(t, j, err) {
		j.endLease(t.Context())
		m.owner = nil
		if as == Done && m.known.StoppedBy != "" {
			as = Stopped
		}
		if is := m.get(t).State; is != as || got != as {
			t.Fatalf("%s, said to be %s, want %s", is, got, as)
		}
	}
}

func (m *machine) retry(t *rapid.T) {
	j := m.any(t)
	after := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "after")
	as, err := j.settle(t.Context(), &verdict{kind: retry, after: after})
	if !m.wants(t, j, err) {
		return
	}
	j.endLease(t.Context())
	m.owner = nil
	want := Queued
	if m.known.Attempts+1 == 3 {
		want = Failed
	}
	if got := m.get(t); got.Attempts != m.known.Attempts+1 || got.State != want || as != want {
		t.Fatalf("%d attempts after %d, %s, said to be %s", got.Attempts, m.known.Attempts, got.State, as)
	}
}

func (m *machine) release(t *rapid.T) {
	j := m.any(t)
	if _, err := j.settle(t.Context(), &verdict{kind: handoff}); m.wants(t, j, err) {
		j.endLease(t.Context())
		m.owner = nil
		if got := m.get(t); got.Attempts != m.known.Attempts || got.State != Queued {
			t.Fatalf("handed back: %+v", got)
		}
	}
}

func (m *machine) stop(t *rapid.T) {
	by := rapid.SampledFrom([]string{"bob", "carl"}).Draw(t, "by")
	if err := m.q.Stop(t.Context(), "k", by); errors.Is(err, ErrNotFound) != m.unknown {
		t.Fatal(err)
	}
	if m.unknown || m.known.State.final() {
		return
	}
	if want := max(m.known.StoppedBy, ""); m.get(t).StoppedBy != want && (want != "" || m.get(t).StoppedBy != by) {
		t.Fatalf("stopped by %q, was %q", m.get(t).StoppedBy, want)
	}
}

func (m *machine) stopItem(t *rapid.T) {
	item, by := rapid.IntRange(0, 2).Draw(t, "item"), rapid.SampledFrom([]string{"bob", "carl"}).Draw(t, "by")
	if err := m.q.StopItem(t.Context(), "k", item, by); errors.Is(err, ErrNotFound) != m.unknown {
		t.Fatal(err)
	}
	if m.unknown || m.known.State == Erased {
		return
	}
	want := maps.Clone(m.known.StoppedItems)
	if _, stopped := want[item]; !stopped && !m.known.State.final() {
		if want == nil {
			want = map[int]string{}
		}
		want[item] = by
	}
	if got := m.get(t).StoppedItems; !maps.Equal(got, want) {
		t.Fatalf("stopped are %v, want %v", got, want)
	}
}

func (m *machine) erase(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
		t.Skip("seldom")
	}
	if err := m.q.Erase(t.Context(), "k"); errors.Is(err, ErrNotFound) != m.unknown {
		t.Fatal(err)
	}
	if !m.unknown {
		m.owner = nil
		if got := m.get(t); got.State != Erased {
			t.Fatal(got.State)
		}
	}
}

func (m *machine) get(t *rapid.T) Record {
	r, err := m.q.Get(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// check is what always holds.
func (m *machine) check(t *rapid.T) {
	if m.unknown {
		return
	}
	before, now := m.known, m.get(t)
	m.known = now
	switch {
	case now.State == Erased:
		if now.Key != "" || now.Person != "" || now.Progress != nil || now.StoppedBy != "" || now.StoppedItems != nil {
			t.Fatalf("something is left: %+v", now)
		}
		return
	case before.State.final() && now.State != before.State:
		t.Fatalf("%s became %s", before.State, now.State)
	case len(now.StoppedItems) < len(before.StoppedItems):
		t.Fatalf("stopped were %v, are %v", before.StoppedItems, now.StoppedItems)
	case now.Attempts < before.Attempts || now.Attempts > 3:
		t.Fatalf("%d attempts became %d", before.Attempts, now.Attempts)
	case now.State == Done && now.StoppedBy != "" && before.State != Done:
		t.Fatalf("done, though %q stopped it", now.StoppedBy)
	case (now.Owner != "") != (now.State == Running):
		t.Fatalf("%s with the owner %q", now.State, now.Owner)
	case before.StoppedBy != "" && now.StoppedBy != before.StoppedBy:
		t.Fatalf("stopped by %q, then by %q", before.StoppedBy, now.StoppedBy)
	case m.owner != nil && now.Owner != m.owner.owner:
		t.Fatalf("the owner is %q, want %q", now.Owner, m.owner.owner)
	}
}
