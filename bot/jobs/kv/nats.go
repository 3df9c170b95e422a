package kv

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATS is a store on a JetStream stream. The newest message on a subject is
// the entry, and its sequence the revision. When full, the stream discards new
// messages, never old ones. The settings are in a small stream of their own,
// in which nothing expires.
type NATS struct {
	conn     *nats.Conn
	js       jetstream.JetStream
	maxBytes int64
	embedded *embedded // nil for an external server

	stream    jetstream.Stream
	settings  jetstream.Stream
	consumers map[string]jetstream.Consumer // by the queue
}

// consumerNames has the name of each queue's consumer.
var consumerNames = map[string]string{Jobs: "workers", FollowUps: "followups"}

const (
	streamName = "slackocr"
	prefix     = "slackocr.entry." // start of the entries' subjects
	signals    = "slackocr."       // start of the signals' subjects

	settingsPrefix = "slackocr.setting." // start of the settings' subjects
	maxSettings    = 16 << 20            // bytes of their stream: about 12,000 settings of the largest size

	// reserved is the part of the store for changes of existing jobs: a tenth.
	reserved = 10
	// overhead is the size of an entry in bytes without its key and the
	// filter, rounded up.
	overhead = 192
	// maxPending bounds, for each queue, the leases of all replicas and the
	// entries that wait to be leased again. If jobs are kept for less than a day,
	// each job of that day has a follow-up that waits to erase the job, and these
	// must leave space for the last edits.
	maxPending = 100_000
	// answerTimeout bounds the server's time to answer.
	answerTimeout = 5 * time.Second
	// closeTimeout bounds the last flush.
	closeTimeout = time.Second
	// leaseWait is the time for which the server holds a request for a lease.
	leaseWait = 15 * time.Second
)

// Create implements [Store].
func (n *NATS) Create(ctx context.Context, key, filter string, value []byte) error {
	if err := n.hasRoom(ctx, int64(len(value)+len(key)+len(filter)+overhead)); err != nil {
		if _, missing := n.Get(ctx, filter); errors.Is(err, ErrFull) && missing == nil {
			return ErrExists
		}
		return err
	}
	_, err := n.js.Publish(ctx, prefix+key, value, jetstream.WithExpectLastSequenceForSubject(0, prefix+filter))
	if err = natsError(err); errors.Is(err, ErrConflict) {
		return ErrExists
	}
	return err
}

