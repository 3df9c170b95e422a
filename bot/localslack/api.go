package localslack

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/webapi"
)

// Error is an error with Slack's code, such as channel_not_found, and with
// details for people in Messages, if there are any.
type Error = webapi.Error

// method is a Web API method.
type method struct {
	run func(*call) (answer, error)
	// scopes: the token must have one of these. Scopes that depend on the
	// conversation are checked by run.
	scopes []string
	quota  webapi.Quota
	kind   tokenKind // "" means bot; noToken means that no token is needed
	// required are the arguments without which the error is invalid_arguments.
	required []string
	formOnly bool // takes no JSON body
	postOnly bool // a GET is insecure_request
}

// answer is the body of a successful call, without "ok".
type answer map[string]any

// call is a Web API call in progress. A call runs under the workspace's lock.
type call struct {
	webapi.Args
	w      *Workspace
	app    *app
	token  *token
	base   string // for links in the response
	method string
	fault  Fault // a fault that does not make the call fail
}

// Call is a line of the log of Web API calls.
type Call struct {
	Time   time.Time
	Method string
	App    string // the app's name, or "" if the token was refused
	Token  string // kind of the token: "bot", "app" or "none"
	Args   map[string]string
	Status int    // HTTP status, or 0 if the connection was closed without one
	Error  string // Slack's code, "" for ok
}

const (
	maxCalls   = 10_000
	maxArgs    = 1_000  // calls whose arguments are kept
	maxLogged  = 16_000 // characters of one logged argument
	maxMethod  = 100    // characters of a logged method
	oauthScope = "X-OAuth-Scopes"
)

// Calls returns the last 10,000 Web API calls and uses of a response_url,
// oldest first, including calls that a fault or a rate limit refused. The last
// 1,000 have their arguments, each cut at 16,000 characters. Tokens are never
// included.
func (w *Workspace) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

func (w *Workspace) record(c Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, v := range c.Args {
		c.Args[k] = mrkdwn.Cut(v, maxLogged)
	}
	c.Method = mrkdwn.Cut(c.Method, maxMethod)
	w.calls = append(w.calls, c)
	if n := len(w.calls) - maxArgs; n > 0 {
		w.calls[n-1].Args = nil
	}
	if n := len(w.calls) - maxCalls; n > 0 {
		w.calls = slices.Delete(w.calls, 0, n)
	}
	w.log.Debug("call", "method", c.Method, "app", c.App, "status", c.Status, "error", c.Error)
	w.touch()
}

// serveAPI answers POST or GET /api/METHOD.
func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request) {
	c := &call{w: w, method: r.PathValue("method"), base: w.requestBase(r)}
	log := Call{Time: time.Now(), Method: c.method, Token: string(noToken)}
	defer func() { w.record(log) }() // a closed connection is logged too

	m := methods[c.method]
	a, tok, argErr := webapi.ParseArgs(rw, r, m.formOnly)
	if argErr == nil {
		argErr = a.CheckNames()
	}
	if argErr == nil && m.postOnly && r.Method != http.MethodPost {
		argErr = webapi.Err("insecure_request")
	}
	c.Args, log.Args = a, maps.Clone(a)
	c.token, c.app = w.lookUp(tok)
	if c.token != nil {
		log.Token, log.App = string(c.token.kind), c.app.Name
	}

	fault, hit := w.faults.hit(r, c.method)
	c.fault = fault
	if hit && fault.Status == http.StatusTooManyRequests && c.app != nil {
		w.holdBack(c.app, c.method, fault.RetryAfter)
	}
	if hit && !fault.Applied {
		log.Status, log.Error = fault.answer(rw)
		return
	}
	ans, err := answer(nil), argErr
	if err == nil {
		ans, err = w.run(c, rw.Header(), tok)
	}
	switch {
	case hit:
		log.Status, log.Error = fault.answer(rw)
	case err != nil:
		e := webapi.AsError(err)
		log.Status, log.Error = e.Write(rw), e.Code
	default:
		ans["ok"] = true
		log.Status = http.StatusOK
		webapi.WriteJSON(rw, http.StatusOK, ans)
	}
}

func (w *Workspace) lookUp(tok string) (*token, *app) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.tokens[tok]; t != nil {
		return t, t.app
	}
	return nil, nil
}

// holdBack refuses the app's next calls of the method until d has passed.
func (w *Workspace) holdBack(a *app, name string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a.buckets.Hold(name, methods[name].quota, time.Now(), d)
}

// run checks the token and the rate limit, and carries the call out.
func (w *Workspace) run(c *call, header http.Header, tok string) (answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := methods[c.method]
	if !ok {
		return nil, webapi.Err("unknown_method")
	}
	if m.kind == noToken {
		return m.run(c)
	}
	if err := c.authenticate(m, tok); err != nil {
		return nil, err
	}
	c.app.base = c.base
	header.Set(oauthScope, strings.Join(c.token.scopes, ","))
	if len(m.scopes) > 0 {
		header.Set("X-Accepted-OAuth-Scopes", strings.Join(m.scopes, ","))
		if err := c.needAny(m.scopes...); err != nil {
			return nil, err
		}
	}
	if err := c.app.buckets.Take(c.method, m.quota, time.Now()); err != nil {
		return nil, err
	}
	if err := c.Need(m.required...); err != nil {
		return nil, err
	}
	return m.run(c)
}

func (c *call) authenticate(m method, tok string) error {
	want := m.kind
	if want == "" {
		want = botToken
	}
	switch {
	case tok == "":
		return webapi.Err("not_authed")
	case c.token == nil:
		return webapi.Err("invalid_auth")
	case c.token.refused != "":
		return webapi.Err(c.token.refused)
	case c.token.kind != want:
		return webapi.Err("not_allowed_token_type")
	}
	return nil
}

// needAny returns missing_scope unless the token has one of the scopes.
func (c *call) needAny(scopes ...string) error {
	if slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.token.scopes, s) }) {
		return nil
	}
	return webapi.MissingScope(scopes, c.token.scopes)
}

// conversation returns the conversation of the argument channel if the app may
// see it. Other conversations do not exist for the app.
func (c *call) conversation() (*conversation, error) {
	conv := c.w.convs[c.Args["channel"]]
	if conv == nil || !conv.visible(c.app.BotUserID) {
		return nil, webapi.Err("channel_not_found")
	}
	return conv, nil
}

// readable is conversation for methods that need the scope KIND:what.
func (c *call) readable(what string) (*conversation, error) {
	conv, err := c.conversation()
	if err != nil {
		return nil, err
	}
	return conv, c.needAny(conv.kind() + ":" + what)
}

// member is readable for methods that only members may call.
func (c *call) member(what string) (*conversation, error) {
	conv, err := c.readable(what)
	if err == nil && !conv.has(c.app.BotUserID) {
		err = webapi.Err("not_in_channel")
	}
	return conv, err
}

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

	"users.info":          {run: usersInfo, scopes: []string{"users:read"}, quota: webapi.Tier4, formOnly: true},
	"users.conversations": {run: usersConversations, scopes: readScopes, quota: webapi.Tier3, formOnly: true},
	"bots.info":           {run: botsInfo, scopes: []string{"users:read"}, quota: webapi.Tier3, formOnly: true},
}

var (
	readScopes    = []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	historyScopes = []string{"channels:history", "groups:history", "im:history", "mpim:history"}
)
