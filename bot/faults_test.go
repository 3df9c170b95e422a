package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/localslack"
)

// TestModelFaults says for each failure at the model what the person sees.
func TestModelFaults(t *testing.T) {
	for _, tt := range []struct {
		name    string
		say     func(w *stream)
		line    string
		results []string
	}{
		{"the key is refused", func(w *stream) {
			w.fail(401, `{"error":{"message":"bad key","type":"auth_error","code":"auth_error"}}`)
		}, "I couldn't read page.png: the OCR service didn't accept my key. Ask whoever runs me to check it. Tell them it's about ID.", nil},
		{
			"too busy", func(w *stream) { w.fail(429, `{"error":{"message":"slow down","type":"rate_limit"}}`) },
			"I couldn't read page.png: the OCR service is too busy. Please post it again in a few minutes. If this keeps happening, ask whoever runs me about ID.", nil,
		},
		{"content refused", func(w *stream) {
			w.fail(400, `{"error":{"message":"moderation","type":"invalid_messages","code":"invalid_messages"}}`)
		}, "I couldn't read page.png: the OCR service refuses its content. I can't change that.", nil},
		{
			"unknown model", func(w *stream) { w.fail(404, `{"error":{"message":"no such model"}}`) },
			"I couldn't read page.png: the OCR service doesn't know my model. Ask whoever runs me to check its name and address. Tell them it's about ID.", nil,
		},
		{
			"cut off in the middle", func(w *stream) { w.text("first words "); w.drop() },
			"I read 2 words of page.png, then had to stop: the OCR service broke off. Please post it again. If this keeps happening, ask whoever runs me about ID.",
			[]string{"first words"},
		},
		{
			"no text any more", func(w *stream) { w.text("first words "); <-w.r.Context().Done() },
			"I read 2 words of page.png, then had to stop: the OCR service stopped writing. Please post it again. If this keeps happening, ask whoever runs me about ID.",
			[]string{"first words"},
		},
		{
			"the answer's limit", func(w *stream) { w.text("first words "); w.end("length") },
			"I read 2 words of page.png, then had to stop: the model stopped before the end of the page. Please post the rest as a second picture.",
			[]string{"first words"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(tt.say)
				ts := h.post("page.png")
				if line := nameless(h.closed(ts)); line != tt.line {
					t.Errorf("the person sees\n%q, want\n%q", line, tt.line)
				}
				if got := h.results(ts); !slices.Equal(got, tt.results) {
					t.Errorf("results %q, want %q", got, tt.results)
				}
			})
		})
	}
}

