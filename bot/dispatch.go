package bot

import (
	"cmp"
	"encoding/json"
	"sync"

	"github.com/slack-go/slack/slackevents"
)

// The bounds on what waits or is worked on beside the connection, in all and of one
// person. Slack sends an event again that does not fit.
const (
	maxEvents          = 512
	maxEventsOfPerson  = 64
	maxActions         = 64 // commands and presses
	maxActionsOfPerson = 8
)

// dispatcher works on what Slack delivers, beside the connection, which has to be read
// on: a window has 3 s to open, whatever else is slow. Commands and presses are worked on
// at once. Events are worked on one after the other, so that a message is known before
// it is deleted. People take turns, so that nobody waits for the events of one person.
type dispatcher struct {
	working sync.WaitGroup
	more    *sync.Cond // an event waits, or no more events come

	mu      sync.Mutex // guards what follows
	lines   []*eventLine
	events  int // that wait
	ended   bool
	actions map[string]int // by person
	running int            // actions
}

// eventLine is the events of one person that wait, the oldest first.
type eventLine struct {
	person string
	events []func()
}

func newDispatcher() *dispatcher {
	d := &dispatcher{actions: map[string]int{}}
	d.more = sync.NewCond(&d.mu)
	d.working.Go(d.work)
	return d
}

// end waits until everything is worked on.
func (d *dispatcher) end() {
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	d.more.Signal()
	d.working.Wait()
}

// work works on events until the end.
func (d *dispatcher) work() {
	for event := d.next(); event != nil; event = d.next() {
		event()
	}
}

// next waits for an event and returns it, or nil after the end.
func (d *dispatcher) next() (event func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.lines) == 0 {
		if d.ended {
			return nil
		}
		d.more.Wait()
	}
	l := d.lines[0]
	d.lines, d.events = d.lines[1:], d.events-1
	event, l.events = l.events[0], l.events[1:]
	if len(l.events) > 0 {
		d.lines = append(d.lines, l)
	}
	return event
}

// enqueue takes an event of a person. It leaves out what is over the bounds.
func (d *dispatcher) enqueue(person string, event func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var own *eventLine
	for _, l := range d.lines {
		if l.person == person {
			own = l
		}
	}
	if d.events >= maxEvents || own != nil && len(own.events) >= maxEventsOfPerson {
		return
	}
	if own == nil {
		own = &eventLine{person: person}
		d.lines = append(d.lines, own)
	}
	own.events = append(own.events, event)
	d.events++
	d.more.Signal()
}

// tryGo begins to work on what a person did. It reports false if too much is worked on
// already.
func (d *dispatcher) tryGo(person string, action func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running >= maxActions || d.actions[person] >= maxActionsOfPerson {
		return false
	}
	d.count(person, 1)
	d.working.Go(func() {
		defer func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.count(person, -1)
		}()
		action()
	})
	return true
}

// count adds to the actions of a person. The caller holds mu.
func (d *dispatcher) count(person string, n int) {
	d.running += n
	if d.actions[person] += n; d.actions[person] == 0 {
		delete(d.actions, person)
	}
}

// personOf returns the person whose doing an event is, or "". A deletion counts as its
// message's author's, so that it comes after the message.
func personOf(event slackevents.EventsAPIEvent) string {
	callback, ok := event.Data.(*slackevents.EventsAPICallbackEvent)
	if !ok || callback.InnerEvent == nil {
		return ""
	}
	type author struct{ User string }
	var e struct {
		User     string
		UserID   string `json:"user_id"`
		Message  author
		Previous author `json:"previous_message"`
	}
	_ = json.Unmarshal(*callback.InnerEvent, &e) // of what is odd in it there is no person
	return cmp.Or(e.User, e.UserID, e.Previous.User, e.Message.User)
}
