package localslack_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

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

func TestSlackGoWindow(t *testing.T) {
	goApps(t, func(t *testing.T, a *goApp) {
		wait := a.later(func() error { return a.w.Command(t.Context(), a.user, a.channel, "/ocr", "") })
		ev := a.next(socketmode.EventTypeSlashCommand)
		plain := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
		view := slack.ModalViewRequest{
			Type: slack.VTModal, Title: plain("Read images"), Submit: plain("Read"), PrivateMetadata: a.channel, CallbackID: "up",
			Blocks: slack.Blocks{BlockSet: []slack.Block{
				slack.NewInputBlock("pages", plain("Images"), nil, slack.NewFileInputBlockElement("files").WithMaxFiles(2).WithFileTypes("png")),
				slack.NewInputBlock("note", plain("Note"), nil, slack.NewPlainTextInputBlockElement(nil, "words")).WithOptional(true),
			}},
		}
		opened, err := a.api.OpenViewContext(t.Context(), ev.Data.(slack.SlashCommand).TriggerID, view)
		if err != nil {
			t.Fatal(err)
		}
		a.ack(ev, nil)
		wait()
		files := map[string][]localslack.Upload{"pages": {{Name: "a.png", Data: []byte("png")}, {Name: "b.PNG", Data: []byte("png2")}}}
		submit := func(answer any) (problems map[string]string) {
			t.Helper()
			wait := a.later(func() (err error) {
				problems, err = a.w.Submit(t.Context(), a.user, opened.ID, nil, files)
				return err
			})
			ev := a.next(socketmode.EventTypeInteractive)
			call := ev.Data.(slack.InteractionCallback)
			if call.Type != slack.InteractionTypeViewSubmission || call.View.PrivateMetadata != a.channel || call.User.ID != a.user {
				t.Errorf("%+v", call)
			}
			picked := call.View.State.Values["pages"]["files"].Files
			var got bytes.Buffer
			if len(picked) != 2 || a.api.GetFileContext(t.Context(), picked[1].URLPrivateDownload, &got) != nil || got.String() != "png2" {
				t.Errorf("%+v %q", picked, &got)
			}
			a.ack(ev, answer)
			wait()
			return problems
		}
		if got := submit(slack.NewErrorsViewSubmissionResponse(map[string]string{"pages": "too blurred"})); got["pages"] != "too blurred" {
			t.Errorf("%v", got)
		}
		view.Title = plain("Another")
		submit(slack.NewPushViewSubmissionResponse(&view))
		if vs := a.w.Views(a.user); len(vs) != 2 || vs[1].PreviousViewID == nil || *vs[1].PreviousViewID != opened.ID {
			t.Errorf("%+v", vs)
		}
		submit(slack.NewUpdateViewSubmissionResponse(&view))
		if vs := a.w.Views(a.user); len(vs) != 2 || vs[0].ID != opened.ID {
			t.Errorf("%+v", vs)
		}
		submit(slack.NewClearViewSubmissionResponse())
		if vs := a.w.Views(a.user); len(vs) != 0 {
			t.Errorf("%+v", vs)
		}
	})
}

// window opens a view of the app for the person and returns its id.
func (s *world) window(c *rawSocket, view string) string {
	s.t.Helper()
	id, _ := s.trigger(c)
	return str(s.ok("views.open", "trigger_id", id, "view", view).body, "view", "id")
}

const askAll = `{"type":"modal","title":{"type":"plain_text","text":"All"},"submit":{"type":"plain_text","text":"Go"},"blocks":[
 {"type":"input","block_id":"text","label":{"type":"plain_text","text":"l"},"element":{"type":"plain_text_input","action_id":"a","min_length":2,"max_length":4}},
 {"type":"input","block_id":"one","label":{"type":"plain_text","text":"l"},"element":{"type":"static_select","action_id":"a","options":[
  {"value":"x","text":{"type":"plain_text","text":"X"}},{"value":"y","text":{"type":"plain_text","text":"Y"}}]}},
 {"type":"input","block_id":"some","optional":true,"label":{"type":"plain_text","text":"l"},"element":{"type":"checkboxes","action_id":"a","options":[
  {"value":"x","text":{"type":"plain_text","text":"X"}},{"value":"y","text":{"type":"plain_text","text":"Y"}}]}},
 {"type":"input","block_id":"who","optional":true,"label":{"type":"plain_text","text":"l"},"element":{"type":"multi_users_select","action_id":"a"}},
 {"type":"input","block_id":"files","label":{"type":"plain_text","text":"l"},"element":{"type":"file_input","action_id":"a","max_files":2,"filetypes":["png"]}}]}`

