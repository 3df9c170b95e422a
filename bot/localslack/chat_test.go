package localslack_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"slackocr/bot/localslack"
)

func TestTextLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		ts := str(s.ok("chat.postMessage", "channel", s.channel, "text", strings.Repeat("é", 40_001)).body, "ts")
		if got := utf8.RuneCountInString(s.w.Messages(s.channel)[0].Text); got != 40_000 {
			t.Errorf("posted text of %d characters, want it cut at 40000", got)
		}
		for text, code := range map[string]string{
			strings.Repeat("x", 4000):          "",
			strings.Repeat("x", 4001):          "msg_too_long",
			strings.Repeat("é", 2001):          "msg_too_long", // bytes count
			strings.Repeat("&", 801):           "msg_too_long", // five bytes each, once escaped
			strings.Repeat("&amp;", 800):       "",
			strings.Repeat("<@U1>", 800):       "",
			"":                                 "no_text",
			strings.Repeat("<", 1000) + "&lt;": "msg_too_long",
		} {
			r := s.bot("chat.update", "channel", s.channel, "ts", ts, "text", text)
			if r.code() != code {
				t.Errorf("chat.update with %d bytes %.10q: %q, want %q", len(text), text, r.code(), code)
			}
			time.Sleep(5 * time.Second)
		}
		for _, kv := range [][]string{
			{"markdown_text_conflict", "text", "a", "markdown_text", "b"},
			{"markdown_text_conflict", "blocks", `[{"type":"divider"}]`, "markdown_text", "b"},
			{"msg_too_long", "markdown_text", strings.Repeat("x", 12_001)},
			{"", "markdown_text", strings.Repeat("x", 12_000)},
			{"no_text"},
			{"no_text", "text", "  "},
			{"invalid_metadata_format", "text", "x", "metadata", "{"},
			{"invalid_metadata_schema", "text", "x", "metadata", `{"event_type":"a"}`},
			{"too_many_attachments", "text", "x", "attachments", "[" + strings.Repeat("{},", 100) + "{}]"},
			{"invalid_thread_ts", "text", "x", "thread_ts", "0x"},
			{"thread_not_found", "text", "x", "thread_ts", "1.000001"},
			{"channel_not_found", "text", "x", "channel", "C404"},
		} {
			time.Sleep(2 * time.Second)
			args := append([]string{"channel", s.channel}, kv[1:]...)
			if r := s.bot("chat.postMessage", args...); r.code() != kv[0] {
				t.Errorf("chat.postMessage%.60q: %v, want %q", kv[1:], r.body, kv[0])
			}
		}
	})
}

// Blocks are checked wherever an app can put them, and each fault has one JSON pointer.
// internal/blockkit has the limits of each kind.
func TestBlocksAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		const good, bad = `[{"type":"divider"}]`, `[{"type":"divider"},{"type":"section"}]`
		modal := func(blocks, more string) string {
			return `{"type":"modal","title":{"type":"plain_text","text":"T"},"blocks":` + blocks + more + `}`
		}
		home := func(blocks string) string { return `{"type":"home","blocks":` + blocks + `}` }
		const noTitle = `{"type":"modal","title":null,"blocks":[]}`
		const fault = "[ERROR] missing required field: text or fields [json-pointer:"
		for _, tc := range []struct {
			method    string
			arguments []string
			code      string
			message   string
		}{
			{"chat.postMessage", []string{"channel", s.channel, "blocks", good}, "", ""},
			{"chat.postMessage", []string{"channel", s.channel, "blocks", bad}, "invalid_blocks", fault + "/blocks/1]"},
			{"views.open", []string{"trigger_id", s.trigger(), "view", modal(good, "")}, "", ""},
			{"views.open", []string{"trigger_id", s.trigger(), "view", modal(bad, "")}, "invalid_arguments", fault + "/view/blocks/1]"},
			{"views.open", []string{"trigger_id", s.trigger(), "view", modal(`{}`, "")}, "invalid_arguments", "[ERROR] must be a list of blocks [json-pointer:/view/blocks]"},
			{"views.open", []string{"trigger_id", s.trigger(), "view", modal(good, `,"close":{"type":"mrkdwn","text":"x"}`)}, "invalid_arguments", "[ERROR] must be one of: plain_text [json-pointer:/view/close/type]"},
			{"views.open", []string{"trigger_id", s.trigger(), "view", noTitle}, "invalid_arguments", "[ERROR] missing required field: title [json-pointer:/view/title]"},
			{"views.publish", []string{"user_id", s.user, "view", home(good)}, "", ""},
			{"views.publish", []string{"user_id", s.user, "view", home(bad)}, "invalid_arguments", fault + "/view/blocks/1]"},
		} {
			r := s.bot(tc.method, tc.arguments...)
			if r.code() != tc.code || strings.Join(messages(r), " ") != tc.message {
				t.Errorf("%s %q: %v, want %q, %q", tc.method, tc.arguments, r.body, tc.code, tc.message)
			}
		}
		if ms := s.w.Messages(s.channel); !strings.Contains(string(ms[len(ms)-1].Blocks), `"block_id":"`) {
			t.Errorf("stored without a block_id: %s", ms[len(ms)-1].Blocks)
		}
	})
}

func TestChatErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		mine := str(s.ok("chat.postMessage", "channel", s.channel, "text", "x").body, "ts")
		theirs := s.post(localslack.Post{Text: "hers"})
		public := s.w.AddChannel("public", false, s.user)
		private := s.w.AddChannel("private", true, s.user)
		archived := s.w.AddChannel("old", false, s.user, s.cred.BotUserID)
		if err := s.w.Archive(s.user, archived); err != nil {
			t.Fatal(err)
		}
		for _, tc := range [][]string{
			{"not_in_channel", "chat.postMessage", "channel", public, "text", "x"},
			{"channel_not_found", "chat.postMessage", "channel", private, "text", "x"},
			{"is_archived", "chat.postMessage", "channel", archived, "text", "x"},
			{"", "chat.postMessage", "channel", "#general", "text", "x"},
			{"", "chat.postMessage", "channel", s.user, "text", "x"}, // opens the direct message
			{"channel_not_found", "chat.update", "channel", s.user, "ts", mine, "text", "x"},
			{"cant_update_message", "chat.update", "channel", s.channel, "ts", theirs, "text", "x"},
			{"message_not_found", "chat.update", "channel", s.channel, "ts", "1.000000", "text", "x"},
			{"cant_delete_message", "chat.delete", "channel", s.channel, "ts", theirs},
			{"message_not_found", "chat.delete", "channel", s.channel, "ts", ""},
			{"user_not_in_channel", "chat.postEphemeral", "channel", s.channel, "user", s.w.AddUser("Bob"), "text", "x"},
			{"user_not_in_channel", "chat.postEphemeral", "channel", s.channel, "user", "U404", "text", "x"},
			{"message_not_found", "chat.getPermalink", "channel", s.channel, "message_ts", "1.000000"},
			{"unknown_method", "chat.unheard"},
		} {
			if r := s.bot(tc[1], tc[2:]...); r.code() != tc[0] {
				t.Errorf("%q: %v, want %q", tc[1:], r.body, tc[0])
			}
			time.Sleep(2 * time.Second)
		}
		s.ok("chat.delete", "channel", s.channel, "ts", mine)
		if r := s.bot("chat.update", "channel", s.channel, "ts", mine, "text", "x"); r.code() != "message_not_found" {
			t.Errorf("update of a deleted message: %v", r.body)
		}
	})
}

func TestEphemeralIsForOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		bob := s.w.AddUser("Bob")
		c := s.dialSocket()
		s.ok("chat.postEphemeral", "channel", s.channel, "user", s.user, "text", "psst")
		c.none(time.Minute)
		if e := s.w.Ephemerals(s.user); len(e) != 1 || e[0].Message.Text != "psst" || len(s.w.Ephemerals(bob)) != 0 || len(s.w.Messages(s.channel)) != 0 {
			t.Errorf("%+v", e)
		}
	})
}

func TestMetadataOnlyWhenAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		md := `{"event_type":"job","event_payload":{"id":"7"}}`
		ts := str(s.ok("chat.postMessage", "channel", s.channel, "text", "x", "metadata", md).body, "ts")
		s.ok("chat.update", "channel", s.channel, "ts", ts, "text", "y") // keeps it
		for _, method := range []string{"conversations.history", "conversations.replies"} {
			plain := s.ok(method, "channel", s.channel, "ts", ts)
			all := s.ok(method, "channel", s.channel, "ts", ts, "include_all_metadata", "true")
			m := func(r reply) any { return r.body["messages"].([]any)[0] }
			if str(m(plain), "metadata") != "" || str(m(all), "metadata", "event_payload", "id") != "7" || str(m(all), "text") != "y" {
				t.Errorf("%s: %v, %v", method, m(plain), m(all))
			}
		}
		s.ok("chat.update", "channel", s.channel, "ts", ts, "text", "y", "metadata", "{}")
		if md := s.w.Messages(s.channel)[0].Metadata; md != nil {
			t.Errorf("metadata left: %s", md)
		}
	})
}

func TestBlocksValidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		for name, value := range map[string]string{
			"blocks":  `[{"type":"section","text":{"type":"plain_text","text":"x"}}]`,
			"message": `{"text":"x","blocks":[{"type":"divider"}]}`,
			"view":    askWindow,
		} {
			s.ok("blocks.validate", name, value)
		}
		if n := len(s.w.Messages(s.channel)); n != 2 { // the scene's own
			t.Errorf("%d messages after it", n)
		}
		for name, tc := range map[string]struct{ arg, value, pointer, code string }{
			"a block":   {"blocks", `[{"type":"section","text":{"type":"odd","text":"x"}}]`, "/0/text/type", "failed_constraint"},
			"a message": {"message", `{"blocks":[{"type":"image","image_url":"https://a.b/c"}]}`, "/blocks/0/alt_text", "failed_constraint"},
			"a view":    {"view", `{"type":"home","blocks":[{"type":"divider"},{"type":"odd"}]}`, "/blocks/1/type", "failed_constraint"},
			"too long":  {"blocks", markdownBlocks(bulk(6_001), bulk(6_001)), "", "msg_blocks_too_long"},
		} {
			r := s.bot("blocks.validate", tc.arg, tc.value)
			list, _ := r.body["errors"].([]any)
			if len(list) != 1 || str(list[0], "pointer") != tc.pointer || str(list[0], "code") != tc.code || str(list[0], "message") == "" {
				t.Errorf("%s: %v", name, r.body)
			}
		}
	})
}

func markdownBlocks(texts ...string) string {
	var list []string
	for _, text := range texts {
		list = append(list, `{"type":"markdown","text":`+strconv.Quote(text)+`}`)
	}
	return "[" + strings.Join(list, ",") + "]"
}

// A markdown block comes back as what Slack makes of it, in the answer, in history
// and in the event; the page and the tests see what was sent.
func TestMarkdownComesBackAsBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		for in, want := range map[string]string{
			"one\n\ntwo":                             "rich_text",
			"# A\n\ntext\n\nmore\n\n---\n\n- a\n- b": "header rich_text divider rich_text",
			"A\n===\n\nB\n---\n":                     "header header",
			"```\n# no heading\n---\n```":            "rich_text",
			"> # quoted\n\n***":                      "rich_text divider",
			"| a | b |\n|---|---|\n| 1 | 2 |":        "rich_text",
		} {
			r := s.ok("chat.postMessage", "channel", s.channel, "text", "x", "blocks",
				strings.TrimSuffix(markdownBlocks(in), "]")+`,{"type":"divider"}]`)
			history := s.ok("conversations.history", "channel", s.channel, "limit", "1").body
			event := c.event()
			for where, m := range map[string]any{
				"answer": r.body["message"], "history": history["messages"].([]any)[0], "event": event,
			} {
				var got []string
				ids := map[string]bool{}
				for _, b := range m.(map[string]any)["blocks"].([]any) {
					got = append(got, str(b, "type"))
					ids[str(b, "block_id")] = true
				}
				if strings.Join(got, " ") != want+" divider" || len(ids) != len(got) {
					t.Errorf("%s of %q: %q", where, in, got)
				}
			}
			if m := s.w.Messages(s.channel); !strings.Contains(string(m[len(m)-1].Blocks), `"markdown"`) {
				t.Errorf("stored: %s", m[len(m)-1].Blocks)
			}
			time.Sleep(2 * time.Second) // within the rate
		}
	})
}
