package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr"
)

// named is a mention of the bot.
func (h *house) named(text string) string {
	return strings.TrimSpace("<@" + h.app.BotUserID + "> " + text)
}

// TestThreadReplyReadsAgain in each mode, by its word alone or with a mention.
func TestThreadReplyReadsAgain(t *testing.T) {
	modes := map[string]string{
		"Figure":                 "figure",
		" describe \n":           "describe",
		"again":                  "markdown",
		"AGAIN":                  "markdown",
		"prompt: list\nthe sums": "prompt: list\nthe sums",
	}
	for _, kind := range ocr.Kinds() {
		word := string(kind)
		if kind.NeedsArgument() {
			word += ": total"
		}
		modes[word] = word
	}
	for word, mode := range modes {
		for _, mention := range []bool{false, true} {
			t.Run(fmt.Sprint(word, mention), func(t *testing.T) {
				inFakeTime(t, func(h *house) {
					h.varied()
					ts := h.post("a.png")
					h.closed(ts)
					text := word
					if mention {
						text = h.named(word)
					}
					h.talk(h.ann, h.channel, ts, text)
					h.wait("it is read again", func() bool { return h.count(ts, wordstest.AnyRead()) == 2 })
					if again, want := h.answers(ts)[2].Text, wordstest.ReadAs("a.png", mode); !strings.HasPrefix(again, want) {
						t.Errorf("it says %q, want %q", again, want)
					}
					h.idle(2, "once more")
					if n := len(h.answers(ts)); n != 4 {
						t.Errorf("%d messages\n%s", n, h.show())
					}
				})
			})
		}
	}
}

// TestThreadReplyWithAMentionAlone reads the thread's pictures again. Talk that
// mentions the bot does not.
func TestThreadReplyWithAMentionAlone(t *testing.T) {
	for _, talk := range []string{"", "please read this", "again!"} {
		t.Run(talk, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				h.varied()
				ts := h.post("a.png", "b.png")
				h.postIn(h.ann, h.channel, ts, "", "c.png")
				h.wait("all are read", func() bool {
					return h.count(ts, wordstest.ReadFiles(2, 2, "markdown"))+h.count(ts, wordstest.ReadAs("c.png", "markdown")) == 2
				})
				h.talk(h.ann, h.channel, ts, h.named(talk))
				h.wait("all are read again", func() bool { return h.count(ts, wordstest.ReadFiles(3, 3, "markdown")) == 1 })
				h.idle(6, "three pictures, twice")
			})
		})
	}
	for talk, told := range map[string]string{
		"thanks!":                              words.OnlyTalk,
		"what a nice text":                     words.OnlyTalk,
		"please have another look, would you?": words.OnlyTalk,
		"descibe":                              words.UnknownMode,
		"locate total":                         words.UnknownMode,
	} {
		t.Run(talk, func(t *testing.T) {
			inFakeTime(t, func(h *house) {
				ts := h.post("a.png")
				h.closed(ts)
				said := len(h.said(h.channel))
				h.talk(h.ann, h.channel, ts, h.named(talk))
				h.idle(1, talk)
				private := h.ws.Ephemerals(h.ann)
				if len(private) != 1 || private[0].Message.Text != told || private[0].Message.ThreadTS != ts {
					t.Errorf("told %q in %+v", h.whispers(h.ann), private)
				}
				if n := len(h.said(h.channel)); n != said {
					t.Errorf("it says %q", h.said(h.channel)[said:])
				}
			})
		})
	}
}

// TestThreadReplyWithAPicture is read in that thread, each picture once: what
// the thread's first message has is not its.
func TestThreadReplyWithAPicture(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.talk(h.ann, h.channel, "", "words")
		h.postIn(h.ann, h.channel, ts, "", "a.png")
		h.wait("it is read", func() bool { return h.count(ts, "a.png") == 1 })
		h.postIn(h.ann, h.channel, ts, "describe", "b.png")
		h.wait("it is described", func() bool { return h.count(ts, wordstest.ReadAs("b.png", "describe")) == 1 })
		h.idle(2, "two pictures")
	})
}

