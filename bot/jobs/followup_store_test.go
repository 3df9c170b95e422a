package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/sleep"
)

// TestFollowUpsDueTogether: follow-ups that are due at the same time, and were all leased
// before, do not wait for the end of a lease, also if their jobs are erased.
func TestFollowUpsDueTogether(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]bool{"done": false, "erased": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.lease = time.Minute // longer than the test waits
			q := w.queueOn(kvtest.Open(t, t.TempDir(), 16<<20))
			const n = 40
			due := time.Now().Add(time.Second)
			for i := range n {
				key := fmt.Sprint("k", i)
				w.enqueue(q, Record{Key: key})
				w.must(q.AddFollowUp(w.Context(), FollowUp{Key: key, Kind: "close", Due: due}))
			}
			did := make(chan string, n)
			w.follow(q, func(ctx context.Context, f FollowUp) (err error) {
				if erase {
					err = q.Erase(ctx, f.Key)
				}
				did <- f.Key
				return err
			})
			for range n {
				soon(w, "follow-up", did)
			}
			w.until("none is left", func() bool { return len(w.followUps(q)) == 0 })
		})
	}
}

// An entry that is gone, or was replaced, is not removed again.
func TestRemoveTwice(t *testing.T) {
	inWorlds(t, func(w *world) {
		w.queue() // sets the store up
		const key = "followup.a.b"
		w.must(w.store.Put(w.Context(), key, []byte("{}")))
		first, err := w.store.Get(w.Context(), key)
		w.must(err)
		w.must(w.store.Put(w.Context(), key, []byte("{}")))
		w.must(w.store.Remove(w.Context(), key, first.Revision))
		second, err := w.store.Get(w.Context(), key)
		w.must(err)
		for range 2 {
			w.must(w.store.Remove(w.Context(), key, second.Revision))
		}
		if _, err := w.store.Get(w.Context(), key); !errors.Is(err, ErrNotFound) {
			w.Errorf("after all: %v", err)
		}
	})
}

// TestFollowUpOfTwoVersions: during an update a replica of the earlier version removes
// each entry without an id, and takes another id for a replacement.
func TestFollowUpOfTwoVersions(t *testing.T) {
	inMemory(t, func(w *world) {
		q := w.queue()
		f := FollowUp{Key: "k", Kind: "close", Due: time.Now()}
		id := func() string {
			e, err := w.store.Get(w.Context(), f.entryKey())
			w.must(err)
			value, err := q.open(w.Context(), idOf(e.Key), e)
			w.must(err)
			var earlier struct {
				ID string `json:"id"`
			}
			w.must(json.Unmarshal(value, &earlier))
			return earlier.ID
		}
		w.must(q.AddFollowUp(w.Context(), f))
		first := id()
		w.must(q.AddFollowUp(w.Context(), f))
		second := id()
		stop := w.follow(q, func(context.Context, FollowUp) error { return errWork })
		_ = sleep.For(w.Context(), time.Second) // of fake time
		stop()
		if again := id(); first == "" || second == "" || second == first || again != second {
			w.Errorf("the ids are %q, %q for the replacement, and %q after a failure", first, second, again)
		}
	})
}
