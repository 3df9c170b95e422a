package localslack_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"slackocr/bot/localslack"
)

// do carries out a deed of the page.
func (s *world) do(name, body string) *httptest.ResponseRecorder {
	return s.serve(httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/do/"+name, strings.NewReader(body)))
}

func TestPageDeeds(t *testing.T) {
	s := newWorld(t)
	eve := s.w.AddUser("Eve")
	s.w.Join(s.channel, eve)
	secret := s.w.AddChannel("secret", true, eve)
	post := func(user, channel string) string {
		ts, err := s.w.Post(user, localslack.Post{Channel: channel, Text: "x", Files: []localslack.Upload{png}})
		s.must(err)
		return ts
	}
	mine, theirs, hidden := post(s.user, s.channel), post(eve, s.channel), post(eve, secret)
	file := s.w.Thread(s.channel, theirs)[0].Files[0].ID
	at := func(channel, ts, more string) string {
		return `{"channel":"` + channel + `","ts":"` + ts + `"` + more + `}`
	}
	for name, c := range map[string]struct{ deed, body, words string }{
		"a reaction":                 {"react", at(s.channel, theirs, `,"name":"eyes"`), ""},
		"no emoji":                   {"react", at(s.channel, theirs, `,"name":"<b>"`), "no emoji of that name"},
		"a reaction not there":       {"unreact", at(s.channel, mine, `,"name":"tada"`), "no_reaction"},
		"another's message":          {"delete", at(s.channel, theirs, ""), "Only who wrote"},
		"no message":                 {"delete", at(s.channel, "1.000001", ""), "not there any more"},
		"another's file":             {"delete-file", `{"file":"` + file + `"}`, "not yours"},
		"a link":                     {"link", at(s.channel, mine, ""), ""},
		"a link to what is not seen": {"link", at(secret, hidden, ""), "not there any more"},
		"forwarding what is hidden":  {"forward", at(secret, hidden, `,"name":"`+s.channel+`"`), "not a member"},
		"forwarding nowhere":         {"forward", at(s.channel, mine, `,"name":"C404"`), "does not exist"},
		"joining what is hidden":     {"join", `{"channel":"` + secret + `"}`, "does not exist"},
		"inviting nobody":            {"invite", `{"channel":"` + s.channel + `","user":"U404"}`, "."},
		"inviting twice":             {"invite", `{"channel":"` + s.channel + `","user":"` + eve + `"}`, "already"},
		"archiving what is hidden":   {"archive", `{"channel":"` + secret + `"}`, "not a member"},
		"a name taken":               {"create", `{"name":"#general"}`, "already"},
		"a name with a space":        {"create", `{"name":"a b"}`, "small letters"},
		"a large name":               {"create", `{"name":"` + strings.Repeat("a", 81) + `"}`, "small letters"},
		"no name":                    {"create", `{}`, "small letters"},
		"a direct message":           {"dm", `{"user":"` + eve + `"}`, ""},
		"one with nobody":            {"dm", `{"user":"U404"}`, "."},
		"no window":                  {"close-view", `{"view":"V404"}`, "not open"},
		"no such deed":               {"own", `{}`, "not understood"},
		"no JSON":                    {"react", `{`, "not understood"},
		"too much":                   {"react", `{"name":"` + strings.Repeat("x", 70<<10) + `"}`, "not understood"},
		"a shortcut unheard":         {"shortcut", at(s.channel, mine, `,"name":"extract"`), "not connected"},
	} {
		rec := s.do(c.deed, c.body)
		if a := answerOf(t, rec); a.OK != (c.words == "") || !strings.Contains(a.Error, c.words) || a.OK != (rec.Code == 200) || !a.OK && !strings.HasSuffix(a.Error, ".") {
			t.Errorf("%s: %d %+v", name, rec.Code, a)
		}
	}
	var made struct{ Result string }
	if err := json.Unmarshal(s.do("create", `{"name":"notizen-ä","private":true}`).Body.Bytes(), &made); err != nil || made.Result == "" {
		t.Fatalf("created: %+v %v", made, err)
	}
	for _, c := range s.w.Snapshot(s.user).Channels {
		if c.ID == made.Result && (c.Name != "notizen-ä" || !c.IsPrivate || !c.IsMember) {
			t.Errorf("%+v", c)
		}
	}
	if seen := s.w.Snapshot(eve); strings.Contains(string(mustMarshal(seen)), "notizen") {
		t.Error("a private channel is seen by others")
	}
}

// Opening the direct message with an app on the page tells the app; another place
// tells nobody.
func TestPageOpensHomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		dm := s.w.AddDM(s.user, s.cred.BotUserID)
		for _, channel := range []string{s.channel, s.w.AddDM(s.user, s.w.AddUser("Eve")), dm} {
			if a := answerOf(t, s.do("open", `{"channel":"`+channel+`"}`)); !a.OK {
				t.Errorf("%s: %+v", channel, a)
			}
		}
		event := c.next()["payload"].(map[string]any)["event"].(map[string]any)
		want(t, event, "type", "app_home_opened", "user", s.user, "channel", dm, "tab", "messages")
		synctest.Wait()
		if n := len(c.in); n != 0 {
			t.Errorf("%d events more", n)
		}
	})
}

