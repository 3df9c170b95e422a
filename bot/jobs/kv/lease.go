package kv

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Lease implements [Store]. It asks for one message at a time, because nobody
// works on messages in a client's buffer.
func (n *NATS) Lease(ctx context.Context, queue string) (Lease, error) {
	for {
		asked, cancel := context.WithTimeout(ctx, leaseWait)
		lease, err := n.next(asked, queue)
		cancel()
		if ctx.Err() != nil && lease == nil {
			return nil, context.Cause(ctx)
		}
		if lease != nil || err != nil {
			return lease, err
		}
	}
}

// next returns nil if there was no message in time.
func (n *NATS) next(ctx context.Context, queue string) (Lease, error) {
	messages, err := n.consumers[queue].Fetch(1, jetstream.FetchContext(ctx), jetstream.FetchHeartbeat(2*time.Second))
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil
		}
		return nil, natsError(err)
	}
	if m, ok := <-messages.Messages(); ok {
		meta, err := m.Metadata()
		if err != nil {
			return nil, natsError(err)
		}
		return &natsLease{conn: n.conn, m: m, meta: meta}, nil
	}
	if err := messages.Error(); err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, natsError(err)
	}
	return nil, nil
}

type natsLease struct {
	conn *nats.Conn
	m    jetstream.Msg
	meta *jetstream.MsgMetadata
}

func (l *natsLease) Entry() Entry {
	return Entry{Key: strings.TrimPrefix(l.m.Subject(), prefix), Value: l.m.Data(), Revision: l.meta.Sequence.Stream}
}
func (l *natsLease) Delivery() uint64 { return l.meta.NumDelivered }

// Renew implements [Lease].
func (l *natsLease) Renew(ctx context.Context) error { return l.say(ctx, "+WPI") }

// Finish implements [Lease].
func (l *natsLease) Finish(ctx context.Context) error { return l.say(ctx, "+ACK") }

// Return implements [Lease].
func (l *natsLease) Return(ctx context.Context, after time.Duration) error {
	if after <= 0 {
		return l.say(ctx, "-NAK")
	}
	return l.say(ctx, `-NAK {"delay": `+strconv.FormatInt(after.Nanoseconds(), 10)+"}")
}

// say answers a delivery and waits until the server has accepted the answer.
// The client library waits for only one of these words
// (https://docs.nats.io/using-nats/developer/develop_jetstream/consumers#delivery-reliability).
func (l *natsLease) say(ctx context.Context, word string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := l.conn.RequestWithContext(ctx, l.m.Reply(), []byte(word))
	return natsError(err)
}
