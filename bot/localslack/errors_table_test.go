package localslack_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// everyMethod is the entry of what all methods share.
const everyMethod = "every method"

// errorCase is a call that brings an error of a method about: through slack-go, or
// raw where slack-go cannot.
type errorCase struct {
	method, code string
	call         func(*scene) error
}

// errorCases has one for every method and every error of the package documentation.
var errorCases = slices.Concat(talkErrors, fileAndViewErrors)

// talkErrors are those of all methods, of messages and of conversations.
var talkErrors = []errorCase{
	{everyMethod, "invalid_charset", func(s *scene) error { return s.body("auth.test", "application/json; charset=koi8-r", "{}") }},
	{everyMethod, "invalid_form_data", func(s *scene) error { return s.body("auth.test", "application/x-www-form-urlencoded", "a=%zz") }},
	{everyMethod, "invalid_post_type", func(s *scene) error { return s.body("auth.test", "application/xml", "<a/>") }},
	{everyMethod, "missing_post_type", func(s *scene) error { return s.body("auth.test", "", "a=b") }},
	{everyMethod, "invalid_json", func(s *scene) error { return s.body("auth.test", "application/json", "{") }},
	{everyMethod, "json_not_object", func(s *scene) error { return s.body("auth.test", "application/json", "[]") }},
	{everyMethod, "request_too_large", func(s *scene) error { return s.body("auth.test", "application/json", `{"a":"`+bulk(1<<20)+`"}`) }},
	{everyMethod, "invalid_arg_name", func(s *scene) error { return s.raw("auth.test", "a-b", "c") }},
	{everyMethod, "invalid_arg_name", func(s *scene) error { return s.raw("auth.test", bulk(101), "c") }},
	{everyMethod, "invalid_array_arg", func(s *scene) error { return s.raw("conversations.list", "types[]", "im") }},
	{everyMethod, "unknown_method", func(s *scene) error { return s.raw("chat.unheard") }},
	{everyMethod, "not_authed", func(s *scene) error { return codeError(s.call("auth.test", "").code()) }},
	{everyMethod, "invalid_auth", func(s *scene) error { return s.testWith("xoxb-nobody") }},
	{everyMethod, "account_inactive", func(s *scene) error { s.w.Uninstall(s.cred.BotToken); return s.testWith(s.cred.BotToken) }},
	{everyMethod, "token_revoked", func(s *scene) error { s.w.RevokeToken(s.cred.BotToken); return s.testWith(s.cred.BotToken) }},
	{everyMethod, "not_allowed_token_type", func(s *scene) error { return s.testWith(s.cred.AppToken) }},
	{everyMethod, "missing_scope", func(s *scene) error {
		less := s.w.Install(localslack.App{Name: "Less"})
		_, _, err := s.client(less).PostMessageContext(s.t.Context(), s.channel, hello)
		return err
	}},
	{everyMethod, "ratelimited", func(s *scene) error {
		for range 10 {
			s.must(s.history(slack.GetConversationHistoryParameters{ChannelID: s.channel}))
		}
		return s.history(slack.GetConversationHistoryParameters{ChannelID: s.channel})
	}},

	{"apps.connections.open", "insecure_request", func(s *scene) error {
		_, body, err := s.fetch("http://localhost/api/apps.connections.open", s.cred.AppToken)
		s.must(err)
		_, rest, _ := strings.Cut(body, `"error":"`)
		name, _, _ := strings.Cut(rest, `"`)
		return codeError(name)
	}},

	{"blocks.validate", "invalid_blocks", func(s *scene) error { return s.raw("blocks.validate", "blocks", `[{"type":"section"}]`) }},
	{"blocks.validate", "invalid_message", func(s *scene) error { return s.raw("blocks.validate", "message", `{"blocks":[{"type":"odd"}]}`) }},
	{"blocks.validate", "invalid_message", func(s *scene) error { return s.raw("blocks.validate", "message", `{"blocks":[]}`) }},
	{"blocks.validate", "invalid_view", func(s *scene) error { return s.raw("blocks.validate", "view", `{"type":"modal","blocks":[]}`) }},
	{"blocks.validate", "invalid_arguments", func(s *scene) error { return s.raw("blocks.validate") }},
	{"blocks.validate", "invalid_arguments", func(s *scene) error { return s.raw("blocks.validate", "blocks", "[]", "view", homeView) }},
	{"blocks.validate", "invalid_arguments", func(s *scene) error { return s.raw("blocks.validate", "message", "x") }},

	{"chat.postMessage", "channel_not_found", func(s *scene) error { return s.say(s.secret, hello) }},
	{"chat.postMessage", "not_in_channel", func(s *scene) error { return s.say(s.public, hello) }},
	{"chat.postMessage", "is_archived", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.archived))
		return s.say(s.archived, hello)
	}},
	{"chat.postMessage", "no_text", func(s *scene) error { return s.say(s.channel) }},
	{"chat.postMessage", "markdown_text_conflict", func(s *scene) error { return s.say(s.channel, hello, markdown(1)) }},
	{"chat.postMessage", "msg_too_long", func(s *scene) error { return s.say(s.channel, markdown(12_001)) }},
	{"chat.postMessage", "invalid_blocks", func(s *scene) error { return s.say(s.channel, badBlock) }},
	{"chat.postMessage", "invalid_blocks_format", func(s *scene) error { return s.raw("chat.postMessage", "channel", s.channel, "blocks", "x") }},
	{"chat.postMessage", "msg_blocks_too_long", func(s *scene) error { return s.say(s.channel, longBlock) }},
	{"chat.postMessage", "invalid_metadata_format", func(s *scene) error {
		return s.raw("chat.postMessage", append(metadata("{"), "channel", s.channel)...)
	}},
	{"chat.postMessage", "invalid_metadata_schema", func(s *scene) error {
		return s.say(s.channel, hello, slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "x"}))
	}},
	{"chat.postMessage", "metadata_too_large", func(s *scene) error {
		return s.say(s.channel, hello, slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "x", EventPayload: map[string]any{"a": bulk(8000)}}))
	}},
	{"chat.postMessage", "too_many_attachments", func(s *scene) error { return s.say(s.channel, hello, manyAtts()) }},
	{"chat.postMessage", "invalid_attachments", func(s *scene) error {
		return s.raw("chat.postMessage", "channel", s.channel, "attachments", "{}")
	}},
	{"chat.postMessage", "invalid_thread_ts", func(s *scene) error { return s.say(s.channel, hello, thread("0x")) }},
	{"chat.postMessage", "thread_not_found", func(s *scene) error { return s.say(s.channel, hello, thread("1.000001")) }},

	{"chat.postEphemeral", "channel_not_found", func(s *scene) error { return s.postEphemeral(s.secret, s.user, hello) }},
	{"chat.postEphemeral", "not_in_channel", func(s *scene) error { return s.postEphemeral(s.public, s.user, hello) }},
	{"chat.postEphemeral", "is_archived", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.archived))
		return s.postEphemeral(s.archived, s.user, hello)
	}},
	{"chat.postEphemeral", "user_not_in_channel", func(s *scene) error { return s.postEphemeral(s.channel, s.w.AddUser("Bob"), hello) }},
	{"chat.postEphemeral", "no_text", func(s *scene) error { return s.postEphemeral(s.channel, s.user) }},
	{"chat.postEphemeral", "msg_too_long", func(s *scene) error {
		return s.postEphemeral(s.channel, s.user, slack.MsgOptionText(bulk(40_001), false))
	}},
	{"chat.postEphemeral", "markdown_text_conflict", func(s *scene) error { return s.postEphemeral(s.channel, s.user, hello, markdown(1)) }},
	{"chat.postEphemeral", "invalid_attachments", func(s *scene) error {
		return s.raw("chat.postEphemeral", "channel", s.channel, "user", s.user, "attachments", "{}")
	}},
	{"chat.postEphemeral", "too_many_attachments", func(s *scene) error { return s.postEphemeral(s.channel, s.user, hello, manyAtts()) }},
	{"chat.postEphemeral", "invalid_blocks", func(s *scene) error { return s.postEphemeral(s.channel, s.user, badBlock) }},
	{"chat.postEphemeral", "invalid_blocks_format", func(s *scene) error {
		return s.raw("chat.postEphemeral", "channel", s.channel, "user", s.user, "blocks", "x")
	}},
	{"chat.postEphemeral", "msg_blocks_too_long", func(s *scene) error { return s.postEphemeral(s.channel, s.user, longBlock) }},
	{"chat.postEphemeral", "invalid_thread_ts", func(s *scene) error { return s.postEphemeral(s.channel, s.user, hello, thread("0x")) }},
	{"chat.postEphemeral", "thread_not_found", func(s *scene) error { return s.postEphemeral(s.channel, s.user, hello, thread("1.000001")) }},

	{"chat.update", "channel_not_found", func(s *scene) error { return s.edit(s.secret, s.mine, hello) }},
	{"chat.update", "message_not_found", func(s *scene) error { s.must(s.take(s.channel, s.mine)); return s.edit(s.channel, s.mine, hello) }},
	{"chat.update", "cant_update_message", func(s *scene) error { return s.edit(s.channel, s.theirs, hello) }},
	{"chat.update", "is_inactive", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.channel))
		return s.edit(s.channel, s.mine, hello)
	}},
	{"chat.update", "no_text", func(s *scene) error { return s.edit(s.channel, s.mine) }},
	{"chat.update", "msg_too_long", func(s *scene) error { return s.edit(s.channel, s.mine, slack.MsgOptionText(bulk(4001), false)) }},
	{"chat.update", "markdown_text_conflict", func(s *scene) error { return s.edit(s.channel, s.mine, hello, markdown(1)) }},
	{"chat.update", "block_mismatch", func(s *scene) error {
		s.ok("chat.update", "channel", s.channel, "ts", s.mine, "blocks", `[{"type":"rich_text","elements":[]}]`)
		return s.edit(s.channel, s.mine, slack.MsgOptionBlocks(slack.NewDividerBlock()))
	}},
	{"chat.update", "invalid_blocks", func(s *scene) error { return s.edit(s.channel, s.mine, badBlock) }},
	{"chat.update", "invalid_blocks_format", func(s *scene) error { return s.amend("blocks", "x") }},
	{"chat.update", "msg_blocks_too_long", func(s *scene) error { return s.edit(s.channel, s.mine, longBlock) }},
	{"chat.update", "invalid_attachments", func(s *scene) error { return s.amend("attachments", "{}") }},
	{"chat.update", "too_many_attachments", func(s *scene) error { return s.edit(s.channel, s.mine, hello, manyAtts()) }},
	{"chat.update", "invalid_metadata_format", func(s *scene) error { return s.amend(metadata("{")...) }},
	{"chat.update", "invalid_metadata_schema", func(s *scene) error { return s.amend(metadata(`{"event_type":"x"}`)...) }},
	{"chat.update", "metadata_too_large", func(s *scene) error {
		return s.amend(metadata(`{"event_type":"x","event_payload":{"a":"` + bulk(8000) + `"}}`)...)
	}},

	{"chat.delete", "channel_not_found", func(s *scene) error { return s.take(s.secret, s.mine) }},
	{"chat.delete", "message_not_found", func(s *scene) error { return s.take(s.channel, "1.000001") }},
	{"chat.delete", "cant_delete_message", func(s *scene) error { return s.take(s.channel, s.theirs) }},

	{"chat.getPermalink", "channel_not_found", func(s *scene) error { return s.link(s.secret, s.mine) }},
	{"chat.getPermalink", "message_not_found", func(s *scene) error { return s.link(s.channel, "1.000001") }},

	{"conversations.info", "channel_not_found", func(s *scene) error {
		_, err := s.api.GetConversationInfoContext(s.t.Context(), &slack.GetConversationInfoInput{ChannelID: s.secret})
		return err
	}},
	{"conversations.info", "invalid_arguments", func(s *scene) error { return s.raw("conversations.info") }},

	{"conversations.history", "channel_not_found", func(s *scene) error { return s.history(slack.GetConversationHistoryParameters{ChannelID: s.secret}) }},
	{"conversations.history", "not_in_channel", func(s *scene) error { return s.history(slack.GetConversationHistoryParameters{ChannelID: s.public}) }},
	{"conversations.history", "invalid_cursor", func(s *scene) error {
		return s.history(slack.GetConversationHistoryParameters{ChannelID: s.channel, Cursor: "x"})
	}},
	{"conversations.history", "invalid_ts_oldest", func(s *scene) error {
		return s.history(slack.GetConversationHistoryParameters{ChannelID: s.channel, Oldest: "x"})
	}},
	{"conversations.history", "invalid_ts_latest", func(s *scene) error {
		return s.history(slack.GetConversationHistoryParameters{ChannelID: s.channel, Latest: "x"})
	}},
	{"conversations.history", "invalid_arguments", func(s *scene) error {
		return s.raw("conversations.history", "channel", s.channel, "limit", "many")
	}},

	{"conversations.replies", "channel_not_found", func(s *scene) error {
		return s.repliesOf(slack.GetConversationRepliesParameters{ChannelID: s.secret, Timestamp: s.mine})
	}},
	{"conversations.replies", "not_in_channel", func(s *scene) error {
		return s.repliesOf(slack.GetConversationRepliesParameters{ChannelID: s.public, Timestamp: s.mine})
	}},
	{"conversations.replies", "thread_not_found", func(s *scene) error {
		return s.repliesOf(slack.GetConversationRepliesParameters{ChannelID: s.channel, Timestamp: "1.000001"})
	}},
	{"conversations.replies", "invalid_cursor", func(s *scene) error {
		return s.repliesOf(slack.GetConversationRepliesParameters{ChannelID: s.channel, Timestamp: s.mine, Cursor: "x"})
	}},
	{"conversations.replies", "invalid_ts_oldest", func(s *scene) error {
		return s.repliesOf(slack.GetConversationRepliesParameters{ChannelID: s.channel, Timestamp: s.mine, Oldest: "x"})
	}},
	{"conversations.replies", "invalid_ts_latest", func(s *scene) error {
		return s.repliesOf(slack.GetConversationRepliesParameters{ChannelID: s.channel, Timestamp: s.mine, Latest: "x"})
	}},
	{"conversations.replies", "invalid_arguments", func(s *scene) error { return s.raw("conversations.replies", "channel", s.channel) }},

	{"conversations.members", "channel_not_found", func(s *scene) error {
		_, _, err := s.api.GetUsersInConversationContext(s.t.Context(), &slack.GetUsersInConversationParameters{ChannelID: s.secret})
		return err
	}},
	{"conversations.members", "invalid_cursor", func(s *scene) error {
		_, _, err := s.api.GetUsersInConversationContext(s.t.Context(), &slack.GetUsersInConversationParameters{ChannelID: s.channel, Cursor: "x"})
		return err
	}},
	{"conversations.members", "invalid_limit", func(s *scene) error {
		return s.raw("conversations.members", "channel", s.channel, "limit", "-1")
	}},
	{"conversations.members", "invalid_arguments", func(s *scene) error { return s.raw("conversations.members") }},

	{"conversations.list", "invalid_types", func(s *scene) error { return s.raw("conversations.list", "types", "secret") }},
	{"conversations.list", "invalid_cursor", func(s *scene) error {
		_, _, err := s.api.GetConversationsContext(s.t.Context(), &slack.GetConversationsParameters{Cursor: "x"})
		return err
	}},
	{"conversations.list", "missing_argument", func(s *scene) error {
		s.cred = s.w.Install(localslack.App{Name: "Wide", Scopes: allScopes, OrgInstall: true})
		s.ok("conversations.list", "team_id", s.w.Snapshot(s.user).Team.ID)
		return s.raw("conversations.list")
	}},
	{"conversations.list", "invalid_limit", func(s *scene) error { return s.raw("conversations.list", "limit", "many") }},

	{"users.conversations", "invalid_types", func(s *scene) error {
		return s.conversationsOf(slack.GetConversationsForUserParameters{Types: []string{"secret"}})
	}},
	{"users.conversations", "invalid_cursor", func(s *scene) error {
		return s.conversationsOf(slack.GetConversationsForUserParameters{Cursor: "x"})
	}},
	{"users.conversations", "invalid_limit", func(s *scene) error { return s.raw("users.conversations", "limit", "many") }},
	{"users.conversations", "missing_argument", func(s *scene) error {
		s.cred = s.w.Install(localslack.App{Name: "Wide", Scopes: allScopes, OrgInstall: true})
		s.ok("users.conversations", "team_id", s.w.Snapshot(s.user).Team.ID)
		return s.raw("users.conversations")
	}},
	{"users.conversations", "user_not_found", func(s *scene) error {
		return s.conversationsOf(slack.GetConversationsForUserParameters{UserID: "U404"})
	}},

	{"conversations.open", "channel_not_found", func(s *scene) error { return s.open(slack.OpenConversationParameters{ChannelID: s.secret}) }},
	{"conversations.open", "method_not_supported_for_channel_type", func(s *scene) error {
		return s.open(slack.OpenConversationParameters{ChannelID: s.channel})
	}},
	{"conversations.open", "users_list_not_supplied", func(s *scene) error { return s.raw("conversations.open") }},
	{"conversations.open", "user_not_found", func(s *scene) error { return s.open(slack.OpenConversationParameters{Users: []string{"U404"}}) }},
	{"conversations.open", "not_enough_users", func(s *scene) error {
		return s.open(slack.OpenConversationParameters{Users: []string{s.cred.BotUserID}})
	}},
	{"conversations.open", "too_many_users", func(s *scene) error { return s.open(slack.OpenConversationParameters{Users: manyUsers(s, 9)}) }},

	{"conversations.join", "channel_not_found", func(s *scene) error { return s.join(s.secret) }},
	{"conversations.join", "method_not_supported_for_channel_type", func(s *scene) error { return s.join(s.private) }},
	{"conversations.join", "is_archived", func(s *scene) error {
		s.must(s.w.Archive(s.user, s.public))
		return s.join(s.public)
	}},
	{"conversations.join", "invalid_arguments", func(s *scene) error { return s.raw("conversations.join", "name", "general") }},
}

// testWith is auth.test with this token.
func (s *scene) testWith(tok string) error {
	_, err := slack.New(tok, slack.OptionHTTPClient(s.http), slack.OptionAPIURL("http://localhost/api/")).AuthTestContext(s.t.Context())
	return err
}

// amend is chat.update of the scene's message with these arguments.
func (s *scene) amend(kv ...string) error {
	return s.raw("chat.update", append([]string{"channel", s.channel, "ts", s.mine}, kv...)...)
}

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
