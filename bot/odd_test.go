package bot_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// TestOddPartsInAnswers: what slack-go cannot decode in the answer to a write, and
// in the history, hides neither that it was carried out nor what stands there.
func TestOddPartsInAnswers(t *testing.T) {
	inBubble(t, func(h *house) {
		h.ws.SetBehaviour(localslack.Behaviour{OddParts: true})
		h.start()
		ts := h.post("page.png")
		h.closesWith(ts, readLine("page.png", 2, 1))
		h.pass(10 * time.Minute)
		if got := h.answers(ts); len(got) != 2 {
			t.Errorf("%d messages, want the reply and the text\n%s", len(got), h.show())
		}
		if n := h.calls("conversations.replies")[""]; n > 1 {
			t.Errorf("%d looks for posts whose answers were sound", n)
		}
		// A lost answer is looked up among odd messages.
		h.ws.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Applied: true, Status: 500})
		ts = h.post("more.png")
		h.closed(ts)
		if got := h.answers(ts); len(got) != 2 {
			t.Errorf("%d messages, want the reply and the text\n%s", len(got), h.show())
		}
		// The newest picture, behind them.
		h.command(h.ann, h.channel, "last")
		h.idle(3, "the newest picture")
	})
}

// TestOddPartsInEvents: a person's message with a part that nobody knows is read,
// and so is a shortcut on another app's.
func TestOddPartsInEvents(t *testing.T) {
	inFakeTime(t, func(h *house) {
		ts := h.postData(h.ann, h.channel, "", "notes.txt", []byte("notes"))
		id, _, private := h.file(h.channel, h.post("page.png"))
		h.idle(1, "a picture")
		h.ws.Emit(h.app.AppID, map[string]any{
			"type": "message", "subtype": "file_share", "channel": h.channel, "user": h.ann, "ts": ts, "channel_type": "channel",
			"files":       []map[string]any{{"id": id, "name": "page.png", "mimetype": "image/png", "mode": "hosted", "size": "7", "url_private": strings.Replace(private, "https://files.slack.com", "http://localhost", 1)}},
			"attachments": localslack.OddAttachments(), "blocks": localslack.OddBlocks(),
		})
		h.wait("it is read", func() bool { return h.count(ts, "page.png: ") == 1 })

		h.ws.SetBehaviour(localslack.Behaviour{OddParts: true})
		other := h.ws.Install(localslack.App{Name: "other", Scopes: []string{"chat:write", "files:write"}})
		h.ws.Join(h.channel, other.BotUserID)
		from := h.uploadAs(other, "theirs.png")
		if err := h.ws.Shortcut(h.Context(), h.ann, h.channel, from, "extract"); err != nil {
			t.Fatal(err)
		}
		h.wait("it is read too", func() bool { return h.count(from, "theirs.png: ") == 1 })
	})
}

// uploadAs posts a picture as an app and returns its message's timestamp.
func (h *house) uploadAs(app localslack.Credentials, name string) (ts string) {
	h.Helper()
	api := slack.New(app.BotToken, slack.OptionAPIURL("http://localhost/api/"), slack.OptionHTTPClient(h.client()))
	before := len(h.ws.Messages(h.channel))
	if _, err := api.UploadFileContext(h.Context(), slack.UploadFileParameters{
		Channel: h.channel, Filename: name, FileSize: len(picture), Reader: bytes.NewReader(picture),
	}); err != nil {
		h.Fatal(err)
	}
	h.wait("the other app's picture", func() bool { return len(h.ws.Messages(h.channel)) > before })
	return h.ws.Messages(h.channel)[before].TS
}