// TestSlackFaults switches on one fault after the other. Whatever happens, the
// text must stand in the thread once.
func TestSlackFaults(t *testing.T) {
	const read = "Read page.png · 2 words"
	for _, tt := range []struct {
		name  string
		fault localslack.Fault
		line  string // how the last line begins
	}{
		{"the first post fails", localslack.Fault{Method: "chat.postMessage", Times: 2, Status: 500}, read},
		{"the first post is applied, its answer lost", localslack.Fault{Method: "chat.postMessage", Times: 1, Applied: true, Reset: true}, read},
		{"the text's post fails", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 2, Status: 503}, read},
		{"the text's post is applied, its answer lost", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Applied: true, Reset: true}, read},
		{"the text's post is applied, its answer a 500", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Applied: true, Status: 500}, read},
		{"the text's post is applied, its answer an error", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Applied: true, Error: "fatal_error"}, read},
		{"the text's post is applied, the answer too late", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Applied: true, Delay: time.Minute, Reset: true}, read},
		{"posts are limited", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Status: 429, RetryAfter: 20 * time.Second}, read},
		{"the connection is reset", localslack.Fault{Method: "chat.postMessage", After: 1, Times: 3, Reset: true}, read},
		{"edits fail", localslack.Fault{Method: "chat.update", Times: 3, Status: 500}, read},
		{"edits are limited", localslack.Fault{Method: "chat.update", Times: 1, Status: 429, RetryAfter: 10 * time.Second}, read},
		{"an edit is applied, its answer lost", localslack.Fault{Method: "chat.update", Applied: true, Times: 2, Reset: true}, read},
		{"everything is slow", localslack.Fault{Method: "*", Delay: 4 * time.Second}, read},
		{"everything fails for a while", localslack.Fault{Method: "*", After: 1, Times: 5, Status: 502}, read},

		{"the download is cut once", localslack.Fault{Method: "download", Times: 1, CutAfter: 40}, read},
		{"the download fails twice", localslack.Fault{Method: "download", Times: 2, Status: 500}, read},
		{"the download is limited", localslack.Fault{Method: "download", Times: 1, Status: 429, RetryAfter: 5 * time.Second}, read},
		{
			"the download is always cut",
			localslack.Fault{Method: "download", CutAfter: 40},
			"I couldn't read page.png: the connection failed. Please post it again in a minute.",
		},
		{
			"the login page comes instead of the file",
			localslack.Fault{Method: "download", LoginPage: true},
			"I couldn't read page.png: I'm not allowed to read files here: ask an admin to add the files:read scope and reinstall me.",
		},
		{
			"the file is gone",
			localslack.Fault{Method: "download", Status: 404},
			"I couldn't read page.png: the file is no longer there. Please post it again.",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					w.slowly(2*time.Second, "some", "text")
					w.end("stop")
				})
				h.ws.Fail(tt.fault)
				ts := h.post("page.png")
				if line := h.closed(ts); !strings.HasPrefix(line, tt.line) {
					t.Errorf("the last line is %q, want %q", line, tt.line)
				}
				h.stop() // so that anything late has happened
				var want []string
				if tt.line == read {
					want = []string{"some text"}
				}
				if got := h.results(ts); !slices.Equal(got, want) {
					t.Errorf("results %q, want %q\n%s", got, want, h.show())
				}
				retried := map[string]int{"chat.postMessage": 1, "chat.update": 1}
				if n := h.calls(tt.fault.Method)["ratelimited"]; n > retried[tt.fault.Method] {
					t.Errorf("%d answers 429, want the one that was ordered: Retry-After was not kept", n)
				}
			})
		})
	}
}

func TestBadFiles(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		line string
	}{
		{"damaged", picture[:20], "I couldn't read page.png: the file is damaged: its end is missing. Please post it again."},
		{"not an image", []byte("just words, whatever its name says"), "I couldn't read page.png: I don't know this kind of file. Please post it as a PNG or JPEG."},
		{"a web page", []byte("<!DOCTYPE html><title>x</title>"), "I couldn't read page.png: Slack gave me a web page instead of the file. Please download it and post it again."},
		{"too large", make([]byte, 1<<20+1), "I couldn't read page.png: the file is too large for me. Please post a smaller copy."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts, err := h.ws.Post(h.ann, localslack.Post{Channel: h.channel, Files: []localslack.Upload{{Name: "page.png", Data: tt.data}}})
				if err != nil {
					t.Fatal(err)
				}
				if line := nameless(h.closed(ts)); line != tt.line {
					t.Errorf("the person sees\n%q, want\n%q", line, tt.line)
				}
				if n, _ := h.model.count(); n != 0 {
					t.Error("the model was asked")
				}
			})
		})
	}
}

// TestFileNamesAreHarmless posts names that try to ping, to break the line or to
// turn the direction of writing.
func TestFileNamesAreHarmless(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("<!channel> *bold*\u202e.png")
		if line := h.closed(ts); line != "Read &lt;!channel&gt; *bold*.png · 2 words · 1 s" {
			t.Errorf("the last line is %q", line)
		}
	})
}

