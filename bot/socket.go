package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/time/rate"

	"slackocr/bot/post"
	"slackocr/bot/slackjson"
	"slackocr/bot/words"
)

const (
	// deafFor is how long the client may be without a connection before it is
	// started anew: its own back-off grows to five minutes.
	deafFor = 30 * time.Second
	// maxEnvelope bounds what Slack may send at once, in bytes.
	maxEnvelope = 4 << 20
	// ackWithin is how long Slack waits before it sends an event again.
	ackWithin = 3 * time.Second
)

var errDeaf = fmt.Errorf("no connection for %s", deafFor)

// listen keeps a Socket Mode connection up. It returns a *TokenError, or nil
// when ctx ends.
func (b *Bot) listen(ctx context.Context, p *phases) error {
	client := *b.http
	client.Transport = &opener{next: client.Transport, pace: rate.NewLimiter(rate.Every(1500*time.Millisecond), 5)}
	api := slack.New(b.config.BotToken,
		slack.OptionAppLevelToken(b.config.AppToken), slack.OptionAPIURL(b.config.APIURL),
		slack.OptionHTTPClient(&client), slack.OptionLog(log.New(io.Discard, "", 0)))
	work := newDispatcher()
	defer work.end()
	for ctx.Err() == nil {
		err := b.session(ctx, api, p, work)
		if refused, ok := errors.AsType[*TokenError](err); ok {
			return refused
		}
		if ctx.Err() == nil {
			b.log.Warn("starting Socket Mode anew", "error", err)
		}
	}
	return nil
}

// session runs one Socket Mode client, which reconnects by itself, until it
// fails for good, is deaf for too long, or ctx ends.
func (b *Bot) session(ctx context.Context, api *slack.Client, p *phases, work *dispatcher) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := socketmode.New(api,
		socketmode.OptionReadLimit(maxEnvelope), socketmode.OptionLog(log.New(io.Discard, "", 0)),
		socketmode.OptionDialer(&websocket.Dialer{
			Proxy: http.ProxyFromEnvironment, NetDialContext: b.config.Dial,
			HandshakeTimeout: 15 * time.Second, WriteBufferSize: 32 << 10, // one frame an answer: Slack reassembles none
		}))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	deaf := time.NewTimer(deafFor)
	defer deaf.Stop()
	up := false
	defer b.connected.Store(false)
	for {
		select {
		case event := <-client.Events: // always drained: without it the client sends no pongs
			switch event.Type {
			case socketmode.EventTypeConnected:
				up = true
				b.connected.Store(true)
				b.metrics.connects.Inc()
				deaf.Stop()
				b.log.Info("connected to Slack")
			case socketmode.EventTypeConnecting:
				if up {
					up = false
					b.connected.Store(false)
					deaf.Reset(deafFor)
					b.log.Info("connecting to Slack again")
				}
			case socketmode.EventTypeConnectionError:
				b.lost(cancel, event.Data)
			case socketmode.EventTypeInvalidAuth:
				// slack-go says so for every 404, a proxy's too.
			default:
				b.handle(ctx, client, event, p, work)
			}
		case <-deaf.C:
			cancel(errDeaf)
		case err := <-ended:
			if code := post.Code(err); post.TokenProblem(err) {
				return &TokenError{Variable: "SLACK_APP_TOKEN", Code: code}
			}
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		}
	}
}

// lost notes why there is no connection, and ends a client that would go on
// asking with a token that Slack refuses.
func (b *Bot) lost(cancel context.CancelCauseFunc, data any) {
	e, ok := data.(*slack.ConnectionErrorEvent)
	if !ok || errors.Is(e.ErrorObj, context.Canceled) { // our own wish
		return
	}
	b.log.Warn("no connection to Slack", "error", e.ErrorObj, "attempt", e.Attempt)
	if post.TokenProblem(e.ErrorObj) {
		cancel(&TokenError{Variable: "SLACK_APP_TOKEN", Code: post.Code(e.ErrorObj)})
	}
}

