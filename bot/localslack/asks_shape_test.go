package localslack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// elements are a button and one menu of each kind.
const elements = `[{"type":"actions","block_id":"row","elements":[
 {"type":"button","action_id":"stop","value":"7","style":"danger","text":{"type":"plain_text","text":"Stop"}},
 {"type":"static_select","action_id":"mode","placeholder":{"type":"plain_text","text":"Mode"},"options":[
  {"value":"text","text":{"type":"plain_text","text":"Text"}},{"value":"figure","text":{"type":"plain_text","text":"Figure"}}]},
 {"type":"overflow","action_id":"more","options":[{"value":"again","text":{"type":"plain_text","text":"Again"}}]},
 {"type":"checkboxes","action_id":"ticks","options":[
  {"value":"a","text":{"type":"plain_text","text":"A"}},{"value":"b","text":{"type":"plain_text","text":"B"}}]}]}]`

const askWindow = `{"type":"modal","callback_id":"ask","private_metadata":"C1","notify_on_close":true,
 "title":{"type":"plain_text","text":"Ask"},"submit":{"type":"plain_text","text":"Go"},"close":{"type":"plain_text","text":"No"},"blocks":[
 {"type":"input","block_id":"name","label":{"type":"plain_text","text":"Name"},"element":{"type":"plain_text_input","action_id":"typed"}},
 {"type":"input","block_id":"pages","optional":true,"label":{"type":"plain_text","text":"Pages"},"element":{"type":"file_input","action_id":"files"}},
 {"type":"actions","block_id":"row","elements":[
  {"type":"static_select","action_id":"mode","placeholder":{"type":"plain_text","text":"Mode"},"options":[{"value":"text","text":{"type":"plain_text","text":"Text"}}]},
  {"type":"button","action_id":"go","text":{"type":"plain_text","text":"Go"}}]}]}`

// asks does what makes an app get each payload.
var asks = map[string]func(s *world, c *rawEvents) map[string]any{
	"command": func(s *world, c *rawEvents) map[string]any {
		got := c.ask(func() error { return s.w.Command(s.t.Context(), s.user, s.channel, "/ocr", "R&D <x>") })
		want(s.t, got, "text", "R&amp;D &lt;x&gt;")
		return got
	},
	"message_action": func(s *world, c *rawEvents) map[string]any {
		ts := s.post(localslack.Post{Text: "look", Files: []localslack.Upload{png}})
		got := c.ask(func() error { return s.w.Shortcut(s.t.Context(), s.user, s.channel, ts, "extract") })
		file := reach(got, []string{"message", "files", "name"})
		if str(got, "message", "ts") != ts || file != "a.png" {
			s.t.Errorf("message: %v", got["message"])
		}
		return got
	},
	"button": func(s *world, c *rawEvents) map[string]any {
		return c.choose(s.menu(""), "stop")
	},
	"static_select": func(s *world, c *rawEvents) map[string]any {
		got := c.choose(s.menu(s.said("parent")), "mode", "figure")
		if v := reach(got, []string{"actions", "selected_option", "value"}); v != "figure" {
			s.t.Errorf("selected %v", v)
		}
		return got
	},
	"overflow": func(s *world, c *rawEvents) map[string]any {
		return c.choose(s.menu(""), "more", "again")
	},
	"checkboxes": func(s *world, c *rawEvents) map[string]any {
		got := c.choose(s.menu(""), "ticks", "b", "a")
		if list := reach(got, []string{"actions", "selected_options"}).([]any); len(list) != 2 || str(list[0], "value") != "b" {
			s.t.Errorf("selected %v", list)
		}
		return got
	},
	"ephemeral_button": func(s *world, c *rawEvents) map[string]any {
		return c.choose(s.storedEphemeral(), "stop")
	},
	"view_action": func(s *world, c *rawEvents) map[string]any {
		id := c.window(askWindow)
		return c.ask(func() error {
			return s.w.PressView(s.t.Context(), s.user, id, "mode", map[string][]string{"name": {"A"}}, "text")
		})
	},
	"view_submission": func(s *world, c *rawEvents) map[string]any {
		id := c.window(askWindow)
		c.ask(func() error { return s.w.PressView(s.t.Context(), s.user, id, "mode", nil, "text") })
		return c.ask(func() error {
			_, err := s.w.Submit(s.t.Context(), s.user, id, map[string][]string{"name": {"A"}}, nil)
			return err
		})
	},
	"view_closed": func(s *world, c *rawEvents) map[string]any {
		id := c.window(askWindow)
		return c.ask(func() error { return s.w.CloseView(s.t.Context(), s.user, id) })
	},
}

