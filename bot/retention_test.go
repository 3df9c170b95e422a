package bot_test

import (
	"testing"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/words"
)

// TestRetentionOfNothing has a picture read by a bot that keeps nothing: the reply is
// closed as ever, and soon after that the text is not known any more. A person
// may still ask that all be erased.
func TestRetentionOfNothing(t *testing.T) {
	inBubble(t, func(h *house) {
		h.retention = jobs.KeepNothing
		h.start()
		ts := h.post("page.png")
		h.closesWith(ts, readLine("page.png", 2, 1))
		h.pass(5 * time.Minute)
		for _, list := range []func() ([]jobs.Record, error){
			func() ([]jobs.Record, error) { return h.queue.ByPerson(h.Context(), h.ann) },
			func() ([]jobs.Record, error) { return h.queue.ByThread(h.Context(), h.channel+"/"+ts) },
		} {
			if records, err := list(); err != nil || len(records) > 0 {
				t.Errorf("it keeps %+v, %v", records, err)
			}
		}
		h.press(h.ann, h.channel, ts, "send")
		h.whispered(h.ann, words.NotRemembered)
		if got := h.results(ts); len(got) != 1 || h.requests() != 1 {
			t.Errorf("results %q after %d requests", got, h.requests())
		}
		h.forget(h.ann)
		h.whispered(h.ann, words.RecordsErased(0))
	})
}
