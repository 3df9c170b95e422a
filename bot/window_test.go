package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// window opens the upload window as somebody and returns its id.
func (h *house) window(user, channel string) string {
	h.Helper()
	h.command(user, channel, "")
	h.wait("a window", func() bool { return len(h.ws.Views(user)) == 1 })
	return h.ws.Views(user)[0].ID
}

// submit fills a window in. What is said in it is returned.
func (h *house) submit(user, view string, values map[string][]string, names ...string) map[string]string {
	h.Helper()
	problems, err := h.ws.Submit(h.Context(), user, view, values, map[string][]localslack.Upload{"files": pictures(names...)})
	if err != nil {
		h.Fatalf("the window: %v", err)
	}
	return problems
}

// TestWindowReadsTenFilesInTheChosenMode, in one thread under a message that says who
// asked.
func TestWindowReadsTenFilesInTheChosenMode(t *testing.T) {
	inFakeTime(t, func(h *house) {
		view := h.window(h.ann, h.channel)
		var names []string
		for i := range 10 {
			names = append(names, fmt.Sprintf("%d.png", i))
		}
		if problems := h.submit(h.ann, view, map[string][]string{"mode": {"describe"}}, names...); len(problems) > 0 {
			t.Fatal(problems)
		}
		reply := h.waitFor(h.channel, wordstest.ReadFiles(10, 10, "describe"), 1)
		if reply.ThreadTS != "" && reply.ThreadTS != reply.TS || !strings.Contains(string(reply.Blocks), h.ann) {
			t.Errorf("the reply in thread %q: %q %s", reply.ThreadTS, reply.Text, reply.Blocks)
		}
		for _, name := range names {
			m := h.waitFor(h.channel, words.FileAndMode(name, wordstest.Mode("describe"))+": ", 1)
			if m.ThreadTS != reply.TS {
				t.Errorf("%q stands in thread %q, want %q", m.Text, m.ThreadTS, reply.TS)
			}
		}
		if n := len(h.spoken(h.channel)); n != 11 || h.requests() != 10 {
			t.Errorf("%d messages, %d requests", n, h.requests())
		}
		if w := h.whispers(h.ann); len(w) > 0 || len(h.ws.Views(h.ann)) > 0 {
			t.Errorf("said %q, %d windows", w, len(h.ws.Views(h.ann)))
		}
		h.noRateLimit()
	})
}

// TestWindowOpensWithinThreeSeconds, whatever else is slow: Slack shows the
// person an error of its own otherwise.
func TestWindowOpensWithinThreeSeconds(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{"down": down, "hanging": hang} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				store := newSick(h.jobs)
				h.startOn(store)
				store.will(fail)
				for range 5 {
					h.post("page.png") // events that wait for the store
				}
				h.window(h.ann, h.channel)
				synctest.Wait()
				if c := h.callsOf("views.open"); len(c) != 1 || c[0].Error != "" {
					t.Errorf("%+v", c)
				}
				store.will(nil)
			})
		})
	}
}

// TestWindowWhileOthersAreBusy: up to 63 other commands hold nobody up. Whoever comes
// while 64 are worked on is told so at once.
func TestWindowWhileOthersAreBusy(t *testing.T) {
	inBubble(t, func(h *house) {
		store := newSick(h.jobs)
		h.startOn(store)
		h.ws.Fail(localslack.Fault{Method: "conversations.info", Delay: time.Hour, Reset: true})
		var people []string
		for i := range 63 {
			if i%8 == 0 {
				people = append(people, h.ws.AddUser(fmt.Sprint("person", i)))
				h.ws.Join(h.channel, people[i/8])
			}
			h.command(people[i/8], h.channel, "auto off")
		}
		h.window(h.ann, h.channel)
		synctest.Wait()
		h.command(people[7], h.channel, "auto off") // the window is not worked on any more
		h.command(h.ann, h.channel, "")
		if w := h.whispers(h.ann); len(w) != 1 || w[0] != words.NotTaken {
			t.Errorf("the 65th command: %q", w)
		}
		if problems := h.submit(h.ann, h.ws.Views(h.ann)[0].ID, nil, "page.png"); problems["files"] != words.NotTaken {
			t.Errorf("the window after 64 commands: %v, %d windows left", problems, len(h.ws.Views(h.ann)))
		}
		// All of them are answered in the end, however long Slack hangs.
		h.wait("64 words", func() bool {
			n := 0
			for _, person := range people {
				n += len(h.whispers(person))
			}
			return n == 64
		})
	})
}

