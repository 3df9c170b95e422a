package kv

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	maxSettings    = 16 << 20 // bytes of the stream: about 12,000 settings of the largest size
	settingsPrefix = "slackocr.setting."
)

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
