package kv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Connect uses an existing NATS server with JetStream, version 2.11 or later,
// or a cluster, which then stores the entries on three servers. The bots of a
// workspace must have an account of their own. For durability the server needs
// "sync_interval: always". maxBytes bounds the entries; 0 means 1 GiB. The
// account must allow 16 MiB more, for the settings.
//
// An address may hold a password; no error of Connect quotes the address.
func Connect(address string, maxBytes int64) (*NATS, error) {
	conn, err := nats.Connect(address, options()...)
	if err != nil {
		if _, ok := errors.AsType[*url.Error](err); ok {
			err = errors.New("the address of NATS cannot be read") // the parser's error quotes the address
		}
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	return &NATS{conn: conn, js: js, maxBytes: maxBytes}, nil
}

// options return the options of a connection that reconnects for ever, notices
// within seconds that it is dead, and buffers nothing to send later.
func options(more ...nats.Option) []nats.Option {
	return append([]nats.Option{
		nats.Name("slackocr"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectBufSize(-1), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		// The calls themselves return their errors.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, more...)
}

// Setup implements [Store].
func (n *NATS) Setup(ctx context.Context, s Setup) error {
	err := n.configure(ctx, s)
	switch {
	case n.embedded == nil:
		return err
	case err != nil:
		return n.embedded.setupError(err)
	}
	if err := n.compare(ctx); err != nil {
		return err
	}
	// The streams may be others than those of the last note, whose floors would be
	// wrong at the next start.
	return n.note(ctx)
}

// configure creates or updates the streams and the consumers.
func (n *NATS) configure(ctx context.Context, s Setup) error {
	config := jetstream.StreamConfig{
		Name: streamName, Subjects: []string{prefix + ">"}, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, MaxAge: s.Retention, MaxBytes: n.maxBytes, Discard: jetstream.DiscardNew,
		Duplicates: min(time.Hour, s.Retention), AllowMsgTTL: true,
		// No direct gets: a lagging replica would answer them too, and a fence
		// must see the last owner.
		AllowDirect: false,
	}
	var err error
	if n.stream, err = n.ensure(ctx, config); err != nil {
		return natsError(err)
	}
	if n.settings, err = n.ensure(ctx, settingsConfig()); err != nil {
		return natsError(err)
	}
	if n.embedded != nil {
		for queue, floor := range n.embedded.before.Floors {
			n.embedded.before.Floors[queue] = min(floor, n.stream.CachedInfo().State.LastSeq) // a damaged stream may end earlier
		}
	}
	n.consumers = map[string]jetstream.Consumer{}
	for queue, name := range consumerNames {
		c := jetstream.ConsumerConfig{
			Durable: name, FilterSubject: prefix + queue + ".>", AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: s.LeaseFor, MaxAckPending: maxPending, MaxDeliver: -1,
		}
		if n.embedded != nil {
			c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, n.embedded.before.Floors[queue]+1
		}
		if n.consumers[queue], err = n.stream.CreateOrUpdateConsumer(ctx, c); err != nil {
			return natsError(err)
		}
	}
	return nil
}

func settingsConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "slackocr-settings", Subjects: []string{settingsPrefix + "*"}, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, MaxBytes: maxSettings, Discard: jetstream.DiscardNew,
		AllowDirect: false, // as for the entries: a lagging replica would answer
	}
}

// ensure creates the stream, on three servers if there are as many. An
// existing stream keeps its number of replicas: a server that is down now is
// no reason to have fewer.
func (n *NATS) ensure(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	if old, err := n.js.Stream(ctx, config.Name); err == nil {
		config.Replicas = old.CachedInfo().Config.Replicas
		return n.js.UpdateStream(ctx, config)
	} else if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, err
	}
	config.Replicas = 1
	if n.embedded == nil && n.conn.ConnectedClusterName() != "" {
		config.Replicas = 3
		stream, err := n.js.CreateStream(ctx, config)
		if refused, ok := errors.AsType[*jetstream.APIError](err); !ok || refused.ErrorCode != errNoPeers {
			return stream, err
		}
		config.Replicas = 1
	}
	return n.js.CreateStream(ctx, config)
}

// Codes of the JetStream API
// (https://github.com/nats-io/nats-server/blob/main/server/errors.json).
const (
	errNoPeers          = 10005 // fewer servers than replicas
	errNoMessage        = 10037
	errWrongSequence    = jetstream.JSErrCodeStreamWrongLastSequence
	errWrongSequenceToo = jetstream.JSErrCodeStreamWrongLastSequenceConstant
	errInsufficient     = 10023
	errStorage          = 10047
	errStoreFailed      = 10077 // with the reason only in words
)

// natsError returns an error of NATS as one of this package.
func natsError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return ErrNotFound
	}
	if refused, ok := errors.AsType[*jetstream.APIError](err); ok {
		switch refused.ErrorCode {
		case errWrongSequence, errWrongSequenceToo:
			return ErrConflict
		case errInsufficient, errStorage:
			return fmt.Errorf("%w: %w", ErrFull, err)
		case errStoreFailed:
			if strings.Contains(refused.Description, "maximum bytes") {
				return fmt.Errorf("%w: %w", ErrFull, err)
			}
		}
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
