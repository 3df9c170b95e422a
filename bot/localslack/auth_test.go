package localslack_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// needs is the scope that each method cannot do without, for a public channel.
var needs = []struct {
	scope, method string
	args          []string
}{
	{"chat:write", "chat.postMessage", []string{"channel", "C", "text", "x"}},
	{"chat:write", "chat.postEphemeral", []string{"channel", "C", "text", "x", "user", "U"}},
	{"chat:write", "chat.update", []string{"channel", "C", "text", "x", "ts", "1.0"}},
	{"chat:write", "chat.delete", []string{"channel", "C", "ts", "1.0"}},
	{"channels:read", "conversations.info", []string{"channel", "C"}},
	{"channels:read", "conversations.members", []string{"channel", "C"}},
	{"channels:read", "conversations.list", nil},
	{"channels:read", "users.conversations", nil},
	{"channels:history", "conversations.history", []string{"channel", "C"}},
	{"channels:history", "conversations.replies", []string{"channel", "C", "ts", "1.0"}},
	{"im:write", "conversations.open", []string{"users", "U"}},
	{"channels:join", "conversations.join", []string{"channel", "C"}},
	{"files:write", "files.getUploadURLExternal", []string{"filename", "a", "length", "1"}},
	{"files:write", "files.completeUploadExternal", []string{"files", "[]"}},
	{"files:write", "files.delete", []string{"file", "F1"}},
	{"files:read", "files.info", []string{"file", "F1"}},
	{"reactions:write", "reactions.add", []string{"channel", "C", "timestamp", "1.0", "name", "eyes"}},
	{"reactions:write", "reactions.remove", []string{"channel", "C", "timestamp", "1.0", "name", "eyes"}},
	{"reactions:read", "reactions.get", []string{"channel", "C", "timestamp", "1.0"}},
	{"users:read", "users.info", []string{"user", "U"}},
	{"users:read", "bots.info", []string{"bot", "B1"}},
}

func TestScopes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		for _, tc := range needs {
			args := slices.Clone(tc.args)
			for i, a := range args {
				args[i] = map[string]string{"C": s.channel, "U": s.user}[a]
				if args[i] == "" {
					args[i] = a
				}
			}
			scopes := slices.DeleteFunc(slices.Clone(allScopes), func(x string) bool { return x == tc.scope })
			less := s.w.Install(localslack.App{Name: "less", Scopes: scopes})
			r := s.call(tc.method, less.BotToken, args...)
			if r.code() != "missing_scope" || !strings.Contains(str(r.body, "needed"), tc.scope) || str(r.body, "provided") != strings.Join(scopes, ",") {
				t.Errorf("%s without %s: %v", tc.method, tc.scope, r.body)
			}
			if got := r.header.Get("X-OAuth-Scopes"); got != strings.Join(scopes, ",") {
				t.Errorf("%s: X-OAuth-Scopes %q", tc.method, got)
			}
			if r := s.bot(tc.method, args...); r.code() == "missing_scope" || !strings.Contains(r.header.Get("X-Accepted-OAuth-Scopes"), tc.scope) {
				t.Errorf("%s: %v, X-Accepted-OAuth-Scopes %q", tc.method, r.body, r.header.Get("X-Accepted-OAuth-Scopes"))
			}
		}
		// The scope follows the kind of conversation.
		private := s.w.AddChannel("private", true, s.user, s.cred.BotUserID)
		less := s.w.Install(localslack.App{Name: "less", Scopes: []string{"channels:history"}})
		s.w.Join(private, less.BotUserID)
		if r := s.call("conversations.history", less.BotToken, "channel", private); r.code() != "missing_scope" || str(r.body, "needed") != "groups:history" {
			t.Errorf("private channel: %v", r.body)
		}
	})
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		noScope := s.w.Install(localslack.App{Name: "no connections:write", AppScopes: []string{}})
		for _, tc := range [][]string{
			{"not_authed", "auth.test", ""},
			{"invalid_auth", "auth.test", "xoxb-nobody"},
			{"not_allowed_token_type", "auth.test", s.cred.AppToken},
			{"not_allowed_token_type", "apps.connections.open", s.cred.BotToken},
			{"missing_scope", "apps.connections.open", noScope.AppToken},
			{"", "apps.connections.open", s.cred.AppToken},
			{"", "auth.test", s.cred.BotToken},
		} {
			if r := s.call(tc[1], tc[2]); r.code() != tc[0] {
				t.Errorf("%s: %v, want %q", tc[1], r.body, tc[0])
			}
		}
		s.w.RevokeToken(s.cred.BotToken)
		s.w.RevokeToken(s.cred.AppToken)
		if r := s.bot("auth.test"); r.code() != "token_revoked" {
			t.Errorf("%v", r.body)
		}
		if r := s.call("apps.connections.open", s.cred.AppToken); r.code() != "invalid_auth" {
			t.Errorf("%v", r.body)
		}
	})
}

