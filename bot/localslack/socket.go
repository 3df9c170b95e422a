package localslack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"slackocr/bot/localslack/internal/webapi"

	"github.com/gorilla/websocket"
)

const (
	maxSockets   = 10 // connections of an app (https://docs.slack.dev/apis/events-api/using-socket-mode)
	ticketLife   = 30 * time.Second
	pingEvery    = 10 * time.Second
	pongWait     = 30 * time.Second // a client that is silent for this long is gone
	writeWait    = 5 * time.Second
	closeGrace   = 10 * time.Second // from a warning to the close
	maxInFrame   = 256 << 10        // bytes of one message from an app
	socketBuffer = 128              // the most envelopes in a connection's queue
	helloHost    = "applink-local"
)

// frame is a message to write. A frame may end the connection.
type frame struct {
	data  []byte
	last  bool
	grace time.Duration // before the close
}

// socket is a Socket Mode connection. The handler's goroutine reads; a second
// goroutine, which the handler waits for, writes.
type socket struct {
	app    *app
	conn   *websocket.Conn
	frames chan frame
	woken  chan struct{}
	quit   chan struct{} // closed by drop

	// Guarded by Workspace.mu.
	closing bool // gets no more envelopes
	dropped bool
}

// push queues a frame. A connection whose queue is full is dropped.
func (s *socket) push(f frame) bool {
	if s.closing {
		return false
	}
	s.closing = f.last
	select {
	case s.frames <- f:
		return true
	default:
		s.drop()
		return false
	}
}

// drop makes the writer close the connection without a close frame.
func (s *socket) drop() {
	s.closing = true
	if !s.dropped {
		s.dropped = true
		close(s.quit)
	}
}

func (s *socket) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// serveSocket handles GET /socket/?ticket=…, the address of
// apps.connections.open.
func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request) {
	if !socketOrigin(r) {
		http.Error(rw, "this Origin may not connect", http.StatusForbidden)
		return
	}
	w.mu.Lock()
	a, ok := w.tickets.take(r.URL.Query().Get("ticket"))
	w.mu.Unlock()
	if !ok {
		http.Error(rw, "the ticket is unknown, used or too old", http.StatusUnauthorized)
		return
	}
	up := websocket.Upgrader{
		HandshakeTimeout: writeWait,
		CheckOrigin:      func(*http.Request) bool { return true }, // checked above
	}
	conn, err := up.Upgrade(rw, r, nil)
	if err != nil {
		return // Upgrade has responded
	}
	defer conn.Close()
	s := &socket{
		app: a, conn: conn, frames: make(chan frame, socketBuffer),
		woken: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	w.register(s)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer conn.Close() // ends the reader
		w.write(r.Context(), s)
	})
	w.read(s)
	w.unregister(s)
	writer.Wait()
}

// socketOrigin reports whether the Origin is missing, the workspace's own, or
// the one that slack-go sends. A foreign page cannot know a ticket; this check
// stops the page sooner.
func socketOrigin(r *http.Request) bool {
	o := r.Header.Get("Origin")
	u, err := url.Parse(o)
	return o == "" || o == "https://api.slack.com" || err == nil && u.Host == r.Host
}

// register makes s a connection of its app and sends hello. A connection
// beyond the limit is told so and closed.
func (w *Workspace) register(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(s.app.sockets) >= maxSockets {
		s.push(disconnectFrame("too_many_websockets"))
		return
	}
	w.step(s.app) // attempts that were due before this moment have failed
	s.app.sockets = append(s.app.sockets, s)
	s.push(frame{data: webapi.MustJSON(map[string]any{
		"type": "hello", "num_connections": len(s.app.sockets),
		"debug_info":      map[string]any{"host": helloHost, "build_number": 1, "approximate_connection_time": 18060},
		"connection_info": map[string]any{"app_id": s.app.AppID},
	})})
	s.wake()
	w.touch()
}

func (w *Workspace) unregister(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.drop()
	s.app.sockets = slices.DeleteFunc(s.app.sockets, func(x *socket) bool { return x == s })
	w.touch()
}

// read takes acks until the connection ends.
func (w *Workspace) read(s *socket) {
	s.conn.SetReadLimit(maxInFrame)
	alive := func(string) error { return s.conn.SetReadDeadline(time.Now().Add(pongWait)) }
	s.conn.SetPongHandler(alive)
	for {
		_ = alive("") // fails only on a closed connection, which the read reports
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		var in struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if json.Unmarshal(data, &in) != nil {
			w.log.Warn("an app sent no JSON", "app", s.app.Name)
			continue
		}
		w.mu.Lock()
		_, lost := w.takeFaultLocked("ack")
		known := lost || w.ack(s.app, in.EnvelopeID, in.Payload)
		w.mu.Unlock()
		if !known {
			w.log.Debug("an app acked an unknown envelope", "app", s.app.Name)
		}
	}
}

// write sends frames and pings, and runs the app's deliveries when they are due.
func (w *Workspace) write(ctx context.Context, s *socket) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		var err error
		select {
		case f := <-s.frames:
			if err = s.send(f.data); err == nil && f.last {
				s.goodbye(ctx, f.grace)
				return
			}
		case <-ping.C:
			err = s.conn.WriteControl(websocket.PingMessage, []byte("local"), time.Now().Add(writeWait))
		case <-s.woken:
			w.planStep(s.app, due)
		case <-due.C:
			w.mu.Lock()
			w.step(s.app)
			w.mu.Unlock()
			w.planStep(s.app, due)
		case <-s.quit:
			return
		case <-ctx.Done():
			s.goodbye(ctx, 0)
			return
		}
		if err != nil {
			return
		}
	}
}

func (w *Workspace) planStep(a *app, due *time.Timer) {
	w.mu.Lock()
	t, ok := a.nextDue()
	w.mu.Unlock()
	if ok {
		due.Reset(time.Until(t))
	} else {
		due.Stop()
	}
}

func (s *socket) send(data []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.TextMessage, data)
}

// goodbye waits for the grace time, then closes with a close frame.
func (s *socket) goodbye(ctx context.Context, grace time.Duration) {
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.quit:
	case <-ctx.Done():
	}
	msg := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = s.conn.WriteControl(websocket.CloseMessage, msg, time.Now().Add(time.Second)) // the peer may have gone
}

func disconnectFrame(reason string) frame {
	f := frame{last: true, data: webapi.MustJSON(map[string]any{
		"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": helloHost},
	})}
	if reason == "warning" {
		f.grace = closeGrace
	}
	return f
}

// Disconnect ends every connection with a reason: at once, or ten seconds
// later for the reason "warning". Slack's other reasons are
// "refresh_requested" and "link_disabled".
func (w *Workspace) Disconnect(reason string) {
	w.eachSocket(func(s *socket) { s.push(disconnectFrame(reason)) })
}

// CloseSockets closes every connection without a close frame.
func (w *Workspace) CloseSockets() {
	w.eachSocket((*socket).drop)
}

func (w *Workspace) eachSocket(do func(*socket)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.apps {
		for _, s := range a.sockets {
			do(s)
		}
	}
}

// Connections returns the number of Socket Mode connections of all apps.
func (w *Workspace) Connections() (n int) {
	w.eachSocket(func(s *socket) {
		if !s.closing {
			n++
		}
	})
	return n
}
