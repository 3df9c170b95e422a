package bot_test

import (
	"context"
	"log/slog"
	"regexp"
	"sync"
	"testing"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/reading"
	"slackocr/bot/words"
)

// panics is a store in which some calls panic, as a fault of the program would there.
type panics struct {
	kv.Store

	mu   sync.Mutex     // guards the fields below
	at   *regexp.Regexp // of the calls: the method, a space and the key
	pass int            // such calls that pass before
	once bool
}

// will makes a call panic, after some that pass.
func (p *panics) will(at string, pass int, once bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.pass, p.once = regexp.MustCompile(at), pass, once
}

func (p *panics) call(method, key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil || !p.at.MatchString(method+" "+key) {
		return
	}
	if p.pass--; p.pass >= 0 {
		return
	}
	if p.once {
		p.at = nil
	}
	panic("a fault")
}

func (p *panics) Create(ctx context.Context, key, filter string, value []byte) error {
	p.call("create", key)
	return p.Store.Create(ctx, key, filter, value)
}

func (p *panics) Get(ctx context.Context, filter string) (kv.Entry, error) {
	p.call("get", filter)
	return p.Store.Get(ctx, filter)
}

func (p *panics) Update(ctx context.Context, key string, value []byte, revision uint64) error {
	p.call("update", key)
	return p.Store.Update(ctx, key, value, revision)
}

// TestFaultInTheWorkOfAnEnvelope: a panic costs that envelope alone, which Slack does not
// send again, and whoever waits for an answer gets one.
func TestFaultInTheWorkOfAnEnvelope(t *testing.T) {
	for name, tt := range map[string]struct {
		at   string // the call that panics
		pass int
		do   func(h *house, done string)
	}{
		"an event": {at: "^create job", do: func(h *house, _ string) {
			h.post("lost.png")
		}},
		"a command": {at: "^create job", do: func(h *house, _ string) {
			h.command(h.ann, h.channel, "last")
			h.whispered(h.ann, words.NotTaken)
		}},
		"the search of a command": {at: "^create job", pass: 1, do: func(h *house, _ string) {
			h.command(h.ann, h.channel, "last")
			h.whispered(h.ann, words.NotTaken)
		}},
		"a window": {at: "^create job", do: func(h *house, _ string) {
			if problems := h.submit(h.ann, h.window(h.ann, h.channel), nil, "lost.png"); problems["files"] != words.NotTaken {
				h.Errorf("the window says %q", problems)
			}
		}},
		"a press": {at: "^create job", do: func(h *house, done string) {
			h.press(h.ann, h.channel, done, reading.ModesID, "text")
			h.whispered(h.ann, words.NotTaken)
		}},
		"a download": {at: "^get page", do: func(h *house, done string) {
			h.press(h.ann, h.channel, done, reading.DownloadID)
			h.whispered(h.ann, words.NotTaken)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				store := &panics{Store: h.jobs}
				h.startOn(store)
				done := h.post("page.png")
				h.closed(done)
				store.will(tt.at, tt.pass, true)
				tt.do(h, done)
				h.idle(1, name)
				if n := h.ws.Pending(h.app.AppID); n != 0 {
					t.Errorf("%d envelopes are not acknowledged", n)
				}
				h.closesWith(h.post("page.png"), readLine("page.png", 2, 1))
			})
		})
	}
}

// TestFaultInReadingAnEnvelope costs that envelope alone, too.
func TestFaultInReadingAnEnvelope(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) {
			c.Log = slog.New(panicsAt{h.logger.Handler(), "unknown event from the Socket Mode client"})
		})
		h.ws.Emit(h.app.AppID, map[string]any{"type": "odd"})
		h.idle(0, "an odd event")
		if n := h.ws.Pending(h.app.AppID); n != 0 {
			t.Errorf("%d envelopes are not acknowledged", n)
		}
		h.closesWith(h.post("page.png"), readLine("page.png", 2, 1))
	})
}

// TestFaultInEachAttempt: the reply of an ask that is given up is closed all the same, with
// the text as far as it was read, even if records are erased at once.
func TestFaultInEachAttempt(t *testing.T) {
	for name, tt := range map[string]struct {
		message, call string // which panic
		line          string
	}{
		"in posting the text": {message: "could not post the text", line: words.DeliveryFailed("page.png", "ID")},
		"in saving the text":  {call: `^update page\.[^.]*\.0\.0$`, line: notRead("page.png", 0, words.Crashes)},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.change = func(c *bot.Config) { c.Log = slog.New(panicsAt{h.logger.Handler(), tt.message}) }
				h.retention = jobs.KeepNothing
				store := &panics{Store: h.jobs}
				if tt.call != "" {
					store.will(tt.call, 0, false)
				}
				h.startOn(store)
				h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 1, Error: "invalid_blocks"})
				h.ws.Fail(localslack.Fault{Method: "files.getUploadURLExternal", Error: "no_permission"})
				h.model.will(func(w *stream) { w.text("first words"); w.drop() })
				ts := h.post("page.png")
				h.closesWith(ts, tt.line)
				if text := markdown(h.answers(ts)[0]); text != "first words" {
					t.Errorf("the reply has the text %q", text)
				}
			})
		})
	}
}