// TestRedeliveryIsReadOnce loses the ack, so that Slack sends the event again.
func TestRedeliveryIsReadOnce(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "ack", Times: 1})
		ts := h.post("page.png")
		h.closed(ts)
		h.wait("Slack is content", func() bool { return h.ws.Pending(h.app.AppID) == 0 })
		h.closed(h.post("another.png"))
		h.stop()
		if n, _ := h.model.count(); n != 2 {
			t.Errorf("the model was asked %d times for two images", n)
		}
		if n := len(h.answers(ts)); n != 2 {
			t.Errorf("%d messages for one image", n)
		}
	})
}

// TestUnknownEventsAreAcknowledged: Slack would only send them again.
func TestUnknownEventsAreAcknowledged(t *testing.T) {
	inFakeTime(t, func(h *house) {
		for _, event := range []map[string]any{
			{"type": "event_of_tomorrow", "channel": h.channel},
			{"type": "message", "channel": 7, "files": "none", "ts": h.channel},
			{},
		} {
			h.ws.Emit(h.app.AppID, event)
		}
		h.wait("all are acknowledged", func() bool { return h.ws.Pending(h.app.AppID) == 0 })
		h.closed(h.post("page.png"))
	})
}

// TestParentFilesInThreadReply: Slack repeats the parent's files on a reply. The
// parent here was posted before the bot knew of it.
func TestParentFilesInThreadReply(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("page.png")
		h.closed(ts)
		h.stop()
		h.ended = make(chan error, 1)
		h.start() // another process, which remembers nothing
		if _, err := h.ws.Post(h.ann, localslack.Post{Channel: h.channel, Thread: ts, Text: "nice"}); err != nil {
			t.Fatal(err)
		}
		h.closed(h.post("another.png"))
		if n, _ := h.model.count(); n != 2 {
			t.Errorf("the model was asked %d times for two images\n%s", n, h.show())
		}
	})
}

// TestTokenProblemsEndTheBot: nobody would see a bot that goes on trying.
func TestTokenProblemsEndTheBot(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		spoil      func(h *house)
	}{
		{"revoked bot token", "Slack refused SLACK_BOT_TOKEN (token_revoked)", func(h *house) { h.ws.RevokeToken(h.app.BotToken) }},
		{"revoked app token", "Slack refused SLACK_APP_TOKEN (invalid_auth)", func(h *house) { h.ws.RevokeToken(h.app.AppToken) }},
		{"the tokens are swapped", "Slack does not accept SLACK_APP_TOKEN for this (not_allowed_token_type)", func(h *house) { h.app.AppToken = h.app.BotToken }},
		{"no connections:write", "SLACK_APP_TOKEN lacks the scope connections:write (missing_scope)", func(h *house) {
			other := h.ws.Install(localslack.App{Name: "x", AppScopes: []string{}})
			h.app.AppToken = other.AppToken
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				tt.spoil(h)
				begun := time.Now()
				h.start()
				err := h.stopped()
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("ended with %v, want %q", err, tt.want)
				}
				if took := time.Since(begun); took > 30*time.Second {
					t.Errorf("that took %s", took)
				}
			})
		})
	}
	t.Run("revoked while it runs", func(t *testing.T) {
		inFakeTime(t, func(h *house) {
			h.ws.RevokeToken(h.app.BotToken)
			h.post("page.png")
			if err := h.stopped(); err == nil || !strings.Contains(err.Error(), "token_revoked") {
				t.Errorf("ended with %v", err)
			}
			// Nobody's picture is lost for it.
			records, err := h.queue.ByPerson(h.Context(), h.ann)
			if err != nil || len(records) != 1 || records[0].State != jobs.Queued {
				t.Errorf("the store holds %+v, %v", records, err)
			}
		})
	})
}

func TestStopLetsTheLastWordsOut(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(time.Second, "one", "two", "three")
			w.end("stop")
		})
		ts := h.post("page.png")
		h.wait("it runs", func() bool { n, _ := h.model.count(); return n == 1 })
		h.stop()
		if got := h.results(ts); !slices.Equal(got, []string{"one two three"}) {
			t.Errorf("results %q", got)
		}
	})
}
