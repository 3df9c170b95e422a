package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	maxSetting = 1 << 10 // bytes of a value
	// reading and setting bound the time for a setting. The first precedes
	// Enqueue within Slack's 3 s.
	reading = time.Second
	setting = 2 * time.Second

	maxSettings    = 16 << 20 // bytes of the stream: about 12,000 settings of the largest size
	settingsPrefix = "slackocr.setting."
)

// Setting returns the value of a setting. If the setting does not exist, ok is
// false. Every replica sees a change at once. The error is [ErrUnavailable],
// within 1 s.
func (q *Queue) Setting(ctx context.Context, name string) (value string, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	key := token(name)
	b, err := q.store.Setting(ctx, key)
	if err == nil {
		b, err = q.master.open(Entry{Key: key, Value: b})
	}
	switch {
	case errors.Is(err, ErrCorrupt):
		q.config.Log.Error("ignored a setting that cannot be read", "error", err)
		return "", false, nil
	case errors.Is(err, ErrNotFound):
		return "", false, nil
	}
	return string(b), err == nil, err
}

// SetSetting stores a value of at most 1 KiB under any name, until it is
// replaced: settings outlive the retention. An empty value removes the
// setting. When SetSetting returns nil, the change is durable; of two
// simultaneous changes one stays. The error is [ErrTooLarge], [ErrFull] or
// [ErrUnavailable], within 2 s; after ErrUnavailable the value may have been
// set.
func (q *Queue) SetSetting(ctx context.Context, name, value string) error {
	if len(name) > maxName || len(value) > maxSetting {
		return ErrTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, setting)
	defer cancel()
	if value == "" {
		return q.store.SetSetting(ctx, token(name), nil)
	}
	return q.store.SetSetting(ctx, token(name), q.master.close(token(name), []byte(value)))
}

func settingsConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "slackocr-settings", Subjects: []string{settingsPrefix + "*"}, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, MaxBytes: maxSettings, Discard: jetstream.DiscardNew,
		AllowDirect: false, // as for the entries: a lagging replica would answer
	}
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
	if err == nil && n.embedded != nil {
		_ = n.note(ctx) // the next look is as good
	}
	return natsError(err)
}

// Setting implements [Store].
func (m *Memory) Setting(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.settings[key]
	if !ok {
		return nil, ErrNotFound
	}
	return value, nil
}

// SetSetting implements [Store].
func (m *Memory) SetSetting(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.settings[key]
	switch {
	case len(value) == 0:
		delete(m.settings, key)
	case m.full && !known:
		return ErrFull
	default:
		m.settings[key] = slices.Clone(value)
	}
	return nil
}
