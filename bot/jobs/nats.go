package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATS is a store on one JetStream stream. The newest message on a subject is
// the entry, its sequence the revision. The stream discards new messages when
// it is full, never old ones.
type NATS struct {
	conn     *nats.Conn
	js       jetstream.JetStream
	maxBytes int64
	embedded *embedded // nil for an external server

	stream  jetstream.Stream
	workers jetstream.Consumer

	mu       sync.Mutex // guards what follows
	used     int64      // bytes of the stream, as last seen, and what was added since
	usedSeen time.Time
}

const (
	streamName = "slackocr"
	prefix     = "slackocr.entry." // of the entries' subjects
	signals    = "slackocr.signal"

	// reserved is the part of the store that is kept for changes of jobs that
	// it has: a tenth.
	reserved = 10
	// overhead of an entry in bytes, with its subject and headers, rounded up.
	overhead = 512
	// maxPending bounds the leases of all replicas and the jobs that wait for
	// another attempt.
	maxPending = 10_000
	// usedFor is how long the known size of the stream is good.
	usedFor = time.Second
	// answering is how long the server may take to answer.
	answering = 5 * time.Second
	// waiting is how long the server holds a request for a lease.
	waiting = 15 * time.Second
)

// Connect uses an existing NATS server with JetStream, version 2.11 or later,
// or a cluster of them, where the entries are on three servers. One workspace's
// bots have an account of the server for themselves. For durability the server
// needs "sync_interval: always". maxBytes bounds the stream; 0 means 1 GiB.
//
// An address may hold a password; no error of this function does.
func Connect(address string, maxBytes int64) (*NATS, error) {
	conn, err := nats.Connect(address, options()...)
	if err != nil {
		if wrong, ok := errors.AsType[*url.Error](err); ok {
			err = wrong.Err // without the address
		}
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return newNATS(conn, maxBytes, nil)
}

// options make a connection that comes back for ever, notices within seconds
// that it is dead, and holds nothing back to send it later.
func options(more ...nats.Option) []nats.Option {
	return append([]nats.Option{
		nats.Name("slackocr"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectBufSize(-1), nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2),
		// Errors come back from the calls that they concern.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, more...)
}

func newNATS(conn *nats.Conn, maxBytes int64, server *embedded) (*NATS, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	return &NATS{conn: conn, js: js, maxBytes: maxBytes, embedded: server}, nil
}

// Setup implements [Store].
func (n *NATS) Setup(ctx context.Context, s Setup) error {
	config := jetstream.StreamConfig{
		Name: streamName, Subjects: []string{prefix + ">"}, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, MaxAge: s.Retention, MaxBytes: n.maxBytes, Discard: jetstream.DiscardNew,
		Duplicates: min(time.Hour, s.Retention), AllowMsgTTL: true,
		// No direct gets: replicas that lag would answer them too, and a
		// fence has to see the last owner.
		AllowDirect: false,
	}
	var err error
	if n.stream, err = n.ensure(ctx, config); err != nil {
		return natsError(err)
	}
	n.workers, err = n.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "workers", FilterSubject: prefix + "job.>", AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: s.LeaseFor, MaxAckPending: maxPending, MaxDeliver: -1,
	})
	return natsError(err)
}

// ensure makes the stream on three servers where there are as many. One that
// exists keeps its number: a server that is down now is no reason to have fewer.
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
	errWrongSequence    = jetstream.JSErrCodeStreamWrongLastSequence
	errWrongSequenceToo = jetstream.JSErrCodeStreamWrongLastSequenceConstant
	errInsufficient     = 10023
	errStorage          = 10047
	errStoreFailed      = 10077 // with the reason in words only
)

// natsError makes an error one of this package's.
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
			return errConflict
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

// Create implements [Store].
func (n *NATS) Create(ctx context.Context, key, filter string, value []byte) error {
	if err := n.hasRoom(ctx, int64(len(value)+overhead)); err != nil {
		return err
	}
	_, err := n.js.Publish(ctx, prefix+key, value, jetstream.WithExpectLastSequenceForSubject(0, prefix+filter))
	if err = natsError(err); errors.Is(err, errConflict) {
		return errExists
	}
	return err
}

