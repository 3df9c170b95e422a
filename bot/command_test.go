package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// TestHelp is for the asker alone, and shows what was not understood as it was
// written: it pings nobody and makes no link.
func TestHelp(t *testing.T) {
	inFakeTime(t, func(h *house) {
		before := len(h.ws.Messages(h.channel))
		for _, text := range []string{
			"help", "HELP", "nonsense", "<!channel> hi", "`code` <@U1> *bold*", "<https://a.example|b> and more", "auto maybe", "auto all now",
			"status x", "forget me", "last nonsense", "last locate:", "text", "http://", "\u202ereversed", strings.Repeat("x", 5000),
		} {
			h.command(h.ann, h.channel, text)
		}
		h.pass(time.Minute)
		answers := h.whispers(h.ann)
		if len(answers) != 16 {
			t.Fatalf("%d answers: %q", len(answers), answers)
		}
		unclear := wordstest.Shared(words.Help("one"), words.Help("two")) // up to the words that were not understood
		for i, w := range answers {
			if i < 2 {
				if w != words.Help("") {
					t.Errorf("answer %d: %.200q", i, w)
				}
				continue
			}
			quoted, _, _ := strings.Cut(strings.TrimPrefix(w, unclear), "\n")
			if !strings.HasPrefix(w, unclear) {
				t.Errorf("answer %d: %.200q", i, w)
			}
			for _, live := range []string{"<", "\u202e"} {
				if strings.Contains(quoted, live) {
					t.Errorf("%q is live in %.200q", live, quoted)
				}
			}
			if n := strings.Count(quoted, "`"); n != 1 {
				t.Errorf("%d marks of code in %.200q", n, quoted)
			}
			if len(w) > 3000 {
				t.Errorf("answer %d has %d bytes", i, len(w))
			}
		}
		if n := len(h.ws.Messages(h.channel)); n != before || h.requests() != 0 {
			t.Errorf("%d messages, want %d; %d requests", n, before, h.requests())
		}
	})
}

// TestLastReadsTheNewestPicture, and that only.
func TestLastReadsTheNewestPicture(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.command(h.ann, h.channel, "last")
		h.whispered(h.ann, words.NoPictureHere)
		h.command(h.ann, h.channel, "auto off")
		h.whispered(h.ann, words.Done)
		h.post("old.png")
		ts := h.post("first.png", "second.png")
		h.talk(h.ann, h.channel, "", "words after it")
		h.command(h.ann, h.channel, "last figure")
		h.closed(ts)
		if line := h.reply(ts); !strings.HasPrefix(line, wordstest.ReadAs("second.png", "figure")) {
			t.Errorf("it says %q", line)
		}
		h.idle(1, "the newest picture")
	})
}

// TestLastWhereTheBotIsNot says how to change that, and promises nothing.
func TestLastWhereTheBotIsNot(t *testing.T) {
	for _, private := range []bool{false, true} {
		inFakeTime(t, func(h *house) {
			channel := h.ws.AddChannel("elsewhere", private, h.ann)
			h.postIn(h.ann, channel, "", "", "page.png")
			h.command(h.ann, channel, "last")
			h.whispered(h.ann, words.AddMeFirst(h.app.BotUserID))
			h.idle(0, "not in the channel")
		})
	}
}

// TestStatusStops shows what runs and waits, with a button that ends it.
func TestStatusStops(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.command(h.ann, h.channel, "status")
		h.whispered(h.ann, words.Status(0, 0))
		h.model.will(func(w *stream) {
			w.text("one ")
			_ = w.pause(time.Hour)
		})
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		h.postIn(bob, h.channel, "", "", "his.png")
		var posts []string
		for _, name := range []string{"a.png", "b.png", "c.png", "d.png", "e.png"} {
			posts = append(posts, h.post(name))
		}
		begins := wordstest.Shared(wordstest.Stopped("a.png", 0), wordstest.Stopped("b.png", 1))
		ended := func() (n int) {
			for _, ts := range posts {
				n += h.count(ts, begins)
			}
			return n
		}
		h.wait("all have replies", func() bool { return h.reply(posts[4]) != "" && h.requests() == 4 })
		h.command(h.ann, h.channel, "status")
		h.whispered(h.ann, words.Status(5, 5))
		all := h.ws.Ephemerals(h.ann)
		m := all[len(all)-1].Message
		if blocks := string(m.Blocks); strings.Contains(blocks, "his.png") || strings.Count(blocks, `"stop"`) != 5 {
			t.Errorf("it shows %s", blocks)
		}
		if err := h.ws.Press(h.Context(), h.ann, h.channel, m.TS, "stop"); err != nil {
			t.Fatal(err)
		}
		h.wait("one is stopped", func() bool { return ended() == 1 })
		h.whispered(h.ann, words.StoppedNow)
		h.pass(5 * time.Second)
		h.command(h.ann, h.channel, "status")
		h.whispered(h.ann, words.Status(4, 4))
	})
}

