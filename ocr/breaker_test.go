package ocr

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// switchable is an endpoint that can be taken down.
type switchable struct {
	answer   atomic.Pointer[move] // nil: it answers well
	requests atomic.Int32
	running  atomic.Int32
	most     atomic.Int32 // requests at once
}

func (s *switchable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	n := s.running.Add(1)
	s.most.Store(max(n, s.most.Load()))
	defer s.running.Add(-1)
	_, _ = io.Copy(io.Discard, r.Body)
	if answer := s.answer.Load(); answer != nil {
		(*answer)(w, r)
		return
	}
	good(w)
}

func (s *switchable) will(m move) { s.answer.Store(&m) }

// takeDown has requests fail until the client knows it.
func takeDown(t *testing.T, s *switchable, c *Client) {
	t.Helper()
	s.will(fails(503))
	collect(c.WithTries(3).Recognize(t.Context(), testPage))
	if c.Down().IsZero() {
		t.Fatal("the endpoint is not known to be down")
	}
	select {
	case <-c.WhenDown():
	default:
		t.Fatal("nobody was told that the endpoint is down")
	}
}

func TestDown(t *testing.T) {
	hangs := func(_ http.ResponseWriter, r *http.Request) { stall(r) }
	for name, c := range map[string]struct {
		answer move
		tries  int
		down   bool
	}{
		"three failures":       {fails(503), 3, true},
		"two failures":         {fails(503), 2, false},
		"nobody there":         {func(http.ResponseWriter, *http.Request) { drop() }, 3, true},
		"no text in time":      {hangs, 3, false}, // after two of them the window for tries is over
		"error events":         {sends(`data: {"error":{"message":"x","code":"internal_error"}}` + "\n\n"), 3, true},
		"too busy":             {fails(429), 3, false},
		"a request refused":    {fails(400), 3, false},
		"texts that break off": {drops("one"), 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &switchable{}
				client := serve(t, s.ServeHTTP, nil)
				s.will(c.answer)
				collect(client.WithTries(c.tries).Recognize(t.Context(), testPage))
				if since := client.Down(); since.IsZero() == c.down {
					t.Errorf("down since %v, want %v", since, c.down)
				}
			})
		})
	}
}

func TestThreeThatHangAreDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		s.will(func(_ http.ResponseWriter, r *http.Request) { stall(r) })
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() { collect(c.WithTries(1).Recognize(t.Context(), testPage)) })
		}
		readers.Wait()
		if c.Down().IsZero() {
			t.Error("it is not down")
		}
	})
}

func TestAnyTextBetweenFailuresIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		for range 5 {
			s.will(fails(503))
			collect(c.WithTries(2).Recognize(t.Context(), testPage))
			if since := c.Down(); !since.IsZero() {
				t.Errorf("down since %v", since)
			}
			s.answer.Store(nil)
			collect(c.Recognize(t.Context(), testPage))
		}
	})
}

// TestAllGoOnWhenTheEndpointIsBack: one of those who wait probes, all go on.
func TestAllGoOnWhenTheEndpointIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		if err := c.WaitUp(t.Context()); err != nil || s.requests.Load() != 0 {
			t.Fatalf("an endpoint that is up is waited for: %v, %d requests", err, s.requests.Load())
		}
		takeDown(t, s, c)
		copied := c.WithMode(Mode{Kind: Plain}).WithTries(1)
		if copied.Down() != c.Down() {
			t.Error("a copy does not know it")
		}
		before := s.requests.Load()
		start := time.Now()
		s.will(func(w http.ResponseWriter, r *http.Request) { // slowly, so that probes would meet
			<-time.After(500 * time.Millisecond)
			fails(503)(w, r)
		})
		s.most.Store(0)
		var waiting sync.WaitGroup
		var back atomic.Int32
		for range 5 {
			waiting.Go(func() {
				if err := copied.WaitUp(t.Context()); err != nil {
					t.Error(err)
				}
				back.Add(1)
			})
		}
		<-time.After(time.Hour)
		synctest.Wait()
		probes := s.requests.Load() - before
		if back.Load() != 0 || probes < 100 || probes > 130 || s.most.Load() != 1 {
			t.Errorf("in an hour %d went on, after %d probes, %d at once", back.Load(), probes, s.most.Load())
		}
		s.answer.Store(nil)
		waiting.Wait()
		if took := time.Since(start) - time.Hour; took > lastProbe+time.Second {
			t.Errorf("they went on after %v", took)
		}
		if !c.Down().IsZero() {
			t.Error("it is still down")
		}
	})
}

// TestSlowStartIsWaitedFor: an endpoint that loads its model for the first request,
// and drops the load when the client leaves, comes back into use.
func TestSlowStartIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		takeDown(t, s, c)
		loaded := false
		s.will(func(w http.ResponseWriter, r *http.Request) {
			if !loaded {
				select {
				case <-time.After(45 * time.Second):
				case <-r.Context().Done():
					return
				}
				loaded = true
			}
			good(w)
		})
		start := time.Now()
		if err := c.WaitUp(t.Context()); err != nil {
			t.Error(err)
		}
		between(t, start, 46*time.Second, 47*time.Second)
	})
}

