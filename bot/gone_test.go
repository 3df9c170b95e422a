package bot_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/localslack"
	"slackocr/bot/words/wordstest"
)

// nothingLeft checks that no word of the bot is left in conversations, and no
// file that was there before, and that nobody's record is.
func (h *house) nothingLeft(files []string, channels ...string) {
	h.Helper()
	h.pass(2 * time.Minute) // for what was on its way
	for _, channel := range channels {
		if said := h.said(channel); len(said) > 0 {
			h.Errorf("the bot's words are left: %q", said)
		}
	}
	for _, id := range files {
		if _, there := h.ws.FileContent(id); there {
			h.Errorf("file %s is left", id)
		}
	}
	records, err := h.queue.ByPerson(h.Context(), h.ann)
	if err != nil {
		h.Fatal(err)
	}
	for _, r := range records {
		if r.File != "" && r.State != jobs.Erased {
			h.Errorf("a record is left: %s %s", r.Key, r.State)
		}
	}
}

// uploads are the ids of the bot's files in conversations.
func (h *house) uploads(channels ...string) (ids []string) {
	for _, channel := range channels {
		for _, m := range h.spoken(channel) {
			for _, f := range m.Files {
				ids = append(ids, f.ID)
			}
		}
	}
	return ids
}

// TestDeletedMessageTakesAllWithIt: what was read in its thread, again in another
// mode, downloaded, and sent to somebody elsewhere.
func TestDeletedMessageTakesAllWithIt(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.write(parts(6) + "\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
		ts := h.post("page.png")
		h.wait("the text as a file", func() bool { names, _ := h.filesOf(ts); return len(names) == 1 })
		h.closed(ts)
		h.model.write("a description")
		h.talk(h.ann, h.channel, ts, "describe")
		h.wait("it is described", func() bool { return h.count(ts, wordstest.ReadAs("page.png", "describe")) == 1 })
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "send")
		h.wait("the table", func() bool { names, _ := h.filesOf(ts); return len(names) == 2 })
		other := h.ws.AddChannel("other", false, h.ann, h.app.BotUserID)
		_, file, _ := h.file(h.channel, ts)
		for _, link := range []string{h.ws.Permalink(h.channel, ts), file} {
			h.linkTo(other, link)
		}
		h.linkTo(h.channel, file+" figure")
		h.waitFor(h.direct(h.ann), wordstest.ReadAs("page.png", "markdown"), 2)
		h.waitFor(h.channel, wordstest.ReadAs("page.png", "figure"), 1)
		h.pass(time.Minute)
		conversations := []string{h.channel, other, h.direct(h.ann)}
		files := h.uploads(conversations...)
		if err := h.ws.Delete(h.ann, h.channel, ts); err != nil {
			t.Fatal(err)
		}
		h.nothingLeft(files, conversations...)
		if len(files) < 2 {
			t.Errorf("%d files before", len(files))
		}
	})
}

// TestMessageDeletedMeanwhile, at any point: the model is left, and nothing of
// it stays.
func TestMessageDeletedMeanwhile(t *testing.T) {
	for name, prepare := range map[string]func(h *house) (ts string){
		"at once": func(h *house) string { return h.post("page.png") },
		"while the reply is on its way": func(h *house) string {
			h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Delay: 3 * time.Second, Applied: true, Reset: true})
			ts := h.post("page.png")
			h.pass(time.Second)
			return ts
		},
		"while it waits": func(h *house) string {
			h.model.will(func(w *stream) { _ = w.pause(30 * time.Second); w.text("text"); w.end("stop") })
			for range 4 {
				if err := h.ws.Delete(h.ann, h.channel, h.post("x.png")); err != nil {
					h.Fatal(err)
				}
			}
			ts := h.post("page.png")
			h.wait("a reply", func() bool { return h.reply(ts) != "" })
			return ts
		},
		"while it is read": func(h *house) string {
			ts, gone := h.streaming()
			h.Cleanup(func() { <-gone })
			return ts
		},
		"while its text is posted": func(h *house) string {
			h.model.write(parts(3))
			ts := h.post("page.png")
			h.wait("its first part", func() bool { return len(h.answers(ts)) == 2 })
			return ts
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts := prepare(h)
				if err := h.ws.Delete(h.ann, h.channel, ts); err != nil {
					t.Fatal(err)
				}
				h.nothingLeft(nil, h.channel)
			})
		})
	}
}

// TestDeletedFileTakesItsTextsWithIt, and leaves those of other files.
func TestDeletedFileTakesItsTextsWithIt(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("a.png", "b.png")
		h.wait("both are read", func() bool { return h.count(ts, wordstest.AnyRead()) == 1 })
		var id string
		for _, f := range h.ws.Thread(h.channel, ts)[0].Files {
			if f.Name == "a.png" {
				id = f.ID
			}
		}
		if err := h.ws.DeleteFile(h.ann, id); err != nil {
			t.Fatal(err)
		}
		h.pass(2 * time.Minute)
		h.whole(ts, "b.png")
	})
}

// TestDeletedReplyTakesItsPictureOnly: the thread's others stay.
func TestDeletedReplyTakesItsPictureOnly(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.post("a.png")
		h.closed(ts)
		reply := h.postIn(h.ann, h.channel, ts, "", "b.png")
		h.wait("it is read", func() bool { return h.count(ts, "b.png") == 1 })
		if err := h.ws.Delete(h.ann, h.channel, reply); err != nil {
			t.Fatal(err)
		}
		h.pass(2 * time.Minute)
		h.whole(ts, "a.png")
	})
}

// TestForgettingGoesOnAfterARestart.
func TestForgettingGoesOnAfterARestart(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.write(parts(3))
		ts := h.post("page.png")
		h.closed(ts)
		back := h.ws.Fail(localslack.Fault{Method: "chat.delete", After: 1, Status: 503})
		if err := h.ws.Delete(h.ann, h.channel, ts); err != nil {
			t.Fatal(err)
		}
		h.wait("some are deleted", func() bool { return len(h.callsOf("chat.delete")) >= 2 })
		h.restart()
		back()
		h.nothingLeft(nil, h.channel)
	})
}

// TestConversationThatIsClosed to the bot: the work for it stops, and nothing is
// said of it.
func TestConversationThatIsClosed(t *testing.T) {
	for name, end := range map[string]func(h *house) error{
		"archived": func(h *house) error { return h.ws.Archive(h.ann, h.channel) },
		"kicked":   func(h *house) error { return h.ws.Kick(h.ann, h.channel, h.app.BotUserID) },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				_, gone := h.streaming()
				said := len(h.said(h.channel))
				closed := time.Now()
				if err := end(h); err != nil {
					t.Fatal(err)
				}
				<-gone
				if took := time.Since(closed); took > 2*time.Second {
					t.Errorf("the model was left after %s", took)
				}
				h.idle(1, name)
				if n, w := len(h.said(h.channel)), h.whispers(h.ann); n != said || len(w) > 0 {
					t.Errorf("it says %q and whispers %q", h.said(h.channel)[said:], w)
				}
			})
		})
	}
}

// TestUninstalled ends the bot, which says why.
func TestUninstalled(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.streaming()
		h.ws.Uninstall(h.app.BotToken)
		err := h.stopped()
		if refused, ok := errors.AsType[*bot.TokenError](err); !ok || !strings.Contains(refused.Error(), "account_inactive") {
			t.Errorf("ended with %v", err)
		}
	})
}
