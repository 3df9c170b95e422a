package localslack_test

import (
	"slackocr/bot/localslack"
)

var allScopes = []string{
	"commands", "chat:write", "files:read", "files:write", "app_mentions:read",
	"channels:history", "groups:history", "im:history", "mpim:history",
	"channels:read", "groups:read", "im:read", "mpim:read", "im:write", "mpim:write",
	"reactions:read", "reactions:write", "users:read", "channels:join",
}

var allEvents = []string{
	"app_mention", "message.channels", "message.groups", "message.im", "message.mpim",
	"reaction_added", "reaction_removed", "file_deleted", "file_shared", "member_joined_channel",
	"app_home_opened", "channel_archive", "group_archive", "channel_left", "group_left", "member_left_channel",
}

// reader is the app of the tests.
func reader(scopes, events []string) localslack.App {
	return localslack.App{
		Name: "Reader", Scopes: scopes, Events: events, Interactive: true,
		Commands:  []localslack.SlashCommand{{Command: "/ocr", UsageHint: "[link or help]"}, {Command: "/ask"}},
		Shortcuts: []localslack.MessageShortcut{{Name: "Extract text", CallbackID: "extract"}},
	}
}
