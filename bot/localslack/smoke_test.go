package localslack_test

import (
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/localslack"
)

func TestAPersonPostsAndTheAppAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		sm := s.listen()
		s.w.Wait(t.Context(), func() bool { return s.w.Connections() == 1 })
		ts, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "hello", Files: []localslack.Upload{{Name: "a.png", Data: []byte("png")}}})
		if err != nil {
			t.Fatal(err)
		}
		for ev := range sm.Events {
			t.Log(ev.Type)
			if ev.Type != socketmode.EventTypeEventsAPI {
				continue
			}
			in := ev.Data.(slackevents.EventsAPIEvent)
			t.Logf("%+v", in.InnerEvent.Data)
			sm.Ack(*ev.Request)
			break
		}
		_, replyTS, err := s.api.PostMessageContext(t.Context(), s.channel, slack.MsgOptionText("hi", false), slack.MsgOptionTS(ts))
		if err != nil {
			t.Fatal(err)
		}
		t.Log(s.w.Thread(s.channel, replyTS))
	})
}
