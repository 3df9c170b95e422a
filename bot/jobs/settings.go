package jobs

import (
	"context"
	"errors"
	"time"

	"slackocr/bot/jobs/kv"
)

const (
	maxSetting = 1 << 10 // bytes of a value
	// readSettingTimeout bounds a read, which precedes Enqueue within Slack's 3 s.
	readSettingTimeout = time.Second
	setSettingTimeout  = 2 * time.Second
)

// Setting returns the value of a setting. If the setting does not exist, ok is
// false. Every replica sees a change at once. The error is [ErrUnavailable],
// within 1 s.
func (q *Queue) Setting(ctx context.Context, name string) (value string, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readSettingTimeout)
	defer cancel()
	key := token(name)
	b, err := q.store.Setting(ctx, key)
	if err == nil {
		b, err = q.master.open(kv.Entry{Key: key, Value: b})
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
	ctx, cancel := context.WithTimeout(ctx, setSettingTimeout)
	defer cancel()
	if value == "" {
		return q.store.SetSetting(ctx, token(name), nil)
	}
	return q.store.SetSetting(ctx, token(name), q.master.close(token(name), []byte(value)))
}
