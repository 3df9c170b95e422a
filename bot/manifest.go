package bot

// What the Slack app needs, and nothing more. The README's manifest says the
// same. https://docs.slack.dev/reference/scopes
var (
	// BotScopes are the scopes of the bot token.
	BotScopes = []string{
		"app_mentions:read",                                                // the event app_mention
		"channels:history", "groups:history", "im:history", "mpim:history", // the message events, and looking into threads
		"chat:write",  // replies
		"files:read",  // the images
		"files:write", // long texts as files
	}
	// BotEvents are the events that the app subscribes to.
	BotEvents = []string{"app_mention", "message.channels", "message.groups", "message.im", "message.mpim"}
)
