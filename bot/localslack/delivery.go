package localslack

import (
	"encoding/json"
	"slices"
	"time"
)

// delivery is an event, a command or an interaction on its way to an app over
// Socket Mode. An event that is not acked within 3 s is sent again at once,
// after a minute and after five minutes, each time in a new envelope; commands
// and interactions are not sent again
// (https://docs.slack.dev/apis/events-api/#retries).
//
// While no connection is up, the attempts lapse on the same schedule. An app
// that comes back within a minute therefore gets the event as a retry.
type delivery struct {
	kind    string // events_api, slash_commands, interactive
	payload json.RawMessage
	accepts bool // an ack may carry a response

	envelope string    // id of the attempt in flight, or ""
	sent     time.Time // of the attempt in flight
	due      time.Time // end of the attempt in flight, or start of the next
	attempt  int
	reason   string

	// answered receives the ack's payload, or is closed if no ack came.
	// answered is nil for events.
	answered chan json.RawMessage
}

const (
	ackTime    = 3 * time.Second
	maxPending = 1000 // events waiting for an app; the oldest are dropped
)

var retryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}

// envelope is the message on the WebSocket
// (https://docs.slack.dev/apis/events-api/using-socket-mode).
type envelope struct {
	EnvelopeID   string          `json:"envelope_id"`
	Payload      json.RawMessage `json:"payload"`
	Type         string          `json:"type"`
	Accepts      bool            `json:"accepts_response_payload"`
	RetryAttempt *int            `json:"retry_attempt,omitempty"` // events only
	RetryReason  *string         `json:"retry_reason,omitempty"`
}

// deliver sends d to the app, now or as soon as possible. The caller must hold
// mu.
func (w *Workspace) deliver(a *app, d *delivery) {
	if len(a.pending) >= maxPending {
		w.log.Warn("an app is not taking events; dropping the oldest", "app", a.Name)
		a.pending[0].giveUp()
		a.pending = slices.Delete(a.pending, 0, 1)
	}
	d.due = time.Now()
	a.pending = append(a.pending, d)
	w.step(a)
}

// step does everything that is due for the app's deliveries and wakes the
// app's connections, whose writers call step again at the next due time.
func (w *Workspace) step(a *app) {
	now := time.Now()
	a.pending = slices.DeleteFunc(a.pending, func(d *delivery) bool {
		for !d.due.After(now) {
			switch {
			case d.envelope != "":
				w.noteAck(a, d, ackTime)
				d.fail("timeout", w.opts.Redelivery)
			case !w.attempt(a, d):
				d.fail("connection_failed", w.opts.Redelivery)
			}
			if d.attempt > len(w.opts.Redelivery) || d.attempt > 0 && d.answered != nil {
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
func (d *delivery) fail(reason string, delays []time.Duration) {
	d.envelope, d.reason = "", reason
	if d.attempt < len(delays) {
		d.due = d.due.Add(delays[d.attempt])
	}
	d.attempt++
}

// giveUp tells a waiting person that no ack came.
func (d *delivery) giveUp() {
	if d.answered != nil {
		close(d.answered)
	}
}

// attempt gives d to the next of the app's connections, and reports whether
// one took it.
func (w *Workspace) attempt(a *app, d *delivery) bool {
	id := secret()
	e := envelope{EnvelopeID: id, Payload: d.payload, Type: d.kind, Accepts: d.accepts}
	if d.answered == nil {
		e.RetryAttempt, e.RetryReason = &d.attempt, &d.reason
	}
	data, err := json.Marshal(e)
	if err != nil {
		panic("localslack: an envelope cannot be encoded: " + err.Error())
	}
	for range len(a.sockets) {
		a.next = (a.next + 1) % len(a.sockets)
		s := a.sockets[a.next]
		if s.closing {
			continue
		}
		f, lost := w.takeFaultLocked("socket")
		if lost && f.Reset {
			s.drop()
		}
		if !lost && !s.push(frame{data: data}) {
			continue
		}
		d.envelope, d.sent, d.due = id, time.Now(), d.due.Add(ackTime)
		if now := time.Now().Add(ackTime); now.After(d.due) {
			d.due = now // the attempt was late: the app still has its 3 s
		}
		return true
	}
	return false
}

// ack removes the delivery of the envelope. An id that is unknown or late
// changes nothing.
func (w *Workspace) ack(a *app, id string, payload json.RawMessage) bool {
	i := slices.IndexFunc(a.pending, func(d *delivery) bool { return id != "" && d.envelope == id })
	if i < 0 {
		return false
	}
	d := a.pending[i]
	a.pending = slices.Delete(a.pending, i, i+1)
	w.noteAck(a, d, time.Since(d.sent))
	if d.answered != nil {
		if d.accepts {
			d.answered <- payload // has room for one
		} else {
			d.answered <- nil
		}
	}
	w.touch()
	return true
}

// nextDue returns the time of the next step for the app.
func (a *app) nextDue() (t time.Time, ok bool) {
	for _, d := range a.pending {
		if !ok || d.due.Before(t) {
			t, ok = d.due, true
		}
	}
	return t, ok
}

// Pending returns the number of the app's events, commands and interactions
// without ack.
func (w *Workspace) Pending(appID string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.apps[appID]; a != nil {
		return len(a.pending)
	}
	return 0
}

// Ack is one line of the log of envelopes.
type Ack struct {
	App     string          // the app's name
	Kind    string          // events_api, slash_commands or interactive
	Payload json.RawMessage // nil in all but the last 1,000 lines
	Sent    time.Time
	Took    time.Duration // until the ack came; 3 s if none came in time
}

// Acks returns the last 10,000 envelopes that were acked or not acked in time, in the
// order of that.
func (w *Workspace) Acks() []Ack {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acks)
}

// noteAck adds a line to the log. The caller holds mu.
func (w *Workspace) noteAck(a *app, d *delivery, took time.Duration) {
	w.acks = append(w.acks, Ack{App: a.Name, Kind: d.kind, Payload: d.payload, Sent: d.sent, Took: took})
	if n := len(w.acks) - maxArgs; n > 0 {
		w.acks[n-1].Payload = nil
	}
	if n := len(w.acks) - maxCalls; n > 0 {
		w.acks = slices.Delete(w.acks, 0, n)
	}
}