// What a person may not send is told under the field, and the app hears nothing.
func TestWindowsRefuseWhatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		id := s.window(c, askAll)
		png := localslack.Upload{Name: "a.png", Data: []byte("x")}
		good := map[string][]string{"text": {"abc"}, "one": {"x"}}
		with := func(block string, values ...string) map[string][]string {
			m := maps.Clone(good)
			m[block] = values
			return m
		}
		for name, tc := range map[string]struct {
			values map[string][]string
			files  []localslack.Upload
			wrong  []string
		}{
			"empty":           {nil, nil, []string{"files", "one", "text"}},
			"too short":       {with("text", "a"), []localslack.Upload{png}, []string{"text"}},
			"too long":        {with("text", "abcde"), []localslack.Upload{png}, []string{"text"}},
			"no such option":  {with("one", "z"), []localslack.Upload{png}, []string{"one"}},
			"one of them not": {with("some", "x", "z"), []localslack.Upload{png}, []string{"some"}},
			"too many files":  {good, []localslack.Upload{png, png, png}, []string{"files"}},
			"another type":    {good, []localslack.Upload{{Name: "png", Data: []byte("x")}}, []string{"files"}},
			"too large":       {good, []localslack.Upload{{Name: "a.png", Data: make([]byte, 10<<20+1)}}, []string{"files"}},
		} {
			problems, err := s.w.Submit(t.Context(), s.user, id, tc.values, map[string][]localslack.Upload{"files": tc.files})
			if got := slices.Sorted(maps.Keys(problems)); err != nil || !slices.Equal(got, tc.wrong) {
				t.Errorf("%s: %v %v, want problems with %v", name, problems, err, tc.wrong)
			}
		}
		if n := len(c.in); n != 0 {
			t.Errorf("the app heard of it %d times", n)
		}
	})
}

// submission is what an app gets of a filled window.
func (c *rawSocket) submission() (envelope, map[string]any) {
	c.t.Helper()
	e := c.next()
	if e.Payload.Type != "view_submission" {
		c.t.Fatalf("%+v", e)
	}
	return e, e.Payload.View["state"].(map[string]any)["values"].(map[string]any)
}

func TestWindowState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		id := s.window(c, askAll)
		result := make(chan error, 1)
		go func() {
			_, err := s.w.Submit(t.Context(), s.user, id, map[string][]string{"text": {"abc"}, "one": {"y"}, "some": {"y", "x"}, "who": {s.user}},
				map[string][]localslack.Upload{"files": {{Name: "a.png", Data: []byte("x")}}})
			result <- err
		}()
		e, values := c.submission()
		want(t, values, "text.a.type", "plain_text_input", "text.a.value", "abc", "one.a.selected_option.value", "y",
			"some.a.type", "checkboxes", "who.a.type", "multi_users_select", "files.a.type", "file_input")
		var chosen []string
		for _, o := range values["some"].(map[string]any)["a"].(map[string]any)["selected_options"].([]any) {
			chosen = append(chosen, str(o.(map[string]any), "value"))
		}
		if strings.Join(chosen, "") != "yx" {
			t.Errorf("%q", chosen)
		}
		c.ack(e, map[string]any{"response_action": "errors", "errors": map[string]string{"nowhere": "?"}})
		if err := <-result; slackCode(err) != "invalid_arguments" {
			t.Errorf("errors for no field: %v", err)
		}
		if n := len(s.w.Views(s.user)); n != 1 {
			t.Errorf("%d windows", n)
		}
		// Another person has not this window, and nobody has a window of another id.
		for _, user := range []string{s.w.AddUser("Eve"), s.user} {
			window := id
			if user == s.user {
				window = "V404"
			}
			if _, err := s.w.Submit(t.Context(), user, window, nil, nil); slackCode(err) != "not_found" {
				t.Errorf("Submit: %v", err)
			}
			if err := s.w.CloseView(t.Context(), user, window); slackCode(err) != "not_found" {
				t.Errorf("CloseView: %v", err)
			}
		}
		// Not acked: the window stays, and nothing comes again.
		good := map[string][]string{"text": {"abc"}, "one": {"y"}}
		go func() {
			_, err := s.w.Submit(t.Context(), s.user, id, good, map[string][]localslack.Upload{"files": {{Name: "a.png", Data: []byte("x")}}})
			result <- err
		}()
		c.submission()
		if err := <-result; slackCode(err) != "operation_timeout" || len(s.w.Views(s.user)) != 1 {
			t.Errorf("%v", err)
		}
		if err := s.w.CloseView(t.Context(), s.user, id); err != nil || len(s.w.Views(s.user)) != 0 {
			t.Errorf("%v", err)
		}
		c.none(time.Minute)
	})
}
