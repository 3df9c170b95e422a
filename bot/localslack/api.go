package localslack

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/mrkdwn"
)

// Error is Slack's error response {"ok":false,"error":Code}.
type Error struct {
	Code     string   // such as "channel_not_found"
	Messages []string // response_metadata.messages: the details, for people
	needed   string   // missing_scope: the scope
	provided []string
	wrong    []wrongPart // blocks.validate

	retryAfter time.Duration // ratelimited
}

func (e *Error) Error() string {
	return strings.Join(append([]string{"localslack: " + e.Code}, e.Messages...), ": ")
}

func apiErr(code string, messages ...string) *Error { return &Error{Code: code, Messages: messages} }

// method is a Web API method.
type method struct {
	run func(*call) (answer, error)
	// scopes: the token must have one of these. Scopes that depend on the
	// conversation are checked by run.
	scopes []string
	quota  quota
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
	args
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
	jsonType   = "application/json; charset=utf-8"
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
	a, tok, argErr := parseArgs(rw, r, m.formOnly)
	if argErr == nil {
		argErr = a.checkNames()
	}
	if argErr == nil && m.postOnly && r.Method != http.MethodPost {
		argErr = apiErr("insecure_request")
	}
	c.args, log.Args = a, maps.Clone(a)
	c.token, c.app = w.lookUp(tok)
	if c.token != nil {
		log.Token, log.App = string(c.token.kind), c.app.Name
	}

	fault, hit := w.takeFault(c.method)
	if hit {
		fault.wait(r.Context())
		c.fault, hit = fault, fault.fails()
	}
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
		e := asError(err)
		log.Status, log.Error = writeError(rw, e), e.Code
	default:
		ans["ok"] = true
		log.Status = http.StatusOK
		writeJSON(rw, http.StatusOK, ans)
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
	if m, ok := methods[name]; ok && m.quota != unlimited {
		a.bucket(name, m.quota).hold(time.Now(), d)
	}
}

// run checks the token and the rate limit, and carries the call out.
func (w *Workspace) run(c *call, header http.Header, tok string) (answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := methods[c.method]
	if !ok {
		return nil, apiErr("unknown_method")
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
	if err := c.app.checkRate(c.method, m.quota, time.Now()); err != nil {
		return nil, err
	}
	if err := c.need(m.required...); err != nil {
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
		return apiErr("not_authed")
	case c.token == nil:
		return apiErr("invalid_auth")
	case c.token.refused != "":
		return apiErr(c.token.refused)
	case c.token.kind != want:
		return apiErr("not_allowed_token_type")
	}
	return nil
}

// needAny returns missing_scope unless the token has one of the scopes.
func (c *call) needAny(scopes ...string) error {
	if slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.token.scopes, s) }) {
		return nil
	}
	return &Error{Code: "missing_scope", needed: strings.Join(scopes, ","), provided: c.token.scopes}
}

// readable returns the conversation of the argument channel if the app may see
// the conversation and has the scope KIND:what. Other conversations do not
// exist for the app.
func (c *call) readable(what string) (*conversation, error) {
	conv := c.w.convs[c.args["channel"]]
	if conv == nil || !conv.visible(c.app.BotUserID) {
		return nil, apiErr("channel_not_found")
	}
	return conv, c.needAny(conv.kind() + ":" + what)
}

// member is readable for methods that only members may call.
func (c *call) member(what string) (*conversation, error) {
	conv, err := c.readable(what)
	if err == nil && !conv.has(c.app.BotUserID) {
		err = apiErr("not_in_channel")
	}
	return conv, err
}

func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return apiErr("internal_error", err.Error())
}

// writeError writes Slack's response for e and returns the HTTP status.
func writeError(rw http.ResponseWriter, e *Error) int {
	body := answer{"ok": false, "error": e.Code}
	status := http.StatusOK
	switch {
	case e.retryAfter > 0:
		status = http.StatusTooManyRequests
		rw.Header().Set("Retry-After", strconv.Itoa(int(e.retryAfter/time.Second)))
	case e.needed != "":
		body["needed"], body["provided"] = e.needed, strings.Join(e.provided, ",")
	case e.Code == "request_too_large":
		status = http.StatusRequestEntityTooLarge
	}
	if len(e.wrong) > 0 {
		body["errors"] = e.wrong
	}
	if len(e.Messages) > 0 {
		body["response_metadata"] = map[string]any{"messages": e.Messages}
	}
	writeJSON(rw, status, body)
	return status
}

func writeJSON(rw http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(rw, "internal_error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", jsonType)
	rw.Header().Set("Content-Length", strconv.Itoa(len(data)))
	rw.WriteHeader(status)
	_, _ = rw.Write(data) // the caller has gone
}
