package localslack_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/localslack"
)

// goApp is an app on slack-go that has connected.
type goApp struct {
	*world
	sm *socketmode.Client
}

// goApps runs use with an app on slack-go, in fake time.
func goApps(t *testing.T, use func(t *testing.T, a *goApp)) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		a := &goApp{s, s.listen()}
		a.next(socketmode.EventTypeHello)
		use(t, a)
	})
}

// next is the next event of this type. What slack-go cannot read fails the test.
func (a *goApp) next(kind socketmode.EventType) socketmode.Event {
	a.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case ev := <-a.sm.Events:
			if ev.Type == socketmode.EventTypeErrorBadMessage {
				a.t.Fatalf("slack-go cannot read %v", ev.Data)
			}
			if ev.Type == kind {
				return ev
			}
		case <-late:
			a.t.Fatalf("no %s came", kind)
		}
	}
}

func (a *goApp) ack(ev socketmode.Event, payload any) {
	a.t.Helper()
	if err := a.sm.AckCtx(a.t.Context(), ev.Request.EnvelopeID, payload); err != nil {
		a.t.Fatal(err)
	}
}

// inner is the next event of the Events API, acked.
func (a *goApp) inner() any {
	a.t.Helper()
	ev := a.next(socketmode.EventTypeEventsAPI)
	a.ack(ev, nil)
	return ev.Data.(slackevents.EventsAPIEvent).InnerEvent.Data
}

func (a *goApp) message() *slackevents.MessageEvent {
	a.t.Helper()
	m, ok := a.inner().(*slackevents.MessageEvent)
	if !ok {
		a.t.Fatal("no message")
	}
	return m
}

// later does something whose end needs the app's ack.
func (a *goApp) later(do func() error) (wait func()) {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return func() {
		a.t.Helper()
		if err := <-done; err != nil {
			a.t.Fatal(err)
		}
	}
}

func TestSlackGoReadsEvents(t *testing.T) {
	goApps(t, func(t *testing.T, a *goApp) {
		ts := a.post(localslack.Post{Text: "two", Files: []localslack.Upload{{Name: "a.png", Data: []byte("png")}, {Name: "b.pdf", Data: []byte("pdf")}}})
		m := a.message()
		if m.SubType != "file_share" || m.TimeStamp != ts || len(m.Message.Files) != 2 || m.Message.Files[1].Mimetype != "application/pdf" {
			t.Fatalf("%+v", m)
		}
		var got bytes.Buffer
		if err := a.api.GetFileContext(t.Context(), m.Message.Files[0].URLPrivateDownload, &got); err != nil || got.String() != "png" {
			t.Errorf("%v %q", err, &got)
		}
		for range 2 {
			if _, ok := a.inner().(*slackevents.FileSharedEvent); !ok {
				t.Error("no file_shared")
			}
		}
		if err := a.w.Edit(a.user, a.channel, ts, "edited"); err != nil {
			t.Fatal(err)
		}
		if m := a.message(); m.SubType != "message_changed" || m.Message.Text != "edited" || m.PreviousMessage.Text != "two" {
			t.Errorf("%+v", m)
		}
		if err := a.w.React(a.user, a.channel, ts, "eyes"); err != nil {
			t.Fatal(err)
		}
		if r, ok := a.inner().(*slackevents.ReactionAddedEvent); !ok || r.Reaction != "eyes" || r.Item.Timestamp != ts || r.Item.Channel != a.channel {
			t.Errorf("%+v", r)
		}
		a.post(localslack.Post{Text: "reply", Thread: ts})
		if m := a.message(); m.ThreadTimeStamp != ts {
			t.Errorf("%+v", m)
		}
		if err := a.w.Delete(a.user, a.channel, ts); err != nil {
			t.Fatal(err)
		}
		if m := a.message(); m.SubType != "message_changed" || m.Message.SubType != "tombstone" {
			t.Errorf("%+v", m)
		}
		ts = a.post(localslack.Post{Text: "@Reader look"})
		if m := a.message(); m.Text != "<@"+a.cred.BotUserID+"> look" {
			t.Errorf("%+v", m)
		}
		if m, ok := a.inner().(*slackevents.AppMentionEvent); !ok || m.TimeStamp != ts || m.User != a.user {
			t.Errorf("%+v", m)
		}
		if err := a.w.Delete(a.user, a.channel, ts); err != nil {
			t.Fatal(err)
		}
		if m := a.message(); m.SubType != "message_deleted" || m.DeletedTimeStamp != ts {
			t.Errorf("%+v", m)
		}
		if err := a.w.Archive(a.user, a.channel); err != nil {
			t.Fatal(err)
		}
		if m := a.message(); m.SubType != "channel_archive" {
			t.Errorf("%+v", m)
		}
		if e, ok := a.inner().(*slackevents.ChannelArchiveEvent); !ok || e.Channel != a.channel || e.User != a.user {
			t.Errorf("%+v", e)
		}
	})
}

