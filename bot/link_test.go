package bot_test

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// linkTo types /ocr with an address as ann in a channel.
func (h *house) linkTo(channel, link string) { h.command(h.ann, channel, link) }

// file is the id of the file of a message.
func (h *house) file(channel, ts string) (id, permalink, private string) {
	h.Helper()
	for _, m := range h.ws.Messages(channel) {
		if m.TS == ts && len(m.Files) > 0 {
			f := m.Files[0]
			u, err := url.Parse(f.URLPrivate)
			if err != nil {
				h.Fatal(err)
			}
			return f.ID, f.Permalink, "https://files.slack.com" + u.Path // as Slack's own are
		}
	}
	h.Fatal("no file")
	return "", "", ""
}

// quietBot starts a bot that reads nothing unasked.
func (h *house) quietBot() { h.startAs(func(c *bot.Config) { c.AutoRead = bot.ReadOff }) }

// TestLinkToAMessageReadsAllItsPictures, in its thread.
func TestLinkToAMessageReadsAllItsPictures(t *testing.T) {
	inBubble(t, func(h *house) {
		h.quietBot()
		ts := h.post("a.png", "b.png")
		h.linkTo(h.channel, h.ws.Permalink(h.channel, ts)+" text")
		h.wait("both are read", func() bool { return h.count(ts, wordstest.AnyRead()) == 1 })
		texts := h.count(ts, words.FileAndMode("a.png", wordstest.Mode("text"))+": ") + h.count(ts, words.FileAndMode("b.png", wordstest.Mode("text"))+": ")
		if replies := h.count(ts, wordstest.ReadFiles(2, 2, "text")); replies != 1 || texts != 2 {
			t.Errorf("%d such replies, %d texts\n%s", replies, texts, h.show())
		}
		if w := h.whispers(h.ann); len(w) != 1 || w[0] != words.WhereText(h.ws.Permalink(h.channel, ts), true) {
			t.Errorf("it whispers %q, want where the text will stand", w)
		}
		h.idle(2, "two pictures")
	})
}

// TestLinkToAThreadReply reads the reply's picture, not its parent's.
func TestLinkToAThreadReply(t *testing.T) {
	inBubble(t, func(h *house) {
		h.quietBot()
		ts := h.post("parent.png")
		reply := h.postIn(h.ann, h.channel, ts, "", "reply.png")
		link := h.ws.Permalink(h.channel, reply)
		if !strings.Contains(link, "thread_ts=") || !strings.Contains(link, "cid=") {
			t.Fatalf("the link is %s", link)
		}
		h.linkTo(h.channel, "<"+strings.ReplaceAll(link, "&", "&amp;")+">")
		h.wait("it is read", func() bool { return h.count(ts, "reply.png") == 1 })
		h.idle(1, "the reply's picture")
	})
}

// TestLinkToAMessageThatSeemsEmpty: one answer without messages proves nothing.
func TestLinkToAMessageThatSeemsEmpty(t *testing.T) {
	inBubble(t, func(h *house) {
		h.quietBot()
		ts := h.post("page.png")
		h.ws.Fail(localslack.Fault{Method: "conversations.replies", Times: 1, NoMessages: true})
		h.linkTo(h.channel, h.ws.Permalink(h.channel, ts))
		h.wait("it is read", func() bool { return h.count(ts, "page.png: ") == 1 })
	})
}

// TestLinkToAFile, as Slack shows it and as its content's address.
func TestLinkToAFile(t *testing.T) {
	for _, form := range []string{"permalink", "private"} {
		t.Run(form, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.quietBot()
				_, link, private := h.file(h.channel, h.post("page.png"))
				if form == "private" {
					link = private
				}
				h.linkTo(h.channel, link)
				h.waitFor(h.channel, "page.png", 1)
				h.idle(1, link)
			})
		})
	}
}

// TestLinkFromElsewhereIsAnsweredToTheAsker alone: the picture does not leave its
// conversation.
func TestLinkFromElsewhereIsAnsweredToTheAsker(t *testing.T) {
	for _, kind := range []string{"message", "file"} {
		t.Run(kind, func(t *testing.T) {
			inBubble(t, func(h *house) {
				h.quietBot()
				secret := h.ws.AddChannel("secret", true, h.ann, h.app.BotUserID)
				ts := h.postIn(h.ann, secret, "", "", "page.png")
				link := h.ws.Permalink(secret, ts)
				if kind == "file" {
					_, link, _ = h.file(secret, ts)
				}
				before := len(h.ws.Messages(h.channel))
				h.linkTo(h.channel, link)
				h.waitFor(h.direct(h.ann), "page.png", 1)
				h.whispered(h.ann, words.AnsweredElsewhere)
				if n := len(h.ws.Messages(h.channel)); n != before || len(h.said(secret)) > 0 {
					t.Errorf("%d messages, want %d; in its own conversation %q", n, before, h.said(secret))
				}
			})
		})
	}
}

