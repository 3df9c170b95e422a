package post

import (
	"context"
	"log/slog"
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
	"slackocr/bot/share"
	"slackocr/bot/sleep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a workspace and a pacer that writes to it, in fake time.
type fixture struct {
	*testing.T
	ws      *localslack.Workspace
	api     *slack.Client
	pacer   *Pacer
	channel string
	parent  string
	dial    func(ctx context.Context, network, address string) (net.Conn, error) // to the workspace
}

func inFakeTime(t *testing.T, test func(d *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &fixture{T: t, ws: localslack.New(localslack.Options{}), pacer: newPacer()}
		app := d.ws.Install(localslack.App{Name: "x", Scopes: []string{"chat:write", "files:write", "files:read", "channels:history", "channels:read"}})
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
		_ = sleep.For(ctx, 2*time.Minute) // the pacer begins with less than all
		test(d)
	})
}

func (d *fixture) client() *Client { return NewClient(d.api, d.pacer, nil) }

func (d *fixture) thread() *Thread { return d.client().Thread(nil, d.channel, d.parent) }

func (d *fixture) open(name string) *writer {
	d.Helper()
	w, err := openWriter(d.Context(), d.thread(), name, d.parent, "Reading "+name)
	if err != nil {
		d.Fatal(err)
	}
	return w
}

// writer is a reply of one file: a text that grows, and a line under it.
type writer struct {
	*Reply
	mu   sync.Mutex // guards what follows
	text []byte
	line func(text string) string
}

func openWriter(ctx context.Context, t *Thread, key, after, line string) (_ *writer, err error) {
	w := &writer{line: func(string) string { return line }}
	w.Reply, err = Open(ctx, t, Opening{Key: key, After: after, View: w.view, Log: slog.New(slog.DiscardHandler)}, &PostState{}, unsaved)
	return w, err
}

func (w *writer) view() View {
	w.mu.Lock()
	defer w.mu.Unlock()
	return shows(string(w.text), w.line(string(w.text)))
}

// Write changes the text: keep bytes of it stand, and add follows.
func (w *writer) Write(keep int, add string) {
	w.mu.Lock()
	w.text = append(w.text[:min(max(keep, 0), len(w.text))], add...)
	w.mu.Unlock()
	w.Changed(TextChange)
}

// SetStatus sets what the line says.
func (w *writer) SetStatus(line func(text string) string) { w.say(line, StatusChange) }

// SetQueued sets a line that only tells a place in a queue.
func (w *writer) SetQueued(line string) { w.say(func(string) string { return line }, QueueChange) }

func (w *writer) say(line func(text string) string, about Change) {
	w.mu.Lock()
	w.line = line
	w.mu.Unlock()
	w.Changed(about)
}

// CloseLazily ends the live edits and makes the last one in its turn.
func (w *writer) CloseLazily(ctx context.Context, v View) error {
	w.Detach()
	return w.thread.Edit(ctx, w.ts, v)
}

// says is a view of nothing but a line.
func says(line string) View { return View{Lines: []Line{{Caption: Plain(line)}}} }

// shows is a view of a text and a line.
func shows(text, line string) View {
	v := says(line)
	v.Texts = []Text{{Markdown: text}}
	return v
}

// result is a message with one part of a text.
func result(markdown, notification string) Message {
	return Result{Markdown: markdown, Notification: notification}.Message()
}

// newPacer returns the pacer of the only replica.
func newPacer() *Pacer { return NewPacer(share.New(nil, slog.New(slog.DiscardHandler)), nil) }

// unsaved keeps nothing.
func unsaved(context.Context) error { return nil }

// calls are the answered calls of a method.
func (d *fixture) calls(method string) []localslack.Call {
	synctest.Wait() // a call is noted after it was answered
	return slices.DeleteFunc(d.ws.Calls(), func(c localslack.Call) bool { return c.Method != method })
}

func (d *fixture) noRateLimit() {
	d.Helper()
	for _, c := range d.ws.Calls() {
		if c.Error == "ratelimited" {
			d.Errorf("%s was answered 429 at %s", c.Method, c.Time)
		}
	}
}
