package localslack_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	"slackocr/bot/localslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var allScopes = []string{
	"commands", "chat:write", "files:read", "files:write", "app_mentions:read",
	"channels:history", "groups:history", "im:history", "mpim:history",
	"channels:read", "groups:read", "im:read", "mpim:read", "im:write", "mpim:write",
	"reactions:read", "reactions:write", "users:read", "channels:join",
}

var allEvents = []string{
	"app_mention", "message.channels", "message.groups", "message.im", "message.mpim",
	"reaction_added", "reaction_removed", "file_deleted", "file_shared", "member_joined_channel",
	"channel_archive", "group_archive",
}

// pipes is a listener whose connections are net.Pipes, so that a server and its
// clients live in one synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return mine, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

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
	s.cred = s.w.Install(localslack.App{Name: "Reader", Scopes: scopes, Events: events})
	s.user = s.w.AddUser("Ada Lovelace")
	s.channel = s.w.AddChannel("general", false, s.user, s.cred.BotUserID)

	l := newPipes()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.w.Serve(ctx, l) }()
	tr := &http.Transport{DialContext: l.dial}
	s.http = &http.Client{Transport: tr, Timeout: 10 * time.Minute}
	s.dialer = &websocket.Dialer{NetDialContext: l.dial, HandshakeTimeout: 10 * time.Second}
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
