package bot_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"

	"slackocr/bot"
	"slackocr/bot/jobs/kv"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
)

// sick is a shaky store of which more can fail: all that the bot asks for
// beside its leases.
type sick struct{ *shaky }

func newSick(store kv.Store) sick { return sick{&shaky{Store: store}} }

func (s sick) Create(ctx context.Context, key, filter string, value []byte) error {
	return s.do(ctx, func() error { return s.Store.Create(ctx, key, filter, value) })
}

func (s sick) List(ctx context.Context, newest int, filters ...string) (all []kv.Entry, err error) {
	err = s.do(ctx, func() (err error) { all, err = s.Store.List(ctx, newest, filters...); return err })
	return all, err
}

func (s sick) Setting(ctx context.Context, key string) (value []byte, err error) {
	err = s.do(ctx, func() (err error) { value, err = s.Store.Setting(ctx, key); return err })
	return value, err
}

func (s sick) SetSetting(ctx context.Context, key string, value []byte) error {
	return s.do(ctx, func() error { return s.Store.SetSetting(ctx, key, value) })
}

// down fails every call of a store at once, hang only when its caller gives up.
func down(context.Context) error { return context.DeadlineExceeded }

func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// startAs starts the bot with another configuration.
func (h *house) startAs(change func(*bot.Config)) {
	h.Helper()
	h.change = change
	h.start()
}

// pass lets time go by until nothing happens any more.
func (h *house) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// command types /ocr as somebody. It fails where Slack shows an error of its own.
func (h *house) command(user, channel, text string) {
	h.Helper()
	if err := h.ws.Command(h.Context(), user, channel, "/ocr", text); err != nil {
		h.Fatalf("/ocr %s: %v", text, err)
	}
}

// forget has a person's records erased, who says twice that they want it.
func (h *house) forget(user string) {
	h.Helper()
	h.command(user, h.channel, "forget")
	h.whispered(user, words.ForgetQuestion)
	// The answer to an earlier command may come after the question.
	for _, e := range slices.Backward(h.ws.Ephemerals(user)) {
		if hasAction(e.Message, "forget") {
			if err := h.ws.Press(h.Context(), user, h.channel, e.Message.TS, "forget"); err != nil {
				h.Fatal(err)
			}
			return
		}
	}
	h.Fatal("the question has no button")
}

// whispers are the texts that only one person saw.
func (h *house) whispers(user string) (texts []string) {
	for _, e := range h.ws.Ephemerals(user) {
		texts = append(texts, e.Message.Text)
	}
	return texts
}

// whispered waits for a word to a person that holds a text.
func (h *house) whispered(user, text string) string {
	h.Helper()
	var found string
	h.wait("a word with "+text, func() bool {
		i := slices.IndexFunc(h.whispers(user), func(w string) bool { return strings.Contains(w, text) })
		if i >= 0 {
			found = h.whispers(user)[i]
		}
		return found != ""
	})
	return found
}

// said are the texts of the bot's messages in a conversation, oldest first.
func (h *house) said(channel string) (texts []string) {
	for _, m := range h.spoken(channel) {
		texts = append(texts, m.Text)
	}
	return texts
}

// spoken are the bot's messages in a conversation.
func (h *house) spoken(channel string) []localslack.Message {
	return slices.DeleteFunc(h.ws.Messages(channel), func(m localslack.Message) bool {
		return m.User != h.app.BotUserID || m.Subtype != "" && m.Subtype != "file_share"
	})
}

// times is how many of the bot's messages in a conversation begin with a text.
func (h *house) times(channel, prefix string) (n int) {
	for _, text := range h.said(channel) {
		if strings.HasPrefix(text, prefix) {
			n++
		}
	}
	return n
}

// waitFor waits until so many of the bot's messages in a conversation begin with
// a text, and returns the first.
func (h *house) waitFor(channel, prefix string, n int) localslack.Message {
	h.Helper()
	h.waitIn(channel, prefix, func() bool { return h.times(channel, prefix) >= n })
	all := h.spoken(channel)
	return all[slices.IndexFunc(all, func(m localslack.Message) bool { return strings.HasPrefix(m.Text, prefix) })]
}

func (h *house) waitIn(channel, what string, cond func() bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 10*time.Minute)
	defer cancel()
	if err := h.ws.Wait(ctx, cond); err != nil {
		h.Fatalf("never: %s\nin the conversation: %q\nto ann alone: %q", what, h.said(channel), h.whispers(h.ann))
	}
}

// direct is the conversation of somebody with the bot.
func (h *house) direct(user string) string { return h.ws.AddDM(user, h.app.BotUserID) }

// requests is how many requests the model had.
func (h *house) requests() int {
	n, _ := h.model.count()
	return n
}

// idle checks that after a while the model has had so many requests.
func (h *house) idle(requests int, what string) {
	h.Helper()
	h.pass(5 * time.Minute)
	if n := h.requests(); n != requests {
		h.Errorf("%s: %d requests to the model, want %d\n%s", what, n, requests, h.show())
	}
}

// varied makes the model write another text each time, as it does in other modes:
// the same one is not posted twice.
func (h *house) varied() {
	var n atomic.Int32
	h.model.will(func(w *stream) { w.text(strings.Repeat("word ", int(n.Add(1)))); w.end("stop") })
}
