package post

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestOnePersonsCallsGoBehindTheOthers: results of others have their turn while one
// person causes first replies without end, and one person alone has the whole rate.
func TestOnePersonsCallsGoBehindTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		<-time.After(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		calls := func(person string, n int, u priority) (last time.Time) {
			all := make(chan time.Time, n)
			for i := range n {
				go func() {
					_ = p.run(ctx, call{method: "chat.postMessage", channel: fmt.Sprint(person, i%20), person: person, priority: u, do: func(context.Context) error {
						all <- time.Now()
						return nil
					}})
				}()
			}
			for range n {
				select {
				case last = <-all:
				case <-ctx.Done():
				}
			}
			return last
		}
		begun := time.Now()
		alone := calls("mallory", 100, firstReply).Sub(begun)
		if rate := limits["chat.postMessage"].every; alone > 81*rate {
			t.Errorf("a person alone waits %s for a hundred calls", alone)
		}
		go calls("mallory", 300, firstReply)
		<-time.After(5 * time.Second)
		for _, u := range []priority{firstReply, final} {
			begun = time.Now()
			if took := calls("bob", 1, u).Sub(begun); took > time.Second {
				t.Errorf("priority %d: a call of another person takes %s", u, took)
			}
		}
		cancel()
		synctest.Wait()
	})
}

// TestFewPeopleAreRemembered, however many cause calls.
func TestFewPeopleAreRemembered(t *testing.T) {
	f := fairness{}
	now := time.Now()
	for i := range 3 * maxFairKeys {
		f.due(fairKey{"chat.update", fmt.Sprint(i)}, now, time.Second)
	}
	if len(f) > maxFairKeys {
		t.Errorf("%d lines", len(f))
	}
}

// TestResultsGoBeforeNotices that have waited longer.
func TestResultsGoBeforeNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		said := make(chan string, 41)
		post := func(what string, u priority) {
			_ = p.run(t.Context(), call{method: "chat.postMessage", channel: "C1", priority: u, do: func(context.Context) error {
				said <- what
				return nil
			}})
		}
		for range 40 {
			go post("notice", notice)
		}
		<-time.After(10 * time.Second)
		before := len(said)
		post("result", final)
		for n := 0; ; n++ {
			if what := <-said; what == "result" {
				if n > before+1 {
					t.Errorf("the result is number %d, after %d notices", n, before)
				}
				break
			}
		}
		synctest.Wait()
		<-time.After(time.Minute)
	})
}
