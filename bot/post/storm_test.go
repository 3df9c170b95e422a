package post

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
)

// A storm is n replies in four channels that all stream at once: a word each
// 25 ms for 30 s, then the result, then the closing edit.
const (
	stormChannels = 4
	stormWord     = 25 * time.Millisecond
	stormWords    = 1200
	stormLength   = stormWord * stormWords
)

// storm is a storm in a workspace with Slack's documented limits.
type storm struct {
	testing.TB
	ctx     context.Context
	ws      *localslack.Workspace
	api     *slack.Client
	pacers  []*Pacer // of the replicas, which take the streams in turn
	watch   *watch
	streams []*stream
	begun   time.Time
	// hurry leaves out the pause before the storm, in which the pacer's budget
	// grows full, and the closing edits.
	hurry bool
}

// stream is one reply of a storm.
type stream struct {
	thread *Thread
	asked  string // timestamp of the message that asks
	reply  string // timestamp of the reply
}

// newStorm builds the workspace on a listener, and cleans up after the test.
func newStorm(tb testing.TB, n, processes int, listener net.Listener, dial func(context.Context, string, string) (net.Conn, error)) *storm {
	tb.Helper()
	s := &storm{TB: tb, ws: localslack.New(localslack.Options{}), pacers: []*Pacer{newPacer()}}
	if processes > 1 {
		s.pacers = nil
		for _, r := range replicas(tb, processes) {
			s.pacers = append(s.pacers, r.Pacer)
		}
	}
	app := s.ws.Install(localslack.App{Name: "x", Scopes: []string{"chat:write", "channels:history"}})
	ann := s.ws.AddUser("ann")
	transport := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 16}
	s.watch = &watch{next: transport, shown: map[string][]sight{}}
	address := "http://localhost/api/"
	if dial == nil {
		address = "http://" + listener.Addr().String() + "/api/"
	}
	s.api = slack.New(app.BotToken, slack.OptionAPIURL(address), slack.OptionHTTPClient(&http.Client{Transport: s.watch}))
	var channels []string
	for i := range stormChannels {
		channels = append(channels, s.ws.AddChannel(fmt.Sprint("c", i), false, ann, app.BotUserID))
	}
	for i := range n {
		channel := channels[i%stormChannels]
		ts, err := s.ws.Post(ann, localslack.Post{Channel: channel, Text: "picture"})
		if err != nil {
			tb.Fatal(err)
		}
		thread := NewClient(s.api, s.pacers[i%len(s.pacers)], nil).Thread(nil, channel, ts)
		s.streams = append(s.streams, &stream{thread: thread, asked: ts})
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	s.ctx = ctx
	var server sync.WaitGroup
	server.Go(func() { _ = s.ws.Serve(ctx, listener) })
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		server.Wait()
	})
	return s
}

// run lets the storm pass: the streams begin together, when all replies are open.
func (s *storm) run(tell func(*storm, *stream, *writer)) report {
	var open, all sync.WaitGroup
	begin := make(chan struct{})
	for _, st := range s.streams {
		open.Add(1)
		all.Go(func() {
			r, err := openWriter(s.ctx, st.thread, st.asked, st.asked, "Reading")
			open.Done()
			if err != nil {
				s.Error(err)
				return
			}
			st.reply = r.ts
			<-begin
			tell(s, st, r)
		})
	}
	open.Wait()
	if !s.hurry {
		_ = sleep.For(s.ctx, 2*time.Minute)
	}
	s.begun = time.Now()
	close(begin)
	all.Wait()
	return s.report()
}

// words calls write for each word when the model writes it.
func (s *storm) words(write func(n int, word string)) {
	tick := time.NewTicker(stormWord)
	defer tick.Stop()
	for i := range stormWords {
		for due := s.begun.Add(time.Duration(i+1) * stormWord); time.Now().Before(due); {
			<-tick.C
		}
		write(i+1, fmt.Sprintf("w%d ", i+1))
	}
}

