package localslack_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

func TestFaults(t *testing.T) {
	run := func(name string, f func(t *testing.T, s *world)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { f(t, newWorld(t)) }) })
	}
	post := func(s *world) error {
		_, _, err := s.api.PostMessageContext(s.t.Context(), s.channel, slack.MsgOptionText("x", false))
		return err
	}

	run("error, after and times", func(t *testing.T, s *world) {
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", After: 1, Times: 2, Error: "internal_error"})
		for i, code := range []string{"", "internal_error", "internal_error", ""} {
			err := post(s)
			if got, _ := errors.AsType[slack.SlackErrorResponse](err); got.Err != code {
				t.Errorf("call %d: %v, want %q", i, err, code)
			}
		}
		if n := len(s.w.Messages(s.channel)); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
	})
	run("status", func(t *testing.T, s *world) {
		clear := s.w.Fail(localslack.Fault{Method: "*", Status: http.StatusServiceUnavailable})
		if e, ok := errors.AsType[slack.StatusCodeError](post(s)); !ok || e.Code != http.StatusServiceUnavailable {
			t.Errorf("%v", e)
		}
		clear()
		if err := post(s); err != nil {
			t.Error(err)
		}
	})
	run("rate limit", func(t *testing.T, s *world) {
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second})
		if e, ok := errors.AsType[*slack.RateLimitedError](post(s)); !ok || e.RetryAfter != 7*time.Second {
			t.Fatalf("%v", e)
		}
		if _, ok := errors.AsType[*slack.RateLimitedError](post(s)); !ok {
			t.Error("a call before Retry-After has passed went through")
		}
		time.Sleep(7 * time.Second)
		if err := post(s); err != nil {
			t.Error(err)
		}
	})
	run("reset", func(t *testing.T, s *world) {
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Reset: true})
		if _, ok := errors.AsType[*url.Error](post(s)); !ok || len(s.w.Messages(s.channel)) != 0 {
			t.Error("a reset call went through")
		}
		if calls := s.w.Calls(); calls[len(calls)-1].Status != 0 {
			t.Errorf("log: %+v", calls)
		}
	})
	run("applied but lost", func(t *testing.T, s *world) {
		for i, f := range []localslack.Fault{{Reset: true}, {Status: 500}, {Error: "fatal_error"}} {
			f.Method, f.Times, f.Applied = "chat.postMessage", 1, true
			s.w.Fail(f)
			if err := post(s); err == nil {
				t.Errorf("%+v: no error", f)
			}
			if n := len(s.w.Messages(s.channel)); n != i+1 {
				t.Errorf("%+v: %d messages, want %d", f, n, i+1)
			}
		}
	})
	run("delay", func(t *testing.T, s *world) {
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Delay: 20 * time.Second})
		start := time.Now()
		if err := post(s); err != nil || time.Since(start) != 20*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
	run("downloads", func(t *testing.T, s *world) {
		s.post(localslack.Post{Files: []localslack.Upload{{Name: "a.png", Data: []byte(strings.Repeat("x", 10_000))}}})
		u := s.w.Messages(s.channel)[0].Files[0].URLPrivateDownload
		s.w.Fail(localslack.Fault{Method: "download", Times: 1, CutAfter: 5000})
		resp, body, err := s.fetch(u, s.cred.BotToken)
		if err == nil || resp.ContentLength != 10_000 || len(body) != 5000 {
			t.Errorf("cut: %d of %d bytes, %v", len(body), resp.ContentLength, err)
		}
		s.w.Fail(localslack.Fault{Method: "download", Times: 1, LoginPage: true})
		if resp, body, err := s.fetch(u, s.cred.BotToken); err != nil || resp.StatusCode != 200 || !strings.Contains(body, "Sign in") {
			t.Errorf("login page: %v %q", err, body)
		}
		s.w.Fail(localslack.Fault{Method: "download", Times: 1, Status: 500})
		if resp, _, err := s.fetch(u, s.cred.BotToken); err != nil || resp.StatusCode != 500 {
			t.Errorf("status: %v", err)
		}
		if _, body, err := s.fetch(u, s.cred.BotToken); err != nil || len(body) != 10_000 {
			t.Errorf("afterwards: %d bytes, %v", len(body), err)
		}
	})
	run("uploads", func(t *testing.T, s *world) {
		s.w.Fail(localslack.Fault{Method: "upload", Times: 1, Status: 502})
		up := slack.UploadFileParameters{Filename: "a", FileSize: 1, Content: "x", Channel: s.channel}
		if _, err := s.api.UploadFileContext(t.Context(), up); err == nil {
			t.Error("no error")
		}
		if _, err := s.api.UploadFileContext(t.Context(), up); err != nil {
			t.Error(err)
		}
	})
}

// The log counts every call, knows no token, and says how each ended.
func TestCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.w.Fail(localslack.Fault{Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: time.Second})
		s.bot("chat.postMessage", "channel", s.channel, "text", "x", "token", s.cred.BotToken)
		s.bot("chat.postMessage", "channel", "C404", "text", "x")
		s.call("auth.test", "")
		calls := s.w.Calls()
		if len(calls) != 3 {
			t.Fatalf("%+v", calls)
		}
		if c := calls[0]; c.Method != "chat.postMessage" || c.Status != 429 || c.Error != "ratelimited" || c.Token != "bot" || c.App != "Reader" || c.Args["text"] != "x" || c.Args["token"] != "" {
			t.Errorf("%+v", c)
		}
		if c := calls[1]; c.Status != 429 { // too soon
			t.Errorf("%+v", c)
		}
		if c := calls[2]; c.Status != 200 || c.Error != "not_authed" || c.Token != "none" {
			t.Errorf("%+v", c)
		}
	})
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]localslack.Fault{
		"chat.update,status=429,retry-after=30s,times=2": {Method: "chat.update", Status: 429, RetryAfter: 30 * time.Second, Times: 2},
		"*,error=fatal_error,after=3":                    {Method: "*", Error: "fatal_error", After: 3},
		"download,login-page":                            {Method: "download", LoginPage: true},
		"chat.postMessage,reset,applied,delay=1s":        {Method: "chat.postMessage", Reset: true, Applied: true, Delay: time.Second},
		"files.completeUploadExternal,share-delay=5s":    {Method: "files.completeUploadExternal", ShareDelay: 5 * time.Second},
	} {
		if got, err := localslack.ParseFault(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "status=500", "chat.update", "chat.update,", "chat.update,wat=1", "chat.update,status", "chat.update,times=-1",
		"chat.update,delay=5", "chat.update,delay=-1s", "chat.update,reset=yes", "chat.update,error", "chat.update,status=500,",
	} {
		if got, err := localslack.ParseFault(text); err == nil {
			t.Errorf("%q is taken as %+v", text, got)
		}
	}
}
