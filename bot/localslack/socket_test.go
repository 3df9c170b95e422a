package localslack_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/localslack"
)

// Each envelope goes to one connection only, and all of them get some.
func TestConnectionsShareTheEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		a, b := s.dialSocket(), s.dialSocket()
		for range 10 {
			s.post(localslack.Post{Text: "hello"})
		}
		for range 5 {
			a.event()
			b.event()
		}
		a.none(time.Minute)
		b.none(time.Minute)
	})
}

func TestTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for i := range 10 {
			c := s.dialSilent()
			if hello := c.next(); hello.NumConnections != i+1 {
				t.Fatalf("%+v", hello)
			}
			time.Sleep(5 * time.Second) // apps.connections.open has its tier too
		}
		c := s.dialSilent()
		if e := c.next(); e.Type != "disconnect" || e.Reason != "too_many_websockets" {
			t.Fatalf("%+v", e)
		}
		if e, open := <-c.in; open {
			t.Fatalf("still open: %+v", e)
		}
		if n := s.w.Connections(); n != 10 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestTicketsAreForOneUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		dial := func(u string, origin string) int {
			h := http.Header{}
			if origin != "" {
				h.Set("Origin", origin)
			}
			conn, resp, err := s.dialer.DialContext(t.Context(), u, h)
			if err == nil {
				conn.Close()
			}
			return resp.StatusCode
		}
		u := s.socketURL()
		if got := dial(u, "http://evil.example"); got != http.StatusForbidden {
			t.Errorf("another origin: %d", got)
		}
		if got := dial(u, "https://api.slack.com"); got != http.StatusSwitchingProtocols {
			t.Errorf("slack-go's origin: %d", got)
		}
		if got := dial(u, ""); got != http.StatusUnauthorized {
			t.Errorf("second use: %d", got)
		}
		u = s.socketURL()
		time.Sleep(time.Minute)
		if got := dial(u, ""); got != http.StatusUnauthorized {
			t.Errorf("a minute later: %d", got)
		}
		if parsed, _ := url.Parse(u); parsed.Scheme != "ws" {
			t.Errorf("address %q", u)
		}
	})
}

// slack-go reconnects when no ping came for 30 s; an idle connection must live.
func TestIdleClientStaysConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		sm := s.listen()
		connected := 0
		idle := time.After(10 * time.Minute)
		for {
			select {
			case ev := <-sm.Events:
				if ev.Type == socketmode.EventTypeConnected {
					connected++
				}
				continue
			case <-idle:
			}
			break
		}
		if connected != 1 {
			t.Errorf("connected %d times in ten idle minutes, want once", connected)
		}
	})
}

func TestClientReconnects(t *testing.T) {
	for name, tear := range map[string]func(*localslack.Workspace){
		"close":             (*localslack.Workspace).CloseSockets,
		"warning":           func(w *localslack.Workspace) { w.Disconnect("warning") },
		"refresh_requested": func(w *localslack.Workspace) { w.Disconnect("refresh_requested") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				sm := s.listen()
				got := make(chan socketmode.Event, 100)
				go func() {
					for {
						select {
						case ev := <-sm.Events:
							if ev.Type == socketmode.EventTypeHello || ev.Type == socketmode.EventTypeEventsAPI {
								got <- ev
							}
						case <-t.Context().Done():
							return
						}
					}
				}()
				<-got
				tear(s.w)
				<-got // the second hello
				s.post(localslack.Post{Text: "still there?"})
				if ev := <-got; ev.Type != socketmode.EventTypeEventsAPI {
					t.Fatalf("%v", ev.Type)
				}
			})
		})
	}
}

// A warned connection lives for another ten seconds, others end at once; none
// gets new envelopes.
func TestDisconnect(t *testing.T) {
	for reason, grace := range map[string]time.Duration{"warning": 10 * time.Second, "refresh_requested": 0, "link_disabled": 0} {
		synctest.Test(t, func(t *testing.T) {
			s := newWorld(t)
			c := s.dialSocket()
			start := time.Now()
			s.w.Disconnect(reason)
			if e := c.next(); e.Type != "disconnect" || e.Reason != reason {
				t.Fatalf("%+v", e)
			}
			s.post(localslack.Post{Text: "too late"})
			if e, open := <-c.in; open {
				t.Errorf("%s: %+v", reason, e)
			}
			if got := time.Since(start); got != grace {
				t.Errorf("%s: closed after %v, want %v", reason, got, grace)
			}
		})
	}
}

// A client that goes without a word is noticed when its pongs stay away.
func TestSilentClientIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.dialSilent(func(c *websocket.Conn) { c.SetPingHandler(func(string) error { return nil }) }) // no pong
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if n := s.w.Connections(); n != 0 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestFrameSizeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		_ = c.conn.WriteMessage(1, make([]byte, 300<<10)) // the server may close before it has all
		if e, open := <-c.in; open {
			t.Errorf("still open: %+v", e)
		}
	})
}

