package localslack_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"slackocr/bot/localslack"
)

// An invitation names who invited; a removal reaches the app that was removed
// only where it subscribes to it and has the scope.
func TestInviteAndKick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		bot := s.cred.BotUserID
		channel := s.w.AddChannel("receipts", false, s.user)
		eve := s.w.AddUser("Eve")
		for name, tc := range map[string]struct {
			err  error
			want string
		}{
			"by a stranger":   {s.w.Invite(eve, channel, bot), "not_in_channel"},
			"of nobody":       {s.w.Invite(s.user, channel, "U404"), "user_not_found"},
			"into a DM":       {s.w.Invite(s.user, s.w.AddDM(s.user, eve), bot), "method_not_supported_for_channel_type"},
			"taken out twice": {s.w.Kick(s.user, channel, bot), "not_in_channel"},
		} {
			if slackCode(tc.err) != tc.want {
				t.Errorf("%s: %v, want %s", name, tc.err, tc.want)
			}
		}
		s.must(s.w.Invite(s.user, channel, bot))
		want(t, c.find("member_joined_channel", ""), "user", bot, "channel", channel, "inviter", s.user)
		if err := s.w.Invite(s.user, channel, bot); slackCode(err) != "already_in_channel" {
			t.Errorf("invited twice: %v", err)
		}
		s.must(s.w.Kick(s.user, channel, bot))
		want(t, c.find("channel_left", ""), "channel", channel, "actor_id", s.user)
		want(t, s.lastDM(bot), "user", "USLACKBOT", "text", "You have been removed from #receipts by <@"+s.user+">")
		if r := s.bot("chat.postMessage", "channel", channel, "text", "x"); r.code() != "not_in_channel" {
			t.Errorf("after it: %v", r.body)
		}
		s.post(localslack.Post{Channel: channel, Text: "not for the bot"})
		synctest.Wait()
		if n := len(c.in); n != 0 {
			t.Errorf("%d events after it: %v", n, <-c.in)
		}

		deaf := newWorldWith(t, []string{"groups:read"}, []string{"channel_left"})
		quiet := deaf.rawEvents()
		s.must(deaf.w.Kick(deaf.user, deaf.channel, deaf.cred.BotUserID))
		synctest.Wait()
		if n := len(quiet.in); n != 0 {
			t.Errorf("%d events without channels:read", n)
		}
	})
}

// lastDM is what Slackbot wrote to a bot last.
func (s *world) lastDM(bot string) map[string]any {
	for _, c := range s.w.Snapshot(bot).Channels {
		if ms := s.w.Messages(c.ID); c.IsIM && c.User == "USLACKBOT" && len(ms) > 0 {
			m := ms[len(ms)-1]
			return map[string]any{"user": m.User, "text": m.Text}
		}
	}
	return nil
}

// What a bot may not see it cannot learn by asking.
func TestFilesOfPlacesWithoutTheBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		secret := s.w.AddChannel("secret", true, s.user)
		ts := s.post(localslack.Post{Channel: secret, Files: []localslack.Upload{png}})
		file := s.w.Messages(secret)[0].Files[0]
		got := c.ask(func() error { return s.w.Shortcut(t.Context(), s.user, secret, ts, "extract") })
		if reach(got, []string{"message", "files", "id"}) != file.ID || str(got, "channel", "name") != "privategroup" {
			t.Errorf("the shortcut: %v", got)
		}
		for method, code := range map[string]string{
			"conversations.info": "channel_not_found", "conversations.members": "channel_not_found",
			"chat.postMessage": "channel_not_found", "conversations.history": "channel_not_found",
		} {
			if r := s.bot(method, "channel", secret, "text", "x"); r.code() != code {
				t.Errorf("%s: %v", method, r.body)
			}
		}
		if r := s.bot("files.info", "file", file.ID); r.code() != "file_not_found" {
			t.Errorf("files.info: %v", r.body)
		}
		if _, body, _ := s.fetch(file.URLPrivate, s.cred.BotToken); !strings.Contains(body, "Sign in") {
			t.Errorf("the download: %q", body)
		}
		// Forwarding carries the file along, not the right to see it.
		if _, err := s.w.Forward(s.user, secret, ts, localslack.Post{Channel: s.channel}); err != nil {
			t.Fatal(err)
		}
		event := c.find("message", "")
		if reach(event, []string{"attachments", "files", "id"}) != file.ID || reach(event, []string{"attachments", "footer"}) != "Slack Conversation" {
			t.Errorf("%v", event["attachments"])
		}
		if r := s.bot("files.info", "file", file.ID); r.code() != "file_not_found" {
			t.Errorf("files.info after it was forwarded: %v", r.body)
		}
		s.w.Join(secret, s.cred.BotUserID)
		if body := s.download(file.URLPrivate); body != string(png.Data) {
			t.Errorf("the download of a member: %q", body)
		}
		s.must(s.w.Kick(s.user, secret, s.cred.BotUserID))
		if r := s.bot("files.info", "file", file.ID); r.code() != "file_not_found" {
			t.Errorf("files.info after the bot was removed: %v", r.body)
		}
	})
}

