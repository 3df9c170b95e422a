package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/guard"
	"slackocr/bot/jobs"
	"slackocr/bot/reading"
	"slackocr/bot/slackjson"
	"slackocr/bot/words"
)

// The bounds on waiting and running work, in all and for each person. Slack
// sends an event beyond a bound again.
const (
	maxEvents          = 512
	maxEventsOfPerson  = 64
	maxActions         = 64 // commands and presses
	maxActionsOfPerson = 8
)

// handle starts the work of an envelope. The work acknowledges the envelope; an
// envelope whose work panics, or that nothing can be done about, is acknowledged
// too, because Slack would only send it again. ctx is the connection's, and draining
// that of the work.
func (b *Bot) handle(ctx, draining context.Context, client *socketmode.Client, event socketmode.Event, work *dispatcher) {
	request := event.Request
	if bad, ok := event.Data.(*socketmode.ErrorBadMessage); ok { // slack-go cannot decode it, for example because of a new kind of block
		request = &socketmode.Request{}
		_ = json.Unmarshal(bad.Message, request) // without an id there is nothing to acknowledge
	}
	if request == nil || request.EnvelopeID == "" { // the connection itself
		return
	}
	ack := b.acknowledge(ctx, client, request.EnvelopeID)
	b.guarded(func() { b.start(draining, event.Data, request, work, ack) }, func() { ack(nil) })()
}

// guarded returns a function that does the work of an envelope, and calls failed if
// the work panics.
func (b *Bot) guarded(work, failed func()) func() {
	return func() {
		err := guard.Run(b.log, "the work of an envelope panicked", func() error {
			work()
			return nil
		})
		if err != nil {
			failed()
		}
	}
}

// start decodes an envelope and starts the work. data is what the Socket Mode
// client has decoded.
func (b *Bot) start(ctx context.Context, data any, request *socketmode.Request, work *dispatcher, ack ackFunc) {
	payload := slackjson.ReducePayload(request.Payload)
	var err error
	switch request.Type {
	case socketmode.RequestTypeEventsAPI:
		var e slackevents.EventsAPIEvent
		if e, err = slackevents.ParseEvent(payload, slackevents.OptionNoVerifyToken()); err == nil {
			b.startEvent(ctx, e, headerOf(payload), work, ack)
			return
		}
	case socketmode.RequestTypeSlashCommands:
		if c, ok := data.(slack.SlashCommand); ok {
			command := b.guarded(func() { b.command(ctx, c, ack) }, func() {
				ack(nil)
				b.respond(ctx, c.ResponseURL, "", ownMessage(words.NotTaken))
			})
			if !work.tryGo(c.UserID, command) {
				ack(ephemeralAnswer(words.NotTaken))
			}
			return
		}
	case socketmode.RequestTypeInteractive:
		var c slack.InteractionCallback
		if err = json.Unmarshal(payload, &c); err == nil {
			interaction := b.guarded(func() { b.interact(ctx, &c, ack) }, func() {
				ack(inOurWindow(&c, words.NotTaken))
				b.respond(ctx, c.ResponseURL, c.Message.ThreadTimestamp, ownMessage(words.NotTaken))
			})
			if !work.tryGo(c.User.ID, interaction) && c.Type == slack.InteractionTypeViewSubmission {
				ack(inOurWindow(&c, words.NotTaken)) // presses and shortcuts get no ack, and Slack tells the person so
			}
			return
		}
	}
	if err != nil {
		b.log.Debug("unknown event from the Socket Mode client") // the error quotes the event
	}
	ack(nil)
}

// startEvent starts the work of an event.
func (b *Bot) startEvent(ctx context.Context, event slackevents.EventsAPIEvent, h header, work *dispatcher, ack ackFunc) {
	failed := func() { ack(nil) }
	if h.Channel != "" && slices.Contains(leaveEvents, h.Type) {
		ack(nil)
		work.tryGo("", b.guarded(func() { b.leave(ctx, h.Channel) }, failed))
		return
	}
	work.enqueue(h.person(), b.guarded(func() {
		if b.accept(ctx, event) { // otherwise Slack sends the event again
			ack(nil)
		}
	}, failed))
}

// header has the fields of an event that decide about its turn.
type header struct {
	Type, Channel, User string
	UserID              string `json:"user_id"`
	Message             struct{ User string }
	Previous            struct{ User string } `json:"previous_message"`
}

// headerOf returns the header of an event. An unreadable event has an empty one.
func headerOf(payload json.RawMessage) header {
	var callback struct{ Event header }
	_ = json.Unmarshal(payload, &callback)
	return callback.Event
}

// person returns the person who caused the event, or "". A deletion belongs to
// the author of the message, so that the deletion follows the message.
func (h header) person() string { return cmp.Or(h.User, h.UserID, h.Previous.User, h.Message.User) }

// leaveEvents are the types of the events after which the bot can no longer post in
// their channel.
var leaveEvents = []string{"channel_archive", "group_archive", "channel_left", "group_left"}

// leave stops the work for a conversation that the bot can no longer post in.
// Other replicas, and jobs that leave misses, find out when they post.
func (b *Bot) leave(ctx context.Context, channel string) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, r := range b.jobs.Running() {
		if !strings.HasPrefix(r.Thread, threadKey(channel, "")) {
			continue
		}
		if err := b.jobs.Stop(ctx, r.Key, reading.StopSilently); err != nil && !errors.Is(err, jobs.ErrNotFound) {
			b.log.Warn("could not stop the work in a conversation", "channel", channel, "error", err)
		}
	}
}

// dispatcher runs the work of envelopes beside the connection, which must
// always be read: a window must open within 3 s, however slow other calls are.
// The events of a person run one after the other, so that a message is known
// before its deletion; everything else runs at once. Only the connection's
// goroutine may call the methods.
type dispatcher struct {
	working         sync.WaitGroup
	events, actions reading.Counter // unfinished ones

	mu   sync.Mutex               // guards last
	last map[string]chan struct{} // by person: closed when the person's newest event has run
}

// everybody is the name under which the work of all people is counted.
const everybody = "*"

func newDispatcher() *dispatcher { return &dispatcher{last: map[string]chan struct{}{}} }

// end waits for the end of all work.
func (d *dispatcher) end() { d.working.Wait() }

// enqueue runs an event after the earlier events of its person, unless a bound
// is exceeded.
func (d *dispatcher) enqueue(person string, event func()) {
	if own, all := d.events.Number(person, everybody); own >= maxEventsOfPerson || all >= maxEvents {
		return
	}
	d.events.Add(person, everybody, 1)
	ended := make(chan struct{})
	d.mu.Lock()
	before := d.last[person]
	d.last[person] = ended
	d.mu.Unlock()
	d.working.Go(func() {
		if before != nil {
			<-before
		}
		event()
		close(ended)
		d.events.Add(person, everybody, -1)
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.last[person] == ended {
			delete(d.last, person)
		}
	})
}

// tryGo starts a command or press of a person. If a bound is exceeded, tryGo
// returns false.
func (d *dispatcher) tryGo(person string, action func()) bool {
	if own, all := d.actions.Number(person, everybody); own >= maxActionsOfPerson || all >= maxActions {
		return false
	}
	d.actions.Add(person, everybody, 1)
	d.working.Go(func() {
		defer d.actions.Add(person, everybody, -1)
		action()
	})
	return true
}