// acknowledge is how an envelope is answered. A failure while the bot stops is not
// logged: Slack sends the envelope again.
func (b *Bot) acknowledge(ctx context.Context, client *socketmode.Client, event socketmode.Event) answer {
	return func(payload any) {
		if event.Request == nil || event.Request.EnvelopeID == "" {
			return
		}
		within, cancel := context.WithTimeout(ctx, ackWithin)
		defer cancel()
		if err := client.AckCtx(within, event.Request.EnvelopeID, payload); err != nil && ctx.Err() == nil {
			b.log.Warn("could not acknowledge an event", "error", err)
		}
	}
}

// handle starts what an event asks for, and acknowledges it then. Events that
// ask for nothing, or of which nothing can be read, are acknowledged too: Slack
// would only send them again.
func (b *Bot) handle(ctx context.Context, client *socketmode.Client, event socketmode.Event, p *phases, work *dispatcher) {
	ack := b.acknowledge(ctx, client, event)
	switch data := event.Data.(type) {
	case slackevents.EventsAPIEvent:
		if channel := left(data); channel != "" {
			ack(nil)
			work.tryGo("", func() { b.leave(p.waiting, channel) })
			return
		}
		work.enqueue(personOf(data), func() {
			if b.accept(p, data) { // or Slack sends it again
				ack(nil)
			}
		})
	case slack.SlashCommand:
		if !work.tryGo(data.UserID, func() { b.command(p.waiting, data, ack) }) {
			ack(only(words.NotTaken))
		}
	case slack.InteractionCallback:
		if !work.tryGo(data.User.ID, func() { b.interact(p.waiting, &data, ack) }) {
			turnDown(&data, ack)
		}
	case *socketmode.ErrorBadMessage:
		if again, ok := decodeLeniently(data.Message); ok {
			b.handle(ctx, client, again, p, work)
			return
		}
		b.log.Debug("an event that the client does not know") // its error quotes it
		var unknown socketmode.Request
		_ = json.Unmarshal(data.Message, &unknown) // then there is nothing to acknowledge
		event.Request = &unknown
		b.acknowledge(ctx, client, event)(nil)
	default:
		ack(nil)
	}
}

// decodeLeniently reads an envelope that slack-go cannot decode, such as one with a
// message that has a block of a kind that is new: what the bot reads of it may be
// as ever.
func decodeLeniently(envelope json.RawMessage) (event socketmode.Event, ok bool) {
	var request socketmode.Request
	if json.Unmarshal(envelope, &request) != nil {
		return event, false
	}
	payload := slackjson.Payload(request.Payload)
	switch request.Type {
	case socketmode.RequestTypeEventsAPI:
		data, err := slackevents.ParseEvent(payload, slackevents.OptionNoVerifyToken())
		return socketmode.Event{Type: socketmode.EventTypeEventsAPI, Data: data, Request: &request}, err == nil
	case socketmode.RequestTypeInteractive:
		var data slack.InteractionCallback
		err := json.Unmarshal(payload, &data)
		return socketmode.Event{Type: socketmode.EventTypeInteractive, Data: data, Request: &request}, err == nil
	}
	return event, false
}

// opener spaces out the calls of apps.connections.open, which the Socket Mode
// client repeats without any pause where Slack accepts a connection and drops
// it at once, and keeps the time that a 429 names across clients.
type opener struct {
	next http.RoundTripper
	pace *rate.Limiter

	mu    sync.Mutex // guards until
	until time.Time  // not before
}

func (o *opener) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/apps.connections.open") {
		return o.next.RoundTrip(r)
	}
	o.mu.Lock()
	wait := time.Until(o.until)
	o.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
	if err := o.pace.Wait(r.Context()); err != nil {
		return nil, err
	}
	response, err := o.next.RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		o.mu.Lock()
		o.until = time.Now().Add(time.Duration(max(seconds, 1)) * time.Second)
		o.mu.Unlock()
	}
	return response, err
}
