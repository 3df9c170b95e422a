package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/time/rate"

	"slackocr/bot/post"
)

const (
	// disconnectTimeout is the longest time without a connection after which the client
	// is started anew. The client's own back-off grows to five minutes.
	disconnectTimeout = 30 * time.Second
	// maxEnvelope bounds an envelope, in bytes.
	maxEnvelope = 4 << 20
	// ackWithin is the time after which Slack sends an event again.
	ackWithin = 3 * time.Second
)

var errDisconnected = fmt.Errorf("no connection for %s", disconnectTimeout)

// listen keeps a Socket Mode connection up until ctx ends, and has the work of
// envelopes done with draining, which ends earlier: from then on nothing new may
// start. listen returns a *TokenError, or nil when ctx ends.
func (b *Bot) listen(ctx, draining context.Context) error {
	work := newDispatcher()
	defer work.end()
	for ctx.Err() == nil {
		err := b.session(ctx, draining, work)
		if refused, ok := errors.AsType[*TokenError](err); ok {
			return refused
		}
		if ctx.Err() == nil {
			b.log.Warn("restarting Socket Mode", "error", err)
		}
	}
	return nil
}

// session runs a Socket Mode client, which reconnects by itself. session
// returns after a final failure, after disconnectTimeout without connection, or when ctx
// ends.
func (b *Bot) session(ctx, draining context.Context, work *dispatcher) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := socketmode.New(b.api,
		socketmode.OptionReadLimit(maxEnvelope), socketmode.OptionLog(log.New(io.Discard, "", 0)),
		socketmode.OptionDialer(&websocket.Dialer{
			Proxy: http.ProxyFromEnvironment, NetDialContext: b.config.Dial,
			HandshakeTimeout: 15 * time.Second, WriteBufferSize: 32 << 10, // one frame per ack: Slack does not join frames
		}))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	disconnected := time.NewTimer(disconnectTimeout)
	defer disconnected.Stop()
	defer b.connected.Store(false)
	for {
		select {
		case event := <-client.Events: // must always be read, or the client sends no pongs
			switch event.Type {
			case socketmode.EventTypeConnected:
				b.connected.Store(true)
				b.metrics.connects.Inc()
				disconnected.Stop()
				b.log.Info("connected to Slack")
			case socketmode.EventTypeConnecting:
				if b.connected.CompareAndSwap(true, false) {
					disconnected.Reset(disconnectTimeout)
					b.log.Info("connecting to Slack again")
				}
			case socketmode.EventTypeConnectionError:
				b.connectionLost(cancel, disconnected, event.Data)
			case socketmode.EventTypeInvalidAuth:
				// slack-go returns this error for every 404, even a proxy's.
			default:
				b.handle(ctx, draining, client, event, work)
			}
		case <-disconnected.C:
			cancel(errDisconnected)
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

// connectionLost logs the reason for a lost connection, and ends a client whose
// token Slack refuses. A client that waits because Slack says so is left alone for
// [post.RetryAfter].
func (b *Bot) connectionLost(cancel context.CancelCauseFunc, disconnected *time.Timer, data any) {
	e, ok := data.(*slack.ConnectionErrorEvent)
	if !ok || errors.Is(e.ErrorObj, context.Canceled) { // the bot itself cancelled
		return
	}
	b.log.Warn("no connection to Slack", "error", e.ErrorObj, "attempt", e.Attempt)
	if wait := post.RetryAfter(e.ErrorObj); wait > 0 {
		disconnected.Reset(disconnectTimeout + wait)
	}
	if post.TokenProblem(e.ErrorObj) {
		cancel(&TokenError{Variable: "SLACK_APP_TOKEN", Code: post.Code(e.ErrorObj)})
	}
}

// acknowledge returns the function that acknowledges an envelope; only its first
// call counts. A failure while the bot stops is not logged, since Slack sends the
// envelope again.
func (b *Bot) acknowledge(ctx context.Context, client *socketmode.Client, envelope string) ackFunc {
	var once sync.Once
	return func(payload any) {
		once.Do(func() {
			within, cancel := context.WithTimeout(ctx, ackWithin)
			defer cancel()
			if err := client.AckCtx(within, envelope, payload); err != nil && ctx.Err() == nil {
				b.log.Warn("could not acknowledge an event", "error", err)
			}
		})
	}
}

// connectThrottle limits the calls of apps.connections.open. The Socket Mode client
// repeats these calls without a pause if Slack accepts a connection and closes
// it at once.
type connectThrottle struct {
	*http.Transport
	pace *rate.Limiter
}

func (t *connectThrottle) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/apps.connections.open") {
		if err := t.pace.Wait(r.Context()); err != nil {
			return nil, err
		}
	}
	return t.Transport.RoundTrip(r)
}
