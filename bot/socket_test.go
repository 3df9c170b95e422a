package bot_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words/wordstest"
)

// TestStartKeepsRetryAfter of auth.test.
func TestStartKeepsRetryAfter(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "auth.test", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 40 * time.Second})
		h.start()
		calls := h.callsOf("auth.test")
		if len(calls) != 2 {
			t.Fatalf("%d calls", len(calls))
		}
		if gap := calls[1].Time.Sub(calls[0].Time); gap < 40*time.Second || gap > 42*time.Second {
			t.Errorf("called again after %s", gap)
		}
	})
}

// TestRetryAfterOfHoursIsBounded, at the start and when a connection is lost: the bot
// calls again after minutes, and in no rush.
func TestRetryAfterOfHoursIsBounded(t *testing.T) {
	for _, method := range []string{"auth.test", "apps.connections.open"} {
		t.Run(method, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.ws.Fail(localslack.Fault{Method: method, Status: http.StatusTooManyRequests, RetryAfter: 6 * time.Hour})
				h.launch(h.jobs)
				h.wait("the bot calls again", func() bool { return len(h.callsOf(method)) > 1 })
				calls := h.callsOf(method)
				if gap := calls[1].Time.Sub(calls[0].Time); gap < 5*time.Minute || gap > 6*time.Minute {
					t.Errorf("called again after %s", gap)
				}
			})
		})
	}
}

// TestStartGivesAHangingCallUp and tries again.
func TestStartGivesAHangingCallUp(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "auth.test", Times: 1, Delay: time.Hour, Reset: true})
		begun := time.Now()
		h.start()
		if took := time.Since(begun); took > 20*time.Second || h.ws.Connections() != 1 {
			t.Errorf("listening after %s", took)
		}
	})
}

// TestStartWaitsForAsLongAsItTakes: there is no time after which Slack stays
// away for ever.
func TestStartWaitsForAsLongAsItTakes(t *testing.T) {
	inBubble(t, func(h *house) {
		back := h.ws.Fail(localslack.Fault{Method: "auth.test", Status: http.StatusBadGateway})
		time.AfterFunc(20*time.Minute, back)
		begun := time.Now()
		h.start()
		if took := time.Since(begun); h.ws.Connections() != 1 || took > 21*time.Minute {
			t.Errorf("%d connections after %s", h.ws.Connections(), took)
		}
		if n := len(h.callsOf("auth.test")); n > 80 {
			t.Errorf("%d calls in twenty minutes", n)
		}
	})
}

// TestStopBeforeSlackAnswers is a stop like any other.
func TestStopBeforeSlackAnswers(t *testing.T) {
	for name, fault := range map[string]localslack.Fault{
		"hanging": {Method: "auth.test", Delay: time.Hour, Reset: true},
		"failing": {Method: "auth.test", Status: http.StatusBadGateway},
		"limited": {Method: "auth.test", Status: http.StatusTooManyRequests, RetryAfter: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.ws.Fail(fault)
				h.launch(h.jobs)
				synctest.Wait()
				begun := time.Now()
				if err := h.stop(); err != nil {
					t.Errorf("ended with %v", err)
				}
				if took := time.Since(begun); took > time.Second {
					t.Errorf("stopping took %s", took)
				}
			})
		})
	}
}

// TestEventDuringAStopIsLeftToTheNextProcess: it is not acknowledged, so that
// Slack sends it again.
func TestEventDuringAStopIsLeftToTheNextProcess(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(time.Second, "one", "two", "three")
			w.end("stop")
		})
		first := h.post("first.png")
		h.wait("it is read", func() bool { n, _ := h.model.count(); return n == 1 })
		h.stopBot()
		synctest.Wait()
		late := h.post("late.png")
		if err := h.stopped(); err != nil {
			t.Errorf("ended with %v", err)
		}
		if records, err := h.queue.ByPerson(h.Context(), h.ann); err != nil || len(records) != 1 {
			t.Errorf("%d jobs, want the first one, %v", len(records), err)
		}
		if n := len(h.answers(late)); n != 0 {
			t.Errorf("%d answers to the late one", n)
		}
		h.start()
		h.closed(late)
		h.whole(first, "first.png")
		h.whole(late, "late.png")
	})
}

