package reading

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/share"
	"slackocr/bot/share/sharetest"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// A fakeEndpoint is a simulated endpoint, in fake time: a page's first text comes after
// paceFirst, and its last after paceWhole, where nothing slows it down.
type fakeEndpoint struct {
	takes  int  // requests at once; others wait for their turn
	bears  int  // requests at once; others are answered 429; 0 for any number
	halves int  // with more requests at once, all of them get half the speed of so many; 0 for never
	varied bool // a page takes a quarter up to all of those times
	dead   func(since time.Duration) bool

	replicas *sharetest.Memory // shares what the bots may ask for; nil: they know nothing of each other
	begun    time.Time
	places   chan struct{}
	running  atomic.Int32
	requests atomic.Int32
	wasted   atomic.Int32
}

const (
	paceFirst = 2 * time.Second
	paceWhole = 10 * time.Second
)

func (e *fakeEndpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	e.requests.Add(1)
	if e.dead != nil && e.dead(time.Since(e.begun)) {
		e.wasted.Add(1)
		return nil, errors.New("connection refused")
	}
	if n := e.running.Add(1); e.bears > 0 && int(n) > e.bears {
		e.running.Add(-1)
		e.wasted.Add(1)
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	select {
	case e.places <- struct{}{}:
	case <-r.Context().Done():
		e.running.Add(-1)
		return nil, r.Context().Err()
	}
	read, write := io.Pipe()
	go func() {
		defer func() { <-e.places; e.running.Add(-1) }()
		write.CloseWithError(e.write(r.Context(), write))
	}()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: read, Request: r}, nil
}

