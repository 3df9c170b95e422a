package localslack_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/localslack"
)

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
