package bot_test

import (
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// TestReplyThatSlackNeverConfirms ends with a sentence to the person and lines in
// the log, while other people are served.
func TestReplyThatSlackNeverConfirms(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Status: 500})
		ts := h.post("page.png")
		for range 180 { // others are answered
			h.command(h.ann, h.channel, "auto")
			h.pass(30 * time.Second)
		}
		told := 0
		for _, w := range h.whispers(h.ann) {
			if w == words.Unconfirmed("page.png") {
				told++
			}
		}
		if told != 1 || len(h.answers(ts)) != 0 {
			t.Errorf("told %d times, %d messages", told, len(h.answers(ts)))
		}
		n := len(h.callsOf("chat.postMessage"))
		h.pass(2 * time.Hour)
		if m := len(h.callsOf("chat.postMessage")); m != n {
			t.Errorf("%d more tries", m-n)
		}
		h.stop()
		if log := h.log.String(); !strings.Contains(log, "Slack never confirmed the reply") || strings.Contains(log, "page.png") {
			t.Errorf("the log is %s", log)
		}
	})
}
