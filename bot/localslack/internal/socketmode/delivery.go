package socketmode

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"slackocr/bot/localslack/internal/webapi"
)

// Delivery is an event, a command or an interaction on its way to an app. An
// event that is not acked in time is sent again at once, after a minute and after
// five minutes, each time in a new envelope; commands and interactions are not
// sent again (https://docs.slack.dev/apis/events-api/#retries).
//
// While no connection is up, the attempts lapse on the same schedule. An app
// that comes back within a minute therefore gets the event as a retry.
type Delivery struct {
	kind    string // events_api, slash_commands, interactive
	payload json.RawMessage
	accepts bool // an ack may carry a response

	envelope string    // id of the attempt in flight, or ""
	sent     time.Time // of the attempt in flight
	due      time.Time // end of the attempt in flight, or start of the next
	attempt  int
	reason   string
	ackTime  time.Duration

	// answered receives the ack's payload, or is closed if no ack came.
	// answered is nil for events.
	answered chan json.RawMessage
}

const (
	maxPending  = 1000   // events waiting for an app; the oldest are dropped
	maxAcks     = 10_000 // lines of the log
	maxPayloads = 1_000  // lines whose payloads are kept
)

var retryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}

// envelope is the message on the WebSocket.
type envelope struct {
	EnvelopeID   string          `json:"envelope_id"`
	Payload      json.RawMessage `json:"payload"`
	Type         string          `json:"type"`
	Accepts      bool            `json:"accepts_response_payload"`
	RetryAttempt *int            `json:"retry_attempt,omitempty"` // events only
	RetryReason  *string         `json:"retry_reason,omitempty"`
}

// Send sends an event, now or as soon as possible.
func (a *App) Send(event json.RawMessage) {
	a.deliver(&Delivery{kind: "events_api", payload: event})
}

// Ask sends a command or an interaction of this kind. If accepts is true, the
// ack may carry a response.
func (a *App) Ask(kind string, payload json.RawMessage, accepts bool) *Delivery {
	d := &Delivery{kind: kind, payload: payload, accepts: accepts, answered: make(chan json.RawMessage, 1)}
	a.deliver(d)
	return d
}

// Await returns the payload of the ack, or nil if the ack has none. Without an
// ack, the error is the one that Slack shows: operation_timeout or
// dispatch_failed.
func (d *Delivery) Await(ctx context.Context) (json.RawMessage, error) {
	late := time.NewTimer(d.ackTime + time.Second) // step does not run while no connection is up
	defer late.Stop()
	select {
	case payload, ok := <-d.answered:
		switch {
		case ok:
			return payload, nil
		case d.reason == "timeout":
			return nil, webapi.Err("operation_timeout")
		}
		return nil, webapi.Err("dispatch_failed")
	case <-late.C:
		return nil, webapi.Err("operation_timeout")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (a *App) deliver(d *Delivery) {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	if len(a.pending) >= maxPending {
		a.hub.opts.Log.Warn("an app is not taking events; dropping the oldest", "app", a.name)
		a.pending[0].giveUp()
		a.pending = slices.Delete(a.pending, 0, 1)
	}
	d.due, d.ackTime = time.Now(), a.hub.opts.AckTime
	a.pending = append(a.pending, d)
	a.step()
}

// step does everything that is due for the app's deliveries and wakes the
// app's connections, whose writers call step again at the next due time. The
// caller must hold the lock.
func (a *App) step() {
	now, delays := time.Now(), a.hub.opts.Redelivery
	a.pending = slices.DeleteFunc(a.pending, func(d *Delivery) bool {
		for !d.due.After(now) {
			switch {
			case d.envelope != "":
				a.note(d, d.ackTime)
				d.fail("timeout", delays)
			case !a.attempt(d):
				d.fail("connection_failed", delays)
			}
			if d.attempt > len(delays) || d.attempt > 0 && d.answered != nil {
				d.giveUp()
				return true
			}
		}
		return false
	})
	for _, s := range a.sockets {
		s.wake()
	}
}

// fail plans the next attempt after the attempt that failed at d.due.
func (d *Delivery) fail(reason string, delays []time.Duration) {
	d.envelope, d.reason = "", reason
	if d.attempt < len(delays) {
		d.due = d.due.Add(delays[d.attempt])
	}
	d.attempt++
}

// giveUp tells a waiting person that no ack came.
func (d *Delivery) giveUp() {
	if d.answered != nil {
		close(d.answered)
	}
}

// attempt gives d to the next of the app's connections, and reports whether
// one took it.
func (a *App) attempt(d *Delivery) bool {
	id := rand.Text()
	e := envelope{EnvelopeID: id, Payload: d.payload, Type: d.kind, Accepts: d.accepts}
	if d.answered == nil {
		e.RetryAttempt, e.RetryReason = &d.attempt, &d.reason
	}
	data := webapi.MustJSON(e)
	for range len(a.sockets) {
		a.next = (a.next + 1) % len(a.sockets)
		s := a.sockets[a.next]
		if s.closing {
			continue
		}
		lost, reset := a.hub.opts.Fault("socket")
		if reset {
			s.drop()
		}
		if !lost && !s.push(frame{data: data}) {
			continue
		}
		d.envelope, d.sent, d.due = id, time.Now(), d.due.Add(d.ackTime)
		if now := time.Now().Add(d.ackTime); now.After(d.due) {
			d.due = now // the attempt was late: the app still has its time
		}
		return true
	}
	return false
}

// ack removes the delivery of the envelope. An id that is unknown or late
// changes nothing.
func (a *App) ack(id string, payload json.RawMessage) bool {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	i := slices.IndexFunc(a.pending, func(d *Delivery) bool { return id != "" && d.envelope == id })
	if i < 0 {
		return false
	}
	d := a.pending[i]
	a.pending = slices.Delete(a.pending, i, i+1)
	a.note(d, time.Since(d.sent))
	if d.answered != nil {
		if !d.accepts {
			payload = nil
		}
		d.answered <- payload // has room for one
	}
	return true
}

// nextDue returns the time of the next step.
func (a *App) nextDue() (t time.Time, ok bool) {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	for _, d := range a.pending {
		if !ok || d.due.Before(t) {
			t, ok = d.due, true
		}
	}
	return t, ok
}

// Pending returns the number of events, commands and interactions without ack.
func (a *App) Pending() int {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	return len(a.pending)
}

// Ack is one line of the log of envelopes.
type Ack struct {
	App     string          // the app's name
	Kind    string          // events_api, slash_commands or interactive
	Payload json.RawMessage // nil in all but the last 1,000 lines
	Sent    time.Time
	Took    time.Duration // until the ack came; the time for an ack if none came in time
}

// Acks returns the last 10,000 envelopes that were acked or not acked in time,
// in the order of that.
func (h *Hub) Acks() []Ack {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.acks)
}

// note adds a line to the log. The caller must hold the lock.
func (a *App) note(d *Delivery, took time.Duration) {
	h := a.hub
	h.acks = append(h.acks, Ack{App: a.name, Kind: d.kind, Payload: d.payload, Sent: d.sent, Took: took})
	if n := len(h.acks) - maxPayloads; n > 0 {
		h.acks[n-1].Payload = nil
	}
	if n := len(h.acks) - maxAcks; n > 0 {
		h.acks = slices.Delete(h.acks, 0, n)
	}
}