// TestLinkIsNotCarriedToAnOutsider: who is not in a conversation learns nothing
// of it, not even whether there is such a message or file.
func TestLinkIsNotCarriedToAnOutsider(t *testing.T) {
	inBubble(t, func(h *house) {
		h.quietBot()
		bob := h.ws.AddUser("bob")
		secret := h.ws.AddChannel("secret", true, bob, h.app.BotUserID)
		public := h.ws.AddChannel("public", false, bob, h.app.BotUserID)
		unknown := h.ws.AddChannel("unknown", true, bob) // the bot is not there
		direct := h.direct(bob)
		var links []string
		for _, channel := range []string{secret, public, unknown, direct} {
			ts := h.postIn(bob, channel, "", "", "page.png")
			h.talk(bob, channel, "", "hello")
			_, permalink, private := h.file(channel, ts)
			links = append(links, h.ws.Permalink(channel, ts), permalink, private)
		}
		home, _, _ := strings.Cut(links[0], "/archives/")
		seen := h.requests() // the picture in bob's direct message
		links = append(links,
			home+"/archives/"+secret+"/p1234567890123456", // no message
			home+"/archives/CNOTTHERE/p1234567890123456",
			home+"/files/"+bob+"/FNOTTHERE/a.png",
			home+"/archives/"+secret, home+"/team/"+bob,
			"https://other.slack.com/archives/C1/p1234567890123456",
			"https://other.slack-gov.com/files/U1/F1/a.png",
			"https://files.slack.com/files-pri/T1-F1/a.png",
		)
		h.pass(time.Minute)
		seen = max(seen, h.requests())
		for _, link := range links {
			h.linkTo(h.channel, link)
		}
		h.pass(5 * time.Minute)
		answers := h.whispers(h.ann)
		if len(answers) != len(links) {
			t.Errorf("%d answers to %d links", len(answers), len(links))
		}
		for _, w := range answers {
			if w != words.NotForYou {
				t.Errorf("it says %q", w)
			}
		}
		if n := h.requests(); n != seen {
			t.Errorf("%d requests to the model, want %d", n, seen)
		}
		for _, channel := range []string{h.channel, secret, public, unknown, h.direct(h.ann)} {
			if said := h.said(channel); len(said) > 0 {
				t.Errorf("the bot says %q", said)
			}
		}
	})
}

// TestLinkToAMessageWithoutPictures says so.
func TestLinkToAMessageWithoutPictures(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.linkTo(h.channel, h.ws.Permalink(h.channel, h.talk(h.ann, h.channel, "", "words")))
		h.whispered(h.ann, words.NoPictureThere)
		h.idle(0, "no pictures")
	})
}

// TestLinkToTheOwnersFile that was shared nowhere is read for its owner alone.
func TestLinkToTheOwnersFile(t *testing.T) {
	inBubble(t, func(h *house) {
		h.varied()
		h.quietBot()
		// A file of ann's that only her direct message with the bot has.
		ts := h.postIn(h.ann, h.direct(h.ann), "", "", "mine.png")
		h.waitFor(h.direct(h.ann), "mine.png", 1)
		_, link, _ := h.file(h.direct(h.ann), ts)
		h.linkTo(h.channel, link+" describe")
		h.waitFor(h.direct(h.ann), wordstest.ReadAs("mine.png", "describe"), 1)
		if said := h.said(h.channel); len(said) > 0 {
			t.Errorf("in the channel: %q", said)
		}
		bob := h.ws.AddUser("bob")
		h.ws.Join(h.channel, bob)
		h.command(bob, h.channel, link)
		h.whispered(bob, words.NotForYou)
	})
}

// trap is a server inside that nobody may reach.
func trap(t *testing.T) (address string, seen func() bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	touched := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
			select {
			case touched <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return l.Addr().String(), func() bool {
		select {
		case <-touched:
			return true
		default:
			return false
		}
	}
}
