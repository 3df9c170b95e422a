package bot_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// TestDeniedChannel: no way to ask leads to work there, nor does a link from
// elsewhere to what is in it.
func TestDeniedChannel(t *testing.T) {
	inBubble(t, func(h *house) {
		other := h.ws.AddChannel("other", false, h.ann, h.app.BotUserID)
		h.start()
		ts := h.post("page.png") // while it was allowed
		h.closed(ts)
		h.stop()
		h.startAs(func(c *bot.Config) { c.Allowed = []string{other} })
		h.pass(time.Minute)
		said := len(h.said(h.channel))
		reply := h.answers(ts)[0].TS

		for _, at := range []string{ts, h.post("new.png")} {
			if err := h.ws.React(h.ann, h.channel, at, "page_facing_up"); err != nil {
				t.Fatal(err)
			}
		}
		h.postIn(h.ann, h.channel, "", h.named(""), "new.png")
		h.talk(h.ann, h.channel, ts, "describe")
		h.talk(h.ann, h.channel, ts, h.named("again"))
		for _, text := range []string{"", "last", "auto all", h.ws.Permalink(h.channel, ts), "https://pictures.example/a.png"} {
			h.command(h.ann, h.channel, text)
		}
		if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, ts, "extract"); err != nil {
			t.Fatal(err)
		}
		h.press(h.ann, h.channel, reply, "again", "text")
		h.press(h.ann, h.channel, reply, "send")
		h.idle(1, "denied")
		if w := h.whispers(h.ann); len(w) != 8 {
			t.Errorf("%d words, want 8: %q", len(w), w)
		}
		for _, w := range h.whispers(h.ann) {
			if w != words.NotHere {
				t.Errorf("it says %q", w)
			}
		}
		if got := h.said(h.channel); len(got) != said || len(h.ws.Views(h.ann)) > 0 {
			t.Errorf("it says %q, %d windows", got[said:], len(h.ws.Views(h.ann)))
		}
		_, file, _ := h.file(h.channel, ts)
		n := len(h.whispers(h.ann))
		h.linkTo(other, h.ws.Permalink(h.channel, ts))
		h.wait("a word", func() bool { return len(h.whispers(h.ann)) == n+1 })
		if w := h.whispers(h.ann)[n]; w != words.NotForYou {
			t.Errorf("it says %q", w)
		}
		h.idle(1, file)
		h.postIn(h.ann, h.direct(h.ann), "", "", "mine.png")
		h.waitFor(h.direct(h.ann), "mine.png", 1)
		h.postIn(h.ann, other, "", "", "allowed.png")
		h.waitFor(other, "allowed.png", 1)
	})
}

// TestExternalPeople ask only where the operator lets them.
func TestExternalPeople(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		t.Run(fmt.Sprint(allowed), func(t *testing.T) {
			inBubble(t, func(h *house) {
				eve := h.ws.AddPerson(localslack.Person{Name: "eve", Home: localslack.HomePartner})
				h.ws.Join(h.channel, eve)
				h.startAs(func(c *bot.Config) { c.AllowExternal = allowed })
				h.command(h.ann, h.channel, "auto mention")
				h.whispered(h.ann, words.Done)
				ts := h.post("page.png")
				want := func(n int) int {
					if allowed {
						return n
					}
					return 0
				}
				if err := h.ws.React(eve, h.channel, ts, "page_facing_up"); err != nil {
					t.Fatal(err)
				}
				h.idle(want(1), "a reaction")
				h.postIn(eve, h.channel, "", h.named(""), "hers.png")
				h.idle(want(2), "a mention")
				ts = h.postIn(h.ann, h.channel, "", h.named(""), "ours.png")
				h.closed(ts)
				n := h.requests()
				h.talk(eve, h.channel, ts, "describe")
				h.idle(n+want(1), "a mode's word")
				n = h.requests()
				h.press(eve, h.channel, h.answers(ts)[0].TS, "again", "figure")
				h.idle(n+want(1), "a button")
				if told := slices.Contains(h.whispers(eve), words.OtherWorkspace); told == allowed {
					t.Errorf("told: %q", h.whispers(eve))
				}
			})
		})
	}
}