// hasRoom returns ErrFull if only the reserved part is left.
func (n *NATS) hasRoom(ctx context.Context, more int64) error {
	info, err := n.stream.Info(ctx)
	if err != nil {
		return natsError(err)
	}
	if int64(info.State.Bytes)+more > n.maxBytes-n.maxBytes/reserved {
		return ErrFull
	}
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

// Delete implements [Store]. The entries of a queue are deleted one by one: after
// a purge of any of them, the server forgets which others it was about to lease
// again, and leases those only when the full time of a lease has passed.
func (n *NATS) Delete(ctx context.Context, filter string) error {
	queue, _, _ := strings.Cut(filter, ".")
	if _, leased := consumerNames[queue]; !leased {
		return natsError(n.stream.Purge(ctx, jetstream.WithPurgeSubject(prefix+filter)))
	}
	for {
		e, err := n.Get(ctx, filter)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := n.Remove(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
}

// Erase implements [Store].
func (n *NATS) Erase(ctx context.Context, key string) error {
	for {
		m, err := n.stream.GetLastMsgForSubject(ctx, prefix+key)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return natsError(err)
		}
		err = n.stream.SecureDeleteMsg(ctx, m.Sequence)
		if refused, ok := errors.AsType[*jetstream.APIError](err); !ok || refused.ErrorCode != errNoMessage {
			return natsError(err)
		} // otherwise the entry disappeared in the meantime
	}
}

// Remove implements [Store].
func (n *NATS) Remove(ctx context.Context, key string, revision uint64) error {
	err := n.stream.DeleteMsg(ctx, revision)
	if err == nil {
		return nil
	}
	if e, missing := n.Get(ctx, key); errors.Is(missing, ErrNotFound) || missing == nil && e.Revision != revision {
		return nil // it was gone already
	}
	return natsError(err)
}

// List implements [Store]. The server's index of subjects finds a few entries
// among many far sooner than a scan of the stream, but does not say which are the
// newest. At most twice as many entries as wanted are in memory, since each may have
// hundreds of KiB.
func (n *NATS) List(ctx context.Context, newest int, filters ...string) ([]Entry, error) {
	var list []Entry
	for _, filter := range filters {
		info, err := n.stream.Info(ctx, jetstream.WithSubjectFilter(prefix+filter))
		if err != nil {
			return nil, natsError(err)
		}
		for subject := range info.State.Subjects {
			e, err := n.Get(ctx, strings.TrimPrefix(subject, prefix))
			if errors.Is(err, ErrNotFound) {
				continue // the entry expired in the meantime
			}
			if err != nil {
				return nil, err
			}
			if list = append(list, e); len(list) >= 2*newest {
				list = latest(list, newest)
			}
		}
	}
	return latest(list, newest), nil
}

// latest sorts a list and removes all but the newest entries.
func latest(list []Entry, newest int) []Entry {
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return slices.Delete(list, 0, max(len(list)-newest, 0))
}

// Setting implements [Store].
func (n *NATS) Setting(ctx context.Context, key string) ([]byte, error) {
	m, err := n.settings.GetLastMsgForSubject(ctx, settingsPrefix+key)
	if err != nil {
		return nil, natsError(err)
	}
	return m.Data, nil
}

// SetSetting implements [Store].
func (n *NATS) SetSetting(ctx context.Context, key string, value []byte) error {
	var err error
	if len(value) == 0 {
		err = n.settings.Purge(ctx, jetstream.WithPurgeSubject(settingsPrefix+key))
	} else {
		_, err = n.js.Publish(ctx, settingsPrefix+key, value)
	}
	return natsError(err)
}

// Signal implements [Store].
func (n *NATS) Signal(subject, message string) error {
	return natsError(n.conn.Publish(signals+subject, []byte(message)))
}

// Listen implements [Store].
func (n *NATS) Listen(subject string, heard func(message string)) (stop func(), err error) {
	sub, err := n.conn.Subscribe(signals+subject, func(m *nats.Msg) { heard(string(m.Data)) })
	if err != nil {
		return nil, natsError(err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// Session implements [Store].
func (n *NATS) Session() string {
	if n.embedded == nil {
		return ""
	}
	return n.embedded.session
}

// Announce implements [Store]. For the embedded server the announcement proves
// that the server can write.
func (n *NATS) Announce(ctx context.Context, id string, while time.Duration) (int, error) {
	key := "replica." + id
	if while <= 0 {
		return 0, n.Delete(ctx, key)
	}
	_, err := n.js.Publish(ctx, prefix+key, nil, jetstream.WithMsgTTL(while))
	if n.embedded != nil {
		if err == nil {
			_ = n.note(ctx) // the next one is as good
		}
		return 1, n.embedded.wrote(natsError(err)) // an embedded store has one replica
	}
	if err != nil {
		return 0, natsError(err)
	}
	info, err := n.stream.Info(ctx, jetstream.WithSubjectFilter(prefix+"replica.*"))
	if err != nil {
		return 0, natsError(err)
	}
	return len(info.State.Subjects), nil
}

// Unfinished implements [Store].
func (n *NATS) Unfinished(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	info, err := n.consumers[Jobs].Info(ctx)
	if err != nil {
		return 0, natsError(err)
	}
	return int(info.NumPending) + info.NumAckPending, nil
}

// Close implements [Store].
func (n *NATS) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	err := n.conn.FlushWithContext(ctx)
	if n.embedded != nil && len(n.consumers) == len(consumerNames) { // Setup has succeeded
		_ = n.note(ctx) // the last note is good enough
	}
	n.conn.Close()
	if n.embedded != nil {
		n.embedded.shutdown()
		err = errors.Join(err, n.embedded.lock.Close())
	}
	return err
}
