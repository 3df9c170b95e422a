package bot_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv/kvtest"
	"slackocr/bot/localslack"
)

// TestHangingLookUpHoldsNoEvent: where Slack does not tell what a thread's first
// message holds, a reply's picture is read all the same, and acknowledged in time.
func TestHangingLookUpHoldsNoEvent(t *testing.T) {
	inFakeTime(t, func(h *house) {
		parent := h.talk(h.ann, h.channel, "", "words")
		h.ws.Fail(localslack.Fault{Method: "conversations.replies", Delay: time.Hour, Reset: true})
		posted := time.Now()
		h.postIn(h.ann, h.channel, parent, "", "page.png")
		h.wait("it is acknowledged", func() bool { return h.ws.Pending(h.app.AppID) == 0 })
		if took := time.Since(posted); took > 1500*time.Millisecond {
			t.Errorf("acknowledged after %s", took)
		}
		h.closed(parent)
		h.whole(parent, "page.png")
	})
}

// TestHangingDownloadIsGivenUp and tried again while the person waits.
func TestHangingDownloadIsGivenUp(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "download", Times: 1, Delay: time.Hour, Reset: true})
		posted := time.Now()
		h.closed(h.post("page.png"))
		if took := time.Since(posted); took > 40*time.Second {
			t.Errorf("read after %s", took)
		}
	})
}

// hanging is a store whose first job is never stored.
type hanging struct {
	*kvtest.Memory
	asked atomic.Int32
}

func (s *hanging) Create(ctx context.Context, key, filter string, value []byte) error {
	if s.asked.Add(1) == 1 {
		<-ctx.Done()
		return jobs.ErrUnavailable
	}
	return s.Memory.Create(ctx, key, filter, value)
}

// TestHangingStoreHoldsNoSocket: the event comes again, and others go on.
func TestHangingStoreHoldsNoSocket(t *testing.T) {
	inBubble(t, func(h *house) {
		ctx, stop := context.WithCancel(h.Context())
		ended := make(chan error)
		b := h.newBot(h.app, &hanging{Memory: h.jobs})
		go func() { ended <- b.Run(ctx) }()
		h.wait("it listens", func() bool { return h.ws.Connections() == 1 })
		h.ended <- nil // the house has no bot of its own
		posted := time.Now()
		ts := h.post("page.png")
		h.closed(ts)
		if took := time.Since(posted); took > 10*time.Second {
			t.Errorf("read after %s", took)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		h.whole(ts, "page.png")
	})
}
