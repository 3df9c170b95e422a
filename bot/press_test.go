package bot_test

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/sleep"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// press presses a button as somebody: one of the message ts, or where it has none of
// that name, of a later message of the bot in the same thread. Slack shows an error
// where nobody answers.
func (h *house) press(user, channel, ts, action string, option ...string) {
	h.Helper()
	if err := h.pressOn(user, channel, h.withAction(channel, ts, action), action, option...); err != nil {
		h.Fatalf("%s: %v", action, err)
	}
}

func (h *house) pressOn(user, channel, ts, action string, option ...string) error {
	if len(option) > 0 {
		return h.ws.Press(h.Context(), user, channel, ts, action, option...)
	}
	return h.ws.Press(h.Context(), user, channel, ts, action)
}

// withAction is the first message from ts on, in its thread, that has an action.
func (h *house) withAction(channel, ts, action string) string {
	for _, m := range h.ws.Messages(channel) {
		root := cmp.Or(m.ThreadTS, m.TS)
		if m.TS != ts && root != ts {
			continue
		}
		for _, other := range h.ws.Thread(channel, root) {
			if other.TS >= ts && hasAction(other, action) {
				return other.TS
			}
		}
	}
	return ts
}

// streaming posts a picture of which the model writes two words, and then
// nothing. gone is closed when the bot hangs up on the model.
func (h *house) streaming() (ts string, gone chan struct{}) {
	h.Helper()
	gone = make(chan struct{})
	var once sync.Once
	h.model.will(func(w *stream) {
		w.text("two words")
		if w.pause(50*time.Second) != nil {
			once.Do(func() { close(gone) })
		}
		w.end("stop")
	})
	ts = h.post("page.png")
	h.wait("its text is seen", func() bool {
		all := h.answers(ts)
		return len(all) == 1 && strings.Contains(markdown(all[0]), "two words")
	})
	return ts, gone
}

// TestStopWhileStreaming ends the request to the model at once, keeps the text
// and says who did it, however many people press at once.
func TestStopWhileStreaming(t *testing.T) {
	inFakeTime(t, func(h *house) {
		people := []string{h.ann}
		for i := range 3 {
			people = append(people, h.ws.AddUser(fmt.Sprintf("p%d", i)))
			h.ws.Join(h.channel, people[i+1])
		}
		ts, gone := h.streaming()
		pressed := time.Now()
		var all sync.WaitGroup
		for _, person := range people {
			all.Go(func() { h.press(person, h.channel, h.answers(ts)[0].TS, "stop") })
		}
		<-gone
		if took := time.Since(pressed); took > time.Second {
			t.Errorf("the model was left after %s", took)
		}
		all.Wait()
		h.wait("it says so", func() bool { return h.count(ts, wordstest.Stopped("page.png", 2)) == 1 })
		h.pass(time.Minute)
		m := h.answers(ts)[0]
		if n := strings.Count(string(m.Blocks), `\u003c@U`); n != 1 {
			t.Errorf("it shows %s", m.Blocks)
		}
		if r := h.results(ts); len(r) != 1 || r[0] != "two words" {
			t.Errorf("the text is %q", r)
		}
		h.idle(1, "stopped")
	})
}

// TestStopWhileWaiting for a turn at the model: it is never asked.
func TestStopWhileWaiting(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { _ = w.pause(50 * time.Second); w.text("text"); w.end("stop") })
		first := h.post("a.png", "b.png", "c.png", "d.png")
		h.pass(5 * time.Second) // the model is busy: nothing that the workspace would see
		ts := h.post("late.png")
		h.wait("it waits", func() bool { return h.reply(ts) != "" })
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "stop")
		h.wait("it is stopped", func() bool { return h.reply(ts) == wordstest.Stopped("late.png", 0) })
		h.wait("the others are read", func() bool { return h.count(first, wordstest.ReadFiles(4, 4, "markdown")) == 1 })
		h.idle(4, "stopped before its turn")
		if n := len(h.answers(ts)); n != 1 {
			t.Errorf("%d messages\n%s", n, h.show())
		}
	})
}

// TestButtonsAreForMembers: who is not in the conversation is told so.
func TestButtonsAreForMembers(t *testing.T) {
	inFakeTime(t, func(h *house) {
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		ts, _ := h.streaming()
		reply := h.answers(ts)[0].TS
		h.ws.Fail(localslack.Fault{Method: "conversations.members", Times: 1, Delay: time.Second})
		gone := make(chan struct{})
		go func() { // bob leaves between the press and the look at who is there
			defer close(gone)
			_ = sleep.For(h.Context(), 500*time.Millisecond) // until all wait for the delayed call
			if err := h.ws.Kick(bob, h.channel, bob); err != nil {
				t.Error(err)
			}
		}()
		h.press(bob, h.channel, reply, "stop")
		<-gone
		h.whispered(bob, words.NotMember)
		h.wait("it is read", func() bool { return h.count(ts, wordstest.ReadAs("page.png", "markdown")) == 1 })
	})
}

// TestWindowOfSomebodyWhoLeft does nothing for them.
func TestWindowOfSomebodyWhoLeft(t *testing.T) {
	inFakeTime(t, func(h *house) {
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		ts := h.post("a.png")
		h.closed(ts)
		h.press(bob, h.channel, h.answers(ts)[0].TS, "again", "locate")
		h.wait("a window", func() bool { return len(h.ws.Views(bob)) == 1 })
		if err := h.ws.Kick(h.ann, h.channel, bob); err != nil {
			t.Fatal(err)
		}
		problems := h.submit(bob, h.ws.Views(bob)[0].ID, map[string][]string{"words": {"total"}})
		if problems["words"] != words.NotMember {
			t.Errorf("the window says %v", problems)
		}
		h.idle(1, "not for bob")
	})
}

