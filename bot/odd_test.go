package bot_test

import (
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
)

// TestOddPartsInAnswers: what slack-go cannot decode in the answer to a write, and
// in the history, hides neither that it was carried out nor what stands there.
func TestOddPartsInAnswers(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.SetBehaviour(localslack.Behaviour{OddParts: true})
		h.start()
		ts := h.post("page.png")
		if line := h.closed(ts); !strings.HasPrefix(line, "Read page.png") {
			t.Errorf("the person sees %q", line)
		}
		h.pass(10 * time.Minute)
		if got := h.answers(ts); len(got) != 2 {
			t.Errorf("%d messages, want the reply and the text\n%s", len(got), h.show())
		}
		if n := h.calls("conversations.replies")[""]; n > 1 {
			t.Errorf("%d looks for posts whose answers were sound", n)
		}
		// A lost answer is looked up among odd messages.
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Applied: true, Status: 500})
		ts = h.post("more.png")
		h.closed(ts)
		if got := h.answers(ts); len(got) != 2 {
			t.Errorf("%d messages, want the reply and the text\n%s", len(got), h.show())
		}
		// The newest picture, behind them.
		h.command(h.ann, h.channel, "last")
		h.idle(3, "the newest picture")
	})
}