// menu is a message of the app with elements to act on.
func (s *world) menu(thread string) (ts string) {
	return str(s.ok("chat.postMessage", "channel", s.channel, "thread_ts", thread, "text", "x", "blocks", elements).body, "ts")
}

// storedEphemeral is menu in a message that only the person sees.
func (s *world) storedEphemeral() (ts string) {
	return str(s.ok("chat.postEphemeral", "channel", s.channel, "user", s.user, "text", "x", "blocks", elements).body, "message_ts")
}

// ask does what a person does and returns the payload that the app gets and acks.
func (c *rawEvents) ask(do func() error) map[string]any {
	c.s.t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case e := <-c.asked:
		c.s.must(c.conn.WriteJSON(map[string]any{"envelope_id": e["envelope_id"]}))
		c.s.must(<-done)
		return e["payload"].(map[string]any)
	case err := <-done:
		c.s.t.Fatal("the app got nothing:", err)
	case <-time.After(time.Hour):
		c.s.t.Fatal("the app got nothing")
	}
	return nil
}

func (c *rawEvents) choose(ts, action string, values ...string) map[string]any {
	c.s.t.Helper()
	return c.ask(func() error { return c.s.w.Press(c.s.t.Context(), c.s.user, c.s.channel, ts, action, values...) })
}

// window opens a view for the person and returns its id.
func (c *rawEvents) window(view string) string {
	c.s.t.Helper()
	command := c.ask(func() error { return c.s.w.Command(c.s.t.Context(), c.s.user, c.s.channel, "/ocr", "") })
	return str(c.s.ok("views.open", "trigger_id", str(command, "trigger_id"), "view", view).body, "view", "id")
}

// Of messages and blocks, which have shapes of their own, only that they are there
// is checked.
func TestAskShapes(t *testing.T) {
	eachShape(t, "interactions", slices.Sorted(maps.Keys(asks)), func(s *world, name string, sh shape) (want, got map[string]any) {
		got = asks[name](s, s.rawEvents())
		if _, ok := got["message"].(map[string]any); ok {
			got["message"] = map[string]any{}
		}
		if view, ok := got["view"].(map[string]any); ok {
			view["blocks"] = []any{}
		}
		return sh.Payload, got
	})
}

// What a person cannot press is refused before the app hears of it.
func TestRefusedPresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		eve := s.w.AddUser("Eve")
		s.w.Join(s.channel, eve)
		guest := s.external()
		public, private := s.menu(""), s.storedEphemeral()
		nameless := str(s.ok("chat.postMessage", "channel", s.channel, "text", "x", "blocks",
			`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Stop"}}]}]`).body, "ts")
		window := c.window(askWindow)
		ctx := t.Context()
		for name, tc := range map[string]struct {
			do   func() error
			want string
		}{
			"a menu without a choice":        {func() error { return s.w.Press(ctx, s.user, s.channel, public, "more") }, "no_such_option"},
			"an option that is not there":    {func() error { return s.w.Press(ctx, s.user, s.channel, public, "mode", "x") }, "no_such_option"},
			"two options of one":             {func() error { return s.w.Press(ctx, s.user, s.channel, public, "mode", "text", "figure") }, "no_such_option"},
			"a button with a choice":         {func() error { return s.w.Press(ctx, s.user, s.channel, public, "stop", "x") }, "no_such_option"},
			"another's private message":      {func() error { return s.w.Press(ctx, eve, s.channel, private, "stop") }, "no_such_action"},
			"an element without an id":       {func() error { return s.w.Press(ctx, s.user, s.channel, nameless, "") }, "no_such_action"},
			"an input without dispatch":      {func() error { return s.w.PressView(ctx, s.user, window, "typed", nil, "x") }, "no_such_action"},
			"another's window":               {func() error { return s.w.PressView(ctx, eve, window, "go", nil) }, "not_found"},
			"a command nobody has":           {func() error { return s.w.Command(ctx, s.user, s.channel, "/other", "") }, "dispatch_unknown_command"},
			"a guest's command":              {func() error { return s.w.Command(ctx, guest, s.channel, "/ocr", "") }, "dispatch_unknown_command"},
			"a guest's shortcut":             {func() error { return s.w.Shortcut(ctx, guest, s.channel, public, "extract") }, "dispatch_unknown_command"},
			"a shortcut nobody has":          {func() error { return s.w.Shortcut(ctx, s.user, s.channel, public, "other") }, "dispatch_unknown_command"},
			"a shortcut on nothing":          {func() error { return s.w.Shortcut(ctx, s.user, s.channel, "1.000001", "extract") }, "message_not_found"},
			"a shortcut on a private answer": {func() error { return s.w.Shortcut(ctx, s.user, s.channel, private, "extract") }, "message_not_found"},
		} {
			if err := tc.do(); slackCode(err) != tc.want {
				t.Errorf("%s: %v, want %s", name, err, tc.want)
			}
		}
		if len(c.asked) != 0 {
			t.Errorf("the app heard of it: %v", <-c.asked)
		}
		if got := c.ask(func() error { return s.w.Press(ctx, guest, s.channel, public, "stop") }); str(got, "user", "team_id") == str(got, "team", "id") {
			t.Errorf("a guest's press does not tell where they come from: %v", got["user"])
		}
	})
}

