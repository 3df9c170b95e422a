package localslack_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
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
