package localslack_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

func TestThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		parent := s.post(localslack.Post{Text: "parent"})
		first := str(s.ok("chat.postMessage", "channel", s.channel, "text", "one", "thread_ts", parent).body, "ts")
		// A reply to a reply goes to the thread.
		r := s.ok("chat.postMessage", "channel", s.channel, "text", "two", "thread_ts", first)
		want(t, r.body, "message.thread_ts", parent, "message.parent_user_id", s.user)
		shout := str(s.ok("chat.postMessage", "channel", s.channel, "text", "three", "thread_ts", parent, "reply_broadcast", "true").body, "ts")
		s.post(localslack.Post{Text: "four", Thread: parent})

		ms := s.w.Thread(s.channel, first)
		if p := ms[0]; len(ms) != 5 || p.ReplyCount != 4 || !slices.Equal(p.ReplyUsers, []string{s.cred.BotUserID, s.user}) || p.LatestReply != ms[4].TS || p.ThreadTS != p.TS {
			t.Errorf("parent of %d: %+v", len(ms), ms[0])
		}
		// The channel shows the parent and what was broadcast.
		h, err := s.api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: s.channel})
		if err != nil || len(h.Messages) != 2 || h.Messages[0].Timestamp != shout || h.Messages[0].SubType != "thread_broadcast" || h.Messages[1].ReplyCount != 4 {
			t.Errorf("history: %+v %v", h, err)
		}
		s.ok("chat.delete", "channel", s.channel, "ts", first)
		if p := s.w.Thread(s.channel, parent)[0]; p.ReplyCount != 3 {
			t.Errorf("after a deletion: %+v", p)
		}
		if r := s.bot("conversations.replies", "channel", s.channel, "ts", "1.000000"); r.code() != "thread_not_found" {
			t.Errorf("%v", r.body)
		}
		if r := s.ok("conversations.replies", "channel", s.channel, "ts", shout); len(r.body["messages"].([]any)) != 1 {
			t.Errorf("replies of a reply: %v", r.body)
		}
	})
}

// replies turns all pages of a thread. Each begins with the parent, which is taken
// once.
func (s *world) replies(p *slack.GetConversationRepliesParameters) (ts []string) {
	s.t.Helper()
	for {
		time.Sleep(2 * time.Second) // within the tier
		ms, more, next, err := s.api.GetConversationRepliesContext(s.t.Context(), p)
		if err != nil || p.Limit > 1 && len(ms) > p.Limit || len(ms) == 0 || ms[0].Timestamp != p.Timestamp || more != (next != "") {
			s.t.Fatalf("%d messages, more %v, next %q, %v", len(ms), more, next, err)
		}
		for _, m := range ms {
			if len(ts) == 0 || m.Timestamp != p.Timestamp {
				ts = append(ts, m.Timestamp)
			}
		}
		if p.Cursor = next; !more {
			return ts
		}
	}
}

// Pages put together are the whole, whatever the page size and the time range.
func TestPagination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		var all []string
		parent := s.post(localslack.Post{Text: "parent"})
		all = append(all, parent)
		for range 12 {
			time.Sleep(time.Second)
			all = append(all, s.post(localslack.Post{Text: "x", Thread: parent}))
		}
		for limit := range 15 {
			for from := 0; from <= 12; from += 3 {
				for to := from; to <= 12; to += 4 {
					for _, inclusive := range []bool{false, true} {
						want := all[from : to+1]
						if !inclusive {
							want = all[min(from+1, to):to]
						}
						p := &slack.GetConversationRepliesParameters{
							ChannelID: s.channel, Timestamp: parent, Limit: limit, Oldest: all[from], Latest: all[to], Inclusive: inclusive,
						}
						if from > 0 || !inclusive { // it comes whatever the range
							want = append([]string{parent}, want...)
						}
						if got := s.replies(p); !slices.Equal(got, want) {
							t.Fatalf("%+v: got %v, want %v", p, got, want)
						}
					}
				}
			}
		}
		for _, kv := range [][]string{{"cursor", "nonsense"}, {"cursor", "bm9uc2Vuc2U="}} {
			if r := s.bot("conversations.history", append([]string{"channel", s.channel}, kv...)...); r.code() != "invalid_cursor" {
				t.Errorf("%q: %v", kv, r.body)
			}
		}
		for code, kv := range map[string][]string{"invalid_ts_oldest": {"oldest", "x"}, "invalid_ts_latest": {"latest", "-1"}, "invalid_arguments": {"limit", "many"}} {
			if r := s.bot("conversations.history", append([]string{"channel", s.channel}, kv...)...); r.code() != code {
				t.Errorf("%q: %v", kv, r.body)
			}
		}
	})
}

// Now and then a thread is answered as if it were empty.
func TestEmptyReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		parent := s.post(localslack.Post{Text: "parent"})
		s.post(localslack.Post{Text: "x", Thread: parent})
		s.w.Fail(localslack.Fault{Method: "conversations.replies", Times: 1, NoMessages: true})
		for i, n := range []int{0, 2} {
			r := s.ok("conversations.replies", "channel", s.channel, "ts", parent)
			if got := len(r.body["messages"].([]any)); got != n || r.body["has_more"] != false {
				t.Errorf("call %d: %v", i, r.body)
			}
		}
	})
}

func TestConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		private := s.w.AddChannel("private", true, s.user)
		ours := s.w.AddChannel("ours", true, s.user, s.cred.BotUserID)
		open := s.w.AddChannel("open", false, s.user)

		ids := func(types string) (ids []string) {
			cs, _, err := s.api.GetConversationsContext(t.Context(), &slack.GetConversationsParameters{Types: []string{types}})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cs {
				ids = append(ids, c.ID)
			}
			return ids
		}
		if got := ids("public_channel"); !slices.Equal(got, []string{s.channel, open}) {
			t.Errorf("public: %v", got)
		}
		if got := ids("private_channel"); !slices.Equal(got, []string{ours}) {
			t.Errorf("private: %v", got)
		}
		for _, tc := range [][]string{
			{"channel_not_found", "conversations.info", "channel", private},
			{"channel_not_found", "conversations.history", "channel", private},
			{"not_in_channel", "conversations.history", "channel", open},
			{"", "conversations.info", "channel", open},
			{"method_not_supported_for_channel_type", "conversations.join", "channel", ours},
			{"", "conversations.join", "channel", open},
			{"", "conversations.history", "channel", open},
			{"users_list_not_supplied", "conversations.open"},
			{"user_not_found", "conversations.open", "users", "U404"},
			{"invalid_types", "conversations.list", "types", "secret"},
		} {
			if r := s.bot(tc[1], tc[2:]...); r.code() != tc[0] {
				t.Errorf("%q: %v, want %q", tc[1:], r.body, tc[0])
			}
		}
		dm := str(s.ok("conversations.open", "users", s.user).body, "channel", "id")
		if dm != s.w.AddDM(s.user, s.cred.BotUserID) || dm[0] != 'D' {
			t.Errorf("direct message %q", dm)
		}
		info := s.ok("conversations.info", "channel", dm, "include_num_members", "true")
		want(t, info.body, "channel.is_im", "true", "channel.user", s.user, "channel.num_members", "2")
		members := s.ok("conversations.members", "channel", s.channel, "limit", "1")
		if got := members.body["members"].([]any); len(got) != 1 || str(members.body, "response_metadata", "next_cursor") == "" {
			t.Errorf("members: %v", members.body)
		}
	})
}

// users.conversations lists a user's conversations, as far as the app may see them.
func TestUsersConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		bo := s.w.AddUser("Bo")
		ours := s.w.AddChannel("ours", true, s.user, s.cred.BotUserID)
		s.w.AddChannel("theirs", true, s.user)
		open := s.w.AddChannel("open", false, s.user)
		old := s.w.AddChannel("old", false, s.user, s.cred.BotUserID)
		if err := s.w.Archive(s.user, old); err != nil {
			t.Fatal(err)
		}
		dm, group := s.w.AddDM(s.user, s.cred.BotUserID), s.w.AddDM(s.user, bo, s.cred.BotUserID)
		s.w.AddDM(s.user, bo)

		all := []string{"public_channel", "private_channel", "im", "mpim"}
		for _, tc := range []struct {
			name string
			args slack.GetConversationsForUserParameters
			want []string
		}{
			{"the bot's public channels", slack.GetConversationsForUserParameters{}, []string{s.channel, old}},
			{"no archived channels", slack.GetConversationsForUserParameters{ExcludeArchived: true}, []string{s.channel}},
			{"all types", slack.GetConversationsForUserParameters{Types: all}, []string{s.channel, ours, old, dm, group}},
			{"a person", slack.GetConversationsForUserParameters{UserID: s.user, Types: all}, []string{s.channel, ours, open, old, dm, group}},
			{"a person who shares the group alone", slack.GetConversationsForUserParameters{UserID: bo, Types: all}, []string{group}},
		} {
			var got []string
			for first := true; first || tc.args.Cursor != ""; first = false {
				tc.args.Limit = 2
				page, next, err := s.api.GetConversationsForUserContext(t.Context(), &tc.args)
				if err != nil || len(page) > 2 {
					t.Fatalf("%s: a page of %d, %v", tc.name, len(page), err)
				}
				for _, c := range page {
					got = append(got, c.ID)
				}
				tc.args.Cursor = next
			}
			slices.Sort(got)
			if slices.Sort(tc.want); !slices.Equal(got, tc.want) {
				t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			}
		}
		r := s.ok("users.conversations", "types", "im")
		im := r.body["channels"].([]any)[0].(map[string]any)
		want(t, im, "id", dm, "user", s.user)
		if _, in := im["is_member"]; in {
			t.Errorf("is_member is in %v", im)
		}
	})
}

func TestReactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		ts := s.post(localslack.Post{Text: "x"})
		react := func(method, name string) string {
			return s.bot("reactions."+method, "channel", s.channel, "timestamp", ts, "name", name).code()
		}
		for _, tc := range [][]string{
			{"add", "eyes", ""},
			{"add", "eyes", "already_reacted"},
			{"add", "No Emoji", "invalid_name"},
			{"remove", "tada", "no_reaction"},
		} {
			if got := react(tc[0], tc[1]); got != tc[2] {
				t.Errorf("%q: %q", tc, got)
			}
		}
		if err := s.w.React(s.user, s.channel, ts, "eyes"); err != nil {
			t.Fatal(err)
		}
		r := s.ok("reactions.get", "channel", s.channel, "timestamp", ts)
		if rs := r.body["message"].(map[string]any)["reactions"].([]any); len(rs) != 1 || str(rs[0], "count") != "2" {
			t.Errorf("%v", rs)
		}
		if got := react("remove", "eyes"); got != "" || s.w.Messages(s.channel)[0].Reactions[0].Count != 1 {
			t.Errorf("%q", got)
		}
	})
}
