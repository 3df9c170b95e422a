package bot

import (
	"cmp"
	"encoding/json"
	"sync"

	"github.com/slack-go/slack/slackevents"
)

// The bounds on waiting and running work, in all and for each person. Slack
// sends an event beyond a bound again.
const (
	maxEvents          = 512
	maxEventsOfPerson  = 64
	maxActions         = 64 // commands and presses
	maxActionsOfPerson = 8
)

// dispatcher runs the work of envelopes beside the connection, which must
// always be read: a window must open within 3 s, however slow other calls are.
// Commands and presses run at once. Events run one after the other, so that a
// message is known before its deletion. People take turns, so that nobody
// waits for the events of another person.
type dispatcher struct {
	working sync.WaitGroup
	more    *sync.Cond // signals a new event or the end

	mu      sync.Mutex          // guards the fields below
	waiting map[string][]func() // events of each person, the oldest first
	turns   []string            // the people with waiting events, the next one first
	events  int                 // number of waiting events
	ended   bool
	actions map[string]int // by person
	running int            // running actions
}

func newDispatcher() *dispatcher {
	d := &dispatcher{waiting: map[string][]func(){}, actions: map[string]int{}}
	d.more = sync.NewCond(&d.mu)
	d.working.Go(d.work)
	return d
}

// end waits for the end of all work.
func (d *dispatcher) end() {
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	d.more.Signal()
	d.working.Wait()
}

// work runs events until the end.
func (d *dispatcher) work() {
	for event := d.next(); event != nil; event = d.next() {
		event()
	}
}

// next waits for an event and returns it, or nil after the end.
func (d *dispatcher) next() (event func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.turns) == 0 {
		if d.ended {
			return nil
		}
		d.more.Wait()
	}
	person := d.turns[0]
	d.turns, d.events = d.turns[1:], d.events-1
	own := d.waiting[person]
	if len(own) > 1 {
		d.waiting[person] = own[1:]
		d.turns = append(d.turns, person)
	} else {
		delete(d.waiting, person)
	}
	return own[0]
}

// enqueue adds an event of a person, unless a bound is exceeded.
func (d *dispatcher) enqueue(person string, event func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	own := d.waiting[person]
	if d.events >= maxEvents || len(own) >= maxEventsOfPerson {
		return
	}
	if len(own) == 0 {
		d.turns = append(d.turns, person)
	}
	d.waiting[person] = append(own, event)
	d.events++
	d.more.Signal()
}

// tryGo starts an action of a person. If a bound is exceeded, tryGo returns
// false.
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

// count changes the number of a person's actions. The caller must hold mu.
func (d *dispatcher) count(person string, n int) {
	d.running += n
	if d.actions[person] += n; d.actions[person] == 0 {
		delete(d.actions, person)
	}
}

// personOf returns the person who caused an event, or "". A deletion belongs
// to the author of the message, so that the deletion follows the message.
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
	_ = json.Unmarshal(*callback.InnerEvent, &e) // an unreadable event has no person
	return cmp.Or(e.User, e.UserID, e.Previous.User, e.Message.User)
}
