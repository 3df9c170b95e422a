package post

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"pgregory.net/rapid"

	"slackocr/bot/sleep"
)

// TestNoOrderOfCallsIsTooMuch: whenever calls come, however urgent they are, and
// however long they take to Slack, its own bucket holds a token for each that
// arrives, and no minute sees more than is documented.
func TestNoOrderOfCallsIsTooMuch(t *testing.T) {
	type plan struct {
		at, latency, arrival time.Duration
		priority             priority
		unused               bool
	}
	one := rapid.Custom(func(t *rapid.T) plan {
		second := func(most int, label string) time.Duration {
			return time.Duration(rapid.IntRange(0, most*1000).Draw(t, label)) * time.Millisecond
		}
		p := plan{
			at:       time.Duration(rapid.IntRange(0, 3).Draw(t, "crowd"))*30*time.Second + second(5, "at"),
			latency:  second(int(callTimeout/time.Second), "latency"),
			priority: priority(rapid.IntRange(0, int(priorities)-1).Draw(t, "priority")),
			unused:   rapid.IntRange(0, 9).Draw(t, "unused") == 0,
		}
		if rapid.Bool().Draw(t, "arrives late") {
			p.arrival = p.latency
		}
		return p
	})
	for _, tt := range []struct {
		name      string
		ours      limit
		perMinute float64 // Slack's
		burst     int
	}{
		{"edits", limits["chat.update"], 50, 10},
		{"posts in a channel", postsInChannel, 60, 5},
		{"tier 3", tier3, 50, 10},
		{"tier 4", tier4, 100, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				n := rapid.IntRange(10, 200).Draw(rt, "n") // by themselves slices are short
				calls := rapid.SliceOfN(one, n, n).Draw(rt, "calls")
				var sent, arrived []time.Time
				synctest.Test(t, func(t *testing.T) {
					b := rested(tt.ours)
					var mu sync.Mutex
					var all sync.WaitGroup
					for _, c := range calls {
						all.Go(func() {
							_ = sleep.For(t.Context(), c.at)
							turn, err := b.take(t.Context(), c.priority, time.Now())
							if err != nil {
								t.Error(err)
								return
							}
							if c.unused {
								b.locked(turn.leave)
								return
							}
							mu.Lock()
							sent = append(sent, time.Now())
							arrived = append(arrived, time.Now().Add(c.arrival))
							mu.Unlock()
							_ = sleep.For(t.Context(), c.latency)
							b.locked(turn.done)
						})
					}
					all.Wait()
					if b.timer != nil {
						b.timer.Stop()
					}
				})
				slack := rate.NewLimiter(rate.Limit(tt.perMinute/60), tt.burst)
				slices.SortFunc(arrived, time.Time.Compare)
				for i, at := range arrived {
					if !slack.AllowN(at, 1) {
						rt.Fatalf("call %d is one too many, %s after the first", i+1, at.Sub(arrived[0]))
					}
				}
				slices.SortFunc(sent, time.Time.Compare)
				for i := int(tt.perMinute); tt.burst == 10 && i < len(sent); i++ {
					if minute := sent[i].Sub(sent[i-int(tt.perMinute)]); minute <= time.Minute {
						rt.Fatalf("more than %v calls within %s", tt.perMinute, minute)
					}
				}
			})
		})
	}
}
