package bot_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// TestModelFaults says for each failure at the model what the person sees.
func TestModelFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		say  func(w *stream)
		kind words.Kind
		text string // that the thread has
	}{
		{"the key is refused", func(w *stream) {
			w.fail(401, `{"error":{"message":"bad key","type":"auth_error","code":"auth_error"}}`)
		}, words.KeyRefused, ""},
		{"too busy", func(w *stream) { w.fail(429, `{"error":{"message":"slow down","type":"rate_limit"}}`) }, words.ModelBusy, ""},
		{"content refused", func(w *stream) {
			w.fail(400, `{"error":{"message":"moderation","type":"invalid_messages","code":"invalid_messages"}}`)
		}, words.ModelRefused, ""},
		{"unknown model", func(w *stream) { w.fail(404, `{"error":{"message":"no such model"}}`) }, words.ModelNotFound, ""},
		{"cut off in the middle", func(w *stream) { w.text("first words "); w.drop() }, words.ModelCutOff, "first words"},
		{"no text any more", func(w *stream) { w.text("first words "); <-w.r.Context().Done() }, words.ModelIdle, "first words"},
		{"the answer's limit", func(w *stream) { w.text("first words "); w.end("length") }, words.Truncated, "first words"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(tt.say)
				ts := h.post("page.png")
				h.closesWith(ts, notRead("page.png", len(strings.Fields(tt.text)), tt.kind))
				if got := strings.Join(h.results(ts), "\n"); got != tt.text {
					t.Errorf("results %q, want %q", got, tt.text)
				}
			})
		})
	}
}

// panicsAt is a log that panics at one message, as a fault of the program would there.
type panicsAt struct {
	slog.Handler
	message string
}

func (p panicsAt) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == p.message {
		panic("a fault")
	}
	return p.Handler.Handle(ctx, r)
}

func (p panicsAt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return panicsAt{p.Handler.WithAttrs(attrs), p.message}
}

// TestFaultsOfTheProgram: if the work on a file panics, only that file is lost, and
// the person learns of it.
func TestFaultsOfTheProgram(t *testing.T) {
	for _, tt := range []struct {
		name, message string
		refused       localslack.Fault
		say           func(w *stream)
		line          string
	}{
		{
			"while it is read", "the model's finish reason is unknown, so its text counts as cut off",
			localslack.Fault{},
			func(w *stream) { w.text("first words "); w.end("odd") },
			notRead("page.png", 2, words.Crashes),
		},
		{
			"while its text is posted", "could not upload the text as a file",
			localslack.Fault{},
			func(w *stream) { w.text(strings.Repeat("first words\n\n", 8000)); w.end("stop") },
			words.DeliveryFailed("page.png", "ID"),
		},
		{
			"while its text is posted elsewhere", "could not upload the text as a file",
			localslack.Fault{Method: "chat.postMessage", After: 1, Times: 1, Error: "is_archived"},
			func(w *stream) { w.text(strings.Repeat("first words\n\n", 8000)); w.end("stop") },
			words.DeliveryFailed("page.png", "ID"),
		},
		{
			"when its text is posted", "read",
			localslack.Fault{},
			func(w *stream) { w.text("first words"); w.end("stop") },
			readLine("page.png", 2, 1),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.change = func(c *bot.Config) { c.Log = slog.New(panicsAt{h.logger.Handler(), tt.message}) }
				h.start()
				h.ws.Fail(localslack.Fault{Method: "files.getUploadURLExternal", Error: "no_permission"})
				h.ws.Fail(tt.refused)
				h.model.will(tt.say)
				ts := h.post("page.png")
				h.closesWith(ts, tt.line)
				got := h.results(ts)
				if tt.refused.Method != "" {
					for _, m := range h.ws.Messages(h.direct(h.ann)) {
						got = append(got, markdown(m))
					}
				}
				if len(got) != 1 || !strings.HasPrefix(got[0], "first words") {
					t.Errorf("results %.200q", got)
				}
				h.model.write("other words")
				h.closesWith(h.post("page.png"), readLine("page.png", 2, 1))
			})
		})
	}
}

// TestSlackFaults switches on one fault after the other. Whatever happens, the
// text must stand in the thread once.
func TestSlackFaults(t *testing.T) {
	read := readLine("page.png", 2, 1)
	for _, tt := range []struct {
		name  string
		fault localslack.Fault
		line  string // the last one
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
		{"the download is always cut", localslack.Fault{Method: "download", CutAfter: 40}, notRead("page.png", 0, words.Connection)},
		{"the login page comes instead of the file", localslack.Fault{Method: "download", LoginPage: true}, notRead("page.png", 0, words.NoPermission)},
		{"the file is gone", localslack.Fault{Method: "download", Status: 404}, notRead("page.png", 0, words.Gone)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					w.slowly(2*time.Second, "some", "text")
					w.end("stop")
				})
				h.ws.Fail(tt.fault)
				ts := h.post("page.png")
				h.closesWith(ts, tt.line)
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
		kind words.Kind
	}{
		{"damaged", picture[:20], words.Damaged},
		{"not an image", []byte("just words, whatever its name says"), words.Unsupported},
		{"a web page", []byte("<!DOCTYPE html><title>x</title>"), words.NotFile},
		{"too large", make([]byte, 1<<20+1), words.TooLargeFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.closesWith(h.postFile("page.png", tt.data), notRead("page.png", 0, tt.kind))
				if n, _ := h.model.count(); n != 0 {
					t.Error("the model was asked")
				}
				if n := h.record().Attempts; n != 0 {
					t.Errorf("it was tried again %d times", n)
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
		h.closesWith(ts, readLine("&lt;!channel&gt; *bold*.png", 2, 1))
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
		h.start() // another process, which remembers nothing
		h.talk(h.ann, h.channel, ts, "nice")
		h.closed(h.post("another.png"))
		if n, _ := h.model.count(); n != 2 {
			t.Errorf("the model was asked %d times for two images\n%s", n, h.show())
		}
	})
}

// TestTokenProblemsEndTheBot: nobody would see a bot that goes on trying.
func TestTokenProblemsEndTheBot(t *testing.T) {
	for _, tt := range []struct {
		name  string
		want  bot.TokenError
		spoil func(h *house)
	}{
		{"revoked bot token", bot.TokenError{Variable: "SLACK_BOT_TOKEN", Code: "token_revoked"}, func(h *house) { h.ws.RevokeToken(h.app.BotToken) }},
		{"revoked app token", bot.TokenError{Variable: "SLACK_APP_TOKEN", Code: "invalid_auth"}, func(h *house) { h.ws.RevokeToken(h.app.AppToken) }},
		{"the tokens are swapped", bot.TokenError{Variable: "SLACK_APP_TOKEN", Code: "not_allowed_token_type"}, func(h *house) { h.app.AppToken = h.app.BotToken }},
		{"no connections:write", bot.TokenError{Variable: "SLACK_APP_TOKEN", Code: "missing_scope"}, func(h *house) {
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
				if refused, ok := errors.AsType[*bot.TokenError](err); !ok || *refused != tt.want {
					t.Errorf("ended with %v, want %+v", err, tt.want)
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
