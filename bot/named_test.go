package bot_test

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// names posts, as another app, a message in a channel whose block names a file, and
// returns its timestamp.
func (h *house) names(channel, file string) (ts string) {
	h.Helper()
	other := h.ws.Install(localslack.App{Name: "other", Scopes: []string{"chat:write"}})
	blocks, err := json.Marshal([]any{map[string]any{"type": "image", "alt_text": "a picture", "slack_file": map[string]string{"id": file}}})
	if err != nil {
		h.Fatal(err)
	}
	ts, err = h.ws.PostAs(other.AppID, localslack.AppMessage{Channel: channel, Text: "look", Blocks: blocks})
	if err != nil {
		h.Fatal(err)
	}
	return ts
}

// TestNamedFiles: a block that names a file shows it to nobody who could not see the
// file, and a file of a channel in which the bot may not work is read nowhere, not even
// for its owner.
func TestNamedFiles(t *testing.T) {
	for name, tt := range map[string]struct {
		stands string // the channel that ann's file stands in
		asker  string
		read   bool
	}{
		"by its owner":                         {"private", "ann", true},
		"by a member":                          {"private", "cem", true},
		"by somebody else":                     {"private", "bob", false},
		"of a denied channel, by its owner":    {"denied", "ann", false},
		"of a denied channel, by a member":     {"denied", "cem", false},
		"of a denied channel, by anybody else": {"denied", "bob", false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house) {
				people := map[string]string{"ann": h.ann, "bob": h.ws.AddUser("bob"), "cem": h.ws.AddUser("cem")}
				channels := map[string]string{}
				for _, channel := range []string{"private", "denied"} {
					channels[channel] = h.ws.AddChannel(channel, channel == "private", h.ann, people["cem"], h.app.BotUserID)
				}
				h.ws.Join(h.channel, people["bob"])
				h.ws.Join(h.channel, people["cem"])
				h.startAs(func(c *bot.Config) { c.AutoRead, c.Denied = bot.ReadOff, []string{channels["denied"]} })
				ts := h.postIn(h.ann, channels[tt.stands], "", "", "page.png")
				file := h.ws.Thread(channels[tt.stands], ts)[0].Files[0].ID
				asker := people[tt.asker]
				look := h.names(h.channel, file)
				if err := h.ws.Shortcut(h.Context(), asker, h.channel, look, "extract"); err != nil {
					t.Fatal(err)
				}
				want := 0
				if tt.read {
					want = 1
				}
				h.idle(want, "a shortcut")
				if told := slices.Contains(h.whispers(asker), words.NotForYou); told == tt.read {
					t.Errorf("told %q", h.whispers(asker))
				}
				_, link, _ := h.file(channels[tt.stands], ts)
				h.command(asker, h.channel, link+" text")
				h.idle(2*want, "a link")
			})
		})
	}
}

// TestForwardedFiles of a channel in which the bot may not work are not read.
func TestForwardedFiles(t *testing.T) {
	for _, denied := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			<-time.After(2 * 366 * 24 * time.Hour) // see TestShortcut
			h := build(t)
			from := h.ws.AddChannel("from", false, h.ann, h.app.BotUserID)
			h.startAs(func(c *bot.Config) {
				if c.AutoRead = bot.ReadOff; denied {
					c.Denied = []string{from}
				}
			})
			forwarded, err := h.ws.Forward(h.ann, from, h.postIn(h.ann, from, "", "", "page.png"), localslack.Post{Channel: h.channel, Text: "look"})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, forwarded, "extract"); err != nil {
				t.Fatal(err)
			}
			want := 1
			if denied {
				want = 0
			}
			h.idle(want, "a forwarded picture")
		})
	}
}