// TestConnectionsThatEndAtOnceAreNotOpenedInARush: Slack takes 50 a minute.
func TestConnectionsThatEndAtOnceAreNotOpenedInARush(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ctx, cancel := context.WithTimeout(h.Context(), 3*time.Minute)
		defer cancel()
		for h.ws.Wait(ctx, func() bool { return h.ws.Connections() > 0 }) == nil {
			h.ws.CloseSockets()
		}
		calls := h.callsOf("apps.connections.open")
		if len(calls) < 30 {
			t.Errorf("%d calls in three minutes: it was hardly tried", len(calls))
		}
		for i := 47; i < len(calls); i++ {
			if minute := calls[i].Time.Sub(calls[i-47].Time); minute < time.Minute {
				t.Fatalf("48 calls within %s", minute)
			}
		}
		h.closed(h.post("page.png"))
		h.noRateLimit()
	})
}

// TestLostConnectionsAreLogged with the reason.
func TestLostConnectionsAreLogged(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "apps.connections.open", Times: 1, Error: "a_reason_of_slacks"})
		h.ws.CloseSockets()
		h.closed(h.post("page.png"))
		h.stop()
		if log := h.log.String(); !strings.Contains(log, "a_reason_of_slacks") {
			t.Errorf("the log does not say why:\n%s", log)
		}
	})
}

// TestStopWhileSlackIsDown: whatever Slack does, the process has to end.
func TestStopWhileSlackIsDown(t *testing.T) {
	for name, fault := range map[string]localslack.Fault{
		"hanging": {Method: "*", Delay: time.Hour, Reset: true},
		"failing": {Method: "*", Status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					w.slowly(time.Second, "one", "two", "three")
					w.end("stop")
				})
				ts := h.post("a.png", "b.png", "c.png", "d.png", "e.png", "f.png")
				h.wait("it runs", func() bool { n, _ := h.model.count(); return n == 4 })
				back := h.ws.Fail(fault)
				begun := time.Now()
				if err := h.stop(); err != nil {
					t.Errorf("ended with %v", err)
				}
				if took := time.Since(begun); took > 8*time.Second {
					t.Errorf("stopping took %s", took)
				}
				back()
				h.start()
				h.wait("all are read", func() bool { return h.count(ts, wordstest.ReadFiles(6, 6, "markdown")) == 1 })
				h.whole(ts, "a.png", "b.png", "c.png", "d.png", "e.png", "f.png")
			})
		})
	}
}

func TestSocketIsKeptUp(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  func(h *house)
	}{
		{"it closes without a word", func(h *house) { h.ws.CloseSockets() }},
		{"Slack asks for a new one", func(h *house) { h.ws.Disconnect("refresh_requested") }},
		{"opening fails for ten minutes", func(h *house) {
			h.ws.Fail(localslack.Fault{Method: "apps.connections.open", Times: 20, Status: 503})
			h.ws.CloseSockets()
		}},
		{"opening is not found, as behind a broken proxy", func(h *house) {
			h.ws.Fail(localslack.Fault{Method: "apps.connections.open", Times: 5, Status: http.StatusNotFound})
			h.ws.CloseSockets()
		}},
		{"opening is limited", func(h *house) {
			h.ws.Fail(localslack.Fault{Method: "apps.connections.open", Times: 1, Status: 429, RetryAfter: 90 * time.Second})
			h.ws.CloseSockets()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				tt.cut(h)
				h.closed(h.post("page.png"))
				for code, n := range h.calls("apps.connections.open") {
					if n > 25 || (code == "ratelimited" && n > 1) {
						t.Errorf("apps.connections.open was answered %q %d times", code, n)
					}
				}
			})
		})
	}
}

func TestStartWaitsForSlack(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "auth.test", Times: 8, Status: http.StatusBadGateway})
		h.start()
		h.closed(h.post("page.png"))
	})
}
