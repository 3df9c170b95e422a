package bot

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// TestAcksDoNotBlock: a client without a connection keeps twenty and takes no
// more, and whoever drains its events must go on.
func TestAcksDoNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := socketmode.New(slack.New("xoxb-x")) // never connected
		b := &Bot{log: slog.New(slog.DiscardHandler)}
		p, release := newShutdown(t.Context())
		defer release()
		work := newDispatcher()
		defer work.end()
		begun := time.Now()
		const events = 25
		for i := range events {
			b.handle(t.Context(), p.Draining, client, socketmode.Event{Request: &socketmode.Request{EnvelopeID: fmt.Sprint(i)}}, work)
		}
		if took := time.Since(begun); took == 0 || took > events*ackWithin {
			t.Errorf("%d events took %s", events, took)
		}
	})
}

// TestOneAckForAnEnvelope: the work may panic after its ack, and the ack that follows must
// not be sent as well. A client without a connection keeps twenty acks and then blocks.
func TestOneAckForAnEnvelope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := socketmode.New(slack.New("xoxb-x")) // never connected
		b := &Bot{log: slog.New(slog.DiscardHandler)}
		ack := b.acknowledge(t.Context(), client, "1")
		begun := time.Now()
		for range 25 {
			ack(nil)
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("more than one ack was sent, in %s", took)
		}
	})
}