// The same call in every form that clients use.
func TestArgumentForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		blocks := `[{"type":"markdown","text":"**x**"}]`
		var form bytes.Buffer
		mw := multipart.NewWriter(&form)
		mw.WriteField("channel", s.channel)
		mw.WriteField("blocks", blocks)
		mw.Close()
		form.WriteString("\r\n--" + mw.Boundary() + "--\r\n") // a stray one
		noEnd, _, _ := strings.Cut(form.String(), mw.Boundary()+"--")
		noEnd += mw.Boundary()
		tok := s.cred.BotToken
		for name, tc := range map[string]struct{ tok, contentType, body, code string }{
			"form":               {tok, "application/x-www-form-urlencoded", "channel=" + s.channel + "&blocks=" + strings.ReplaceAll(blocks, "*", "%2A"), ""},
			"token in the form":  {"", "application/x-www-form-urlencoded; charset=utf-8", "token=" + tok + "&text=x&channel=" + s.channel, ""},
			"JSON":               {tok, "application/json; charset=utf-8", `{"channel":"` + s.channel + `","blocks":` + blocks + `,"unfurl_links":false}`, ""},
			"JSON in JSON":       {tok, "application/json", `{"channel":"` + s.channel + `","blocks":"[{\"type\":\"divider\"}]"}`, ""},
			"multipart":          {tok, mw.FormDataContentType(), form.String(), ""},
			"token in JSON":      {"", "application/json", `{"token":"` + tok + `","channel":"` + s.channel + `","text":"x"}`, "not_authed"},
			"bad JSON":           {tok, "application/json", `{"channel":`, "invalid_json"},
			"a JSON list":        {tok, "application/json", `[]`, "json_not_object"},
			"no type":            {tok, "", "channel=C1", "missing_post_type"},
			"unknown type":       {tok, "application/xml", "<x/>", "invalid_post_type"},
			"broken form":        {tok, "application/x-www-form-urlencoded", "channel=%zz", "invalid_form_data"},
			"multipart, cut off": {tok, mw.FormDataContentType(), form.String()[:form.Len()-100], "invalid_form_data"},
			"multipart, no end":  {tok, mw.FormDataContentType(), noEnd, "invalid_form_data"},
			"too large":          {tok, "application/json", `{"text":"` + strings.Repeat("x", 1<<20) + `"}`, "request_too_large"},
		} {
			if r := s.send("chat.postMessage", tc.tok, tc.contentType, tc.body); r.code() != tc.code {
				t.Errorf("%s: %v, want %q", name, r.body, tc.code)
			}
			time.Sleep(time.Second)
		}
		for _, m := range s.w.Messages(s.channel) {
			if m.Text == "" && len(m.Blocks) == 0 {
				t.Errorf("empty message %+v", m)
			}
		}
		if n := len(s.w.Messages(s.channel)); n != 5 {
			t.Errorf("%d messages, want 5", n)
		}
		for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", ""} {
			if r := s.send("apps.connections.open", s.cred.AppToken, contentType, ""); r.code() != "" {
				t.Errorf("apps.connections.open, empty body as %q: %v", contentType, r.body)
			}
		}
		// A read method by GET; a token in the address does not count.
		resp, body, err := s.fetch("http://localhost/api/users.info?user="+s.user, tok)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(body, `"ok":true`) {
			t.Errorf("GET: %v %s", err, body)
		}
		if _, body, _ := s.fetch("http://localhost/api/users.info?user="+s.user+"&token="+tok, ""); !strings.Contains(body, "not_authed") {
			t.Errorf("token in the address: %s", body)
		}
	})
}
