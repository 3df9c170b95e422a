package jobs

import (
	"context"
	"testing"
	"time"

	"slackocr/bot/guard"
)

// A short retention erases each job so long after its end, whatever its end was,
// but not before its other follow-ups are done. Its key stays known.
func TestShortRetention(t *testing.T) {
	for _, retention := range []time.Duration{KeepNothing, time.Hour} {
		t.Run(retention.String(), func(t *testing.T) {
			inMemory(t, func(w *world) {
				q, err := Open(w.Context(), Config{Retention: retention, MaxAttempts: 1}, w.store)
				if err != nil {
					w.Fatal(err)
				}
				seen := make(chan State, 1)
				w.follow(q, func(_ context.Context, f FollowUp) error {
					r, err := q.Get(w.Context(), f.Key)
					w.must(err)
					seen <- r.State
					return nil
				})
				w.run(q, func(ctx context.Context, j *Job) error {
					key := j.Record().Key
					w.must(j.SavePage(ctx, 1, "a text"))
					switch key {
					case "failed":
						return guard.ErrPanicked
					case "stopped":
						return ErrStopped
					}
					return q.AddFollowUp(ctx, FollowUp{Key: key, Kind: "last look", Due: time.Now().Add(2 * time.Hour)})
				})
				for _, key := range []string{"done", "failed", "stopped"} {
					w.enqueue(q, Record{Key: key, Thread: "t", Person: "p", File: "f"})
				}
				time.Sleep(max(retention, 0) + time.Minute) // of fake time
				w.onlyTombstone(q, "failed")
				w.onlyTombstone(q, "stopped")
				if r := w.record(q, "done"); r.State != Done {
					w.Errorf("before its follow-up it is %s", r.State)
				}
				time.Sleep(2 * time.Hour)
				if state := soon(w, "follow-up", seen); state != Done {
					w.Errorf("at its follow-up it was %s", state)
				}
				w.onlyTombstone(q, "done")
				if created, err := q.Enqueue(w.Context(), Record{Key: "done"}); created || err != nil {
					w.Errorf("taken again: %t, %v", created, err)
				}
				w.wantFollowUps(q)
			})
		})
	}
}
