package localslack_test

import (
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// fileAndViewErrors are those of files, reactions, windows and people.
var fileAndViewErrors = []errorCase{
	{"files.getUploadURLExternal", "missing_argument", func(s *scene) error {
		return s.raw("files.getUploadURLExternal", "filename", "a.png", "length", "0")
	}},
	{"files.getUploadURLExternal", "file_upload_size_restricted", func(s *scene) error {
		return s.announce(slack.GetUploadURLExternalParameters{FileName: "a.png", FileSize: 100<<20 + 1})
	}},
	{"files.getUploadURLExternal", "alt_txt_too_large", func(s *scene) error {
		return s.announce(slack.GetUploadURLExternalParameters{FileName: "a.png", FileSize: 1, AltTxt: bulk(1001)})
	}},
	{"files.getUploadURLExternal", "invalid_arguments", func(s *scene) error {
		return s.body("files.getUploadURLExternal", "application/json", `{"filename":"a.png","length":1}`)
	}},

	{"files.getUploadURLExternal", "invalid_arguments", func(s *scene) error {
		return s.raw("files.getUploadURLExternal", "filename", "a.png", "length", "many")
	}},
	{"files.completeUploadExternal", "channel_not_found", func(s *scene) error { return s.complete("channel_id", s.secret) }},
	{"files.completeUploadExternal", "invalid_channel", func(s *scene) error { return s.complete("channels", s.channel+","+s.secret) }},
	{"files.completeUploadExternal", "not_in_channel", func(s *scene) error { return s.complete("channel_id", s.public) }},
	{"files.completeUploadExternal", "channels_limit_exceeded", func(s *scene) error {
		return s.complete("channels", strings.Repeat(s.channel+",", 101))
	}},
	{"files.completeUploadExternal", "file_not_found", func(s *scene) error {
		_, err := s.api.CompleteUploadExternalContext(s.t.Context(), slack.CompleteUploadExternalParameters{Files: []slack.FileSummary{{ID: "F404"}}})
		return err
	}},
	{"files.completeUploadExternal", "invalid_blocks", func(s *scene) error {
		return s.complete("channel_id", s.channel, "blocks", `[{"type":"section"}]`)
	}},
	{"files.completeUploadExternal", "invalid_arguments", func(s *scene) error { return s.complete("channel_id", "#general") }},
	{"files.completeUploadExternal", "invalid_arguments", func(s *scene) error { return s.raw("files.completeUploadExternal", "files", "x") }},
	{"files.completeUploadExternal", "invalid_arguments", func(s *scene) error {
		return s.complete("channels", s.channel+","+s.private, "thread_ts", s.mine)
	}},
	{"files.completeUploadExternal", "is_archived", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.archived))
		return s.complete("channel_id", s.archived)
	}},
	{"files.completeUploadExternal", "invalid_thread_ts", func(s *scene) error { return s.complete("channel_id", s.channel, "thread_ts", "0x") }},
	{"files.completeUploadExternal", "thread_not_found", func(s *scene) error {
		return s.complete("channel_id", s.channel, "thread_ts", "1.000001")
	}},
	{"files.completeUploadExternal", "internal_error", func(s *scene) error {
		return s.complete("channel_id", s.channel, "blocks", `[{"type":"markdown","text":"x"}]`)
	}},

	{"files.info", "file_not_found", func(s *scene) error { return s.info("F404") }},
	{"files.info", "file_deleted", func(s *scene) error { return s.info(s.gone(s.shared(""))) }},

	{"files.delete", "file_not_found", func(s *scene) error { return s.api.DeleteFileContext(s.t.Context(), "F404") }},
	{"files.delete", "file_deleted", func(s *scene) error { return s.api.DeleteFileContext(s.t.Context(), s.gone(s.shared(""))) }},
	{"files.delete", "cant_delete_file", func(s *scene) error { return s.api.DeleteFileContext(s.t.Context(), s.shared("")) }},

	{"reactions.add", "channel_not_found", func(s *scene) error { return s.react("eyes", s.secret, s.mine) }},
	{"reactions.add", "not_in_channel", func(s *scene) error { return s.react("eyes", s.public, s.mine) }},
	{"reactions.add", "is_archived", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.channel))
		return s.react("eyes", s.channel, s.mine)
	}},
	{"reactions.add", "message_not_found", func(s *scene) error { return s.react("eyes", s.channel, "1.000001") }},
	{"reactions.add", "bad_timestamp", func(s *scene) error { return s.react("eyes", s.channel, "x") }},
	{"reactions.add", "no_item_specified", func(s *scene) error { return s.raw("reactions.add", "channel", s.channel, "name", "eyes") }},
	{"reactions.add", "invalid_name", func(s *scene) error { return s.react("No Emoji", s.channel, s.mine) }},
	{"reactions.add", "already_reacted", func(s *scene) error {
		s.must(s.react("eyes", s.channel, s.mine))
		return s.react("eyes", s.channel, s.mine)
	}},
	{"reactions.add", "too_many_emoji", func(s *scene) error {
		for i, user := range manyUsers(s, 5) {
			s.w.Join(s.channel, user)
			for j := range 10 {
				s.must(s.w.React(user, s.channel, s.mine, "e"+strconv.Itoa(10*i+j)))
			}
		}
		return s.react("one_more", s.channel, s.mine)
	}},
	{"reactions.add", "too_many_reactions", func(s *scene) error {
		for i := range 23 {
			time.Sleep(2 * time.Second) // within the tier
			s.must(s.react("e"+strconv.Itoa(i), s.channel, s.mine))
		}
		time.Sleep(2 * time.Second)
		return s.react("one_more", s.channel, s.mine)
	}},

	{"reactions.remove", "channel_not_found", func(s *scene) error { return s.unreact("eyes", s.secret, s.mine) }},
	{"reactions.remove", "not_in_channel", func(s *scene) error { return s.unreact("eyes", s.public, s.mine) }},
	{"reactions.remove", "is_archived", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.channel))
		return s.unreact("eyes", s.channel, s.mine)
	}},
	{"reactions.remove", "message_not_found", func(s *scene) error { return s.unreact("eyes", s.channel, "1.000001") }},
	{"reactions.remove", "bad_timestamp", func(s *scene) error { return s.unreact("eyes", s.channel, "x") }},
	{"reactions.remove", "no_item_specified", func(s *scene) error { return s.raw("reactions.remove", "channel", s.channel, "name", "eyes") }},
	{"reactions.remove", "invalid_name", func(s *scene) error { return s.unreact("No Emoji", s.channel, s.mine) }},
	{"reactions.remove", "no_reaction", func(s *scene) error { return s.unreact("eyes", s.channel, s.mine) }},

	{"reactions.get", "channel_not_found", func(s *scene) error { return s.reactions(s.secret, s.mine) }},
	{"reactions.get", "not_in_channel", func(s *scene) error { return s.reactions(s.public, s.mine) }},
	{"reactions.get", "message_not_found", func(s *scene) error { return s.reactions(s.channel, "1.000001") }},
	{"reactions.get", "bad_timestamp", func(s *scene) error { return s.reactions(s.channel, "x") }},
	{"reactions.get", "no_item_specified", func(s *scene) error { return s.raw("reactions.get", "channel", s.channel) }},

	{"views.open", "expired_trigger_id", func(s *scene) error { return s.window(s.late(), modal("")) }},
	{"views.open", "exchanged_trigger_id", func(s *scene) error { return s.window(s.spent(), modal("")) }},
	{"views.open", "invalid_trigger_id", func(s *scene) error { return s.window("1.2.x", modal("")) }},
	{"views.open", "duplicate_external_id", func(s *scene) error {
		s.opened("a")
		return s.window(s.trigger(), modal("a"))
	}},
	{"views.open", "view_too_large", func(s *scene) error { return s.raw("views.open", "trigger_id", s.trigger(), "view", bulk(hugeView)) }},
	{"views.open", "invalid_arguments", func(s *scene) error { return s.raw("views.open", "trigger_id", s.trigger()) }},

	{"views.open", "invalid_arguments", func(s *scene) error { return s.raw("views.open", "trigger_id", s.trigger(), "view", "x") }},
	{"views.open", "invalid_arguments", func(s *scene) error { return s.raw("views.open", "view", homeView) }},
	{"views.open", "invalid_arguments", func(s *scene) error { return s.raw("views.open", "trigger_id", s.trigger(), "view", homeView) }},
	{"views.push", "expired_trigger_id", func(s *scene) error { return s.push(s.late(), modal("")) }},
	{"views.push", "exchanged_trigger_id", func(s *scene) error { return s.push(s.spent(), modal("")) }},
	{"views.push", "invalid_trigger_id", func(s *scene) error { return s.push("1.2.x", modal("")) }},
	{"views.push", "duplicate_external_id", func(s *scene) error {
		s.opened("a")
		return s.push(s.trigger(), modal("a"))
	}},
	{"views.push", "view_too_large", func(s *scene) error { return s.raw("views.push", "trigger_id", s.trigger(), "view", bulk(hugeView)) }},
	{"views.push", "invalid_arguments", func(s *scene) error { return s.raw("views.push", "trigger_id", s.trigger(), "view", "{}") }},
	{"views.push", "not_found", func(s *scene) error { return s.push(s.trigger(), modal("")) }},
	{"views.push", "push_limit_reached", func(s *scene) error {
		s.opened("")
		s.must(s.push(s.trigger(), modal("")))
		s.must(s.push(s.trigger(), modal("")))
		return s.push(s.trigger(), modal(""))
	}},

	{"views.update", "not_found", func(s *scene) error { return s.change(modal(""), "", "", "V404") }},
	{"views.update", "hash_conflict", func(s *scene) error { return s.change(modal(""), "", "old", s.opened("")) }},
	{"views.update", "duplicate_external_id", func(s *scene) error {
		s.opened("a")
		id := s.opened("b")
		s.must(s.change(modal("b"), "", "", id)) // its own is no duplicate
		return s.change(modal("a"), "", "", id)
	}},
	{"views.update", "view_too_large", func(s *scene) error { return s.raw("views.update", "view_id", s.opened(""), "view", bulk(hugeView)) }},
	{"views.update", "invalid_arguments", func(s *scene) error { return s.raw("views.update", "view_id", s.opened("")) }},

	{"views.publish", "hash_conflict", func(s *scene) error {
		s.ok("views.publish", "user_id", s.user, "view", homeView)
		return s.raw("views.publish", "user_id", s.user, "view", homeView, "hash", "old")
	}},
	{"views.publish", "duplicate_external_id", func(s *scene) error {
		s.opened("a")
		return s.raw("views.publish", "user_id", s.user, "view", `{"type":"home","external_id":"a","blocks":[]}`)
	}},
	{"views.publish", "view_too_large", func(s *scene) error { return s.raw("views.publish", "user_id", s.user, "view", bulk(hugeView)) }},
	{"views.publish", "invalid_arguments", func(s *scene) error { return s.raw("views.publish", "user_id", s.user, "view", `{"type":"modal"}`) }},
	{"views.publish", "invalid_arguments", func(s *scene) error {
		return s.raw("views.publish", "user_id", s.user, "view", `{"type":"modal","title":{"type":"plain_text","text":"T"},"blocks":[]}`)
	}},
	{"views.publish", "user_not_found", func(s *scene) error { return s.raw("views.publish", "user_id", "U404", "view", homeView) }},

	{"users.info", "user_not_found", func(s *scene) error {
		_, err := s.api.GetUserInfoContext(s.t.Context(), "U404")
		return err
	}},
	{"bots.info", "bot_not_found", func(s *scene) error {
		_, err := s.api.GetBotInfoContext(s.t.Context(), slack.GetBotInfoParameters{Bot: "B404"})
		return err
	}},
}
