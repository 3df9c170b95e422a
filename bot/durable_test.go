package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/ask"
	"slackocr/bot/jobs"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// restart is a new process that finds what the last one left.
func (h *house) restart() {
	h.Helper()
	if err := h.stop(); err != nil {
		h.Errorf("ended with %v", err)
	}
	h.start()
}

// whole checks that each picture of a message has one reply and one text.
func (h *house) whole(ts string, names ...string) {
	h.Helper()
	closed, texts := 0, map[string]int{}
	for _, m := range h.answers(ts) {
		if strings.HasPrefix(m.Text, wordstest.AnyRead()) {
			closed++
			continue
		}
		name, _, _ := strings.Cut(m.Text, ":")
		texts[name]++
	}
	for _, name := range names {
		if texts[name] != 1 {
			h.Errorf("%s has %d texts, want one\n%s", name, texts[name], h.show())
		}
	}
	if n := len(h.answers(ts)); n != 1+len(names) || closed != 1 {
		h.Errorf("%d messages for %d pictures, and %d closed replies\n%s", n, len(names), closed, h.show())
	}
}

// TestStopHandsWorkOn: a bot that is stopped while it reads says nothing wrong,
// and the next process goes on in the same replies.
func TestStopHandsWorkOn(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.text("first words ")
			_ = w.pause(time.Hour)
		})
		names := []string{"a.png", "b.png", "c.png", "d.png", "e.png", "f.png"}
		ts := h.post(names...)
		h.wait("four run, the others wait", func() bool {
			running, _ := h.model.count()
			return running == 4 && len(h.answers(ts)) == 1
		})
		begun := time.Now()
		if err := h.stop(); err != nil {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if n := len(h.answers(ts)); n != 1 {
			t.Errorf("%d messages after the stop, want the reply alone", n)
		}
		h.model.will(nil)
		h.start()
		h.wait("all are read", func() bool { return h.count(ts, wordstest.AnyRead()) == 1 })
		h.whole(ts, names...)
	})
}

func (h *house) count(ts, prefix string) (n int) {
	for _, m := range h.answers(ts) {
		if strings.HasPrefix(m.Text, prefix) {
			n++
		}
	}
	return n
}

// TestRestartWhilePosting restarts the bot after each write to Slack of a long
// result: nothing may be missing or stand there twice, and the model is asked
// once.
func TestRestartWhilePosting(t *testing.T) {
	for after := range 6 {
		t.Run(fmt.Sprint("after post ", after), func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					w.text(strings.Repeat("a word ", 4000)) // three messages and a file
					w.end("stop")
				})
				// Slack is so slow that the stop comes in between.
				h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: after, Times: 1, Delay: 12 * time.Second, Applied: true, Reset: true})
				h.ws.Fail(localslack.Fault{Method: "files.completeUploadExternal", Times: 1, Delay: 12 * time.Second, Applied: true, Reset: true})
				ts := h.post("page.png")
				h.wait("something is posted", func() bool { return len(h.answers(ts)) >= min(after, 3) })
				h.restart()
				h.restart()
				h.wait("it is read", func() bool { return h.count(ts, wordstest.ReadAs("page.png", "markdown")) == 1 })
				results := h.results(ts)
				files := slices.DeleteFunc(slices.Clone(results), func(r string) bool { return !strings.HasPrefix(r, "file ") })
				if len(results) != 4 || len(files) != 1 {
					t.Errorf("%d results, %d of them files\n%s", len(results), len(files), h.show())
				}
			})
		})
	}
}

func TestFailuresThatPassAreTriedAgain(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.fail(503, "oops") })
		ts := h.post("page.png")
		h.wait("the person is told", func() bool {
			return wordstest.Normalize(h.reply(ts)) == notYet("page.png", words.ModelDown)
		})
		h.model.will(nil)
		h.closed(ts)
		h.whole(ts, "page.png")
	})
}

// TestAPageCostsEightRequests, whatever fails.
func TestAPageCostsEightRequests(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { w.fail(429, "oops") })
		h.closed(h.post("page.png"))
		if n, _ := h.model.count(); n != 8 {
			t.Errorf("the model was asked %d times", n)
		}
	})
}

// TestLongestTextIsKept over the attempts.
func TestLongestTextIsKept(t *testing.T) {
	inFakeTime(t, func(h *house) {
		n := 0
		h.model.will(func(w *stream) {
			n++
			w.text(map[bool]string{true: "one two three four ", false: "one "}[n == 2])
			w.drop()
		})
		ts := h.post("page.png")
		h.closesWith(ts, notRead("page.png", 4, words.ModelCutOff))
		if got := h.results(ts); !slices.Equal(got, []string{"one two three four"}) {
			t.Errorf("results %q", got)
		}
	})
}

