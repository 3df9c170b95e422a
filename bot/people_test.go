package bot_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// TestWhoIsOfTheHouse, by what Slack was recorded to send of people of other
// workspaces and of an organisation's. Without ALLOW_EXTERNAL outsiders start
// nothing, and colleagues all that they ask for.
func TestWhoIsOfTheHouse(t *testing.T) {
	for name, tt := range map[string]struct {
		person     localslack.Person
		grid, ours bool
	}{
		"a colleague":                              {localslack.Person{Name: "bob"}, false, true},
		"a guest":                                  {localslack.Person{Name: "bob", Guest: localslack.GuestMulti}, false, true},
		"a guest of one channel":                   {localslack.Person{Name: "bob", Guest: localslack.GuestSingle}, false, true},
		"a sister workspace":                       {localslack.Person{Name: "bob", Home: localslack.HomeSister}, true, true},
		"the organisation":                         {localslack.Person{Name: "bob", Home: localslack.HomeOrganization}, true, true},
		"a partner":                                {localslack.Person{Name: "eve", Home: localslack.HomePartner}, false, false},
		"a partner of an organisation":             {localslack.Person{Name: "eve", Home: localslack.HomePartnerGrid}, false, false},
		"a partner, seen from an organisation":     {localslack.Person{Name: "eve", Home: localslack.HomePartner}, true, false},
		"a partner's organisation, seen from ours": {localslack.Person{Name: "eve", Home: localslack.HomePartnerGrid}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.varied()
				if tt.grid {
					h.ws.JoinEnterprise("Acme")
				}
				who := h.ws.AddPerson(tt.person)
				h.ws.Join(h.channel, who)
				h.ws.Join(h.channel, h.ws.AddPerson(localslack.Person{Name: "mallory", Home: localslack.HomePartner})) // the channel is shared, whoever asks
				h.startAs(func(c *bot.Config) { c.AutoRead = bot.ReadMention })
				n := 0
				asked := func(what string) {
					t.Helper()
					if tt.ours {
						n++
					}
					h.idle(n, what)
				}
				h.postIn(who, h.channel, "", h.named(""), "mention.png")
				asked("a mention")
				picture := h.post("page.png")
				if err := h.ws.React(who, h.channel, picture, "page_facing_up"); err != nil {
					t.Fatal(err)
				}
				asked("a reaction")
				ts := h.postIn(h.ann, h.channel, "", h.named(""), "ours.png")
				h.closed(ts)
				n++
				h.talk(who, h.channel, ts, h.named("figure"))
				asked("words in a thread")
				h.press(who, h.channel, h.answers(ts)[0].TS, "again", "describe")
				asked("a button")
				if refused := slices.Contains(h.whispers(who), words.OtherWorkspace); refused == tt.ours {
					t.Errorf("told %q", h.whispers(who))
				}
				if n := h.calls("users.info")[""]; n > 2 {
					t.Errorf("Slack was asked %d times who they are", n)
				}
			})
		})
	}
}

// TestNobodyIsForeignAtHome: outside of shared channels no event is held against
// the workspace's name, and Slack is not asked.
func TestNobodyIsForeignAtHome(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.JoinEnterprise("Acme")
		bob := h.ws.AddPerson(localslack.Person{Name: "bob", Home: localslack.HomeSister})
		h.ws.Join(h.channel, bob)
		h.start()
		ts := h.postIn(bob, h.channel, "", "", "page.png")
		h.closed(ts)
		if n := len(h.callsOf("users.info")); n > 0 {
			t.Errorf("Slack was asked %d times who they are", n)
		}
	})
}

// TestSlackDoesNotTellWhoSomebodyIs: the event waits for that.
func TestSlackDoesNotTellWhoSomebodyIs(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.Join(h.channel, h.ws.AddPerson(localslack.Person{Name: "mallory", Home: localslack.HomePartner}))
		h.start()
		h.ws.Fail(localslack.Fault{Method: "users.info", Times: 3, Status: 500})
		h.closesWith(h.post("page.png"), readLine("page.png", 2, 1))
	})
}

// TestOrganisationWideInstallIsRefused at the start, with a sentence.
func TestOrganisationWideInstallIsRefused(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.JoinEnterprise("Acme")
		manifest, err := localslack.ParseManifest(bot.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		manifest.OrgInstall = true
		h.app = h.ws.Install(manifest)
		h.launch(h.jobs)
		refused, ok := errors.AsType[*bot.TokenError](h.stopped())
		if !ok || refused.Code != bot.OrgInstall {
			t.Errorf("it ended with %v", refused)
		}
	})
}

