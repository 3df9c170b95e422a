package localslack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

// str follows a path of field names in decoded JSON.
func str(v any, path ...string) string {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// want checks fields of an event: pairs of a dotted path and a value.
func want(t *testing.T, ev map[string]any, kv ...string) {
	t.Helper()
	for i := 0; i < len(kv); i += 2 {
		if got := str(ev, strings.Split(kv[i], ".")...); got != kv[i+1] {
			t.Errorf("%s = %q, want %q\nin %v", kv[i], got, kv[i+1], ev)
		}
	}
}

func TestMessageEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()

		ts := s.post(localslack.Post{Text: "a < b & see https://example.com/?a=1&b=2."})
		want(t, c.event(), "type", "message", "subtype", "", "user", s.user, "channel", s.channel, "channel_type", "channel",
			"ts", ts, "event_ts", ts, "text", "a &lt; b &amp; see <https://example.com/?a=1&amp;b=2>.", "thread_ts", "", "bot_id", "")

		ts = s.post(localslack.Post{Text: "look", Files: []localslack.Upload{{Name: "a.png", Data: []byte("x")}, {Name: "b.pdf", Data: []byte("y")}}})
		ev := c.event()
		want(t, ev, "type", "message", "subtype", "file_share", "ts", ts)
		files := ev["files"].([]any)
		if len(files) != 2 || str(files[0], "mimetype") != "image/png" || str(files[1], "filetype") != "pdf" || str(files[0], "mode") != "hosted" {
			t.Errorf("files: %v", files)
		}
		want(t, c.event(), "type", "file_shared", "channel_id", s.channel)
		want(t, c.event(), "type", "file_shared", "user_id", s.user)

		// Edits and deletions.
		if err := s.w.Edit(s.user, s.channel, ts, "look here"); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "type", "message", "subtype", "message_changed", "hidden", "true", "message.text", "look here",
			"message.ts", ts, "message.edited.user", s.user, "previous_message.text", "look", "channel", s.channel)
		if err := s.w.Delete(s.user, s.channel, ts); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "subtype", "message_deleted", "deleted_ts", ts, "previous_message.text", "look here", "message", "")
	})
}

// A deleted message with replies becomes a tombstone; when its last reply goes, it
// goes too.
func TestTombstone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		parent := s.post(localslack.Post{Text: "parent"})
		child := s.post(localslack.Post{Text: "child", Thread: parent})
		c.event()
		want(t, c.event(), "thread_ts", parent, "parent_user_id", s.user)
		if err := s.w.Delete(s.user, s.channel, parent); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "subtype", "message_changed", "message.subtype", "tombstone", "message.user", "USLACKBOT",
			"message.ts", parent, "message.reply_count", "1", "previous_message.text", "parent")
		if ms := s.w.Thread(s.channel, parent); len(ms) != 2 {
			t.Errorf("thread: %+v", ms)
		}
		if err := s.w.Delete(s.user, s.channel, child); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "subtype", "message_deleted", "deleted_ts", child)
		want(t, c.event(), "subtype", "message_deleted", "deleted_ts", parent)
		if ms := s.w.Messages(s.channel); len(ms) != 0 {
			t.Errorf("left: %+v", ms)
		}
	})
}

// An app gets the events of what it does itself.
func TestEchoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		r := s.ok("chat.postMessage", "channel", s.channel, "text", "hi", "metadata", `{"event_type":"x","event_payload":{"k":1}}`)
		ts := str(r.body, "ts")
		ev := c.event()
		want(t, ev, "type", "message", "subtype", "", "user", s.cred.BotUserID, "bot_id", s.cred.BotID, "app_id", s.cred.AppID,
			"bot_profile.name", "Reader", "text", "hi", "ts", ts, "metadata", "", "channel_type", "channel")
		s.ok("chat.update", "channel", s.channel, "ts", ts, "text", "hi!", "blocks", `[{"type":"markdown","text":"**hi**"}]`)
		want(t, c.event(), "subtype", "message_changed", "message.text", "hi!", "message.edited", "", "message.bot_id", s.cred.BotID,
			"previous_message.text", "hi")
		s.ok("chat.update", "channel", s.channel, "ts", ts, "text", "done")
		ev = c.event()
		want(t, ev, "message.text", "done", "message.edited.user", s.cred.BotUserID, "message.blocks", "")
		s.ok("chat.delete", "channel", s.channel, "ts", ts)
		want(t, c.event(), "subtype", "message_deleted", "deleted_ts", ts, "previous_message.bot_id", s.cred.BotID)
	})
}

