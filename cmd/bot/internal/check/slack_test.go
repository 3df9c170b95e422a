package check

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
)

// TestCheckSlack is about what Slack can have against the bot.
func TestCheckSlack(t *testing.T) {
	refused := func(variable, code string) string { return (&bot.TokenError{Variable: variable, Code: code}).Error() }
	for _, tt := range []struct {
		name    string
		arrange func(t *testing.T, o *officetest.Office)
		want    map[string][]string // of each check: its mark, and words
	}{
		{"the bot token was revoked", func(_ *testing.T, o *officetest.Office) { o.Workspace.RevokeToken(o.App.BotToken) }, map[string][]string{
			"bot token": {"✗", refused("SLACK_BOT_TOKEN", "token_revoked")}, "app token": {"✓"}, "socket mode": {"✓"}, "endpoint": {"✓"},
		}},
		{"the app token was revoked", func(_ *testing.T, o *officetest.Office) { o.Workspace.RevokeToken(o.App.AppToken) }, map[string][]string{
			"bot token": {"✓"}, "app token": {"✗", refused("SLACK_APP_TOKEN", "invalid_auth")}, "endpoint": {"✓"},
		}},
		{"no connections:write", func(t *testing.T, o *officetest.Office) {
			app := o.Manifest(t)
			app.AppScopes = []string{"authorizations:read"}
			o.Use(o.Workspace.Install(app))
		}, map[string][]string{"bot token": {"✓"}, "app token": {"✗", refused("SLACK_APP_TOKEN", "missing_scope")}}},
		{"tokens of two apps", func(t *testing.T, o *officetest.Office) {
			own := o.App
			o.Use(o.Workspace.Install(o.Manifest(t)))
			o.Set("SLACK_BOT_TOKEN", own.BotToken)
		}, map[string][]string{"bot token": {"✓"}, "app token": {"✗", "belongs to the app", "the same app's page"}, "socket mode": {"✓"}}},
		{"a token that Slack never gave", func(_ *testing.T, o *officetest.Office) { o.Set("SLACK_BOT_TOKEN", "xoxb-never-given") }, map[string][]string{
			"bot token": {"✗", refused("SLACK_BOT_TOKEN", "invalid_auth")},
		}},
		{"an app of a whole organisation", func(t *testing.T, o *officetest.Office) {
			app := o.Manifest(t)
			app.OrgInstall = true
			o.Use(o.Workspace.Install(app))
		}, map[string][]string{"bot token": {"✗", refused("SLACK_BOT_TOKEN", bot.OrgInstall)}}},
		{"what the bot shows is taken", func(*testing.T, *officetest.Office) {}, map[string][]string{
			"blocks.validate": {"✓", "a result", "the window for words"},
		}},
		{"what the bot shows is refused", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "blocks.validate", After: 3, Error: "invalid_view"})
		}, map[string][]string{"blocks.validate": {"✗", "the window for files", "Update the program"}}},
		{"what the bot shows is not looked at", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "blocks.validate", Status: 503})
		}, map[string][]string{"blocks.validate": {"✗", "503", "in a few minutes"}}},
		{"a Slack without blocks.validate", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "blocks.validate", Error: "unknown_method"})
		}, map[string][]string{"blocks.validate": {"✓", "doesn't offer the check"}}},
		{"no channel yet", func(t *testing.T, o *officetest.Office) { o.Use(o.Workspace.Install(o.Manifest(t))) }, map[string][]string{
			"conversations.replies": {"✓", "can be called", "no message"},
		}},
		{"a thousand channels without the bot", func(t *testing.T, o *officetest.Office) {
			o.Use(o.Workspace.Install(o.Manifest(t)))
			for i := range 1000 {
				o.Workspace.AddChannel(fmt.Sprint("other-", i), false, o.Ann)
			}
			o.Post(t, o.Workspace.AddChannel("own", false, o.Ann, o.App.BotUserID), officetest.TinyPicture("a.png"))
		}, map[string][]string{"conversations.replies": {"✓", "works"}}},
		{"replies are refused", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "conversations.replies", Error: "not_allowed_token_type"})
		}, map[string][]string{"conversations.replies": {"✗", "not_allowed_token_type"}, "app token": {"✓"}}},
		{"replies want a scope that is there", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "conversations.replies", Error: "missing_scope"})
		}, map[string][]string{"scopes": {"✓"}, "conversations.replies": {"✗", "missing_scope", "may be posted twice"}}},
		{"replies want a scope that is missing", func(t *testing.T, o *officetest.Office) {
			app := o.Manifest(t)
			app.Scopes = slices.DeleteFunc(app.Scopes, func(scope string) bool { return scope == "channels:history" })
			o.Use(o.Workspace.Install(app))
			o.Workspace.Join(o.Channel, o.App.BotUserID)
		}, map[string][]string{"scope channels:history": {"✗"}, "conversations.replies": {"✓", "not checked"}}},
		{"replies are limited", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "conversations.replies", Status: 429, RetryAfter: 60e9})
		}, map[string][]string{"conversations.replies": {"✗", "one call a minute"}}},
		{"Slack has troubles", func(_ *testing.T, o *officetest.Office) {
			o.Workspace.Fail(localslack.Fault{Method: "auth.test", Error: "internal_error"})
			o.Workspace.Fail(localslack.Fault{Method: "apps.connections.open", Status: 503})
		}, map[string][]string{"bot token": {"✗", "in a few minutes"}, "app token": {"✗", "503"}, "endpoint": {"✓"}}},
		{"nobody there", func(_ *testing.T, o *officetest.Office) {
			o.Set("SLACK_API_URL", "http://127.0.0.1:1/api/")
		}, map[string][]string{"bot token": {"✗", "connection refused", "HTTPS_PROXY"}, "app token": {"✗", "connection refused"}, "endpoint": {"✓"}}},
		{"many connections", func(t *testing.T, o *officetest.Office) { connect(t, o, 8) }, map[string][]string{"socket mode": {"✓", "9 of the 10"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := officetest.Open(t, officetest.Reading)
			tt.arrange(t, o)
			out, status := probed(t, o.Environ, "bot token", "app token", "endpoint")
			bad := 0
			for check, words := range tt.want {
				officetest.ExpectFinding(t, out, check, words[0], words[1:]...)
				if words[0] == "✗" {
					bad = 1
				}
			}
			if status != bad {
				t.Errorf("exit status %d, want %d", status, bad)
			}
		})
	}
}