// TestTooMuchWaiting is said once for a message, however often its event comes;
// what was taken is read.
func TestTooMuchWaiting(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { _ = w.pause(20 * time.Hour) })
		for range 100 {
			h.post("0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png", "7.png", "8.png", "9.png")
		}
		h.pass(20 * time.Second)
		h.ws.Fail(localslack.Fault{Method: "ack", Times: 1})
		late := h.post("late.png", "later.png")
		h.pass(5 * time.Second)
		h.command(h.ann, h.channel, "last")
		h.pass(20 * time.Second)
		want := []string{words.TooManyWaiting(0, 2), words.TooManyWaiting(0, 1)}
		if got := h.whispers(h.ann); !slices.Equal(got, want) || len(h.answers(late)) != 0 {
			t.Errorf("told %q, want %q for the message and the command; %d answers", got, want, len(h.answers(late)))
		}
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		ts := h.postIn(bob, h.channel, "", "", "his.png")
		h.wait("bob's is taken", func() bool { return len(h.answers(ts)) == 1 })
	})
}

// TestManyAsksOfOnePerson: whoever else asks is heard at once, however many asks of one
// person wait.
func TestManyAsksOfOnePerson(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.will(func(w *stream) { _ = w.pause(20 * time.Hour) })
		for range 900 {
			h.post("a.png")
			h.pass(50 * time.Millisecond)
		}
		bob := h.ws.AddUser("bob")
		other := h.ws.AddChannel("other", false, bob, h.app.BotUserID)
		asked := time.Now()
		ts := h.postIn(bob, other, "", "", "his.png")
		h.wait("bob has a reply", func() bool { return len(h.ws.Thread(other, ts)) == 2 })
		if took := time.Since(asked); took > 2*time.Second {
			t.Errorf("the reply took %s", took)
		}
	})
}

// TestNoticesHaveBounds, for each person and in each channel: what is over them is left
// out, and commands are turned down with a word.
func TestNoticesHaveBounds(t *testing.T) {
	for _, auto := range []bot.AutoRead{bot.ReadAll, bot.ReadOff} {
		t.Run(string(auto), func(t *testing.T) { noticesHaveBounds(t, auto) })
	}
}

// noticesHaveBounds has people mention the bot: without a picture, or with one where none is
// read.
func noticesHaveBounds(t *testing.T, auto bot.AutoRead) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.AutoRead = auto })
		var files []string
		if auto == bot.ReadOff {
			files = []string{"page.png"}
		}
		h.ws.Fail(localslack.Fault{Method: "chat.postEphemeral", Delay: time.Hour, Reset: true})
		jobsOf := func(person string) int {
			records, err := h.queue.ByPerson(h.Context(), person)
			if err != nil {
				t.Fatal(err)
			}
			return len(records)
		}
		all := 0
		for i := range 10 {
			person := h.ws.AddUser(fmt.Sprint("person", i))
			h.ws.Join(h.channel, person)
			for range 30 {
				h.postIn(person, h.channel, "", h.named(""), files...)
				h.pass(10 * time.Millisecond)
			}
			n := jobsOf(person)
			if all += n; n > 20 {
				t.Errorf("%d notices of one person", n)
			}
			if i == 0 {
				h.command(person, h.channel, "last")
				if told := h.whispers(person); len(told) != 1 || told[0] != words.TooManyAsks {
					t.Errorf("told %q", told)
				}
			}
		}
		if all != 100 {
			t.Errorf("%d notices in one channel, want 100", all)
		}
	})
}

// TestLogOfWhatPeopleChange says who did it and where, and nothing of what they read.
func TestLogOfWhatPeopleChange(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts, _ := h.streaming()
		h.wait("text", func() bool { return markdown(h.answers(ts)[0]) != "" })
		h.press(h.ann, h.channel, h.answers(ts)[0].TS, "stop")
		h.closed(ts)
		h.command(h.ann, h.channel, "auto mention")
		h.forget(h.ann)
		h.pass(time.Minute)
		h.stop()
		for _, line := range []string{"a person stopped a job", "a person changed what is read unasked in a channel", "a person had their records erased"} {
			found := h.lines(line)
			if len(found) != 1 || !strings.Contains(found[0], "person="+h.ann) || !strings.Contains(found[0], "channel="+h.channel) ||
				strings.Contains(found[0], "page.png") || strings.Contains(found[0], "two words") {
				t.Errorf("%s: %q", line, found)
			}
		}
	})
}