// An event that is not acked comes again at once, a minute and five minutes
// later, and then no more; each time in a new envelope, with the same event id.
func TestRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		start := time.Now()
		s.post(localslack.Post{Text: "hello"})
		var first envelope
		seen := map[string]bool{}
		for i, want := range []time.Duration{0, 3 * time.Second, 3*2*time.Second + time.Minute, 3*3*time.Second + 6*time.Minute} {
			e := c.next()
			if i == 0 {
				first = e
			}
			if got := time.Since(start); got != want {
				t.Errorf("attempt %d after %v, want %v", i, got, want)
			}
			reason := "timeout"
			if i == 0 {
				reason = ""
			}
			if e.RetryAttempt != i || e.RetryReason != reason || seen[e.EnvelopeID] || e.Payload.EventID != first.Payload.EventID {
				t.Errorf("attempt %d: %+v", i, e)
			}
			seen[e.EnvelopeID] = true
		}
		last := time.Now()
		s.wait(func() bool { return s.w.Pending(s.cred.AppID) == 0 })
		if got := time.Since(last); got != 3*time.Second {
			t.Errorf("given up %v after the last attempt, want 3 s", got)
		}
		c.none(time.Hour)
	})
}

func TestAckEndsRedelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		s.post(localslack.Post{Text: "hello"})
		e := c.next()
		c.ack(envelope{EnvelopeID: "unknown"}, nil) // helps nothing
		again := c.next()
		if again.RetryAttempt != 1 {
			t.Fatalf("%+v", again)
		}
		c.ack(e, nil) // too late: the envelope in flight is another
		c.ack(again, nil)
		c.none(time.Hour)
	})
}

func TestTheFirstAckTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		s.post(localslack.Post{Text: "hello"})
		e := c.next()
		time.Sleep(3*time.Second + time.Millisecond)
		c.ack(e, nil)
		if again := c.next(); again.RetryAttempt != 1 {
			t.Fatalf("%+v", again)
		}
		if again := c.next(); again.RetryAttempt != 2 {
			t.Fatalf("%+v", again)
		}
	})
}

// Without a connection the attempts lapse; who comes back within the schedule
// still gets the event, as a retry.
func TestEventsWaitForAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.post(localslack.Post{Text: "while you were out"})
		time.Sleep(20 * time.Second)
		c := s.dialSocket()
		start := time.Now()
		e := c.next()
		if got := time.Since(start); got != 40*time.Second || e.RetryAttempt != 2 || e.RetryReason != "connection_failed" {
			t.Errorf("after %v: %+v", got, e)
		}
		c.ack(e, nil)

		c.conn.Close()
		s.wait(func() bool { return s.w.Connections() == 0 })
		s.post(localslack.Post{Text: "long ago"})
		time.Sleep(7 * time.Minute)
		s.dialSocket().none(time.Hour)
	})
}

// What waits for an app is bounded: the oldest goes first.
func TestPendingEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for range 1005 {
			s.post(localslack.Post{Text: "hello"})
		}
		if n := s.w.Pending(s.cred.AppID); n != 1000 {
			t.Errorf("%d events wait, want 1000", n)
		}
	})
}

// An envelope lost on the way, or with its connection, comes again.
func TestLostEnvelope(t *testing.T) {
	for _, reset := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newWorld(t)
			c := s.dialSocket()
			s.w.Fail(localslack.Fault{Method: "socket", Times: 1, Reset: reset})
			start := time.Now()
			s.post(localslack.Post{Text: "hello"})
			if reset {
				if e, open := <-c.in; open {
					t.Fatalf("still open: %+v", e)
				}
				c = s.dialSocket()
			}
			e := c.next()
			if got := time.Since(start); got != 3*time.Second || e.RetryAttempt != 1 {
				t.Errorf("reset %v: after %v: %+v", reset, got, e)
			}
		})
	}
}

// BenchmarkPostToEvent is the way of a person's message to an app and of the ack
// back, over loopback TCP.
func BenchmarkPostToEvent(b *testing.B) {
	w := localslack.New(localslack.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	cred := w.Install(localslack.App{Name: "Reader", Scopes: allScopes, Events: allEvents})
	user := w.AddUser("Ada")
	channel := w.AddChannel("general", false, user, cred.BotUserID)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{}}
	api := slack.New("", slack.OptionAppLevelToken(cred.AppToken), slack.OptionHTTPClient(client),
		slack.OptionAPIURL("http://"+l.Addr().String()+"/api/"))
	_, url, err := api.StartSocketModeContext(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		b.Fatal(err)
	}
	var e envelope
	if err := conn.ReadJSON(&e); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.Post(user, localslack.Post{Channel: channel, Text: "hello"}); err != nil {
			b.Fatal(err)
		}
		if err := conn.ReadJSON(&e); err != nil {
			b.Fatal(err)
		}
		if err := conn.WriteJSON(map[string]string{"envelope_id": e.EnvelopeID}); err != nil {
			b.Fatal(err)
		}
		if err := w.Wait(b.Context(), func() bool { return w.Pending(cred.AppID) == 0 }); err != nil {
			b.Fatal(err)
		}
	}
	conn.Close()
	client.CloseIdleConnections()
	stop()
	if err := <-served; err != nil {
		b.Error(err)
	}
}