// TestModeWordWhereTheBotReadNothing is people's own.
func TestModeWordWhereTheBotReadNothing(t *testing.T) {
	inBubble(t, func(h *house) {
		h.quietBot()
		picture := h.post("a.png") // not read: the channel is quiet
		talk := h.talk(h.ann, h.channel, "", "which view?")
		for _, ts := range []string{picture, talk} {
			for _, word := range []string{"text", "describe", "again", "locate: it", "prompt: me"} {
				h.talk(h.ann, h.channel, ts, word)
			}
		}
		h.idle(0, "words of people")
		if said, w := h.said(h.channel), h.whispers(h.ann); len(said)+len(w) > 0 {
			t.Errorf("it says %q and whispers %q", said, w)
		}
	})
}

// TestModeWordWhereTheBotHeardOnly mentions, or all: as above.
func TestModeWordWhereTheBotHeardOnly(t *testing.T) {
	for _, auto := range []bot.AutoRead{bot.ReadAll, bot.ReadMention} {
		inBubble(t, func(h *house) {
			h.startAs(func(c *bot.Config) { c.AutoRead = auto })
			ts := h.talk(h.ann, h.channel, "", "which view?")
			h.talk(h.ann, h.channel, ts, "describe")
			if auto == bot.ReadMention {
				ts = h.post("a.png")
				h.talk(h.ann, h.channel, ts, "describe")
			}
			h.idle(0, "words of people")
			if said, w := h.said(h.channel), h.whispers(h.ann); len(said)+len(w) > 0 {
				t.Errorf("it says %q and whispers %q", said, w)
			}
		})
	}
}

// TestModeWordWhereTheBotHearsMentions works under what was read for one, though
// the reply carries the thread's picture once more.
func TestModeWordWhereTheBotHearsMentions(t *testing.T) {
	inBubble(t, func(h *house) {
		h.varied()
		h.startAs(func(c *bot.Config) { c.AutoRead = bot.ReadMention })
		ts := h.postIn(h.ann, h.channel, "", h.named(""), "a.png")
		h.closed(ts)
		h.talk(h.ann, h.channel, ts, "describe")
		h.wait("it is described", func() bool { return h.count(ts, wordstest.ReadAs("a.png", "describe")) == 1 })
		h.idle(2, "once more")
	})
}

// TestThreadUnderTheBotsOwnReply is about the picture that it read there.
func TestThreadUnderTheBotsOwnReply(t *testing.T) {
	inBubble(t, func(h *house) {
		h.varied()
		h.quietBot()
		_, link, _ := h.file(h.channel, h.post("page.png"))
		h.linkTo(h.channel, link)
		m := h.waitFor(h.channel, wordstest.ReadAs("page.png", "markdown"), 1)
		h.command(h.ann, h.channel, "auto mention")
		h.whispered(h.ann, words.Done)
		h.talk(h.ann, h.channel, m.TS, "describe")
		again := h.waitFor(h.channel, wordstest.ReadAs("page.png", "describe"), 1)
		if again.ThreadTS != m.TS {
			t.Errorf("it stands in thread %q, want %q", again.ThreadTS, m.TS)
		}
		h.idle(2, "once more")
	})
}

// TestMentionWithoutAPicture tells the person alone how to use the bot, once.
func TestMentionWithoutAPicture(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.talk(h.ann, h.channel, "", h.named("hello"))
		h.whispered(h.ann, words.HowToUse(false))
		h.talk(h.ann, h.channel, ts, h.named(""))
		h.idle(0, "nothing to read")
		if w := h.whispers(h.ann); len(w) != 2 || len(h.answers(ts)) != 0 {
			t.Errorf("it whispers %q\n%s", w, h.show())
		}
	})
}

