package bot_test

import (
	"fmt"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// TestAutoRead: what is read of posts, mentions and direct messages.
func TestAutoRead(t *testing.T) {
	for _, c := range []struct {
		auto            string
		posted, mention int // requests
	}{{"all", 1, 1}, {"mention", 0, 1}, {"off", 0, 0}} {
		t.Run(c.auto, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.command(h.ann, h.channel, "auto "+c.auto)
				h.whispered(h.ann, words.Done)
				h.post("page.png")
				h.idle(c.posted, "a post")
				h.postIn(h.ann, h.channel, "", h.named(""), "page.png")
				h.idle(c.posted+c.mention, "a mention")
				h.postIn(h.ann, h.direct(h.ann), "", "", "page.png")
				h.idle(c.posted+c.mention+1, "a direct message")
				if n := h.times(h.channel, words.AutoReadSet(h.ann, c.auto)); n != 1 {
					t.Errorf("announced %d times: %q", n, h.said(h.channel))
				}
				told := 0
				for _, w := range h.whispers(h.ann) {
					if w == words.ChannelOff {
						told++
					}
				}
				if want := map[bool]int{true: 1}[c.auto == "off"]; told != want {
					t.Errorf("told %d times that it is off, want %d", told, want)
				}
				h.command(h.ann, h.channel, "auto")
				h.whispered(h.ann, words.AutoReadNow(c.auto))
			})
		})
	}
}

// TestAutoReadIsForMembers to change, and for channels the bot is in.
func TestAutoReadIsForMembers(t *testing.T) {
	inFakeTime(t, func(h *house) {
		elsewhere := h.ws.AddChannel("elsewhere", false, h.ann)
		for _, text := range []string{"auto off", "auto"} {
			said := len(h.whispers(h.ann))
			h.command(h.ann, elsewhere, text)
			h.wait("a word", func() bool { return len(h.whispers(h.ann)) == said+1 })
			if w := h.whispers(h.ann)[said]; w != words.AddMeFirst(h.app.BotUserID) {
				t.Errorf("%s: it says %q", text, w)
			}
		}
		h.command(h.ann, h.direct(h.ann), "auto off")
		h.whispered(h.ann, words.AutoDirect)
		h.ws.Join(elsewhere, h.app.BotUserID)
		h.closedIn(elsewhere, h.postIn(h.ann, elsewhere, "", "", "page.png"))
		if said := h.said(h.direct(h.ann)); len(said) > 0 {
			t.Errorf("it says %q", said)
		}
	})
}

// closedIn waits until a picture in another channel is read.
func (h *house) closedIn(channel, ts string) {
	h.Helper()
	h.waitFor(channel, wordstest.AnyRead(), 1)
}

// TestAutoReadSurvivesARestart, and is the same for a second bot.
func TestAutoReadSurvivesARestart(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.command(h.ann, h.channel, "auto off")
		h.whispered(h.ann, words.Done)
		h.restart()
		h.post("page.png")
		h.idle(0, "after a restart")
		stop := h.runBeside(h.app, h.jobs)
		for i := range 6 { // whichever of the two gets them
			h.post("page.png")
			h.command(h.ann, h.channel, fmt.Sprintf("auto %s", []string{"mention", "off"}[i%2]))
		}
		h.idle(0, "two bots")
		off, mention := words.AutoReadSet(h.ann, "off"), words.AutoReadSet(h.ann, "mention")
		if n, m := h.times(h.channel, off), h.times(h.channel, mention); n != 4 || m != 3 {
			t.Errorf("announced %d and %d times, want 4 and 3", n, m)
		}
		h.command(h.ann, h.channel, "auto all")
		h.pass(time.Minute)
		for range 4 {
			h.post("page.png")
		}
		h.idle(4, "two bots that read all")
		stop()
	})
}

// TestInvitation: one message says what the bot does there, also where the event
// comes twice, or again after a restart.
func TestInvitation(t *testing.T) {
	sent := words.SentTo("localhost")
	for auto, want := range map[bot.AutoRead]string{
		bot.ReadAll: words.Greeting("all", sent), bot.ReadMention: words.Greeting("mention", sent),
		bot.ReadOff: words.Greeting("off", sent), "denied": words.GreetingNotHere,
	} {
		t.Run(string(auto), func(t *testing.T) {
			inBubble(t, func(h *house) {
				channel := h.ws.AddChannel("new", true, h.ann)
				h.startAs(func(c *bot.Config) {
					if c.AutoRead = auto; auto == "denied" {
						c.AutoRead, c.Denied = bot.ReadAll, []string{channel}
					}
				})
				h.ws.Fail(localslack.Fault{Method: "ack", Times: 2}) // it comes again, twice
				if err := h.ws.Invite(h.ann, channel, h.app.BotUserID); err != nil {
					t.Fatal(err)
				}
				h.pass(10 * time.Minute)
				h.restart()
				h.pass(time.Minute)
				said := h.said(channel)
				if len(said) != 1 || said[0] != want {
					t.Fatalf("it says %q, want %q", said, want)
				}
				// Others who join are no reason to speak.
				h.ws.Join(channel, h.ws.AddUser("bob"))
				h.pass(time.Minute)
				if n := len(h.said(channel)); n != 1 {
					t.Errorf("%d messages", n)
				}
			})
		})
	}
}

// TestReaction reads a message's pictures once, whoever adds it how often.
func TestReaction(t *testing.T) {
	inBubble(t, func(h *house) {
		h.quietBot()
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		ts := h.post("a.png", "b.png")
		talk := h.talk(h.ann, h.channel, "", "no pictures")
		for _, person := range []string{bob, h.ann} {
			for _, at := range []string{ts, talk} {
				if err := h.ws.React(person, h.channel, at, "page_facing_up"); err != nil {
					t.Fatal(err)
				}
			}
			h.pass(time.Minute)
		}
		if err := h.ws.Unreact(bob, h.channel, ts, "page_facing_up"); err != nil {
			t.Fatal(err)
		}
		_ = h.ws.React(bob, h.channel, ts, "page_facing_up")
		_ = h.ws.React(bob, h.channel, ts, "eyes")
		h.idle(2, "two pictures")
		h.whole(ts, "a.png", "b.png")
	})
}

// TestReactionOnWhatWasRead changes nothing, nor does it where none is set.
func TestReactionOnWhatWasRead(t *testing.T) {
	for _, emoji := range []string{"page_facing_up", ""} {
		inBubble(t, func(h *house) {
			h.startAs(func(c *bot.Config) { c.Reaction = emoji })
			if emoji == "" {
				h.change = func(c *bot.Config) { c.Reaction, c.AutoRead = "", bot.ReadOff }
				h.restart()
			}
			ts := h.post("page.png")
			h.pass(time.Minute)
			before := h.requests()
			if err := h.ws.React(h.ann, h.channel, ts, "page_facing_up"); err != nil {
				t.Fatal(err)
			}
			h.idle(before, "a reaction")
		})
	}
}