// paced is how this package tells it.
func (s *storm) paced(st *stream, r *writer) {
	var text strings.Builder
	r.SetStatus(func(text string) string {
		if text == "" {
			return "Reading"
		}
		return fmt.Sprintf("%d bytes", len(text))
	})
	s.words(func(_ int, word string) {
		text.WriteString(word)
		r.Write(text.Len()-len(word), word)
	})
	m := result(text.String(), "the text")
	m.Key, m.After = st.asked+"/1", st.reply
	if err := st.thread.Post(s.ctx, m, &PostState{}, unsaved); err != nil {
		s.Error(err)
	}
	if s.hurry {
		r.Detach()
		return
	}
	if err := r.CloseLazily(s.ctx, says("done")); err != nil {
		s.Error(err)
	}
}

// fixed is how most bots tell it: an edit each second, and nobody looks at what
// Slack says, but for the result.
func (s *storm) fixed(st *stream, r *writer) {
	r.Detach()
	var mu sync.Mutex
	var text strings.Builder
	edit := func() {
		mu.Lock()
		v := shows(text.String(), "reading")
		mu.Unlock()
		_ = r.thread.edit(r.ts, v.Message(), interim).do(s.ctx)
	}
	writing := make(chan struct{})
	var editor sync.WaitGroup
	editor.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				edit()
			case <-writing:
				return
			}
		}
	})
	s.words(func(_ int, word string) {
		mu.Lock()
		defer mu.Unlock()
		text.WriteString(word)
	})
	close(writing)
	editor.Wait()
	end := time.Now().Add(2 * time.Minute)
	for time.Now().Before(end) {
		m := result(text.String(), "the text")
		_, _, _, err := s.api.SendMessageContext(s.ctx, st.thread.channel, slack.MsgOptionTS(st.asked),
			slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...))
		if outcome, wait := classify(err); outcome != limited || sleep.For(s.ctx, wait) != nil {
			break
		}
	}
	_ = r.thread.edit(r.ts, says("done").Message(), final).do(s.ctx)
}

// report is what a storm came to.
type report struct {
	limited   int             // answers 429
	calls     float64         // a reply
	staleness []time.Duration // each 10 ms of each stream, sorted
	total     float64         // the same, summed over time, in s²
	waits     []time.Duration // from the last word to the result, sorted
}

const stormSample = 10 * time.Millisecond

// report measures how stale each reply was while the model wrote: the age of the
// oldest word that was written and not visible.
func (s *storm) report() (r report) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	for _, n := range s.watch.calls {
		r.calls += float64(n)
	}
	r.calls /= float64(len(s.streams))
	r.limited = s.watch.limited
	for _, st := range s.streams {
		if results := s.watch.shown[st.asked]; len(results) > 0 {
			r.waits = append(r.waits, results[0].at.Sub(s.begun)-stormLength)
		}
		edits, seen := s.watch.shown[st.reply], 0
		for at := time.Duration(0); at < stormLength; at += stormSample {
			for len(edits) > 0 && edits[0].at.Sub(s.begun) <= at {
				seen = max(seen, edits[0].word)
				edits = edits[1:]
			}
			age := max(0, at-time.Duration(seen+1)*stormWord)
			r.staleness = append(r.staleness, age)
			r.total += age.Seconds() * stormSample.Seconds()
		}
	}
	slices.Sort(r.staleness)
	slices.Sort(r.waits)
	return r
}

func (r report) mean() time.Duration {
	return time.Duration(r.total / float64(len(r.staleness)) * float64(time.Second/stormSample) * float64(time.Second))
}

// timesIdeal is how many times as stale the replies were as in the best schedule
// of what the pacer gives to live edits, or some number up to enough.
func (r report) timesIdeal(streams int, enough float64) float64 {
	const perToken = 13
	l := limits["chat.update"]
	slot := l.every / perToken
	best := ideal{
		streams: streams, length: stormLength, wordTime: stormWord,
		slot: slot, perToken: perToken, burst: int(l.burst) + l.extra - l.reserve, pace: int(pace/slot) + 1,
	}
	return r.total / best.bound(r.total, r.total/enough)
}