// hasRoom reports ErrFull where only the reserved part is left.
func (n *NATS) hasRoom(ctx context.Context, more int64) error {
	n.mu.Lock()
	fresh := time.Since(n.usedSeen) < usedFor
	n.mu.Unlock()
	if !fresh {
		info, err := n.stream.Info(ctx)
		if err != nil {
			return natsError(err)
		}
		n.mu.Lock()
		n.used, n.usedSeen = int64(info.State.Bytes), time.Now()
		n.mu.Unlock()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.used+more > n.maxBytes-n.maxBytes/reserved {
		return ErrFull
	}
	n.used += more
	return nil
}

// Get implements [Store].
func (n *NATS) Get(ctx context.Context, filter string) (Entry, error) {
	m, err := n.stream.GetLastMsgForSubject(ctx, prefix+filter)
	if err != nil {
		return Entry{}, natsError(err)
	}
	return Entry{Key: strings.TrimPrefix(m.Subject, prefix), Value: m.Data, Revision: m.Sequence}, nil
}

// Put implements [Store].
func (n *NATS) Put(ctx context.Context, key string, value []byte) error {
	_, err := n.js.Publish(ctx, prefix+key, value)
	return natsError(err)
}

// Update implements [Store].
func (n *NATS) Update(ctx context.Context, key string, value []byte, revision uint64) error {
	_, err := n.js.Publish(ctx, prefix+key, value, jetstream.WithExpectLastSequencePerSubject(revision))
	return natsError(err)
}

// Delete implements [Store].
func (n *NATS) Delete(ctx context.Context, filter string) error {
	return natsError(n.stream.Purge(ctx, jetstream.WithPurgeSubject(prefix+filter)))
}

// List implements [Store].
func (n *NATS) List(ctx context.Context, filter string, newest int) ([]Entry, error) {
	reader, err := n.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: prefix + filter, AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1,
		InactiveThreshold: time.Minute,
	})
	if err != nil {
		return nil, natsError(err)
	}
	defer func() { _ = n.stream.DeleteConsumer(context.WithoutCancel(ctx), reader.CachedInfo().Name) }()
	var list []Entry
	for left := reader.CachedInfo().NumPending; left > 0; {
		const batch = 100
		messages, err := reader.Fetch(int(min(left, batch)), jetstream.FetchContext(ctx))
		if err != nil {
			return nil, natsError(err)
		}
		seen := false
		for m := range messages.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return nil, natsError(err)
			}
			seen, left = true, meta.NumPending
			list = append(list, Entry{
				Key: strings.TrimPrefix(m.Subject(), prefix), Value: m.Data(), Revision: meta.Sequence.Stream,
			})
			if len(list) >= 2*newest {
				list = append(list[:0], list[len(list)-newest:]...)
			}
		}
		if err := messages.Error(); err != nil {
			return nil, natsError(err)
		}
		if !seen {
			break // what was left has expired
		}
	}
	return list[max(len(list)-newest, 0):], nil
}

// Signal implements [Store].
func (n *NATS) Signal(ctx context.Context, id string) error {
	if err := n.conn.Publish(signals, []byte(id)); err != nil {
		return natsError(err)
	}
	return nil
}

// Listen implements [Store].
func (n *NATS) Listen(heard func(id string)) (stop func(), err error) {
	sub, err := n.conn.Subscribe(signals, func(m *nats.Msg) { heard(string(m.Data)) })
	if err != nil {
		return nil, natsError(err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// Announce implements [Store]. The embedded server has one replica only.
func (n *NATS) Announce(ctx context.Context, id string, while time.Duration) (int, error) {
	if n.embedded != nil {
		return 1, nil
	}
	key := "replica." + id
	if while <= 0 {
		return 0, n.Delete(ctx, key)
	}
	if _, err := n.js.Publish(ctx, prefix+key, nil, jetstream.WithMsgTTL(while)); err != nil {
		return 0, natsError(err)
	}
	info, err := n.stream.Info(ctx, jetstream.WithSubjectFilter(prefix+"replica.*"))
	if err != nil {
		return 0, natsError(err)
	}
	return len(info.State.Subjects), nil
}

// Close implements [Store].
func (n *NATS) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answering)
	defer cancel()
	err := n.conn.FlushWithContext(ctx)
	n.conn.Close()
	if n.embedded != nil {
		err = errors.Join(err, n.embedded.close())
	}
	return err
}
