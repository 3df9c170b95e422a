package bot_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
)

// asks are several asks at once, each in a channel of its own, of files that all
// stream: a word each 25 ms for 30 s.
type asks struct {
	number, files int
	concurrency   int
	replicas      int
}

const (
	askWord  = 25 * time.Millisecond
	askWords = 1200
)

// askReport is what some asks came to.
type askReport struct {
	mean         time.Duration // staleness: see report
	calls, posts int           // of Slack's methods that write
	limited      int           // answers 429
	last         time.Duration // from the last word until the last reply is closed
}

var askWordPattern = regexp.MustCompile(`f(\d+)w(\d+)`)

// run lets the asks pass in a bubble, after the pacer's budget has grown full.
func (a asks) run(t *testing.T) (r askReport) {
	synctest.Test(t, func(t *testing.T) {
		h := build(t)
		h.startAs(func(c *bot.Config) { c.Concurrency = a.concurrency })
		var others sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		defer others.Wait()
		defer stop()
		for range a.replicas - 1 {
			other := h.newBot(h.app, h.jobs)
			others.Go(func() {
				if err := other.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		h.pass(3 * time.Minute)
		var begun [100]time.Time
		var n atomic.Int64
		h.model.will(func(w *stream) {
			file := int(n.Add(1)) - 1
			begun[file] = time.Now()
			for i := range askWords {
				due := begun[file].Add(time.Duration(i+1) * askWord)
				if w.pause(time.Until(due)) != nil {
					return
				}
				w.text(fmt.Sprintf("f%dw%d ", file, i+1))
			}
			w.end("stop")
		})
		before := len(h.ws.Calls())
		var channels, posts []string
		for i := range a.number {
			channel := h.ws.AddChannel(fmt.Sprint("c", i), false, h.ann, h.app.BotUserID)
			ts := h.postIn(h.ann, channel, "", "", ten()[:a.files]...)
			channels, posts = append(channels, channel), append(posts, ts)
		}
		for i := range posts {
			h.closedIn(channels[i], posts[i])
		}
		r.last = time.Since(begun[0].Add(askWords * askWord))
		r.count(h.ws.Calls()[before:], begun[:a.number*a.files])
	})
	return r
}

// count reads the report off the calls. A file's staleness is the age of the oldest of
// its words that is written and not to be seen, while it is written.
func (r *askReport) count(calls []localslack.Call, begun []time.Time) {
	type sight struct {
		at   time.Time
		word int
	}
	shown := make([][]sight, len(begun))
	for _, c := range calls {
		switch c.Method {
		case "chat.postMessage":
			r.posts++
		case "chat.update":
		default:
			continue
		}
		r.calls++
		if c.Error == "ratelimited" {
			r.limited++
		}
		if c.Error != "" {
			continue
		}
		newest := map[int]int{}
		for _, m := range askWordPattern.FindAllStringSubmatch(c.Args["blocks"], -1) {
			file, _ := strconv.Atoi(m[1])
			word, _ := strconv.Atoi(m[2])
			newest[file] = max(newest[file], word)
		}
		for file, word := range newest {
			shown[file] = append(shown[file], sight{c.Time, word})
		}
	}
	var total time.Duration
	samples := 0
	for file, sights := range shown {
		seen := 0
		for at := time.Duration(0); at < askWords*askWord; at += 10 * time.Millisecond {
			for len(sights) > 0 && !sights[0].at.After(begun[file].Add(at)) {
				seen = max(seen, sights[0].word)
				sights = sights[1:]
			}
			total += max(0, at-time.Duration(seen+1)*askWord)
			samples++
		}
	}
	r.mean = total / time.Duration(samples)
}

// TestAsks holds what BenchmarkAsks measures: text is fresh, Slack is never asked too
// often, and few messages say it.
func TestAsks(t *testing.T) {
	for _, tt := range []struct {
		asks
		mean         time.Duration
		calls, posts int
	}{
		{asks{1, 1, 4, 1}, 650 * time.Millisecond, 45, 2},
		{asks{1, 10, 10, 1}, 800 * time.Millisecond, 45, 11},
		{asks{4, 10, 40, 1}, 2600 * time.Millisecond, 120, 44},
	} {
		t.Run(fmt.Sprint(tt.asks), func(t *testing.T) {
			r := tt.run(t)
			t.Logf("%+v", r)
			if r.mean > tt.mean || r.calls > tt.calls || r.posts > tt.posts || r.limited > 0 {
				t.Errorf("%+v, want at most %s, %d calls, %d posts and no 429", r, tt.mean, tt.calls, tt.posts)
			}
		})
	}
}

// TestAsksOnReplicas: several replicas are as quick as one.
func TestAsksOnReplicas(t *testing.T) {
	one := asks{4, 10, 40, 1}.run(t)
	for n := 2; n <= 3; n++ {
		r := asks{4, 10, 40, n}.run(t)
		t.Logf("%d replicas: %+v; one: %+v", n, r, one)
		if r.limited > 0 || r.mean > one.mean*115/100 || r.last > one.last*115/100 {
			t.Errorf("%d replicas: %+v, want at most 1.15 times those of one, and no 429: %+v", n, r, one)
		}
	}
}

// BenchmarkAsks reports how stale the live text of asks with several files is, in fake
// time.
func BenchmarkAsks(b *testing.B) {
	for _, a := range []asks{{1, 1, 4, 1}, {1, 10, 10, 1}, {4, 10, 40, 1}, {4, 10, 40, 2}, {4, 10, 40, 3}} {
		b.Run(fmt.Sprintf("asks=%d/files=%d/replicas=%d", a.number, a.files, a.replicas), func(b *testing.B) {
			var r askReport
			for b.Loop() {
				testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
					Name: "in fake time", F: func(t *testing.T) { r = a.run(t) },
				}})
			}
			b.ReportMetric(r.mean.Seconds(), "stale-s")
			b.ReportMetric(float64(r.calls), "calls")
			b.ReportMetric(float64(r.posts), "posts")
			b.ReportMetric(float64(r.limited), "429s")
			b.ReportMetric(r.last.Seconds(), "closed-after-s")
			b.ReportMetric(0, "ns/op") // the time is a fake one
		})
	}
}
