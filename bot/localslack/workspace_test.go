package localslack_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	"slackocr/bot/localslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a served workspace with an app, a person and a channel that both are in.
type world struct {
	t       *testing.T
	w       *localslack.Workspace
	cred    localslack.Credentials
	user    string
	channel string
	http    *http.Client
	dialer  *websocket.Dialer
	api     *slack.Client
}

func newWorld(t *testing.T) *world { return newWorldWith(t, allScopes, allEvents) }

func newWorldWith(t *testing.T, scopes, events []string) *world {
	t.Helper()
	s := &world{t: t, w: localslack.New(localslack.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})}
	s.cred = s.w.Install(reader(scopes, events))
	s.user = s.w.AddUser("Ada Lovelace")
	s.channel = s.w.AddChannel("general", false, s.user, s.cred.BotUserID)

	l := localslack.NewPipe()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.w.Serve(ctx, l) }()
	tr := &http.Transport{DialContext: l.Dial, DialTLSContext: l.Dial} // https comes here too
	s.http = &http.Client{Transport: tr, Timeout: 10 * time.Minute}
	s.dialer = &websocket.Dialer{NetDialContext: l.Dial, HandshakeTimeout: 10 * time.Second}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	s.api = s.client(s.cred)
	return s
}

func (s *world) client(c localslack.Credentials) *slack.Client {
	return slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken),
		slack.OptionHTTPClient(s.http), slack.OptionAPIURL("http://localhost/api/"))
}

// listen runs a Socket Mode client until the test ends. Its events must be read.
func (s *world) listen() *socketmode.Client {
	s.t.Helper()
	sm := socketmode.New(s.api, socketmode.OptionDialer(s.dialer))
	ctx, stop := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = sm.RunContext(ctx)
	}()
	s.t.Cleanup(func() { stop(); <-done })
	return sm
}

// reply is a raw answer of the Web API.
type reply struct {
	status int
	header http.Header
	body   map[string]any
}

func (r reply) code() string {
	code, _ := r.body["error"].(string)
	return code
}

// call calls a method with a form; kv are names and values. tok "" sends none.
func (s *world) call(method, tok string, kv ...string) reply {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	return s.send(method, tok, "application/x-www-form-urlencoded", form.Encode())
}

func (s *world) bot(method string, kv ...string) reply {
	s.t.Helper()
	return s.call(method, s.cred.BotToken, kv...)
}

func (s *world) send(method, tok, contentType, body string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://localhost/api/"+method, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if tok != "" {
		req.Header.Set("Authorization", "Bearer "+tok)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, header: resp.Header}
	if err := json.NewDecoder(resp.Body).Decode(&r.body); err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
	return r
}

// ok is call for calls that must succeed.
func (s *world) ok(method string, kv ...string) reply {
	s.t.Helper()
	r := s.bot(method, kv...)
	if r.body["ok"] != true {
		s.t.Fatalf("%s%q: %v", method, kv, r.body)
	}
	return r
}

// post is a message of the person.
func (s *world) post(p localslack.Post) string {
	s.t.Helper()
	if p.Channel == "" {
		p.Channel = s.channel
	}
	ts, err := s.w.Post(s.user, p)
	if err != nil {
		s.t.Fatal(err)
	}
	return ts
}

func (s *world) wait(cond func() bool) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), time.Hour)
	defer stop()
	if err := s.w.Wait(ctx, cond); err != nil {
		s.t.Fatal(err)
	}
}

// rawSocket is a Socket Mode connection without a client library.
type rawSocket struct {
	t    *testing.T
	conn *websocket.Conn
	in   chan envelope // closed when the connection ends
}

type envelope struct {
	Type           string `json:"type"`
	Reason         string `json:"reason"`
	EnvelopeID     string `json:"envelope_id"`
	NumConnections int    `json:"num_connections"`
	RetryAttempt   int    `json:"retry_attempt"`
	RetryReason    string `json:"retry_reason"`
	ConnectionInfo struct {
		AppID string `json:"app_id"`
	} `json:"connection_info"`
	Payload struct {
		Event       map[string]any `json:"event"`
		EventID     string         `json:"event_id"`
		Type        string         `json:"type"`
		Command     string         `json:"command"`
		Text        string         `json:"text"`
		TriggerID   string         `json:"trigger_id"`
		ResponseURL string         `json:"response_url"`
		CallbackID  string         `json:"callback_id"`
		Actions     []map[string]any
		View        map[string]any `json:"view"`
	} `json:"payload"`
}

func (s *world) socketURL() string {
	s.t.Helper()
	r := s.send("apps.connections.open", s.cred.AppToken, "application/json", "")
	u, ok := r.body["url"].(string)
	if !ok {
		s.t.Fatalf("apps.connections.open: %v", r.body)
	}
	return u
}

// dialSocket connects and takes the greeting.
func (s *world) dialSocket() *rawSocket {
	s.t.Helper()
	c := s.dialSilent()
	if hello := c.next(); hello.Type != "hello" || hello.ConnectionInfo.AppID != s.cred.AppID {
		s.t.Fatalf("greeting: %+v", hello)
	}
	return c
}

func (s *world) dialSilent(prepare ...func(*websocket.Conn)) *rawSocket {
	s.t.Helper()
	conn, resp, err := s.dialer.DialContext(s.t.Context(), s.socketURL(), nil)
	if err != nil {
		s.t.Fatalf("dial: %v %v", err, resp)
	}
	for _, p := range prepare {
		p(conn)
	}
	c := &rawSocket{t: s.t, conn: conn, in: make(chan envelope, 2000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(c.in)
		for {
			var e envelope
			if conn.ReadJSON(&e) != nil {
				return
			}
			c.in <- e
		}
	}()
	s.t.Cleanup(func() { conn.Close(); <-done })
	return c
}

// next is the next envelope, which must come within an hour of fake time.
func (c *rawSocket) next() envelope {
	c.t.Helper()
	select {
	case e, ok := <-c.in:
		if !ok {
			c.t.Fatal("the connection ended")
		}
		return e
	case <-time.After(time.Hour):
		c.t.Fatal("nothing came")
	}
	return envelope{}
}

// event is the next event, acked.
func (c *rawSocket) event() map[string]any {
	c.t.Helper()
	e := c.next()
	c.ack(e, nil)
	return e.Payload.Event
}

func (c *rawSocket) ack(e envelope, payload any) {
	c.t.Helper()
	out := map[string]any{"envelope_id": e.EnvelopeID}
	if payload != nil {
		out["payload"] = payload
	}
	if err := c.conn.WriteJSON(out); err != nil {
		c.t.Fatal(err)
	}
}

// none fails if anything comes for so long.
func (c *rawSocket) none(d time.Duration) {
	c.t.Helper()
	select {
	case e, ok := <-c.in:
		c.t.Fatalf("unexpected: %+v (open %v)", e, ok)
	case <-time.After(d):
	}
}

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
