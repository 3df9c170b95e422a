package localslack

import "slackocr/bot/localslack/internal/webapi"

// methods is the Web API. Scopes, tiers and kinds of tokens are those of each
// method's page under https://docs.slack.dev/reference/methods.
var methods = map[string]method{
	"api.test":              {run: apiTest, kind: noToken},
	"auth.test":             {run: authTest, quota: webapi.Special},
	"blocks.validate":       {run: blocksValidate, quota: webapi.Special},
	"apps.connections.open": {run: connectionsOpen, scopes: []string{"connections:write"}, quota: webapi.Tier3, kind: appToken, postOnly: true},

	"chat.postMessage":   {run: chatPostMessage, scopes: []string{"chat:write"}, quota: webapi.Special},
	"chat.postEphemeral": {run: chatPostEphemeral, scopes: []string{"chat:write"}, quota: webapi.Tier4},
	"chat.update":        {run: chatUpdate, scopes: []string{"chat:write"}, quota: webapi.Tier3},
	"chat.delete":        {run: chatDelete, scopes: []string{"chat:write"}, quota: webapi.Tier3},
	"chat.getPermalink":  {run: chatGetPermalink, quota: webapi.Special, formOnly: true},

	"conversations.info":    {run: conversationsInfo, scopes: readScopes, quota: webapi.Tier3, required: []string{"channel"}, formOnly: true},
	"conversations.history": {run: conversationsHistory, scopes: historyScopes, quota: webapi.Tier3, required: []string{"channel"}, formOnly: true},
	"conversations.replies": {run: conversationsReplies, scopes: historyScopes, quota: webapi.Tier3, required: []string{"channel", "ts"}, formOnly: true},
	"conversations.members": {run: conversationsMembers, scopes: readScopes, quota: webapi.Tier4, required: []string{"channel"}, formOnly: true},
	"conversations.list":    {run: conversationsList, scopes: readScopes, quota: webapi.Tier2, formOnly: true},
	"conversations.open":    {run: conversationsOpen, scopes: []string{"im:write", "mpim:write"}, quota: webapi.Tier3},
	"conversations.join":    {run: conversationsJoin, scopes: []string{"channels:join"}, quota: webapi.Tier3, required: []string{"channel"}},

	"files.getUploadURLExternal":   {run: filesGetUploadURL, scopes: []string{"files:write"}, quota: webapi.Tier4, required: []string{"filename", "length"}, formOnly: true},
	"files.completeUploadExternal": {run: filesCompleteUpload, scopes: []string{"files:write"}, quota: webapi.Tier4, required: []string{"files"}},
	"files.info":                   {run: filesInfo, scopes: []string{"files:read"}, quota: webapi.Tier4, formOnly: true},
	"files.delete":                 {run: filesDelete, scopes: []string{"files:write"}, quota: webapi.Tier3},

	"reactions.add":    {run: reactionsAdd, scopes: []string{"reactions:write"}, quota: webapi.Tier3},
	"reactions.remove": {run: reactionsRemove, scopes: []string{"reactions:write"}, quota: webapi.Tier2},
	"reactions.get":    {run: reactionsGet, scopes: []string{"reactions:read"}, quota: webapi.Tier3, formOnly: true},

	"views.open":    {run: viewsOpen, quota: webapi.Tier4, required: []string{"view"}},
	"views.push":    {run: viewsPush, quota: webapi.Tier4, required: []string{"view"}},
	"views.update":  {run: viewsUpdate, quota: webapi.Tier4, required: []string{"view"}},
	"views.publish": {run: viewsPublish, quota: webapi.Tier4, required: []string{"view"}},

	"users.info": {run: usersInfo, scopes: []string{"users:read"}, quota: webapi.Tier4, formOnly: true},
	"bots.info":  {run: botsInfo, scopes: []string{"users:read"}, quota: webapi.Tier3, formOnly: true},
}

var (
	readScopes    = []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	historyScopes = []string{"channels:history", "groups:history", "im:history", "mpim:history"}
)
