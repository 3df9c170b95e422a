package localslack

import (
	"encoding/json"
	"slices"
	"time"
)

// delivery is one thing on its way to an app over Socket Mode: an event, or what
// a person did. Events not acked within 3 s are sent again, at once, a minute and
// five minutes later, each time in a new envelope; what a person did is not
// (https://docs.slack.dev/apis/events-api/#retries).
//
// While no connection is up the attempts lapse on the same schedule, so an app
// that comes back within a minute gets the event then, as a retry.
type delivery struct {
	kind    string // events_api, slash_commands, interactive
	payload json.RawMessage
	accepts bool // an ack may carry an answer

	envelope string    // id of the attempt in flight, "" while it waits
	due      time.Time // when the attempt in flight has failed, or the next begins
	attempt  int
	reason   string

	// answered gets the ack's payload, or closes without one when there was no
	// ack. It is nil for events.
	answered chan json.RawMessage
}

const (
	ackTime    = 3 * time.Second
	maxPending = 1000 // events waiting for an app; the oldest are dropped
)

var retryDelays = []time.Duration{0, time.Minute, 5 * time.Minute}

// envelope is what goes over the WebSocket
// (https://docs.slack.dev/apis/events-api/using-socket-mode).
type envelope struct {
	EnvelopeID   string          `json:"envelope_id"`
	Payload      json.RawMessage `json:"payload"`
	Type         string          `json:"type"`
	Accepts      bool            `json:"accepts_response_payload"`
	RetryAttempt *int            `json:"retry_attempt,omitempty"` // events only
	RetryReason  *string         `json:"retry_reason,omitempty"`
}

// deliver sends d to the app, now or as soon as it may. The caller holds mu.
func (w *Workspace) deliver(a *app, d *delivery) {
	if len(a.pending) >= maxPending {
		w.log.Warn("an app takes no events: the oldest is dropped", "app", a.Name)
		a.pending[0].giveUp()
		a.pending = slices.Delete(a.pending, 0, 1)
	}
	d.due = time.Now()
	a.pending = append(a.pending, d)
	w.step(a)
}

// step does all that is due for the app's deliveries and wakes its connections,
// whose writers call it again at the next due time.
func (w *Workspace) step(a *app) {
	now := time.Now()
	a.pending = slices.DeleteFunc(a.pending, func(d *delivery) bool {
		for !d.due.After(now) {
			switch {
			case d.envelope != "":
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

// fail plans the next attempt after one that failed at d.due.
func (d *delivery) fail(reason string, delays []time.Duration) {
	d.envelope, d.reason = "", reason
	if d.attempt < len(delays) {
		d.due = d.due.Add(delays[d.attempt])
	}
	d.attempt++
}

// giveUp tells a person who waits that no ack came.
func (d *delivery) giveUp() {
	if d.answered != nil {
		close(d.answered)
	}
}

// attempt hands d to one of the app's connections, whichever is next. It is false
// when none could take it.
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
		d.envelope, d.due = id, d.due.Add(ackTime)
		if now := time.Now().Add(ackTime); now.After(d.due) {
			d.due = now // it was late: the app still has its 3 s
		}
		return true
	}
	return false
}

// ack takes the delivery of this envelope off the list. An id that is unknown, or
// that came too late, changes nothing.
func (w *Workspace) ack(a *app, id string, payload json.RawMessage) bool {
	i := slices.IndexFunc(a.pending, func(d *delivery) bool { return id != "" && d.envelope == id })
	if i < 0 {
		return false
	}
	d := a.pending[i]
	a.pending = slices.Delete(a.pending, i, i+1)
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

// nextDue is when step has to run again for the app.
func (a *app) nextDue() (t time.Time, ok bool) {
	for _, d := range a.pending {
		if !ok || d.due.Before(t) {
			t, ok = d.due, true
		}
	}
	return t, ok
}

// Pending returns how many events (and commands) of the app are not acked yet.
func (w *Workspace) Pending(appID string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.apps[appID]; a != nil {
		return len(a.pending)
	}
	return 0
}
