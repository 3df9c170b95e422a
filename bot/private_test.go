package bot_test

import (
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/words"
)

// TestAskFromElsewhereIsToldWhere the text will stand, at once and to that person alone,
// long before there is any; and of what was read before, where it stands.
func TestAskFromElsewhereIsToldWhere(t *testing.T) {
	for name, ask := range map[string]func(h *house, ts string){
		"/ocr last": func(h *house, _ string) { h.command(h.ann, h.channel, "last") },
		"/ocr LINK": func(h *house, ts string) { h.linkTo(h.channel, h.ws.Permalink(h.channel, ts)) },
		"Extract text": func(h *house, ts string) {
			if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, ts, "extract"); err != nil {
				h.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.quietBot()
				h.model.will(func(w *stream) { w.text("some text"); _ = w.pause(20 * time.Second); w.end("stop") })
				ts := h.post("page.png")
				asked := time.Now()
				ask(h, ts)
				h.whispered(h.ann, words.WhereText(h.ws.Permalink(h.channel, ts), true))
				if took := time.Since(asked); took > time.Second {
					t.Errorf("told after %s", took)
				}
				h.closed(ts)
				h.pass(time.Minute)
				if w := h.whispers(h.ann); len(w) != 1 {
					t.Errorf("it whispers %q", w)
				}
				h.whole(ts, "page.png")
			})
		})
	}
}

// TestReactionOnWhatSomebodyHadRead tells that person alone where the text stands, and reads
// nothing again. On a picture that was not read it says nothing: the reply is seen there.
func TestReactionOnWhatSomebodyHadRead(t *testing.T) {
	inBubble(t, func(h *house) {
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		h.startAs(func(c *bot.Config) { c.AutoRead = bot.ReadOff })
		ts := h.post("page.png")
		if err := h.ws.React(h.ann, h.channel, ts, "page_facing_up"); err != nil {
			t.Fatal(err)
		}
		h.closed(ts)
		h.pass(time.Minute)
		if w := h.whispers(h.ann); len(w) > 0 {
			t.Errorf("it whispers %q", w)
		}
		if err := h.ws.React(bob, h.channel, ts, "page_facing_up"); err != nil {
			t.Fatal(err)
		}
		h.whispered(bob, words.WhereText(h.ws.Permalink(h.channel, ts), false))
		h.idle(1, "read once")
		h.whole(ts, "page.png")
		if w := h.whispers(h.ann); len(w) > 0 {
			t.Errorf("it whispers %q to ann", w)
		}
	})
}

// TestReactionOnWhatWasReadUnasked is told where the text stands too.
func TestReactionOnWhatWasReadUnasked(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("page.png")
		h.closed(ts)
		h.pass(time.Minute) // its job has ended too
		if err := h.ws.React(h.ann, h.channel, ts, "page_facing_up"); err != nil {
			t.Fatal(err)
		}
		h.whispered(h.ann, words.WhereText(h.ws.Permalink(h.channel, ts), false))
		h.idle(1, "read once")
	})
}

// TestAskAgainWhileItIsRead is not told that it was read.
func TestAskAgainWhileItIsRead(t *testing.T) {
	for name, ask := range map[string]func(h *house, ts string) error{
		"reaction":     func(h *house, ts string) error { return h.ws.React(h.ann, h.channel, ts, "page_facing_up") },
		"/ocr last":    func(h *house, _ string) error { h.command(h.ann, h.channel, "last"); return nil },
		"Extract text": func(h *house, ts string) error { return h.ws.Shortcut(h.Context(), h.ann, h.channel, ts, "extract") },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts, _ := h.streaming()
				if err := ask(h, ts); err != nil {
					t.Fatal(err)
				}
				h.whispered(h.ann, words.WhereText(h.ws.Permalink(h.channel, ts), true))
			})
		})
	}
}