// TestPrivateAnswersStandInTheThread that the button is in.
func TestPrivateAnswersStandInTheThread(t *testing.T) {
	inFakeTime(t, func(h *house) {
		eve := h.ws.AddPerson(localslack.Person{Name: "eve", Home: localslack.HomePartner})
		h.ws.Join(h.channel, eve)
		ts := h.post("page.png")
		h.closed(ts)
		reply := h.answers(ts)[0].TS
		h.press(eve, h.channel, reply, "again", "text")
		h.whispered(eve, words.OtherWorkspace)
		for range 2 {
			h.press(h.ann, h.channel, reply, "send")
			h.pass(time.Minute)
		}
		h.whispered(h.ann, words.SentAlready)
		for _, person := range []string{h.ann, eve} {
			for _, e := range h.ws.Ephemerals(person) {
				if e.Channel != h.channel || e.Message.ThreadTS != ts {
					t.Errorf("%q stands in thread %q, want %q", e.Message.Text, e.Message.ThreadTS, ts)
				}
			}
		}
	})
}

// TestClocksThatDiffer: what was posted and whose answer was lost is found, however
// far Slack's clock is from ours.
func TestClocksThatDiffer(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"ahead": 7 * time.Minute, "behind": -7 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.varied()
				h.ws.SetBehaviour(localslack.Behaviour{ClockOffset: ahead})
				h.start()
				reading := wordstest.AnyReading()
				once := func(what string, ask func(), count func() int) {
					t.Helper()
					h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Applied: true, Status: 500})
					ask()
					h.pass(5 * time.Minute)
					if n, left := count(), h.times(h.channel, reading); n != 1 || left != 0 {
						t.Errorf("%s: %d replies and %d that were forgotten, want 1\n%s", what, n, left, h.show())
					}
				}
				var ts string
				once("a message", func() { ts = h.post("page.png") }, func() int { return h.count(ts, wordstest.ReadAs("page.png", "markdown")) })
				once("a press", func() { h.press(h.ann, h.channel, h.answers(ts)[0].TS, "again", "text") },
					func() int { return h.count(ts, wordstest.ReadAs("page.png", "text")) })
				once("a command", func() { h.command(h.ann, h.channel, "last figure") },
					func() int { return h.times(h.channel, wordstest.ReadAs("page.png", "figure")) })
				_, link, _ := h.file(h.channel, ts)
				once("a link", func() { h.command(h.ann, h.channel, link+" describe") },
					func() int { return h.times(h.channel, wordstest.ReadAs("page.png", "describe")) })
			})
		})
	}
}

// TestFileThatSlackNeverShares: the text goes as messages, and nothing is said of a
// file that nobody sees.
func TestFileThatSlackNeverShares(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.model.write(strings.Repeat("A sentence of a long page.\n\n", 3000))
		h.ws.Fail(localslack.Fault{Method: "files.completeUploadExternal", NeverShared: true})
		ts := h.post("page.png")
		h.closesWith(ts, readLine("page.png", 18000, 1))
		if got := strings.Count(strings.Join(h.results(ts), "\n\n"), "A sentence of a long page."); got != 3000 {
			t.Errorf("%d of 3000 sentences are there", got)
		}
	})
}

// TestLinksAsPeopleCopyThem: the channel's id counts, and who is in it.
func TestLinksAsPeopleCopyThem(t *testing.T) {
	inBubble(t, func(h *house) {
		h.varied()
		h.quietBot()
		ts := h.post("page.png")
		reply := h.postIn(h.ann, h.channel, ts, "", "reply.png")
		p := func(ts string) string { return "p" + strings.ReplaceAll(ts, ".", "") }
		for i, link := range []string{
			"https://app.slack.com/client/T012345/" + h.channel + "/" + p(ts),
			"https://acme.enterprise.slack.com/archives/" + h.channel + "/" + p(ts),
			"https://partner.slack.com/archives/" + h.channel + "/" + p(ts),
			"<https://partner.slack.com/x-p1-2/archives/" + h.channel + "/" + p(ts) + "|a link with words>",
			"https://app.slack.com/client/T012345/" + h.channel + "/thread/" + h.channel + "-" + reply,
		} {
			h.command(h.ann, h.channel, link)
			h.idle(i+1, link)
		}
		if n := h.count(ts, wordstest.ReadAs("reply.png", "markdown")); n != 1 {
			t.Errorf("the reply's picture was read %d times", n)
		}
		bob := h.ws.AddUser("bob")
		other := h.ws.AddChannel("other", false, bob)
		h.command(bob, other, "https://partner.slack.com/archives/"+h.channel+"/"+p(ts))
		h.whispered(bob, words.NotForYou)
		h.idle(5, "a link of somebody who is not there")
	})
}
