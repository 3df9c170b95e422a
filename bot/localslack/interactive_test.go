package localslack_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

func slackCode(err error) string {
	if e, ok := errors.AsType[*localslack.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		if err := s.w.Command(t.Context(), s.user, s.channel, "/ocr", "help"); slackCode(err) != "dispatch_failed" {
			t.Errorf("without a connection: %v", err)
		}
		c := s.dialSocket()
		result := make(chan error, 1)
		run := func() { result <- s.w.Command(t.Context(), s.user, s.channel, "/ocr", "last") }

		go run()
		e := c.next()
		if e.Type != "slash_commands" || e.Payload.Command != "/ocr" || e.Payload.Text != "last" || e.Payload.TriggerID == "" || e.Payload.ResponseURL == "" {
			t.Errorf("%+v", e)
		}
		c.ack(e, map[string]any{"text": "one moment"})
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if got := s.w.Ephemerals(s.user); len(got) != 1 || got[0].Message.Text != "one moment" {
			t.Errorf("%+v", got)
		}

		go run()
		c.ack(c.next(), "a string")
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if got := s.w.Ephemerals(s.user); len(got) != 2 || got[1].Message.Text != "a string" {
			t.Errorf("%+v", got)
		}

		go run()
		c.next() // not acked
		start := time.Now()
		if err := <-result; slackCode(err) != "operation_timeout" || time.Since(start) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		c.none(time.Hour) // and not sent again
	})
}

func TestPressAndShortcut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		ts := str(s.ok("chat.postMessage", "channel", s.channel, "text", "x", "blocks",
			`[{"type":"actions","block_id":"b","elements":[{"type":"button","action_id":"stop","value":"7","text":{"type":"plain_text","text":"Stop"}}]}]`).body, "ts")
		c := s.dialSocket()
		result := make(chan error, 1)
		go func() { result <- s.w.Press(t.Context(), s.user, s.channel, ts, "stop") }()
		e := c.next()
		if e.Type != "interactive" || e.Payload.Type != "block_actions" || len(e.Payload.Actions) != 1 || str(e.Payload.Actions[0], "value") != "7" || str(e.Payload.Actions[0], "block_id") != "b" {
			t.Errorf("%+v", e)
		}
		c.ack(e, nil)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if err := s.w.Press(t.Context(), s.user, s.channel, ts, "start"); slackCode(err) != "no_such_action" {
			t.Error(err)
		}
		go func() { result <- s.w.Shortcut(t.Context(), s.user, s.channel, ts, "extract") }()
		if e = c.next(); e.Payload.Type != "message_action" || e.Payload.CallbackID != "extract" {
			t.Errorf("%+v", e)
		}
		c.ack(e, nil)
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

// trigger runs a command and returns its trigger and response addresses.
func (s *world) trigger(c *rawSocket) (id, responseURL string) {
	s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.w.Command(s.t.Context(), s.user, s.channel, "/ocr", "") }()
	e := c.next()
	for e.Type != "slash_commands" { // events that came before
		c.ack(e, nil)
		e = c.next()
	}
	c.ack(e, nil)
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
	return e.Payload.TriggerID, e.Payload.ResponseURL
}

func TestResponseURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		_, u := s.trigger(c)
		post := func(body string) int {
			resp, err := s.http.Post(u, "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		for i := range 7 {
			status := http.StatusOK
			if i >= 5 {
				status = http.StatusNotFound
			}
			if got := post(`{"text":"x","response_type":"in_channel"}`); got != status {
				t.Errorf("use %d: status %d, want %d", i+1, got, status)
			}
		}
		if n := len(s.w.Messages(s.channel)); n != 5 {
			t.Errorf("%d messages", n)
		}
		_, u = s.trigger(c)
		if got := post(`{"text":"just for you"}`); got != http.StatusOK || len(s.w.Ephemerals(s.user)) != 1 {
			t.Errorf("status %d", got)
		}
		time.Sleep(30 * time.Minute)
		if got := post(`{"text":"x"}`); got != http.StatusNotFound {
			t.Errorf("half an hour later: %d", got)
		}
	})
}

func TestViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		modal := func(more string) string {
			return `{"type":"modal","title":{"type":"plain_text","text":"Upload"}` + more + `}`
		}
		input := `,"blocks":[{"type":"input","block_id":"f","label":{"type":"plain_text","text":"Images"},"element":{"type":"file_input","action_id":"a","max_files":10}}]`
		submit := `,"submit":{"type":"plain_text","text":"Read"}`
		good := modal(submit + input + `,"private_metadata":"C1","callback_id":"up"`)

		id, _ := s.trigger(c)
		r := s.ok("views.open", "trigger_id", id, "view", good)
		want(t, r.body, "view.type", "modal", "view.private_metadata", "C1", "view.app_id", s.cred.AppID)
		view, hash := str(r.body, "view", "id"), str(r.body, "view", "hash")
		if vs := s.w.Views(s.user); len(vs) != 1 || vs[0].ID != view {
			t.Errorf("%+v", vs)
		}
		for _, tc := range []struct{ code, trigger, view string }{
			{"exchanged_trigger_id", id, good},
			{"invalid_trigger_id", "1.2.3", good},
			{"invalid_arguments", "", good},
			{"invalid_arguments", "new", modal(input)}, // no submit
			{"invalid_arguments", "new", modal(submit)},
			{"invalid_arguments", "new", modal(submit + strings.Replace(input, ":10", ":11", 1))},
			{"invalid_arguments", "new", `{"type":"modal","title":{"type":"plain_text","text":"` + strings.Repeat("x", 25) + `"},"blocks":[]}`},
			{"invalid_arguments", "new", modal(submit + input + `,"private_metadata":"` + strings.Repeat("x", 3001) + `"`)},
			{"expired_trigger_id", "old", good},
		} {
			trigger := tc.trigger
			switch trigger {
			case "new":
				trigger, _ = s.trigger(c)
			case "old":
				trigger, _ = s.trigger(c)
				time.Sleep(3 * time.Second)
			}
			if r := s.bot("views.open", "trigger_id", trigger, "view", tc.view); r.code() != tc.code {
				t.Errorf("%.200s: %v, want %s", tc.view, r.body, tc.code)
			}
		}
		time.Sleep(time.Minute)
		s.ok("views.update", "view_id", view, "hash", hash, "view", good)
		if r := s.bot("views.update", "view_id", view, "hash", hash, "view", good); r.code() != "hash_conflict" {
			t.Errorf("%v", r.body)
		}
		if r := s.bot("views.update", "view_id", "V404", "view", good); r.code() != "not_found" {
			t.Errorf("%v", r.body)
		}
		for i := range 3 {
			id, _ := s.trigger(c)
			code := []string{"", "", "push_limit_reached"}[i]
			if r := s.bot("views.push", "trigger_id", id, "view", good); r.code() != code {
				t.Errorf("push %d: %v", i, r.body)
			}
		}
		s.ok("views.publish", "user_id", s.user, "view", `{"type":"home","blocks":[]}`)
	})
}