// TestStatusOfMany shows ten, and says how many there are.
func TestStatusOfMany(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { _ = w.pause(time.Hour) })
		for range 12 {
			h.post("a.png", "b.png")
		}
		h.wait("all are taken", func() bool { return h.ws.Pending(h.app.AppID) == 0 })
		h.command(h.ann, h.channel, "status")
		h.whispered(h.ann, words.Status(12, 10))
		if blocks := string(h.ws.Ephemerals(h.ann)[0].Message.Blocks); strings.Count(blocks, `"stop"`) != 10 {
			t.Errorf("it shows %s", blocks)
		}
	})
}

// TestCommandsThatCannotBeKept are answered within the 3 s that Slack waits, or
// say a little later that nothing was started.
func TestCommandsThatCannotBeKept(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{"down": down, "hanging": hang} {
		for _, text := range []string{"last", "auto all", "auto", "https://pictures.example/a.png"} {
			t.Run(name+"/"+text, func(t *testing.T) {
				inBubble(t, func(h *house) {
					store := newSick(h.jobs)
					h.startOn(store)
					store.will(fail)
					asked := time.Now()
					h.command(h.ann, h.channel, text) // fails where Slack has waited for too long
					h.wait("an answer", func() bool { return len(h.whispers(h.ann)) > 0 })
					if w := h.whispers(h.ann)[0]; w != words.NotTaken && w != words.TryLater {
						t.Errorf("it says %q", w)
					}
					if took := time.Since(asked); took > 3*time.Second {
						t.Errorf("answered after %s", took)
					}
					store.will(nil)
					h.idle(0, text)
					if said := h.said(h.channel); len(said) > 0 {
						t.Errorf("it says %q", said)
					}
				})
			})
		}
	}
}

// TestCommandWhileTheBotEnds is told that nothing came of it, and holds the end
// up for a moment only.
func TestCommandWhileTheBotEnds(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "conversations.info", Delay: time.Hour, Reset: true})
		h.command(h.ann, h.channel, "auto off")
		begun := time.Now()
		if err := h.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if w := h.whispers(h.ann); len(w) != 1 || w[0] != words.NotTaken {
			t.Errorf("it says %q", w)
		}
	})
}

// TestForgetErasesOnesOwnRecords: what stands in Slack stays, what was being
// worked on goes, and nobody else's is touched.
func TestForgetErasesOnesOwnRecords(t *testing.T) {
	inFakeTime(t, func(h *house) {
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		his := h.postIn(bob, h.channel, "", "", "his.png")
		h.closed(his)
		done := h.post("done.png")
		h.closed(done)
		h.model.will(func(w *stream) {
			w.text("one ")
			_ = w.pause(time.Hour)
		})
		running := h.post("running.png")
		h.wait("it is being read", func() bool { return h.requests() == 3 && len(h.answers(running)) == 1 })
		h.forget(h.ann)
		h.whispered(h.ann, words.RecordsErased(2))
		h.pass(time.Minute)
		if n := len(h.answers(running)); n != 0 {
			t.Errorf("%d messages about what was being read\n%s", n, h.show())
		}
		h.whole(done, "done.png")
		h.whole(his, "his.png")
		if mine, err := h.queue.ByPerson(h.Context(), h.ann); err != nil || len(mine) != 0 {
			t.Errorf("%d records are left, %v", len(mine), err)
		}
		if others, err := h.queue.ByPerson(h.Context(), bob); err != nil || len(others) != 1 {
			t.Errorf("%d records of bob's, %v", len(others), err)
		}
		h.press(bob, h.channel, h.answers(done)[0].TS, "send")
		h.whispered(bob, words.NotRemembered)
		h.forget(h.ann)
		h.whispered(h.ann, words.RecordsErased(0))
	})
}

// TestForgetWhileAWriteIsOnItsWay leaves nothing of what Slack carried out late.
func TestForgetWhileAWriteIsOnItsWay(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Delay: 5 * time.Second, Applied: true, Reset: true})
		ts := h.post("page.png")
		h.pass(time.Second)
		h.forget(h.ann)
		h.whispered(h.ann, words.RecordsErased(1))
		h.pass(2 * time.Minute)
		if n := len(h.answers(ts)); n != 0 {
			t.Errorf("%d messages\n%s", n, h.show())
		}
	})
}

// TestManyCommandsAtOnce are all answered.
func TestManyCommandsAtOnce(t *testing.T) {
	inFakeTime(t, func(h *house) {
		for i := range 30 {
			h.command(h.ann, h.channel, fmt.Sprintf("nonsense %d", i))
		}
		h.pass(time.Minute)
		answers := h.whispers(h.ann)
		slices.Sort(answers)
		if n := len(slices.Compact(answers)); n != 30 {
			t.Errorf("%d answers", n)
		}
	})
}
