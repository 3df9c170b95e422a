package bot_test

import (
	"slices"
	"testing"

	"slackocr/bot"
	"slackocr/bot/words"
)

// opens opens the bot's messages, or another tab, as somebody.
func (h *house) opens(user, tab string) (channel string) {
	h.Helper()
	channel, err := h.ws.OpenHome(user, h.app.AppID, tab)
	if err != nil {
		h.Fatal(err)
	}
	return channel
}

// TestOpeningTheMessagesIsGreeted once for each person, over restarts too.
func TestOpeningTheMessagesIsGreeted(t *testing.T) {
	inFakeTime(t, func(h *house) {
		bob := h.ws.AddUser("bob")
		if h.opens(h.ann, "home"); len(h.said(h.direct(h.ann))) != 0 {
			t.Error("it greets on another tab")
		}
		for range 3 {
			h.opens(h.ann, "messages")
		}
		greeting := words.GreetingDirect(words.SentTo("localhost"))
		h.waitFor(h.direct(h.ann), greeting, 1)
		h.restart()
		h.opens(h.ann, "messages")
		h.opens(bob, "messages")
		h.waitFor(h.direct(bob), greeting, 1)
		h.idle(0, "a greeting")
		for _, person := range []string{h.ann, bob} {
			if said := h.said(h.direct(person)); !slices.Equal(said, []string{greeting}) {
				t.Errorf("it says %q", said)
			}
		}
	})
}

// TestGreetingNamesTheEngine of this machine, instead of a host.
func TestGreetingNamesTheEngine(t *testing.T) {
	inBubble(t, func(h *house) {
		h.startAs(func(c *bot.Config) { c.Engine = "an engine on this machine" })
		h.opens(h.ann, "messages")
		h.waitFor(h.direct(h.ann), words.GreetingDirect(words.ReadBy("an engine on this machine")), 1)
	})
}
