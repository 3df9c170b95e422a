package jobs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// List implements [Store]. The server has an index of its subjects, in which it
// finds a few among many far sooner than by reading through the stream. Only
// that tells which entries are the newest of too many, though.
func (n *NATS) List(ctx context.Context, newest int, filters ...string) ([]Entry, error) {
	var keys []string
	for _, filter := range filters {
		info, err := n.stream.Info(ctx, jetstream.WithSubjectFilter(prefix+filter))
		if err != nil {
			return nil, natsError(err)
		}
		for subject := range info.State.Subjects {
			keys = append(keys, strings.TrimPrefix(subject, prefix))
		}
	}
	if len(keys) > newest {
		return n.scan(ctx, newest, filters)
	}
	list := make([]Entry, 0, len(keys))
	for _, key := range keys {
		e, err := n.Get(ctx, key)
		if errors.Is(err, ErrNotFound) {
			continue // it went in the meantime
		}
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return list, nil
}

// scan reads all entries that match, and keeps the newest.
func (n *NATS) scan(ctx context.Context, newest int, filters []string) ([]Entry, error) {
	config := jetstream.ConsumerConfig{
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
	}
	for _, filter := range filters {
		config.FilterSubjects = append(config.FilterSubjects, prefix+filter)
	}
	reader, err := n.stream.CreateConsumer(ctx, config)
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