// download gets an address with the bot's token.
func (s *world) download(address string) string {
	s.t.Helper()
	var out strings.Builder
	if err := s.api.GetFileContext(s.t.Context(), address, &out); err != nil {
		s.t.Fatal(err)
	}
	return out.String()
}

func TestForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		other := s.w.AddChannel("receipts", false, s.user)
		ts := s.post(localslack.Post{Text: "look & see", Files: []localslack.Upload{png}})
		thread := s.post(localslack.Post{Channel: other, Text: "parent"})
		s.w.Join(other, s.cred.BotUserID)
		c.find("message", "channel_join")
		if _, err := s.w.Forward(s.user, s.channel, "1.000001", localslack.Post{Channel: other}); slackCode(err) != "message_not_found" {
			t.Errorf("of nothing: %v", err)
		}
		if _, err := s.w.Forward(s.w.AddUser("Eve"), s.channel, ts, localslack.Post{Channel: other}); slackCode(err) != "not_in_channel" {
			t.Errorf("by a stranger: %v", err)
		}
		shared, err := s.w.Forward(s.user, s.channel, ts, localslack.Post{Channel: other, Thread: thread, Text: "@Reader read"})
		s.must(err)
		event := c.find("message", "")
		want(t, event, "ts", shared, "thread_ts", thread, "text", "<@"+s.cred.BotUserID+"> read", "files", "")
		for path, value := range map[string]any{
			"is_share": true, "text": "look &amp; see", "ts": ts, "channel_id": s.channel, "author_id": s.user,
			"from_url": s.w.Permalink(s.channel, ts), "files.name": "a.png", "footer": "Posted in #general",
		} {
			if got := reach(event, append([]string{"attachments"}, strings.Split(path, ".")...)); got != value {
				t.Errorf("%s = %v, want %v", path, got, value)
			}
		}
		if body := s.download(reach(event, []string{"attachments", "files", "url_private"}).(string)); body != string(png.Data) {
			t.Errorf("the file: %q", body)
		}
		if link := s.w.Permalink(other, shared); !strings.HasPrefix(link, "https://local.slack.com/archives/"+other+"/p") ||
			!strings.HasSuffix(link, "?thread_ts="+thread+"&cid="+other) {
			t.Errorf("a reply's link: %s", link)
		}
		if link := s.w.Permalink(other, ts); link != "" {
			t.Errorf("a link to nothing: %s", link)
		}
	})
}

// A channel with somebody of another workspace in it is a shared one.
func TestSharedChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		ext := func() any {
			e := c.next()
			return e["payload"].(map[string]any)["is_ext_shared_channel"]
		}
		s.post(localslack.Post{Text: "before"})
		if ext() != false {
			t.Error("shared before anybody came")
		}
		guest := s.external()
		hidden := s.w.AddPerson(localslack.Person{Name: "Zoe", Home: localslack.HomePartner})
		for range 2 { // the message and the event of the joining
			if ext() != true {
				t.Error("not shared")
			}
		}
		channel := s.ok("conversations.info", "channel", s.channel).body
		want(t, channel, "channel.is_ext_shared", "true", "channel.is_shared", "true")
		if teams := reach(channel, []string{"channel", "connected_team_ids"}).([]any); len(teams) != 1 {
			t.Errorf("connected teams: %v", teams)
		}
		mine, theirs := s.ok("users.info", "user", s.user).body, s.ok("users.info", "user", guest).body
		want(t, mine, "user.is_stranger", "")
		want(t, theirs, "user.is_stranger", "false")
		want(t, s.ok("users.info", "user", hidden).body, "user.is_stranger", "true")
		if str(mine, "user", "team_id") == str(theirs, "user", "team_id") {
			t.Error("both of one team")
		}
		_, err := s.w.Post(guest, localslack.Post{Channel: s.channel, Files: []localslack.Upload{png}})
		s.must(err)
		file := reach(c.find("message", "file_share"), []string{"files"}).([]any)[0].(map[string]any)
		want(t, file, "mode", "file_access", "file_access", "check_file_info", "url_private", "")
		full := s.ok("files.info", "file", str(file, "id")).body
		want(t, full, "file.name", "a.png", "file.user_team", str(theirs, "user", "team_id"))
		if body := s.download(str(full, "file", "url_private")); body != string(png.Data) {
			t.Errorf("the file: %q", body)
		}
		history := s.ok("conversations.history", "channel", s.channel).body
		if got := reach(history, []string{"messages", "files", "mode"}); got != "file_access" {
			t.Errorf("in the history its mode is %v", got)
		}
	})
}
