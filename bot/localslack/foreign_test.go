package localslack_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// A message with odd parts is in the event and in history as it was made, and a
// client that decodes every part fails on the whole answer.
func TestOddPartsOfOtherApps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		other := s.w.Install(localslack.App{Name: "Weather"})
		ts, err := s.w.PostAs(other.AppID, localslack.AppMessage{
			Channel: s.channel, Text: "odd", Blocks: localslack.OddBlocks(), Attachments: localslack.OddAttachments(), Files: []localslack.Upload{png},
		})
		s.must(err)
		event := c.event()
		want(t, event, "ts", ts, "bot_id", other.BotID, "text", "odd", "subtype", "file_share")
		attachment := event["attachments"].([]any)[0].(map[string]any)
		if attachment["id"] != "1" || attachment["color"] != 36.0 || len(event["blocks"].([]any)) != 7 || len(event["files"].([]any)) != 1 {
			t.Errorf("event: %v", event)
		}
		if _, err := s.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: s.channel}); err == nil || !strings.Contains(err.Error(), "unmarshal") {
			t.Errorf("slack-go decodes it: %v", err)
		}
		for want, p := range map[string]localslack.AppMessage{
			"channel_not_found": {Channel: "C404"},
			"thread_not_found":  {Channel: s.channel, Thread: "1.000001"},
			"invalid_blocks":    {Channel: s.channel, Blocks: []byte("{}")},
		} {
			if _, err := s.w.PostAs(other.AppID, p); slackCode(err) != want {
				t.Errorf("%+v: %v", p, err)
			}
		}
		if _, err := s.w.PostAs("A404", localslack.AppMessage{Channel: s.channel}); slackCode(err) != "invalid_auth" {
			t.Errorf("an unknown app: %v", err)
		}
	})
}

// With OddParts the answers to an app's own writes have them too, and the write was
// carried out.
func TestOddPartsOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.w.SetBehaviour(localslack.Behaviour{OddParts: true})
		r := s.ok("chat.postMessage", "channel", s.channel, "text", "x", "blocks", `[{"type":"divider"}]`)
		ts := str(r.body, "ts")
		for where, body := range map[string]map[string]any{
			"posted": r.body, "changed": s.ok("chat.update", "channel", s.channel, "ts", ts, "text", "y", "blocks", `[{"type":"divider"}]`).body,
		} {
			m := body["message"].(map[string]any)
			if n := len(m["blocks"].([]any)); n != 8 || len(m["attachments"].([]any)) != 2 {
				t.Errorf("%s: %v", where, m)
			}
		}
		ms := s.w.Messages(s.channel)
		if len(ms) != 1 || ms[0].Text != "y" || strings.Contains(string(ms[0].Blocks), "card") {
			t.Errorf("%+v", ms)
		}
		person := s.post(localslack.Post{Text: "plain"})
		h := s.ok("conversations.history", "channel", s.channel, "oldest", person, "inclusive", "true").body
		if m := h["messages"].([]any)[0].(map[string]any); m["blocks"] != nil || m["attachments"] != nil {
			t.Errorf("of a person: %v", m)
		}
	})
}

// Timestamps are by Slack's clock, and keep their order when it is set.
func TestClockOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		offset := func(ts string) time.Duration {
			return time.Duration(micros(t, ts)-time.Now().UnixMicro()) * time.Microsecond
		}
		s.w.SetBehaviour(localslack.Behaviour{ClockOffset: 5 * time.Minute})
		ahead := s.post(localslack.Post{Text: "a"})
		if d := offset(ahead); d < 5*time.Minute || d > 5*time.Minute+time.Second {
			t.Errorf("ahead by %v", d)
		}
		s.w.SetBehaviour(localslack.Behaviour{ClockOffset: -5 * time.Minute})
		if ts := s.post(localslack.Post{Text: "b"}); ts <= ahead {
			t.Errorf("%s after %s", ts, ahead)
		}
		time.Sleep(time.Hour)
		if d := offset(s.post(localslack.Post{Text: "c"})); d != -5*time.Minute {
			t.Errorf("behind by %v", d)
		}
	})
}

// Every mode can be switched on by its name, and does something to an upload, a
// message or the clock.
func TestModes(t *testing.T) {
	for _, name := range localslack.Modes() {
		synctest.Test(t, func(t *testing.T) {
			s := newWorld(t)
			if err := s.w.SwitchOn(name); err != nil {
				t.Error(err)
			}
		})
	}
	err := localslack.New(localslack.Options{}).SwitchOn("nothing")
	if err == nil || !strings.Contains(err.Error(), "odd-parts") {
		t.Errorf("unknown: %v", err)
	}
}