// TestCheckTellsWhatHelloSays: what the local workspace never does.
func TestCheckTellsWhatHelloSays(t *testing.T) {
	for reason, want := range map[string]string{
		"too_many_websockets": "all of its 10 connections",
		"link_disabled":       "under Socket Mode",
		"refresh_requested":   "closed the connection again: refresh_requested",
	} {
		f := ofGreeting(greeting{Type: "disconnect", Reason: reason})[0]
		if f.OK || !strings.Contains(f.String(), want) {
			t.Errorf("%s: %v", reason, f)
		}
	}
}

// TestCheckMeetsSomethingElse: a web page instead of Slack, and a person's token.
func TestCheckMeetsSomethingElse(t *testing.T) {
	for body, want := range map[string]string{
		`<html>sign in</html>`:                         "nothing that Slack would say",
		`{"ok":true,"team":"x","user":"ann"}`:          "it belongs to a person",
		`{"ok":true,"team":7}`:                         "fields are missing",
		`{"ok":false,"error":"token_revoked"}`:         "token_revoked",
		`{"ok":true,"team":"\u001b[31m","bot_id":"B"}`: "\x1b",
		`{"ok":false,"error":"\u001b[31m"}`:            "\x1b",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		out, status := probed(t, []string{
			"SLACK_API_URL=" + server.URL + "/", "SLACK_BOT_TOKEN=xoxb-1234", "SLACK_APP_TOKEN=xapp-1234", "OCR_BASE_URL=http://127.0.0.1:1",
		}, "bot token", "app token")
		server.Close()
		if hostile := strings.HasPrefix(want, "\x1b"); status != 1 || strings.Contains(officetest.Finding(out, "bot token"), want) == hostile {
			t.Errorf("%s: status %d\n%s", body, status, out)
		}
	}
}

// TestCheckMeetsAnotherServer: what no server of Slack answers is no working token, and
// gets the sentence of the check. The tokens go nowhere else.
func TestCheckMeetsAnotherServer(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect was followed: %s", r.URL)
	}))
	defer other.Close()
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
	}{
		{"no fields", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }, "fields are missing"},
		{"a list", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) }, "nothing that Slack would say"},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"ok":`))
		}, "unexpected EOF"},
		{"too many calls", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, "too many requests"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, "307"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(tt.answer))
			defer server.Close()
			out, status := probed(t, []string{
				"SLACK_API_URL=" + server.URL + "/", "SLACK_BOT_TOKEN=xoxb-1234", "SLACK_APP_TOKEN=xapp-1234", "OCR_BASE_URL=http://127.0.0.1:1",
			}, "bot token", "app token")
			for _, check := range []string{"bot token", "app token"} {
				officetest.ExpectFinding(t, out, check, "✗", tt.want)
			}
			if status != 1 || strings.Contains(out, "1234") {
				t.Errorf("status %d\n%s", status, out)
			}
		})
	}
}

// connect opens connections that do nothing, until the test ends.
func connect(t *testing.T, o *officetest.Office, n int) {
	t.Helper()
	api := checker(settings.Config{SlackAPIURL: strings.TrimPrefix(o.Environ[2], "SLACK_API_URL="), SlackAppToken: o.App.AppToken}).slack()
	for range n {
		_, address, err := api.StartSocketModeContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
	}
	o.Wait(t, "all are connected", func() bool { return o.Workspace.Connections() == n })
}