// An app whose manifest does not enable interactivity hears of commands alone.
func TestWithoutInteractivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		a := reader(allScopes, allEvents)
		a.Interactive = false
		a.Commands[0].Command = "/quiet"
		s.cred = s.w.Install(a)
		c := s.rawEvents()
		command := c.ask(func() error { return s.w.Command(t.Context(), s.user, s.channel, "/quiet", "") })
		window := str(s.ok("views.open", "trigger_id", str(command, "trigger_id"), "view", askWindow).body, "view", "id")
		if _, err := s.w.Submit(t.Context(), s.user, window, map[string][]string{"name": {"A"}}, nil); slackCode(err) != "interactivity_disabled" {
			t.Errorf("a window: %v", err)
		}
		s.w.Join(s.channel, s.cred.BotUserID)
		ts := s.menu("")
		if err := s.w.Press(t.Context(), s.user, s.channel, ts, "stop"); slackCode(err) != "interactivity_disabled" {
			t.Errorf("a press: %v", err)
		}
		state := s.w.Snapshot(s.user)
		if len(state.Apps) != 2 || len(state.Apps[0].Shortcuts) != 1 || len(state.Apps[1].Shortcuts) != 0 || len(state.Apps[1].Commands) != 2 {
			t.Errorf("%+v", state.Apps)
		}
	})
}

// The response_url of a press changes the message that only one person sees.
func TestRespondToAPrivateMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		ts := s.storedEphemeral()
		respond := func(press map[string]any, body string) {
			t.Helper()
			resp, err := s.http.Post(str(press, "response_url"), "application/json", strings.NewReader(body))
			s.must(err)
			resp.Body.Close()
		}
		press := c.choose(ts, "stop")
		respond(press, `{"text":"other","replace_original":true}`)
		if got := s.w.Ephemerals(s.user); len(got) != 1 || got[0].Message.Text != "other" || got[0].Message.TS != ts {
			t.Errorf("replaced: %+v", got)
		}
		respond(press, `{"delete_original":true}`)
		if got := s.w.Ephemerals(s.user); len(got) != 0 {
			t.Errorf("deleted: %+v", got)
		}
		for i, used := range []bool{true, true, true, false} { // two uses of five are gone
			resp, err := s.http.Post(str(press, "response_url"), "application/json", strings.NewReader(`{"text":"`+fmt.Sprint(i)+`"}`))
			s.must(err)
			resp.Body.Close()
			if (resp.StatusCode == 200) != used {
				t.Errorf("use %d: %d", i+3, resp.StatusCode)
			}
		}
	})
}

