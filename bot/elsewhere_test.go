package bot_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// TestTextReachesThePersonElsewhere where the conversation takes nothing more: in
// a direct message, once and whole.
func TestTextReachesThePersonElsewhere(t *testing.T) {
	for _, code := range []string{"is_archived", "not_in_channel", "channel_not_found"} {
		t.Run(code, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.model.will(func(w *stream) {
					w.slowly(time.Second, "one", "two", "three", "four", "five", "six")
					w.end("stop")
				})
				ts := h.post("page.png")
				h.wait("text is visible", func() bool { return len(h.answers(ts)) > 0 && markdown(h.answers(ts)[0]) != "" })
				edits := len(h.callsOf("chat.update"))
				h.ws.Fail(localslack.Fault{Method: "chat.update", Error: code})
				h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Error: code})
				direct := h.direct(h.ann)
				h.waitFor(direct, "page.png", 1)
				h.pass(time.Minute)
				said := h.ws.Messages(direct)
				if len(said) != 1 || markdown(said[0]) != "one two three four five six" ||
					!strings.Contains(string(said[0].Blocks), words.CouldNotPostThere("page.png")) {
					t.Errorf("in the direct message: %+v", said)
				}
				// Deleted with its picture, wherever it stands.
				if err := h.ws.Delete(h.ann, h.channel, ts); err != nil {
					t.Fatal(err)
				}
				h.waitIn(direct, "the text is taken away", func() bool { return len(h.said(direct)) == 0 })
				if n := len(h.callsOf("chat.update")) - edits; n > 2 {
					t.Errorf("%d edits after Slack refused the first", n)
				}
			})
		})
	}
}

// TestTextReachesThePersonPrivately: where neither the conversation nor a direct message
// takes it, all of it answers the command.
func TestTextReachesThePersonPrivately(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.command(h.ann, h.channel, "auto off")
		h.pass(time.Minute) // it is announced
		h.post("page.png")
		h.model.write(parts(3))
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 1, Error: "is_archived"})
		h.ws.Fail(localslack.Fault{Method: "conversations.open", Error: "missing_scope"})
		h.command(h.ann, h.channel, "last")
		h.pass(time.Minute)
		var texts []string
		for _, e := range h.ws.Ephemerals(h.ann) {
			if text := markdown(e.Message); text != "" {
				texts = append(texts, text)
			}
		}
		if !slices.Equal(texts, []string{parts(1), parts(1), parts(1)}) {
			t.Errorf("%d texts: %.40q", len(texts), texts)
		}
	})
}

// TestTextsOfSeveralReachThePersonPrivately: an answer has few messages, of which each file
// gets one at least.
func TestTextsOfSeveralReachThePersonPrivately(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.command(h.ann, h.channel, "auto off")
		h.pass(time.Minute) // it is announced
		ts := h.three()
		h.model.will(func(w *stream) {
			_ = w.pause(time.Duration(w.height()) * time.Second / 4) // one file after the other
			w.text(parts(3))
			w.end("stop")
		})
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 1, Error: "is_archived"})
		h.ws.Fail(localslack.Fault{Method: "conversations.open", Error: "missing_scope"})
		if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, ts, "extract"); err != nil {
			t.Fatal(err)
		}
		h.pass(2 * time.Minute)
		texts := map[string]int{}
		for _, e := range h.ws.Ephemerals(h.ann) {
			if markdown(e.Message) != "" {
				name, _, _ := strings.Cut(lines(e.Message)[0], " ")
				texts[name]++
			}
		}
		if len(texts) != 3 {
			t.Errorf("messages by file: %v", texts)
		}
	})
}

// TestDeletedFileIsNotShownPrivately: if a file is deleted when its text is about to answer
// the command, the text is shown no more.
func TestDeletedFileIsNotShownPrivately(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.command(h.ann, h.channel, "auto off")
		h.pass(time.Minute) // it is announced
		ts := h.post("page.png")
		h.model.write(parts(3))
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", After: 1, Error: "is_archived"})
		h.ws.Fail(localslack.Fault{Method: "conversations.open", Delay: 10 * time.Second, Error: "missing_scope"})
		h.command(h.ann, h.channel, "last")
		h.pass(5 * time.Second)
		if err := h.ws.Delete(h.ann, h.channel, ts); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		if len(h.callsOf("conversations.open")) == 0 {
			t.Error("no other place was looked for")
		}
		for _, e := range h.ws.Ephemerals(h.ann) {
			if text := markdown(e.Message); text != "" {
				t.Errorf("shown: %.40q", text)
			}
		}
	})
}

// TestReplyThatIsDeleted while the model writes: the text comes as a message of
// its own, and the reply is not edited on and on.
func TestReplyThatIsDeleted(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) {
			w.slowly(time.Second, slices.Repeat([]string{"word"}, 30)...)
			w.end("stop")
		})
		ts := h.post("page.png")
		h.wait("text is visible", func() bool { return len(h.answers(ts)) > 0 && markdown(h.answers(ts)[0]) != "" })
		if err := h.ws.Delete(h.app.BotUserID, h.channel, h.answers(ts)[0].TS); err != nil {
			t.Fatal(err)
		}
		h.wait("the text stands in the thread", func() bool {
			return slices.ContainsFunc(h.answers(ts), func(m localslack.Message) bool { return strings.Count(markdown(m), "word") == 30 })
		})
		h.pass(time.Minute)
		if n := h.calls("chat.update")["message_not_found"]; n > 1 {
			t.Errorf("%d edits of a message that is gone", n)
		}
	})
}