// TestFullStoreRefusesCommands with words for the person, and a line in the log for the
// operator.
func TestFullStoreRefusesCommands(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.jobs.Fill(true)
		h.command(h.ann, h.channel, "last")
		h.whispered(h.ann, words.StoreFull)
		h.stop()
		if log := h.log.String(); !strings.Contains(log, jobs.ErrFull.Error()) {
			t.Errorf("the log does not say why:\n%s", log)
		}
	})
}

// TestFullStoreLeavesEventsToSlack, which sends them again.
func TestFullStoreLeavesEventsToSlack(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.jobs.Fill(true)
		ts := h.post("page.png")
		if err := h.ws.Wait(withTimeout(h, 30*time.Second), func() bool { return len(h.answers(ts)) > 0 }); err == nil {
			t.Error("it was answered without being durable")
		}
		if h.ws.Pending(h.app.AppID) == 0 {
			t.Error("the event was acknowledged")
		}
		h.jobs.Fill(false)
		h.closed(ts)
		h.whole(ts, "page.png")
	})
}

func withTimeout(h *house, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(h.Context(), d)
	h.Cleanup(cancel)
	return ctx
}

// TestReplicasShareTheWork: two processes of one bot on one store.
func TestReplicasShareTheWork(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(time.Second, "one", "two", "three")
			w.end("stop")
		})
		stop := h.runBeside(h.app, h.jobs)
		names := []string{"a.png", "b.png", "c.png", "d.png", "e.png", "f.png", "g.png", "h.png"}
		ts := h.post(names...)
		h.wait("some run", func() bool { n, _ := h.model.count(); return n > 4 })
		stop() // one goes; the other takes its work over
		h.wait("all are read", func() bool { return h.count(ts, wordstest.AnyRead()) == 1 })
		h.whole(ts, names...)
	})
}

// TestReplicasCloseOnce: when many replies wait for Slack to take their last edit, two
// replicas do not make each of them twice.
func TestReplicasCloseOnce(t *testing.T) {
	inFakeTime(t, func(h *house) {
		stop := h.runBeside(h.app, h.jobs)
		const number = 70
		var posts []string
		for range number {
			posts = append(posts, h.post("page.png"))
		}
		last := wordstest.ReadAs("page.png", "markdown")
		h.wait("all are closed", func() bool {
			for _, ts := range posts {
				if !strings.HasPrefix(h.reply(ts), last) {
					return false
				}
			}
			return true
		})
		edits := 0
		for _, c := range h.ws.Calls() {
			if c.Method == "chat.update" && strings.HasPrefix(c.Args["text"], last) {
				edits++
			}
		}
		if edits != number {
			t.Errorf("%d last edits of %d replies", edits, number)
		}
		stop()
	})
}

// TestRestartWhileTellingAFailure: what was decided stays, even if the endpoint
// is back by then. Otherwise the parts of two readings would be mixed.
func TestRestartWhileTellingAFailure(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.text(strings.Repeat("part ", 4000))
			w.end("length")
		})
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 2, Times: 1, Delay: 12 * time.Second, Applied: true, Reset: true})
		ts := h.post("page.png")
		h.wait("one part is posted", func() bool { return len(h.answers(ts)) == 2 })
		h.model.will(nil)
		h.restart()
		h.closesWith(ts, notRead("page.png", 4000, words.Truncated)+words.InFile("page.md"))
		if results := h.results(ts); len(results) != 3 {
			t.Errorf("%d results, want two parts and a file\n%s", len(results), h.show())
		}
	})
}

// TestFileThatCrashesTheBot is given up in the end: its record says that the
// requests it may cost were begun and none came to anything.
func TestFileThatCrashesTheBot(t *testing.T) {
	inBubble(t, func(h *house) {
		ts := h.post("page.png")
		queue, err := jobs.Open(h.Context(), jobs.Config{}, h.jobs)
		if err != nil {
			t.Fatal(err)
		}
		var file slack.File
		file.ID, file.Name, file.Mimetype = h.ws.Thread(h.channel, ts)[0].Files[0].ID, "page.png", "image/png"
		request, err := json.Marshal(map[string]ask.Request{
			"Read": {Channel: h.channel, Ask: ts, Root: ts, Person: h.ann, File: file},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := queue.Enqueue(h.Context(), jobs.Record{
			Key: "crashes", Thread: "t", Person: h.ann, Request: request, Progress: json.RawMessage(`{"Asked":8}`),
		}); err != nil {
			t.Fatal(err)
		}
		h.start()
		h.closesWith(ts, notRead("page.png", 0, words.Crashes))
		if n, _ := h.model.count(); n != 0 {
			t.Errorf("the model was asked %d times", n)
		}
	})
}