// TestPagesAreProbes: of the pages that failed, one at a time tries whether the
// endpoint is back.
func TestPagesAreProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		begun := time.Now()
		s.will(func(w http.ResponseWriter, r *http.Request) {
			if time.Since(begun) < 8*time.Second {
				fails(503)(w, r)
				return
			}
			<-time.After(20 * time.Second)
			good(w)
		})
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				if got := collect(c.WithTries(4).Recognize(t.Context(), testPage)); got.err != nil || got.text != "one" {
					t.Errorf("got %+v", got)
				}
			})
		}
		readers.Wait()
		// Each page once before anybody knew, and then those that probed.
		if n := s.requests.Load(); n > 2*8+8 {
			t.Errorf("%d requests for 8 pages", n)
		}
	})
}

func TestFirstProbeComesSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		takeDown(t, s, c)
		s.answer.Store(nil)
		start := time.Now()
		if err := c.WaitUp(t.Context()); err != nil {
			t.Error(err)
		}
		between(t, start, firstProbe, firstProbe+100*time.Millisecond)
	})
}

// TestLongRetryAfterOfAnOutage: an endpoint that asks for hours is asked again within
// the minute.
func TestLongRetryAfterOfAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		s.will(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(503)
		})
		for range breakAfter {
			collect(c.Recognize(t.Context(), testPage))
		}
		if c.Down().IsZero() {
			t.Fatal("the endpoint is not known to be down")
		}
		s.answer.Store(nil)
		start := time.Now()
		if err := c.WaitUp(t.Context()); err != nil {
			t.Error(err)
		}
		between(t, start, firstProbe, maxWait+time.Second)
	})
}

// TestWaitingCanBeStopped, also by the one who probes; then another one does.
func TestWaitingCanBeStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		takeDown(t, s, c)
		s.will(func(_ http.ResponseWriter, r *http.Request) { stall(r) })
		ctx, cancel := context.WithCancelCause(t.Context())
		stopped := make(chan error)
		go func() { stopped <- c.WaitUp(ctx) }()
		<-time.After(2 * time.Second)
		synctest.Wait()
		if s.running.Load() != 1 {
			t.Fatal("nobody probes")
		}
		waited := make(chan error)
		go func() { waited <- c.WaitUp(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		cancel(errStopped)
		if err := <-stopped; err != errStopped {
			t.Errorf("it was stopped with %v", err)
		}
		synctest.Wait()
		if c.Down().IsZero() || s.running.Load() != 1 {
			t.Errorf("down since %v, and %d probe", c.Down(), s.running.Load())
		}
		s.answer.Store(nil)
		collect(c.Recognize(t.Context(), testPage)) // finds it back
		if err := <-waited; err != nil {
			t.Error(err)
		}
		between(t, start, 0, DefaultIdleTimeout) // its own probe hangs until then
	})
}

// TestAReadingFindsTheEndpointBack, without any probe.
func TestAReadingFindsTheEndpointBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		takeDown(t, s, c)
		waited := make(chan error)
		start := time.Now()
		go func() { waited <- c.WaitUp(t.Context()) }()
		synctest.Wait()
		s.will(fails(400)) // whoever refuses is there
		collect(c.Recognize(t.Context(), testPage))
		if err := <-waited; err != nil || time.Since(start) > 0 {
			t.Errorf("waited for %v, %v", time.Since(start), err)
		}
	})
}

// A prober that panics lets others go on.
func TestProberThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		takeDown(t, s, c)
		prober := c.WithTries(3).WithWatcher(func(a Attempt) {
			if a.Number == 2 {
				panic("a fault")
			}
		})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			collect(prober.Recognize(t.Context(), testPage))
		}()
		s.answer.Store(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := c.WaitUp(ctx); err != nil {
			t.Errorf("others never go on: %v", err)
		}
	})
}

// A probe with an empty page that panics lets others go on too.
func TestProbeThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		takeDown(t, s, c)
		<-time.After(firstProbe)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			c.breaker.isUp(t.Context(), func(context.Context) error { panic("a fault") })
		}()
		s.answer.Store(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := c.WaitUp(ctx); err != nil {
			t.Errorf("others never go on: %v", err)
		}
		if len(c.breaker.prober) > 0 {
			t.Error("the one who panicked still counts as the prober")
		}
	})
}

// TestStoppedReadingsAreNoFailures, and no success either.
func TestStoppedReadingsAreNoFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &switchable{}
		c := serve(t, s.ServeHTTP, nil)
		s.will(func(_ http.ResponseWriter, r *http.Request) { stall(r) })
		for range 5 {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errStopped)
			if got := collect(c.Recognize(ctx, testPage)); !errors.Is(got.err, errStopped) {
				t.Errorf("error %v", got.err)
			}
			cancel()
		}
		if !c.Down().IsZero() {
			t.Error("it is taken for down")
		}
		takeDown(t, s, c)
		s.will(func(_ http.ResponseWriter, r *http.Request) { stall(r) })
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errStopped)
		defer cancel()
		collect(c.Recognize(ctx, testPage))
		if c.Down().IsZero() {
			t.Error("it is taken for up")
		}
	})
}

func TestProbeIsASmallPicture(t *testing.T) {
	p := emptyPage()
	m, err := png.Decode(bytes.NewReader(p.Data))
	if err != nil || m.Bounds().Dx() != p.Width || m.Bounds().Dy() != p.Height || len(p.Data) > 1000 || checkPage(p) != nil {
		t.Errorf("%d bytes, %v", len(p.Data), err)
	}
}
