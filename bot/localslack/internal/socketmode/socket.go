// Package socketmode is the server's side of Socket Mode: the connections of
// apps, and the events, commands and interactions on their way to the apps
// (https://docs.slack.dev/apis/events-api/using-socket-mode).
//
// Each connection has two goroutines: the handler's, which reads and waits for
// the other, and one that writes, pings, and sends again what was not acked.
package socketmode

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"slackocr/bot/localslack/internal/expiring"
	"slackocr/bot/localslack/internal/webapi"
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

// Hub is the Socket Mode of all apps of a workspace.
type Hub struct {
	opts Options

	mu      sync.Mutex // guards everything below and the fields of apps; never held during I/O
	tickets *expiring.Map[*App]
	apps    []*App
	acks    []Ack
}

// Options are the options of New. All fields are needed but Redelivery.
type Options struct {
	Log *slog.Logger
	// Redelivery holds the delays after which an event is sent again. nil
	// means Slack's.
	Redelivery []time.Duration
	AckTime    time.Duration // that an app has for an ack
	// Fault returns whether an envelope ("socket") or an ack ("ack") is lost,
	// and whether the connection of the envelope closes.
	Fault func(kind string) (lost, reset bool)
	// Changed is called after an ack, when an ack is late, and when a connection
	// begins or ends.
	Changed func()
}

// New returns a Hub without apps.
func New(o Options) *Hub {
	if o.Redelivery == nil {
		o.Redelivery = retryDelays
	}
	return &Hub{opts: o, tickets: expiring.New[*App](ticketLife)}
}

// App is the Socket Mode of an app.
type App struct {
	hub      *Hub
	id, name string

	sockets []*socket
	pending []*Delivery // oldest first
	next    int         // index of the socket for the next envelope
}

// Add adds an app.
func (h *Hub) Add(id, name string) *App {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := &App{hub: h, id: id, name: name}
	h.apps = append(h.apps, a)
	return a
}

// Address returns the address of a connection, whose base is that of the
// Web API.
func (a *App) Address(base string) string {
	ticket := rand.Text()
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	a.hub.tickets.Add(ticket, a)
	ws := "ws" + strings.TrimPrefix(base, "http") // https becomes wss
	return ws + "/socket/?ticket=" + ticket + "&app_id=" + a.id
}

// frame is a message to write. A frame may end the connection.
type frame struct {
	data  []byte
	last  bool
	grace time.Duration // before the close
}

// socket is a connection.
type socket struct {
	app    *App
	conn   *websocket.Conn
	frames chan frame
	woken  chan struct{}
	quit   chan struct{} // closed by drop

	// Guarded by Hub.mu.
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

// ServeHTTP handles GET /socket/?ticket=…, the address of a connection.
func (h *Hub) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !originAllowed(r) {
		http.Error(rw, "this Origin may not connect", http.StatusForbidden)
		return
	}
	h.mu.Lock()
	a, ok := h.tickets.Take(r.URL.Query().Get("ticket"))
	h.mu.Unlock()
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
	s.register()
	var writer sync.WaitGroup
	writer.Go(func() {
		defer conn.Close() // ends the reader
		s.write(r.Context())
	})
	s.read()
	s.unregister()
	writer.Wait()
}

// originAllowed reports whether the Origin is missing, the workspace's own, or
// the one that slack-go sends. A foreign page cannot know a ticket; this check
// stops the page sooner.
func originAllowed(r *http.Request) bool {
	o := r.Header.Get("Origin")
	u, err := url.Parse(o)
	return o == "" || o == "https://api.slack.com" || err == nil && u.Host == r.Host
}

// register makes s a connection of its app and sends hello. A connection
// beyond the limit is told so and closed.
func (s *socket) register() {
	a := s.app
	a.hub.mu.Lock()
	if len(a.sockets) >= maxSockets {
		s.push(disconnectFrame("too_many_websockets"))
		a.hub.mu.Unlock()
		return
	}
	a.step() // attempts that were due before this moment have failed
	a.sockets = append(a.sockets, s)
	s.push(frame{data: webapi.MustJSON(map[string]any{
		"type": "hello", "num_connections": len(a.sockets),
		"debug_info":      map[string]any{"host": helloHost, "build_number": 1, "approximate_connection_time": 18060},
		"connection_info": map[string]any{"app_id": a.id},
	})})
	s.wake()
	a.hub.mu.Unlock()
	a.hub.opts.Changed()
}

func (s *socket) unregister() {
	a := s.app
	a.hub.mu.Lock()
	s.drop()
	a.sockets = slices.DeleteFunc(a.sockets, func(x *socket) bool { return x == s })
	a.hub.mu.Unlock()
	a.hub.opts.Changed()
}

// read takes acks until the connection ends.
func (s *socket) read() {
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
		h := s.app.hub
		if json.Unmarshal(data, &in) != nil {
			h.opts.Log.Warn("an app sent no JSON", "app", s.app.name)
			continue
		}
		switch lost, _ := h.opts.Fault("ack"); {
		case lost:
		case s.app.ack(in.EnvelopeID, in.Payload):
			h.opts.Changed()
		default:
			h.opts.Log.Debug("an app acked an unknown envelope", "app", s.app.name)
		}
	}
}

// write sends frames and pings, and runs the app's deliveries when they are due.
func (s *socket) write(ctx context.Context) {
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
			s.app.planStep(due)
		case <-due.C:
			s.app.hub.mu.Lock()
			s.app.step()
			s.app.hub.mu.Unlock()
			s.app.hub.opts.Changed()
			s.app.planStep(due)
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

// planStep sets the timer of the next step.
func (a *App) planStep(due *time.Timer) {
	if t, ok := a.nextDue(); ok {
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
// later for the reason "warning".
func (h *Hub) Disconnect(reason string) {
	h.eachSocket(func(s *socket) { s.push(disconnectFrame(reason)) })
}

// CloseSockets closes every connection without a close frame.
func (h *Hub) CloseSockets() {
	h.eachSocket((*socket).drop)
}

func (h *Hub) eachSocket(do func(*socket)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.apps {
		for _, s := range a.sockets {
			do(s)
		}
	}
}

// Connections returns the number of Socket Mode connections of all apps.
func (h *Hub) Connections() (n int) {
	h.eachSocket(func(s *socket) {
		if !s.closing {
			n++
		}
	})
	return n
}