// TestStopAfterTheEnd says so and changes nothing: the button was pressed on a
// reply that had just changed.
func TestStopAfterTheEnd(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts, _ := h.streaming()
		// Slack shows the old reply still: its last edit fails.
		h.ws.Fail(localslack.Fault{Method: "chat.update", Error: "cant_update_message"})
		h.wait("it is read", func() bool { return h.count(ts, "page.png") == 1 })
		h.pass(time.Minute)
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "stop")
		h.whispered(h.ann, words.FinishedAlready)
		h.idle(1, "read")
	})
}

// TestReadAgainAsEachMode in the picture's thread, with a window where words are
// wanted.
func TestReadAgainAsEachMode(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.varied()
		ts := h.post("a.png")
		h.closed(ts)
		reply := h.answers(ts)[0].TS
		n := 1
		for _, kind := range ocr.Kinds() {
			mode, argument := string(kind), ""
			if kind.NeedsArgument() {
				argument = "the total"
				mode += ": " + argument
			}
			line := wordstest.ReadAs("a.png", mode)
			before := h.count(ts, line)
			h.press(h.ann, h.channel, reply, "again", string(kind))
			if argument != "" {
				h.wait("a window", func() bool { return len(h.ws.Views(h.ann)) == 1 })
				view := h.ws.Views(h.ann)[0].ID
				if problems := h.submit(h.ann, view, map[string][]string{"words": {"  "}}); problems["words"] == "" {
					t.Errorf("%s without words: %v", mode, problems)
				}
				if problems := h.submit(h.ann, view, map[string][]string{"words": {argument}}); len(problems) > 0 {
					t.Error(problems)
				}
			}
			h.wait(line, func() bool { return h.count(ts, line) == before+1 })
			n++
		}
		h.idle(n, "each once")
		if got := len(h.answers(ts)); got != 2*n {
			t.Errorf("%d messages, want %d\n%s", got, 2*n, h.show())
		}
	})
}

// TestButtonsOnAForgottenJob say so, in words and in the window.
func TestButtonsOnAForgottenJob(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("a.png")
		h.closed(ts)
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "again", "locate")
		h.wait("a window", func() bool { return len(h.ws.Views(h.ann)) == 1 })
		h.forget(h.ann)
		h.whispered(h.ann, words.RecordsErased(1))
		said := len(h.whispers(h.ann))
		for _, choice := range [][]string{{"send"}, {"again", "text"}} {
			h.press(h.ann, h.channel, h.answers(ts)[0].TS, choice[0], choice[1:]...)
		}
		h.wait("two words", func() bool { return len(h.whispers(h.ann)) == said+2 })
		for _, w := range h.whispers(h.ann)[said:] {
			if w != words.NotRemembered {
				t.Errorf("it says %q", w)
			}
		}
		problems := h.submit(h.ann, h.ws.Views(h.ann)[0].ID, map[string][]string{"words": {"total"}})
		if problems["words"] != words.NotRemembered {
			t.Errorf("the window says %v", problems)
		}
		h.idle(1, "forgotten")
	})
}

// TestStopIsToldAfterARestart, as it would have been before.
func TestStopIsToldAfterARestart(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts, gone := h.streaming()
		clear := h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Status: 500})
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "stop")
		<-gone
		h.pass(5 * time.Second) // the text is kept, and cannot be posted
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		clear()
		h.start()
		h.closesWith(ts, wordstest.Stopped("page.png", 2))
	})
}

// TestPressInAHugeChannel, whose members the bot cannot search, is for whoever asked.
func TestPressInAHugeChannel(t *testing.T) {
	inFakeTime(t, func(h *house) {
		members := []string{h.app.BotUserID, h.ann}
		for i := range 39_960 {
			members = append(members, h.ws.AddUser(fmt.Sprint("user", i))) // more than the bot searches
		}
		bob := h.ws.AddUser("bob")
		huge := h.ws.AddChannel("huge", false, append(members, bob)...)
		ts := h.postIn(h.ann, huge, "", "", "page.png")
		h.closedIn(huge, ts)
		h.press(bob, huge, h.spoken(huge)[1].TS, "send")
		h.whispered(bob, words.MembersUnchecked)
	})
}

// TestTryAgain reads the one file again that failed, with one press.
func TestTryAgain(t *testing.T) {
	inFakeTime(t, func(h *house) {
		broken := true
		h.model.will(func(w *stream) {
			if broken && w.height() == 60 {
				w.fail(500, `{"error":{"message":"overloaded"}}`)
				return
			}
			w.text("some text")
			w.end("stop")
		})
		ts := h.three()
		h.wait("it is given up", func() bool { return h.count(ts, wordstest.ReadFiles(2, 3, "markdown")) == 1 })
		h.lineOf(ts, words.Of("b.png", words.NotRead("", 0, failure(words.ModelDown))))
		broken = false
		before := h.requests()
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "try-again")
		h.wait("it is read", func() bool { return h.count(ts, wordstest.ReadAs("b.png", "markdown")) == 1 })
		h.wait("its text", func() bool { return h.count(ts, "b.png: some text") == 1 })
		h.idle(before+1, "once more")
	})
}

// TestDamagedFileOffersNothing: reading it another way, or once more, would not help.
func TestDamagedFileOffersNothing(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.postFiles(localslack.Upload{Name: "broken.png", Data: picture[:40]})
		h.closesWith(ts, notRead("broken.png", 0, words.Damaged))
		if blocks := string(h.answers(ts)[0].Blocks); strings.Contains(blocks, "action_id") {
			t.Errorf("it offers %s", blocks)
		}
	})
}