// TestCommandsOfOnePerson: a person's ninth command at once is turned down, and others
// are heard.
func TestCommandsOfOnePerson(t *testing.T) {
	inFakeTime(t, func(h *house) {
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		h.ws.Fail(localslack.Fault{Method: "conversations.info", Delay: time.Hour, Reset: true})
		for range 9 {
			h.command(h.ann, h.channel, "auto off")
		}
		if w := h.whispers(h.ann); len(w) != 1 || w[0] != words.NotTaken {
			t.Errorf("the ninth command: %q", w)
		}
		h.window(bob, h.channel)
	})
}

// TestWindowAsksForTheMissingWords in the window, which stays open.
func TestWindowAsksForTheMissingWords(t *testing.T) {
	inFakeTime(t, func(h *house) {
		view := h.window(h.ann, h.channel)
		for _, mode := range []string{"locate", "prompt"} {
			for _, argument := range [][]string{nil, {"   "}, {"\u200b"}} {
				problems := h.submit(h.ann, view, map[string][]string{"mode": {mode}, "words": argument}, "page.png")
				if len(problems) != 1 || problems["words"] != words.ArgumentMissing {
					t.Errorf("%s with %q: %v", mode, argument, problems)
				}
			}
		}
		if problems := h.submit(h.ann, view, map[string][]string{"mode": {"locate"}, "words": {"total <!channel>"}}, "page.png"); len(problems) > 0 {
			t.Error(problems)
		}
		m := h.waitFor(h.channel, slackmd.Line(wordstest.ReadAs("page.png", "locate: total <!channel>")), 1)
		if strings.Contains(m.Text+string(m.Blocks), "<!channel>") {
			t.Errorf("it pings: %q %s", m.Text, m.Blocks)
		}
		h.idle(1, "one file")
	})
}

// TestWindowForOnePersonOnly: nothing of it is seen in the channel.
func TestWindowForOnePersonOnly(t *testing.T) {
	inFakeTime(t, func(h *house) {
		before := len(h.ws.Messages(h.channel))
		view := h.window(h.ann, h.channel)
		if problems := h.submit(h.ann, view, map[string][]string{"private": {"yes"}}, "a.png", "b.png"); len(problems) > 0 {
			t.Fatal(problems)
		}
		h.waitFor(h.direct(h.ann), wordstest.ReadFiles(2, 2, "markdown"), 1)
		h.whispered(h.ann, words.AnsweredDirectly)
		if n := len(h.ws.Messages(h.channel)); n != before {
			t.Errorf("%d messages in the channel, want %d\n%s", n, before, h.show())
		}
	})
}

// TestWindowWhereTheBotIsNot: the person learns how to invite it, and gets the
// answer all the same.
func TestWindowWhereTheBotIsNot(t *testing.T) {
	for _, private := range []bool{false, true} {
		inFakeTime(t, func(h *house) {
			channel := h.ws.AddChannel("elsewhere", private, h.ann)
			if problems := h.submit(h.ann, h.window(h.ann, channel), nil, "page.png"); len(problems) > 0 {
				t.Fatal(problems)
			}
			h.waitFor(h.direct(h.ann), "page.png", 1)
			h.whispered(h.ann, words.InviteMe(h.app.BotUserID))
			if said := h.said(channel); len(said) > 0 {
				t.Errorf("in the channel: %q", said)
			}
		})
	}
}

// TestWindowThatCannotBeKept says so in the window, with all that was filled in,
// and within 3 s. Once the store is back it is read once.
func TestWindowThatCannotBeKept(t *testing.T) {
	for name, fail := range map[string]func(context.Context) error{"down": down, "hanging": hang} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				store := newSick(h.jobs)
				h.startOn(store)
				view := h.window(h.ann, h.channel)
				store.will(fail)
				for range 2 {
					if problems := h.submit(h.ann, view, nil, "page.png"); problems["files"] == "" {
						t.Errorf("said: %v", problems)
					}
				}
				store.will(nil)
				if problems := h.submit(h.ann, view, nil, "page.png"); len(problems) > 0 {
					t.Error(problems)
				}
				h.waitFor(h.channel, wordstest.ReadAs("page.png", "markdown"), 1)
				h.idle(1, "once")
			})
		})
	}
}

// TestWindowsSubmittedAtOnce are all taken.
func TestWindowsSubmittedAtOnce(t *testing.T) {
	inFakeTime(t, func(h *house) {
		var all sync.WaitGroup
		for i := range 5 {
			person := h.ws.AddUser(fmt.Sprintf("p%d", i))
			h.ws.Join(h.channel, person)
			view := h.window(person, h.channel)
			all.Go(func() {
				if problems := h.submit(person, view, nil, "page.png"); len(problems) > 0 {
					t.Error(problems)
				}
			})
		}
		all.Wait()
		h.waitFor(h.channel, wordstest.ReadAs("page.png", "markdown"), 5)
		h.idle(5, "five windows")
	})
}