// TestMentionWithALabel, as Slack sends some, and words that it encodes.
func TestMentionWithALabel(t *testing.T) {
	inFakeTime(t, func(h *house) {
		h.varied()
		h.ws.SetBehaviour(localslack.Behaviour{MentionLabels: true})
		ts := h.post("page.png")
		h.closed(ts)
		for talk, mode := range map[string]string{
			"*text*":                 "text",
			"“describe”":             "describe",
			"prompt: x < 100 & more": "prompt: x < 100 & more",
		} {
			h.talk(h.ann, h.channel, ts, h.named(talk))
			h.wait(talk, func() bool { return h.count(ts, wordstest.ReadAs("page.png", mode)) == 1 })
		}
		h.talk(h.ann, h.channel, ts, "locate: R&D")
		encoded := slackmd.Line(wordstest.ReadAs("page.png", "locate: R&D")) // once
		h.wait("it is looked for", func() bool { return h.count(ts, encoded) == 1 })
		h.idle(5, "four ways more")
	})
}

// TestMentionThatAnEditAdds to a message that was not read counts once.
func TestMentionThatAnEditAdds(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.AutoRead = bot.ReadMention })
		ts := h.postIn(h.ann, h.channel, "", "look at this", "a.png")
		h.idle(0, "a picture without a mention")
		for _, talk := range []string{"look at this", "look at", "please, look"} {
			if err := h.ws.Edit(h.ann, h.channel, ts, h.named(talk)); err != nil {
				t.Fatal(err)
			}
			h.pass(time.Minute)
			if err := h.ws.Edit(h.ann, h.channel, ts, talk); err != nil {
				t.Fatal(err)
			}
		}
		h.idle(1, "a mention that comes and goes")
		if n := h.count(ts, "a.png: "); n != 1 {
			t.Errorf("%d texts\n%s", n, h.show())
		}
	})
}

// TestPictureInALongThread is found behind 1,200 replies, and the newest of many
// pictures are read, in the order in which they were posted.
func TestPictureInALongThread(t *testing.T) {
	inBubble(t, func(h *house) {
		ts := h.talk(h.ann, h.channel, "", "a long story")
		for i := range 1200 {
			h.talk(h.ann, h.channel, ts, fmt.Sprint("reply ", i))
		}
		h.postIn(h.ann, h.channel, ts, "", "late.png")
		h.startAs(func(c *bot.Config) { c.AutoRead = bot.ReadMention })
		h.talk(h.ann, h.channel, ts, h.named("text"))
		h.wait("it is read", func() bool { return h.count(ts, words.FileAndMode("late.png", wordstest.Mode("text"))+": ") == 1 })
		for i := range 11 {
			h.postIn(h.ann, h.channel, ts, "", fmt.Sprintf("%d.png", i))
		}
		h.talk(h.ann, h.channel, ts, h.named("figure"))
		h.whispered(h.ann, words.NewestFilesOnly(10))
		h.idle(11, "the newest")
		figures := func(name string) int { return h.count(ts, words.FileAndMode(name, wordstest.Mode("figure"))+": ") }
		if n, m := figures("late.png")+figures("0.png"), figures("1.png"); n != 0 || m != 1 {
			t.Errorf("%d of the oldest and %d of the newest were read", n, m)
		}
	})
}

// TestMentionWithAPicture is read once, though two events say so.
func TestMentionWithAPicture(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.postIn(h.ann, h.channel, "", h.named("text"), "a.png")
		h.wait("it is read", func() bool { return h.count(ts, wordstest.ReadAs("a.png", "text")) == 1 })
		h.idle(1, "once")
	})
}

// TestPictureInADirectMessage is read, and words there say how to use the bot.
func TestPictureInADirectMessage(t *testing.T) {
	inBubble(t, func(h *house) {
		h.varied()
		h.quietBot()
		d := h.direct(h.ann)
		ts := h.postIn(h.ann, d, "", "", "page.png")
		h.waitFor(d, "page.png", 1)
		h.talk(h.ann, d, ts, "describe")
		h.waitFor(d, wordstest.ReadAs("page.png", "describe"), 1)
		h.talk(h.ann, d, ts, "thanks, that helps")
		h.talk(h.ann, d, "", "good morning")
		h.waitFor(d, words.HowToUse(true), 1)
		h.idle(2, "a picture, and once more")
		if n := h.times(d, words.HowToUse(true)); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}
