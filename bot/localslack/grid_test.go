package localslack_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

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
