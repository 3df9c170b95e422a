package localslack_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// micros is a timestamp in microseconds.
func micros(t *testing.T, ts string) int64 {
	t.Helper()
	us, err := strconv.ParseInt(strings.Replace(ts, ".", "", 1), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return us
}

// What tells where a person belongs, in users.info, in a message, in a mention, in
// the payload round it and in a press, for people of every home.
func TestWhoIsOfTheHouse(t *testing.T) {
	for name, tc := range map[string]struct {
		home localslack.Home
		want map[string]string
	}{
		"here":         {localslack.HomeHere, map[string]string{"users.info": "here org", "message": "here  ", "mention": "here  ", "payload": "here", "press": "here"}},
		"sister":       {localslack.HomeSister, map[string]string{"users.info": "sister org", "message": "sister sister sister", "mention": "here sister sister", "payload": "here", "press": "sister"}},
		"organization": {localslack.HomeOrganization, map[string]string{"users.info": " org", "message": "sister org org", "mention": "here org org", "payload": "here", "press": "org"}},
		"partner":      {localslack.HomePartner, map[string]string{"users.info": "partner ", "message": "partner  ", "mention": "here partner partner", "payload": "partner", "press": "partner"}},
		"partner grid": {localslack.HomePartnerGrid, map[string]string{"users.info": "partner partner org", "message": "partner  ", "mention": "here partner org partner org", "payload": "partner", "press": "partner org"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				c := s.rawEvents()
				info := func(user string) (team, org string) {
					u := s.ok("users.info", "user", user).body["user"]
					return str(u, "team_id"), str(u, "enterprise_user", "enterprise_id")
				}
				user := s.w.AddPerson(localslack.Person{Name: "Bob", Home: tc.home})
				sister, org := info(s.w.AddPerson(localslack.Person{Name: "Eve", Home: localslack.HomeSister}))
				team, theirOrg := info(user)
				names := map[string]string{team: "partner", theirOrg: "partner org"}
				maps.Copy(names, map[string]string{"": "", s.w.Snapshot(s.user).Team.ID: "here", sister: "sister", org: "org"})
				got := map[string]string{"users.info": names[team] + " " + names[theirOrg]}

				s.w.Join(s.channel, user)
				_, err := s.w.Post(user, localslack.Post{Channel: s.channel, Text: "@Reader hi"})
				s.must(err)
				for len(got) < 4 {
					payload := c.next()["payload"].(map[string]any)
					event := payload["event"].(map[string]any)
					teams := names[str(event, "team")] + " " + names[str(event, "user_team")] + " " + names[str(event, "source_team")]
					switch {
					case str(event, "type") == "app_mention":
						got["mention"] = teams
					case str(event, "type") == "message" && str(event, "subtype") == "":
						got["message"], got["payload"] = teams, names[str(payload, "team_id")]
					}
				}
				ts := s.menu("")
				press := c.ask(func() error { return s.w.Press(t.Context(), user, s.channel, ts, "stop") })
				got["press"] = names[str(press, "user", "team_id")]
				for where, want := range tc.want {
					if got[where] != want {
						t.Errorf("%s: %q, want %q", where, got[where], want)
					}
				}
				channel := s.ok("conversations.info", "channel", s.channel).body["channel"].(map[string]any)
				outside := tc.home >= localslack.HomePartner
				if channel["is_ext_shared"] != outside || channel["is_org_shared"] != (!outside && tc.home != localslack.HomeHere) {
					t.Errorf("channel: %v", channel)
				}
			})
		})
	}
}

// What tells that the workspace belongs to an organisation, and that the app is
// installed in all of it.
func TestEnterprise(t *testing.T) {
	for _, all := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newWorld(t)
			org := s.w.JoinEnterprise("Group")
			if again := s.w.JoinEnterprise("Other"); again != org {
				t.Errorf("joined %s, then %s", org, again)
			}
			team := s.w.Snapshot(s.user).Team.ID
			if all {
				app := reader(allScopes, allEvents)
				app.OrgInstall = true
				s.cred = s.w.Install(app)
				s.api = s.client(s.cred)
				s.w.Join(s.channel, s.cred.BotUserID)
				team = org
			}
			c := s.rawEvents()
			auth := s.ok("auth.test").body
			want(t, auth, "enterprise_id", org, "team_id", team)
			if auth["is_enterprise_install"] != all {
				t.Errorf("auth.test: %v", auth)
			}
			s.post(localslack.Post{Text: "Hello"})
			payload := c.next()["payload"].(map[string]any)
			grant := payload["authorizations"].([]any)[0].(map[string]any)
			want(t, payload, "enterprise_id", org, "context_enterprise_id", org)
			want(t, grant, "enterprise_id", org, "team_id", team)
			if grant["is_enterprise_install"] != all {
				t.Errorf("authorization: %v", grant)
			}
			press := c.choose(s.menu(""), "stop")
			want(t, press, "enterprise.id", org, "team.enterprise_id", org)
			if press["is_enterprise_install"] != all {
				t.Errorf("press: %v", press)
			}
		})
	}
}

func TestGuests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for guest, flags := range map[localslack.Guest][2]bool{
			localslack.GuestNone: {false, false}, localslack.GuestMulti: {true, false}, localslack.GuestSingle: {true, true},
		} {
			id := s.w.AddPerson(localslack.Person{Name: "Guest", Guest: guest})
			u, err := s.api.GetUserInfoContext(t.Context(), id)
			s.must(err)
			if u.IsRestricted != flags[0] || u.IsUltraRestricted != flags[1] {
				t.Errorf("%v: %+v", guest, u)
			}
		}
	})
}

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
