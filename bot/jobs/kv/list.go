package kv

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// List implements [Store]. The server's index of subjects finds a few entries
// among many far sooner than a scan of the stream. Only a scan tells which
// entries are the newest if there are too many.
func (n *NATS) List(ctx context.Context, newest int, filters ...string) ([]Entry, error) {
	keys, err := n.keys(ctx, filters)
	if err != nil {
		return nil, err
	}
	if len(keys) <= newest {
		return n.entries(ctx, keys)
	}
	var list []Entry
	err = n.scan(ctx, matching(filters...), func(e Entry) bool {
		if list = append(list, e); len(list) >= 2*newest {
			list = append(list[:0], list[len(list)-newest:]...)
		}
		return true
	})
	return list[max(len(list)-newest, 0):], err
}

// Oldest implements [Store].
func (n *NATS) Oldest(ctx context.Context, most int, filter string) ([]Entry, error) {
	keys, err := n.keys(ctx, []string{filter})
	if err != nil {
		return nil, err
	}
	if len(keys) <= most {
		return n.entries(ctx, keys)
	}
	var list []Entry
	err = n.scan(ctx, matching(filter), func(e Entry) bool {
		list = append(list, e)
		return len(list) < most
	})
	return list, err
}

// keys returns the keys that match one of the filters, in any order.
func (n *NATS) keys(ctx context.Context, filters []string) (keys []string, err error) {
	for _, filter := range filters {
		info, err := n.stream.Info(ctx, jetstream.WithSubjectFilter(prefix+filter))
		if err != nil {
			return nil, natsError(err)
		}
		for subject := range info.State.Subjects {
			keys = append(keys, strings.TrimPrefix(subject, prefix))
		}
	}
	return keys, nil
}

// entries returns the entries with these keys, oldest first.
func (n *NATS) entries(ctx context.Context, keys []string) ([]Entry, error) {
	list := make([]Entry, 0, len(keys))
	for _, key := range keys {
		e, err := n.Get(ctx, key)
		if errors.Is(err, ErrNotFound) {
			continue // the entry expired in the meantime
		}
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return list, nil
}

func matching(filters ...string) (c jetstream.ConsumerConfig) {
	for _, filter := range filters {
		c.FilterSubjects = append(c.FilterSubjects, prefix+filter)
	}
	return c
}

// scan reads the entries that config selects, oldest first, while take returns
// true.
func (n *NATS) scan(ctx context.Context, config jetstream.ConsumerConfig, take func(Entry) (more bool)) error {
	config.AckPolicy, config.MemoryStorage, config.Replicas = jetstream.AckNonePolicy, true, 1
	config.InactiveThreshold = time.Minute
	reader, err := n.stream.CreateConsumer(ctx, config)
	if err != nil {
		return natsError(err)
	}
	defer func() { _ = n.stream.DeleteConsumer(context.WithoutCancel(ctx), reader.CachedInfo().Name) }()
	for left := reader.CachedInfo().NumPending; left > 0; {
		const batch = 100
		messages, err := reader.Fetch(int(min(left, batch)), jetstream.FetchContext(ctx))
		if err != nil {
			return natsError(err)
		}
		seen := false
		for m := range messages.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return natsError(err)
			}
			seen, left = true, meta.NumPending
			if !take(Entry{Key: strings.TrimPrefix(m.Subject(), prefix), Value: m.Data(), Revision: meta.Sequence.Stream}) {
				return nil
			}
		}
		if err := messages.Error(); err != nil {
			return natsError(err)
		}
		if !seen {
			break // the remaining entries have expired
		}
	}
	return nil
}