// answers calls each method so that its answer has all that it can have.
var answers = map[string]func(s *world) reply{
	"auth.test": func(s *world) reply { return s.ok("auth.test") },
	"auth.test.enterprise": func(s *world) reply {
		app := reader(allScopes, allEvents)
		app.OrgInstall = true
		s.cred = s.w.Install(app)
		return s.ok("auth.test")
	},
	"apps.connections.open": func(s *world) reply { return s.call("apps.connections.open", s.cred.AppToken) },
	"blocks.validate":       func(s *world) reply { return s.ok("blocks.validate", "blocks", `[{"type":"divider"}]`) },
	"chat.postMessage": func(s *world) reply {
		return s.ok("chat.postMessage", append(metadata(`{"event_type":"x","event_payload":{"file":"F1"}}`), "channel", s.channel, "text", "x", "blocks", markdownBlocks("# A"))...)
	},
	"chat.postEphemeral": func(s *world) reply {
		return s.ok("chat.postEphemeral", "channel", s.channel, "user", s.user, "text", "x")
	},
	"chat.update": func(s *world) reply { return s.ok("chat.update", "channel", s.channel, "ts", s.said("x"), "text", "y") },
	"chat.delete": func(s *world) reply { return s.ok("chat.delete", "channel", s.channel, "ts", s.said("x")) },
	"chat.getPermalink": func(s *world) reply {
		return s.ok("chat.getPermalink", "channel", s.channel, "message_ts", s.said("x"))
	},
	"conversations.info": func(s *world) reply {
		return s.ok("conversations.info", "channel", s.channel, "include_num_members", "true")
	},
	"conversations.info.external": func(s *world) reply {
		s.external()
		return s.ok("conversations.info", "channel", s.channel)
	},
	"conversations.members": func(s *world) reply { return s.ok("conversations.members", "channel", s.channel) },
	"conversations.open":    func(s *world) reply { return s.ok("conversations.open", "users", s.user) },
	"conversations.history": func(s *world) reply {
		s.ok("chat.postMessage", append(metadata(`{"event_type":"x","event_payload":{"file":"F1"}}`), "channel", s.channel, "text", "x")...)
		return s.ok("conversations.history", "channel", s.channel, "include_all_metadata", "true")
	},
	"conversations.replies": func(s *world) reply {
		parent := s.post(localslack.Post{Text: "parent"})
		s.post(localslack.Post{Text: "x", Thread: parent})
		return s.ok("conversations.replies", "channel", s.channel, "ts", parent, "limit", "1")
	},
	"files.getUploadURLExternal": func(s *world) reply {
		return s.ok("files.getUploadURLExternal", "filename", "a.png", "length", "1")
	},
	"files.completeUploadExternal": func(s *world) reply {
		return s.upload("files.completeUploadExternal", "channel_id", s.channel)
	},
	"files.info": func(s *world) reply {
		r := s.upload("files.completeUploadExternal", "channel_id", s.channel)
		return s.ok("files.info", "file", reach(r.body, []string{"files", "id"}).(string))
	},
	"files.info.scanned": func(s *world) reply {
		s.w.SetBehaviour(localslack.Behaviour{ScanTime: time.Second})
		return s.ok("files.info", "file", s.shared(""))
	},
	"files.delete": func(s *world) reply {
		r := s.upload("files.completeUploadExternal")
		return s.ok("files.delete", "file", reach(r.body, []string{"files", "id"}).(string))
	},
	"users.info": func(s *world) reply { return s.ok("users.info", "user", s.user) },
	"users.info.enterprise": func(s *world) reply {
		return s.ok("users.info", "user", s.from(localslack.HomeOrganization))
	},
	"users.info.external": func(s *world) reply { return s.ok("users.info", "user", s.external()) },
	"views.open": func(s *world) reply {
		command := s.rawEvents().ask(func() error { return s.w.Command(s.t.Context(), s.user, s.channel, "/ocr", "") })
		return s.ok("views.open", "trigger_id", str(command, "trigger_id"), "view", askWindow)
	},
}

// upload uploads a picture and completes that.
func (s *world) upload(method string, kv ...string) reply {
	s.t.Helper()
	r := s.ok("files.getUploadURLExternal", "filename", "a.png", "length", "1", "alt_txt", "A receipt")
	resp, err := s.http.Post(str(r.body, "upload_url"), "", strings.NewReader("x"))
	s.must(err)
	s.must(resp.Body.Close())
	return s.ok(method, append([]string{"files", `[{"id":"` + str(r.body, "file_id") + `"}]`}, kv...)...)
}

func TestAnswerShapes(t *testing.T) {
	eachShape(t, "answers", slices.Sorted(maps.Keys(answers)), func(s *world, name string, sh shape) (want, got map[string]any) {
		// Shares are by the channel's id, which the example calls C1.
		s.must(json.Unmarshal([]byte(strings.ReplaceAll(string(mustMarshal(answers[name](s).body)), s.channel, "C1")), &got))
		if view, ok := got["view"].(map[string]any); ok {
			view["blocks"] = []any{}
		}
		return sh.Answer, got
	})
}
