package post

import (
	"fmt"
	"net"
	"runtime/metrics"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

var stormSizes = []int{1, 2, 10, 40, 200}

// TestStorm holds what BenchmarkStorm measures: no 429 that could be avoided,
// text nearly as fresh as the budget can make it, and results on time.
func TestStorm(t *testing.T) {
	if testing.Short() {
		t.Skip("computes the best schedule")
	}
	for _, n := range stormSizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := fakeStorm(t, n, 1, (*storm).paced)
			if r.limited != 0 {
				t.Errorf("%d answers 429", r.limited)
			}
			if times := r.timesIdeal(n, 1.15); times > 1.15 {
				t.Errorf("the text was %.2f times as stale as it had to be", times)
			}
			most := time.Second
			if posts := n / stormChannels; posts > 5 { // in a channel: five at once, one a second
				most = time.Duration(1.2 * float64(posts-5) * float64(time.Second))
			}
			if len(r.waits) < n || r.waits[n-1] > most {
				t.Errorf("%d results, the last %s after its last word; want %d within %s", len(r.waits), r.waits[len(r.waits)-1], n, most)
			}
		})
	}
}

// TestStormOnReplicas: several replicas are as good as one.
func TestStormOnReplicas(t *testing.T) {
	const streams = 40
	one := fakeStorm(t, streams, 1, (*storm).paced)
	for _, n := range []int{2, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			r := fakeStorm(t, streams, n, (*storm).paced)
			if r.limited != 0 {
				t.Errorf("%d answers 429", r.limited)
			}
			if r.mean() > one.mean()*115/100 {
				t.Errorf("stale for %s on average, with one replica %s", r.mean(), one.mean())
			}
			if len(r.waits) < streams || r.waits[streams-1] > one.waits[streams-1]*115/100 {
				t.Errorf("the last result came %s after its last word, with one replica %s", r.waits[len(r.waits)-1], one.waits[streams-1])
			}
		})
	}
}

// fakeStorm lets a storm pass in fake time.
func fakeStorm(t *testing.T, n, processes int, tell func(*storm, *stream, *writer)) (r report) {
	synctest.Test(t, func(t *testing.T) {
		pipe := localslack.NewPipe()
		s := newStorm(t, n, processes, pipe, pipe.Dial)
		r = s.run(tell)
	})
	return r
}

// BenchmarkStorm streams n replies at once into a workspace with Slack's
// documented limits, paced as this package does it and with a fixed interval as
// most bots do, in fake time, and once over a loopback connection. Staleness is
// the age of the oldest word that the model has written and nobody sees, while it
// writes.
func BenchmarkStorm(b *testing.B) {
	for _, n := range stormSizes {
		for name, tell := range map[string]func(*storm, *stream, *writer){"paced": (*storm).paced, "fixed": (*storm).fixed} {
			b.Run(fmt.Sprintf("fake/%s/n=%d", name, n), func(b *testing.B) {
				var r report
				for b.Loop() {
					bubble(b, func(t *testing.T) { r = fakeStorm(t, n, 1, tell) })
				}
				r.tell(b)
				if name == "paced" {
					b.ReportMetric(r.timesIdeal(n, 1), "×ideal")
				}
			})
		}
	}
	for _, processes := range []int{2, 3} {
		b.Run(fmt.Sprintf("replicas=%d/n=40", processes), func(b *testing.B) {
			var r report
			for b.Loop() {
				bubble(b, func(t *testing.T) { r = fakeStorm(t, 40, processes, (*storm).paced) })
			}
			r.tell(b)
		})
	}
	for _, n := range []int{40, 200} {
		b.Run(fmt.Sprintf("loopback/n=%d", n), func(b *testing.B) {
			for b.Loop() {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				stop := usage(b)
				s := newStorm(b, n, 1, listener, nil)
				s.hurry = true
				r := s.run((*storm).paced)
				stop()
				r.tell(b)
			}
		})
	}
}

// usage reports the CPU time that the whole process takes until stop, Slack
// included, and the most memory that Go holds meanwhile.
func usage(b *testing.B) (stop func()) {
	cpu := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	before, most := cpu(), uint64(0)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(samples)
			most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		watching.Wait()
		b.ReportMetric((cpu() - before).Seconds(), "cpu-s")
		b.ReportMetric(float64(most)/1e6, "MB")
	}
}

// bubble runs a test where there is only a benchmark.
func bubble(b *testing.B, test func(t *testing.T)) {
	all := func(_, _ string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{{Name: b.Name(), F: test}}) {
		b.Fatal("failed")
	}
}

// tell reports what a storm came to.
func (r report) tell(b *testing.B) {
	quantile := func(sorted []time.Duration, q int) float64 {
		if len(sorted) == 0 {
			return -1
		}
		return sorted[(len(sorted)-1)*q/100].Seconds()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(r.limited), "429s")
	b.ReportMetric(r.mean().Seconds(), "stale-mean-s")
	b.ReportMetric(quantile(r.staleness, 95), "stale-p95-s")
	b.ReportMetric(r.calls, "calls/reply")
	b.ReportMetric(quantile(r.waits, 50), "last→final-p50-s")
	b.ReportMetric(quantile(r.waits, 100), "last→final-max-s")
	b.ReportMetric(float64(len(r.waits)), "finals")
}
