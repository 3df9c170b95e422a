package localslack

// methods is the Web API. Scopes, tiers and the kind of token are those of each
// method's page under https://docs.slack.dev/reference/methods.
var methods = map[string]method{
	"api.test":              {run: apiTest, kind: noToken},
	"auth.test":             {run: authTest, quota: special},
	"apps.connections.open": {run: connectionsOpen, scopes: []string{"connections:write"}, quota: tier3, kind: appToken},

	"chat.postMessage":   {run: chatPostMessage, scopes: []string{"chat:write"}, quota: special},
	"chat.postEphemeral": {run: chatPostEphemeral, scopes: []string{"chat:write"}, quota: tier4},
	"chat.update":        {run: chatUpdate, scopes: []string{"chat:write"}, quota: tier3},
	"chat.delete":        {run: chatDelete, scopes: []string{"chat:write"}, quota: tier3},
	"chat.getPermalink":  {run: chatGetPermalink, quota: special},

	"conversations.info":    {run: conversationsInfo, scopes: readScopes, quota: tier3},
	"conversations.history": {run: conversationsHistory, scopes: historyScopes, quota: tier3},
	"conversations.replies": {run: conversationsReplies, scopes: historyScopes, quota: tier3},
	"conversations.members": {run: conversationsMembers, scopes: readScopes, quota: tier4},
	"conversations.list":    {run: conversationsList, scopes: readScopes, quota: tier2},
	"conversations.open":    {run: conversationsOpen, scopes: []string{"im:write", "mpim:write"}, quota: tier3},
	"conversations.join":    {run: conversationsJoin, scopes: []string{"channels:join"}, quota: tier3},

	"files.getUploadURLExternal":   {run: filesGetUploadURL, scopes: []string{"files:write"}, quota: tier4},
	"files.completeUploadExternal": {run: filesCompleteUpload, scopes: []string{"files:write"}, quota: tier4},
	"files.info":                   {run: filesInfo, scopes: []string{"files:read"}, quota: tier4},
	"files.delete":                 {run: filesDelete, scopes: []string{"files:write"}, quota: tier3},

	"reactions.add":    {run: reactionsAdd, scopes: []string{"reactions:write"}, quota: tier3},
	"reactions.remove": {run: reactionsRemove, scopes: []string{"reactions:write"}, quota: tier2},
	"reactions.get":    {run: reactionsGet, scopes: []string{"reactions:read"}, quota: tier3},

	"views.open":    {run: viewsOpen, quota: tier4},
	"views.push":    {run: viewsPush, quota: tier4},
	"views.update":  {run: viewsUpdate, quota: tier4},
	"views.publish": {run: viewsPublish, quota: tier4},

	"users.info": {run: usersInfo, scopes: []string{"users:read"}, quota: tier4},
	"bots.info":  {run: botsInfo, scopes: []string{"users:read"}, quota: tier3},
}

var (
	readScopes    = []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	historyScopes = []string{"channels:history", "groups:history", "im:history", "mpim:history"}
)