// A home that was published comes with the event; other tabs and apps that do not
// subscribe get none.
func TestOpenHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		s.ok("views.publish", "user_id", s.user, "view", homeView)
		if _, err := s.w.OpenHome(s.user, s.cred.AppID, "home"); err != nil {
			t.Fatal(err)
		}
		want(t, c.find("app_home_opened", ""), "tab", "home", "view.type", "home")
		for code, open := range map[string][]string{
			"user_not_found": {"U404", s.cred.AppID, "home"}, "invalid_auth": {s.user, "A404", "home"}, "invalid_arguments": {s.user, s.cred.AppID, "about"},
		} {
			if _, err := s.w.OpenHome(open[0], open[1], open[2]); slackCode(err) != code {
				t.Errorf("%q: %v", open, err)
			}
		}
		less := s.w.Install(localslack.App{Name: "Less"})
		if channel, err := s.w.OpenHome(s.user, less.AppID, "messages"); err != nil || channel == "" || s.w.Pending(less.AppID) != 0 {
			t.Errorf("%q %v, %d events", channel, err, s.w.Pending(less.AppID))
		}
	})
}

func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func TestPageSubmitsWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		id := c.window(askAll)
		submit := func(id string, kv ...string) *httptest.ResponseRecorder {
			r := form(kv...)
			r.URL.Path = "/page/views/" + id
			return s.serve(r)
		}
		plain := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/views/"+id, strings.NewReader("x"))
		var many []string
		for range 101 {
			many = append(many, "value:text", "x")
		}
		for name, tc := range map[string]struct {
			rec    *httptest.ResponseRecorder
			status int
			words  string
		}{
			"no form":          {s.serve(plain), 415, "form"},
			"an unknown field": {submit(id, "text", "x"), 400, "did not work"},
			"a broken name":    {submit(id, "value:%zz", "x"), 400, "did not work"},
			"too many":         {submit(id, many...), 400, "did not work"},
			"too long":         {submit(id, "value:text", strings.Repeat("x", 70<<10)), 400, "too long"},
			"another window":   {submit("V404", "value:text", "x"), 400, "not open"},
			"missing fields":   {submit(id, "value:text", ""), 200, ""},
		} {
			if a := answerOf(t, tc.rec); tc.rec.Code != tc.status || a.OK || !strings.Contains(a.Error, tc.words) {
				t.Errorf("%s: %d %+v", name, tc.rec.Code, a)
			}
		}
		if len(c.asked) != 0 {
			t.Fatalf("the app heard of it: %v", <-c.asked)
		}
		got := c.ask(func() error {
			if rec := submit(id, "value:text", "abc", "value:one", "y", "value:some", "x", "value:some", "y", "files", "unused"); rec.Code != 400 {
				t.Errorf("a field without its sign: %d", rec.Code)
			}
			rec := submit(id, "value:text", "abc", "value:one", "y", "value:some", "x", "value:some", "y", "file:files", "a.png=one")
			if a := answerOf(t, rec); !a.OK {
				t.Errorf("%+v", a)
			}
			return nil
		})
		values := reach(got, []string{"view", "state", "values"}).(map[string]any)
		want(t, values, "text.a.value", "abc", "one.a.selected_option.value", "y")
		if some := reach(values, []string{"some", "a", "selected_options"}).([]any); len(some) != 2 {
			t.Errorf("%v", some)
		}
		if name := reach(values, []string{"files", "a", "files", "name"}); name != "a.png" {
			t.Errorf("%v", values["files"])
		}
	})
}
