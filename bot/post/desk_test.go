package post

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"slackocr/bot/localslack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a workspace and a pacer that writes to it, in fake time.
type desk struct {
	*testing.T
	ws      *localslack.Workspace
	api     *slack.Client
	pacer   *Pacer
	channel string
	parent  string
	dial    func(ctx context.Context, network, address string) (net.Conn, error) // to the workspace
}

func inFakeTime(t *testing.T, test func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{T: t, ws: localslack.New(localslack.Options{}), pacer: NewPacer(alone)}
		app := d.ws.Install(localslack.App{Name: "x", Scopes: []string{"chat:write", "files:write", "files:read", "channels:history"}})
		ann := d.ws.AddUser("ann")
		d.channel = d.ws.AddChannel("general", false, ann, app.BotUserID)
		var err error
		if d.parent, err = d.ws.Post(ann, localslack.Post{Channel: d.channel, Text: "hello"}); err != nil {
			t.Fatal(err)
		}
		pipe := localslack.NewPipe()
		d.dial = pipe.Dial
		transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return d.dial(ctx, network, address)
		}}
		d.api = slack.New(app.BotToken, slack.OptionAPIURL("http://localhost/api/"), slack.OptionHTTPClient(&http.Client{Transport: transport}))
		ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		var server sync.WaitGroup
		server.Go(func() { _ = d.ws.Serve(ctx, pipe) })
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			stop()
			server.Wait()
		})
		_ = sleep(ctx, 2*time.Minute) // the pacer begins with less than all
		test(d)
	})
}

func (d *desk) thread() *Thread { return NewThread(d.api, d.pacer, nil, d.channel, d.parent) }

func (d *desk) open(name string) *Reply {
	d.Helper()
	line := func() string { return "Reading " + name }
	r, err := Open(d.Context(), d.thread(), Opening{Key: name, After: d.parent, Line: line, First: true}, &Once{}, unsaved)
	if err != nil {
		d.Fatal(err)
	}
	return r
}

func alone() int { return 1 }

// unsaved keeps nothing.
func unsaved(context.Context) error { return nil }

// calls are the answered calls of a method.
func (d *desk) calls(method string) []localslack.Call {
	synctest.Wait() // a call is noted after it was answered
	return slices.DeleteFunc(d.ws.Calls(), func(c localslack.Call) bool { return c.Method != method })
}

func (d *desk) noRateLimit() {
	d.Helper()
	for _, c := range d.ws.Calls() {
		if c.Error == "ratelimited" {
			d.Errorf("%s was answered 429 at %s", c.Method, c.Time)
		}
	}
}