func TestAppMention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		ts := s.post(localslack.Post{Text: "@Reader what is this?", Files: []localslack.Upload{{Name: "a.png", Data: []byte("x")}}})
		text := "<@" + s.cred.BotUserID + "> what is this?"
		want(t, c.event(), "type", "message", "subtype", "file_share", "text", text)
		// The mention comes without the files, as it may in Slack.
		want(t, c.event(), "type", "app_mention", "subtype", "", "text", text, "user", s.user, "ts", ts, "channel", s.channel, "files", "", "channel_type", "")
		want(t, c.event(), "type", "file_shared")

		dm := s.w.AddDM(s.user, s.cred.BotUserID)
		s.post(localslack.Post{Channel: dm, Text: "@Reader hello"})
		want(t, c.event(), "type", "message", "channel_type", "im", "channel", dm)
		c.none(time.Minute) // no mention in a direct message

		s.ok("chat.postMessage", "channel", s.channel, "text", text)
		want(t, c.event(), "type", "message", "bot_id", s.cred.BotID)
		c.none(time.Minute) // nor of oneself
	})
}

// Events come only to members that subscribe and have the scope.
func TestWhoGetsEvents(t *testing.T) {
	kinds := []struct{ event, scope string }{
		{"message.channels", "channels:history"},
		{"message.groups", "groups:history"},
		{"message.im", "im:history"},
		{"message.mpim", "mpim:history"},
	}
	without := func(all []string, x string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == x })
	}
	for i, k := range kinds {
		for name, arm := range map[string]struct {
			scopes, events []string
			member, get    bool
		}{
			"all is there":    {allScopes, allEvents, true, true},
			"no scope":        {without(allScopes, k.scope), allEvents, true, false},
			"no subscription": {allScopes, without(allEvents, k.event), true, false},
			"no member":       {allScopes, allEvents, false, false},
		} {
			t.Run(k.event+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newWorldWith(t, arm.scopes, arm.events)
					eve, bob := s.w.AddUser("Eve"), s.w.AddUser("Bob")
					members := []string{s.user, eve}
					if arm.member {
						members[1] = s.cred.BotUserID
					}
					var channel string
					switch i {
					case 0, 1:
						channel = s.w.AddChannel("c", i == 1, members...)
					case 2:
						channel = s.w.AddDM(members...)
					case 3:
						channel = s.w.AddDM(append(members, bob)...)
					}
					c := s.dialSocket()
					s.post(localslack.Post{Channel: channel, Text: "hello"})
					if !arm.get {
						c.none(time.Minute)
						return
					}
					typ := strings.TrimSuffix(strings.TrimPrefix(k.event, "message."), "s")
					want(t, c.event(), "type", "message", "channel", channel, "channel_type", typ)
				})
			})
		}
	}
}

func TestOtherEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		ts := s.post(localslack.Post{Files: []localslack.Upload{{Name: "a.png", Data: []byte("x")}}})
		file := s.w.Messages(s.channel)[0].Files[0].ID
		c.event()
		c.event()

		if err := s.w.React(s.user, s.channel, ts, "page_facing_up"); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "type", "reaction_added", "user", s.user, "reaction", "page_facing_up", "item_user", s.user,
			"item.type", "message", "item.channel", s.channel, "item.ts", ts)

		if err := s.w.DeleteFile(s.user, file); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "subtype", "message_deleted", "deleted_ts", ts)
		want(t, c.event(), "type", "file_deleted", "file_id", file)

		bob := s.w.AddUser("Bob")
		s.w.Join(s.channel, bob)
		want(t, c.event(), "type", "message", "subtype", "channel_join", "user", bob)
		want(t, c.event(), "type", "member_joined_channel", "user", bob, "channel", s.channel, "channel_type", "C")

		if err := s.w.Archive(s.user, s.channel); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "type", "message", "subtype", "channel_archive", "channel", s.channel)
		want(t, c.event(), "type", "channel_archive", "channel", s.channel, "user", s.user)
		if _, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "x"}); err == nil || !strings.Contains(err.Error(), "is_archived") {
			t.Errorf("post into an archived channel: %v", err)
		}
		secret := s.w.AddChannel("secret", true, s.user, s.cred.BotUserID)
		if err := s.w.Archive(s.user, secret); err != nil {
			t.Fatal(err)
		}
		want(t, c.event(), "type", "message", "subtype", "group_archive", "channel_type", "group")
		want(t, c.event(), "type", "group_archive", "channel", secret)
	})
}

// A file that goes from a message with text leaves a tombstone in its place.
func TestDeletedFileInMessageWithText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		s.post(localslack.Post{Text: "look", Files: []localslack.Upload{{Name: "a.png", Data: []byte("x")}}})
		c.event()
		c.event()
		file := s.w.Messages(s.channel)[0].Files[0].ID
		if err := s.w.DeleteFile(s.user, file); err != nil {
			t.Fatal(err)
		}
		ev := c.event()
		want(t, ev, "subtype", "message_changed", "message.text", "look")
		if f := ev["message"].(map[string]any)["files"].([]any)[0]; str(f, "mode") != "tombstone" || str(f, "id") != file || str(f, "url_private") != "" {
			t.Errorf("file: %v", f)
		}
		if _, ok := s.w.FileContent(file); ok {
			t.Error("the content is still there")
		}
	})
}