func TestSlackGoInteracts(t *testing.T) {
	goApps(t, func(t *testing.T, a *goApp) {
		wait := a.later(func() error { return a.w.Command(t.Context(), a.user, a.channel, "/ocr", "help") })
		ev := a.next(socketmode.EventTypeSlashCommand)
		cmd := ev.Data.(slack.SlashCommand)
		a.ack(ev, map[string]any{"text": "one moment"})
		wait()
		if cmd.Command != "/ocr" || cmd.Text != "help" || cmd.UserID != a.user || cmd.ChannelID != a.channel {
			t.Errorf("%+v", cmd)
		}
		if err := slack.PostWebhookCustomHTTPContext(t.Context(), cmd.ResponseURL, a.http, &slack.WebhookMessage{Text: "done"}); err != nil {
			t.Error(err)
		}
		if es := a.w.Ephemerals(a.user); len(es) != 2 || es[0].Message.Text != "one moment" || es[1].Message.Text != "done" {
			t.Errorf("%+v", es)
		}

		plain := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
		button := slack.NewActionBlock("row", slack.NewButtonBlockElement("stop", "7", plain("Stop")))
		_, ts, err := a.api.PostMessageContext(t.Context(), a.channel, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(button))
		if err != nil {
			t.Fatal(err)
		}
		wait = a.later(func() error { return a.w.Press(t.Context(), a.user, a.channel, ts, "stop") })
		ev = a.next(socketmode.EventTypeInteractive)
		a.ack(ev, nil)
		wait()
		call := ev.Data.(slack.InteractionCallback)
		if call.Type != slack.InteractionTypeBlockActions || call.ActionCallback.BlockActions[0].Value != "7" || call.Message.Timestamp != ts || call.User.ID != a.user {
			t.Errorf("%+v", call)
		}

		ts = a.post(localslack.Post{Files: []localslack.Upload{{Name: "a.png", Data: []byte("png")}}})
		wait = a.later(func() error { return a.w.Shortcut(t.Context(), a.user, a.channel, ts, "extract") })
		ev = a.next(socketmode.EventTypeInteractive)
		a.ack(ev, nil)
		wait()
		call = ev.Data.(slack.InteractionCallback)
		if call.Type != slack.InteractionTypeMessageAction || call.CallbackID != "extract" || len(call.Message.Files) != 1 {
			t.Errorf("%+v", call)
		}
	})
}

func TestSlackGoCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		meta := slack.SlackMetadata{EventType: "page_read", EventPayload: map[string]any{"file": "F1"}}
		_, ts, err := s.api.PostMessageContext(t.Context(), s.channel, slack.MsgOptionText("0", false),
			slack.MsgOptionBlocks(slack.NewMarkdownBlock("", "# Hi")), slack.MsgOptionMetadata(meta))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.api.AddReactionContext(t.Context(), "eyes", slack.NewRefToMessage(s.channel, ts)); err != nil {
			t.Error(err)
		}
		if _, err := s.api.PostEphemeralContext(t.Context(), s.channel, s.user, slack.MsgOptionText("psst", false)); err != nil {
			t.Error(err)
		}
		for i := range 4 {
			s.post(localslack.Post{Text: strconv.Itoa(i + 1)})
		}
		var texts []string
		p := slack.GetConversationHistoryParameters{ChannelID: s.channel, Limit: 2, IncludeAllMetadata: true}
		for {
			h, err := s.api.GetConversationHistoryContext(t.Context(), &p)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range h.Messages {
				texts = append(texts, m.Text)
				if m.Text == "0" && (m.Metadata.EventType != "page_read" || m.Reactions[0].Name != "eyes" || m.Blocks.BlockSet[0].BlockType() != slack.MBTHeader) {
					t.Errorf("%+v", m)
				}
			}
			if p.Cursor = h.ResponseMetaData.NextCursor; p.Cursor == "" {
				break
			}
		}
		if !slices.Equal(texts, []string{"4", "3", "2", "1", "0"}) {
			t.Errorf("%q", texts)
		}

		bad := slack.New("xoxb-not-a-token", slack.OptionHTTPClient(s.http), slack.OptionAPIURL("http://localhost/api/"))
		if _, err := bad.AuthTestContext(t.Context()); err == nil || err.Error() != "invalid_auth" {
			t.Error(err)
		}
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: 2 * time.Second})
		post := func(c *slack.Client) error {
			_, _, err := c.PostMessageContext(t.Context(), s.channel, slack.MsgOptionText("x", false))
			return err
		}
		if limited, ok := errors.AsType[*slack.RateLimitedError](post(s.api)); !ok || limited.RetryAfter != 2*time.Second {
			t.Errorf("%+v", limited)
		}
		time.Sleep(2 * time.Second)
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: 2 * time.Second})
		retrying := slack.New(s.cred.BotToken, slack.OptionHTTPClient(s.http), slack.OptionAPIURL("http://localhost/api/"), slack.OptionRetry(1))
		if err := post(retrying); err != nil {
			t.Errorf("with OptionRetry: %v", err)
		}
	})
}
