package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// shaky is a store that fails as a test says, and, as NATS does, where its
// context has ended.
type shaky struct {
	kv.Store
	mu   sync.Mutex // guards fail
	fail func(ctx context.Context) error
}

func (s *shaky) will(fail func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

func (s *shaky) do(ctx context.Context, call func() error) error {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if err := fail(ctx); err != nil {
			return fmt.Errorf("%w: %w", jobs.ErrUnavailable, err)
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", jobs.ErrUnavailable, ctx.Err())
	}
	return call()
}

func (s *shaky) Get(ctx context.Context, filter string) (e kv.Entry, err error) {
	err = s.do(ctx, func() (err error) { e, err = s.Store.Get(ctx, filter); return err })
	return e, err
}

func (s *shaky) Put(ctx context.Context, key string, value []byte) error {
	return s.do(ctx, func() error { return s.Store.Put(ctx, key, value) })
}

func (s *shaky) Update(ctx context.Context, key string, value []byte, revision uint64) error {
	return s.do(ctx, func() error { return s.Store.Update(ctx, key, value, revision) })
}

// record is ann's only job.
func (h *house) record() jobs.Record {
	h.Helper()
	records, err := h.queue.ByPerson(h.Context(), h.ann)
	if err != nil || len(records) != 1 {
		h.Fatalf("records: %+v, %v", records, err)
	}
	return records[0]
}

// TestShakyStoreCostsNothing: every fifth call of the store fails. That is no
// failed attempt, nothing is missing, and nothing stands there twice.
func TestShakyStoreCostsNothing(t *testing.T) {
	for offset := range 5 {
		t.Run(fmt.Sprint(offset), func(t *testing.T) {
			inBubble(t, func(h *house) {
				store := &shaky{Store: h.jobs}
				var calls atomic.Int64
				calls.Store(int64(offset))
				store.will(func(context.Context) error {
					if calls.Add(1)%5 == 0 {
						return context.DeadlineExceeded
					}
					return nil
				})
				h.startOn(store)
				h.model.will(func(w *stream) {
					w.slowly(time.Second, "one", "two", "three")
					w.end("stop")
				})
				ts := h.post("page.png")
				h.closed(ts)
				h.whole(ts, "page.png")
				store.will(nil)
				if r := h.record(); r.Attempts != 0 {
					t.Errorf("%d attempts", r.Attempts)
				}
			})
		})
	}
}

// TestStoreThatIsAwayAtTheEnd of a text: the text is kept until the store is back, and the
// model is not asked again.
func TestStoreThatIsAwayAtTheEnd(t *testing.T) {
	inBubble(t, func(h *house) {
		store := &shaky{Store: h.jobs}
		h.startOn(store)
		h.model.will(func(w *stream) {
			w.text("one two three")
			if h.requests() == 1 {
				back := time.Now().Add(8 * time.Second)
				store.will(func(context.Context) error {
					if time.Now().Before(back) {
						return context.DeadlineExceeded
					}
					return nil
				})
			}
			w.end("stop")
		})
		ts := h.post("page.png")
		h.closesWith(ts, readLine("page.png", 3, 1))
		if n := h.requests(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestStopWhileTheStoreHangs ends in time all the same.
func TestStopWhileTheStoreHangs(t *testing.T) {
	inBubble(t, func(h *house) {
		store := &shaky{Store: h.jobs}
		h.startOn(store)
		h.model.will(func(w *stream) {
			w.text("one ")
			_ = w.pause(time.Hour)
		})
		ts := h.post("page.png")
		h.wait("text is visible", func() bool { return len(h.answers(ts)) == 1 && strings.Contains(markdown(h.answers(ts)[0]), "one") })
		store.will(func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // the client's own
			defer cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		begun := time.Now()
		_ = h.stop()
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("stopping took %s", took)
		}
		store.will(nil)
		if r := h.record(); r.Attempts != 0 {
			t.Errorf("the stop counted as an attempt")
		}
	})
}

// TestSeenTextIsNotTakenAway by a later attempt that does not come so far.
func TestSeenTextIsNotTakenAway(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(2*time.Second, "one", "two", "three", "four")
			w.drop()
		})
		ts := h.post("page.png")
		h.wait("it is tried again", func() bool { return wordstest.Normalize(h.reply(ts)) == notYet("page.png", words.ModelCutOff) })
		h.ws.Fail(localslack.Fault{Method: "download", Status: 404})
		h.closesWith(ts, notRead("page.png", 4, words.Gone))
		if got := h.results(ts); !slices.Equal(got, []string{"one two three four"}) {
			t.Errorf("results %q", got)
		}
	})
}

// TestRestartsCostNoAttempt: a file may be read as often as the bot is restarted in good
// order, and is read to its end then.
func TestRestartsCostNoAttempt(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.text("first words ")
			_ = w.pause(time.Hour)
		})
		ts := h.post("page.png")
		for i := range 10 {
			h.wait("it is read again", func() bool { n, _ := h.model.count(); return n > i })
			h.restart()
		}
		h.model.will(nil)
		h.restart()
		h.closesWith(ts, readLine("page.png", 2, 1))
	})
}

// TestStoppedByAPerson is told, whenever that was.
func TestStoppedByAPerson(t *testing.T) {
	for name, read := range map[string]int{"before its reply": 0, "while it waits for another attempt": 3} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.startOn(&shaky{Store: h.jobs})
				h.model.will(func(w *stream) {
					w.slowly(2*time.Second, "one", "two", "three")
					w.drop()
				})
				if read == 0 {
					h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: 20 * time.Second})
				}
				ts := h.post("page.png")
				h.wait("it is there", func() bool {
					return h.calls("chat.postMessage")["ratelimited"] > 0 || wordstest.Normalize(h.reply(ts)) == notYet("page.png", words.ModelCutOff)
				})
				if err := h.queue.Stop(h.Context(), h.record().Key, "ann"); err != nil {
					t.Fatal(err)
				}
				h.closesWith(ts, wordstest.Stopped("page.png", read))
				h.stop()
				if r := h.record(); r.State != jobs.Stopped {
					t.Errorf("the job is %s", r.State)
				}
			})
		})
	}
}

// TestFilesOfSlackConnect that cannot be looked up get a sentence, and the bot
// lives on.
func TestFilesOfSlackConnect(t *testing.T) {
	for code, kind := range map[string]words.Kind{"missing_scope": words.NoPermission, "file_not_found": words.Gone} {
		t.Run(code, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts := h.talk(h.ann, h.channel, "", "look")
				h.ws.Fail(localslack.Fault{Method: "files.info", Error: code})
				h.ws.Emit(h.app.AppID, map[string]any{
					"type": "message", "subtype": "file_share", "channel": h.channel, "channel_type": "channel",
					"ts": ts, "event_ts": ts, "user": h.ann,
					"files": []map[string]any{{"id": "F123", "mode": "file_access", "file_access": "check_file_info"}},
				})
				h.closesWith(ts, notRead(slackmd.Name(""), 0, kind))
				h.closed(h.post("page.png"))
			})
		})
	}
}