func (e *fakeEndpoint) write(ctx context.Context, w io.Writer) error {
	share := time.Duration(100)
	if e.varied {
		share = 25 + rand.N(time.Duration(76))
	}
	if err := e.work(ctx, paceFirst*share/100); err != nil {
		return err
	}
	if _, err := io.WriteString(w, `data: {"choices":[{"delta":{"content":"Some text. "}}]}`+"\n\n"); err != nil {
		return err
	}
	if err := e.work(ctx, (paceWhole-paceFirst)*share/100); err != nil {
		return err
	}
	_, err := io.WriteString(w, `data: {"choices":[{"delta":{"content":"More."},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
	return err
}

// work does the model's work of one page for so long at full speed.
func (e *fakeEndpoint) work(ctx context.Context, left time.Duration) error {
	const tick = 200 * time.Millisecond
	for left > 0 {
		step := left
		if e.halves > 0 {
			step = tick
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return ctx.Err()
		}
		if e.dead != nil && e.dead(time.Since(e.begun)) {
			e.wasted.Add(1)
			return io.ErrUnexpectedEOF
		}
		if n := int(e.running.Load()); e.halves > 0 && n > e.halves {
			step = step * time.Duration(e.halves) / time.Duration(2*n)
		}
		left -= step
	}
	return nil
}

// pace is what came of reading pages for a while.
type pace struct {
	pages, requests, wasted, size int
}

// run reads as many pages as the limit lets through, or up to most of them where
// that is not 0, and says how long it took.
func (e *fakeEndpoint) run(t *testing.T, concurrency, most int, during time.Duration) (p pace, took time.Duration) {
	e.open()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	pages, size := e.read(t, ctx, concurrency, most)
	return pace{pages, int(e.requests.Load()), int(e.wasted.Load()), size}, time.Since(e.begun)
}

func (e *fakeEndpoint) open() {
	e.begun = time.Now()
	e.places = make(chan struct{}, e.takes)
}

// read reads pages as one bot does, for a hundred people who always have another one.
func (e *fakeEndpoint) read(t *testing.T, ctx context.Context, concurrency, most int) (pages, size int) {
	model, err := ocr.NewClient(ocr.Config{
		BaseURL: "http://model.test/v1", Model: "m", Stream: true, Concurrency: concurrency,
		HTTPClient: &http.Client{Transport: e},
	})
	if err != nil {
		t.Error(err)
		return 0, 0
	}
	var link share.Link
	if e.replicas != nil {
		link = e.replicas.Link()
	}
	s, stop := newReplica(t, link, concurrency, model.Limit())
	defer stop()
	var read, asked atomic.Int32
	var people sync.WaitGroup
	for i := range 100 {
		people.Go(func() {
			for ctx.Err() == nil && (most == 0 || int(asked.Add(1)) <= most) {
				if readPage(ctx, s, model, fmt.Sprint(i%7)) {
					read.Add(1)
				}
			}
		})
	}
	people.Wait()
	return int(read.Load()), model.Limit().Size()
}

// readPage reads a page as the bot does, until it is read.
func readPage(ctx context.Context, s *Turns, model *ocr.Client, person string) bool {
	for ctx.Err() == nil {
		if model.WaitUp(ctx) != nil {
			return false
		}
		turn := s.enter(person, false)
		if turn.Wait(ctx, nil, func(int) {}) != nil {
			return false
		}
		failed := false
		for _, err := range model.WithTries(2).Recognize(ctx, page.Page{Data: []byte("page"), MediaType: "image/png"}) {
			failed = failed || err != nil
		}
		turn.Done()
		if !failed {
			return true
		}
	}
	return false
}

// TestPace: the limit that is found is about as good as the best fixed one, and few
// requests are spent on finding it. The time is a fake one, so the figures are the
// same on any machine.
func TestPace(t *testing.T) {
	if raceDetector {
		t.Skip("hours of fake time take minutes with the race detector; the other tests of pace run with it")
	}
	const many = 1000
	for name, c := range map[string]struct {
		make func() *fakeEndpoint
		best []int // numbers among which the best fixed one is
	}{
		"takes 2":        {func() *fakeEndpoint { return &fakeEndpoint{takes: 2} }, []int{2, 4}},
		"takes 8":        {func() *fakeEndpoint { return &fakeEndpoint{takes: 8} }, []int{8, 16}},
		"takes 40":       {func() *fakeEndpoint { return &fakeEndpoint{takes: 40} }, []int{40, 64}},
		"429 over 2":     {func() *fakeEndpoint { return &fakeEndpoint{takes: many, bears: 2} }, []int{2}},
		"429 over 6":     {func() *fakeEndpoint { return &fakeEndpoint{takes: many, bears: 6} }, []int{5, 6}},
		"429 over 40":    {func() *fakeEndpoint { return &fakeEndpoint{takes: many, bears: 40} }, []int{40}},
		"halves over 8":  {func() *fakeEndpoint { return &fakeEndpoint{takes: many, halves: 8} }, []int{7, 8, 9}},
		"varied pages":   {func() *fakeEndpoint { return &fakeEndpoint{takes: 20, varied: true} }, []int{20, 40}},
		"varied and 429": {func() *fakeEndpoint { return &fakeEndpoint{takes: many, bears: 20, varied: true} }, []int{20}},
		"dies for 2 min": {func() *fakeEndpoint { return &fakeEndpoint{takes: 8, dead: between(4*time.Minute, 6*time.Minute)} }, []int{8, 16}},
		"dies for 5 min": {func() *fakeEndpoint { return &fakeEndpoint{takes: 20, dead: between(4*time.Minute, 9*time.Minute)} }, []int{20, 40}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				during := 20 * time.Minute
				if e := c.make(); e.dead != nil || e.bears == 2 { // few requests count for more
					during *= 2
				}
				best, with := pace{}, 0
				for _, n := range c.best {
					if p, _ := c.make().run(t, n, 0, during); p.pages > best.pages {
						best, with = p, n
					}
				}
				got, _ := c.make().run(t, 0, 0, during)
				t.Logf("%.1f pages a minute; the best fixed number, %d, gives %.1f; %d of %d requests wasted (%d); the limit is %d",
					float64(got.pages)/during.Minutes(), with, float64(best.pages)/during.Minutes(), got.wasted, got.requests, best.wasted, got.size)
				if 10*got.pages < 9*best.pages {
					t.Errorf("%d pages, less than 0.9 of %d", got.pages, best.pages)
				}
				if 20*got.wasted > got.requests {
					t.Errorf("%d of %d requests were wasted, more than 5 %%", got.wasted, got.requests)
				}
			})
		})
	}
}

func between(from, to time.Duration) func(time.Duration) bool {
	return func(since time.Duration) bool { return from <= since && since < to }
}

// TestPaceOfForty: forty pictures at an endpoint that takes them all.
func TestPaceOfForty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, took := (&fakeEndpoint{takes: 1000}).run(t, 0, 40, time.Hour)
		_, four := (&fakeEndpoint{takes: 1000}).run(t, 4, 40, time.Hour)
		t.Logf("%v; with a fixed limit of 4 %v", took, four)
		if got.pages != 40 || took > 25*time.Second {
			t.Errorf("%d pages in %v", got.pages, took)
		}
	})
}

// TestPaceOfReplicas: replicas, and bots that know nothing of each other, share what
// the endpoint takes. Replicas find it together.
func TestPaceOfReplicas(t *testing.T) {
	for name, e := range map[string]*fakeEndpoint{
		"429 over 12": {takes: 1000, bears: 12},
		"takes 12":    {takes: 12},

		"together, 429 over 12": {takes: 1000, bears: 12, replicas: &sharetest.Memory{}},
		"together, takes 12":    {takes: 12, replicas: &sharetest.Memory{}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const during, best = 20 * time.Minute, 12 * 6 * 20 // pages of 10 s each
				e.open()
				ctx, cancel := context.WithTimeout(t.Context(), during)
				defer cancel()
				var pages, sizes [2]int
				var bots sync.WaitGroup
				for i := range pages {
					bots.Go(func() { pages[i], sizes[i] = e.read(t, ctx, 0, 0) })
				}
				bots.Wait()
				all, wasted := int(e.requests.Load()), int(e.wasted.Load())
				t.Logf("%v pages, %d of %d requests wasted, the limits are %v", pages, wasted, all, sizes)
				if sum := pages[0] + pages[1]; 10*sum < 9*best || 10*min(pages[0], pages[1]) < sum {
					t.Errorf("%v pages, of %d that the endpoint could read", pages, best)
				}
				most := all / 10 // each of them tries whether there is room
				if e.replicas != nil {
					most = all / 20
				}
				if wasted > most {
					t.Errorf("%d of %d requests were wasted, more than %d", wasted, all, most)
				}
			})
		})
	}
}
