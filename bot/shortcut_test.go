package bot_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
)

// shows posts an image block as an app, with a token of its own.
func (h *house) shows(token, channel, image string) {
	h.Helper()
	blocks, _ := json.Marshal([]map[string]any{{"type": "image", "image_url": image, "alt_text": "a picture"}})
	form := url.Values{"channel": {channel}, "text": {"look"}, "blocks": {string(blocks)}}
	r, err := http.NewRequestWithContext(h.Context(), http.MethodPost, "http://localhost/api/chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := h.client().Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	var said struct{ Error string }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || said.Error != "" {
		h.Fatalf("the other app's post: %q, %v", said.Error, err)
	}
}

// TestShortcut reads what a message shows: its own pictures, forwarded ones, and
// those of other apps.
func TestShortcut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A timestamp of the year 2000 begins with a zero, and slack-go takes those
		// of forwarded messages for numbers.
		<-time.After(2 * 366 * 24 * time.Hour)
		h := build(t)
		h.quietBot()
		extract := func(ts string) {
			t.Helper()
			if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, ts, "extract"); err != nil {
				t.Fatal(err)
			}
		}
		own := h.post("a.png", "b.png")
		extract(own)
		h.wait("both are read", func() bool { return h.count(own, wordstest.ReadFiles(2, 2, "markdown")) == 1 })
		forwarded, err := h.ws.Forward(h.ann, h.channel, own, localslack.Post{Channel: h.channel, Text: "look"})
		if err != nil {
			t.Fatal(err)
		}
		extract(forwarded)
		h.wait("both are read", func() bool { return h.count(forwarded, wordstest.ReadFiles(2, 2, "markdown")) == 1 })
		h.idle(4, "twice two")
		extract(h.talk(h.ann, h.channel, "", "words"))
		h.whispered(h.ann, words.NoPictureThere)
		said := len(h.whispers(h.ann))
		extract(h.answers(own)[0].TS) // the bot's own
		h.wait("a word", func() bool { return len(h.whispers(h.ann)) == said+1 })
		h.idle(4, "nothing else")
	})
}

// TestShortcutWhereTheBotIsNot answers by direct message.
func TestShortcutWhereTheBotIsNot(t *testing.T) {
	inFakeTime(t, func(h *house) {
		elsewhere := h.ws.AddChannel("elsewhere", false, h.ann)
		ts := h.postIn(h.ann, elsewhere, "", "", "page.png")
		if err := h.ws.Shortcut(h.Context(), h.ann, elsewhere, ts, "extract"); err != nil {
			t.Fatal(err)
		}
		h.whispered(h.ann, words.InviteMe(h.app.BotUserID))
		h.waitFor(h.direct(h.ann), wordstest.ReadAs("page.png", "markdown"), 1)
		if said := h.said(elsewhere); len(said) > 0 {
			t.Errorf("it says %q", said)
		}
	})
}
