package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
)

// mute is a store that may stop taking what shows that it is alive.
type mute struct {
	kv.Store
	silent chan struct{} // closed from then on
}

func (m *mute) Announce(ctx context.Context, id string, while time.Duration) (int, error) {
	select {
	case <-m.silent:
		return 0, errors.Join(jobs.ErrUnavailable, errors.New("no answer"))
	default:
		return m.Store.Announce(ctx, id, while)
	}
}

// TestStoreThatFallsSilent is no longer ready within half a minute, and says
// since when.
func TestStoreThatFallsSilent(t *testing.T) {
	inBubble(t, func(h *house) {
		store := &mute{Store: h.jobs, silent: make(chan struct{})}
		problem := func() string { return h.bot.Components()[1].Problem }
		h.bot = h.newBot(h.app, store)
		if p := problem(); p != bot.StoreUnused {
			t.Errorf("before it ran, the store is said to be %q", p)
		}
		h.startOn(store)
		h.pass(time.Minute)
		if p := problem(); p != "" {
			t.Errorf("the store works, and is said to be %q", p)
		}
		close(store.silent)
		h.pass(15 * time.Second)
		if p := problem(); p != "" {
			t.Errorf("after one write that failed it is said to be %q", p)
		}
		h.pass(10 * time.Second)
		if p := problem(); !strings.HasPrefix(p, bot.StoreSilent+"2") {
			t.Errorf("after 25 s of silence it is said to be %q", p)
		}
	})
}
