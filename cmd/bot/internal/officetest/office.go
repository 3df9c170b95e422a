// Package officetest helps tests of the program with a workspace, a scripted model
// and a decoder.
package officetest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/bot/words"
	"slackocr/bot/words/wordstest"
	"slackocr/ocr/page/pagetest"
)

// Office is a workspace and a scripted model on loopback, for a real process.
type Office struct {
	Workspace    *localslack.Workspace
	Ann, Channel string // a person, and a channel that the person and the bot are in
	App          localslack.Credentials
	Environ      []string // settings of a bot
}

// Open opens an office until the test ends.
func Open(t testing.TB, model http.HandlerFunc) *Office {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	o := &Office{Workspace: localslack.New(localslack.Options{
		URL: address,
		// Often enough for an app that is killed all the time.
		Redelivery: []time.Duration{0, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute},
	})}
	o.App = o.Workspace.Install(o.Manifest(t))
	o.Ann = o.Workspace.AddUser("ann")
	o.Channel = o.Workspace.AddChannel("general", false, o.Ann, o.App.BotUserID)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = o.Workspace.Serve(ctx, l) })
	endpoint := httptest.NewServer(model)
	t.Cleanup(func() {
		stop()
		endpoint.CloseClientConnections()
		endpoint.Close()
		serving.Wait()
	})
	o.Environ = []string{
		"SLACK_BOT_TOKEN=" + o.App.BotToken, "SLACK_APP_TOKEN=" + o.App.AppToken, "SLACK_API_URL=" + address + "/api/",
		"OCR_BASE_URL=" + endpoint.URL + "/v1",
	}
	return o
}

// Wait waits for a state of the workspace, for three minutes at most.
func (o *Office) Wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := o.Workspace.Wait(ctx, cond); err != nil {
		t.Fatalf("never: %s", what)
	}
}

// Post posts files as ann and returns the message's timestamp.
func (o *Office) Post(t testing.TB, channel string, files ...localslack.Upload) (ts string) {
	t.Helper()
	ts, err := o.Workspace.Post(o.Ann, localslack.Post{Channel: channel, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// TinyPicture is a picture of two pixels.
func TinyPicture(name string) localslack.Upload {
	return localslack.Upload{Name: name, Data: pagetest.PNG("x", pagetest.Layout{Width: 2, Height: 1})}
}

// PagePicture is the picture of a page.
func PagePicture(name string) localslack.Upload {
	return localslack.Upload{Name: name, Data: pagetest.PNG("x", pagetest.Layout{})}
}

// Thread returns the texts of the answers to a message of ann.
func (o *Office) Thread(ts string) (texts []string) {
	for _, m := range o.Workspace.Thread(o.Channel, ts)[1:] {
		texts = append(texts, m.Text)
	}
	return texts
}

// Asked is a message of ann.
type Asked struct{ Channel, TS string }

// Said returns the number of answers to some messages that begin with prefix.
func (o *Office) Said(prefix string, asks ...Asked) (n int) {
	for _, a := range asks {
		for _, m := range o.Workspace.Thread(a.Channel, a.TS)[1:] {
			if strings.HasPrefix(m.Text, prefix) {
				n++
			}
		}
	}
	return n
}

// Growing returns the beginning of a reply with n words so far.
func Growing(name string, n int) string {
	return wordstest.Shared(words.ReadingOn(name, words.Progress{Words: n, Since: time.Second}),
		words.ReadingOn(name, words.Progress{Words: n, Since: 2 * time.Minute}))
}

// Manifest returns the app of the bot.
func (o *Office) Manifest(t testing.TB) localslack.App {
	t.Helper()
	app, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// Use makes the office's settings those of another app.
func (o *Office) Use(app localslack.Credentials) {
	o.App = app
	o.Set("SLACK_BOT_TOKEN", app.BotToken)
	o.Set("SLACK_APP_TOKEN", app.AppToken)
}

// Set sets a setting.
func (o *Office) Set(variable, value string) {
	o.Environ = slices.DeleteFunc(slices.Clone(o.Environ), func(line string) bool { return strings.HasPrefix(line, variable+"=") })
	o.Environ = append(o.Environ, variable+"="+value)
}

// Finding returns the line of bot check about one thing, or "" if there is not
// exactly one.
func Finding(out, check string) string {
	found := ""
	for l := range strings.Lines(out) {
		if rest := strings.TrimLeft(l, "✓✗ "); strings.HasPrefix(rest, check+": ") {
			if found != "" {
				return ""
			}
			found = strings.TrimSpace(l)
		}
	}
	return found
}

// ExpectFinding checks that the line of bot check about one thing has a mark and
// some words.
func ExpectFinding(t testing.TB, out, check, mark string, words ...string) {
	t.Helper()
	l := Finding(out, check)
	if !strings.HasPrefix(l, mark+" ") {
		t.Errorf("%s: want %s, got %q in\n%s", check, mark, l, out)
	}
	for _, w := range words {
		if !strings.Contains(l, w) {
			t.Errorf("%s: %q does not say %q", check, l, w)
		}
	}
}

// TellsNoSecret checks that no token and no key of the settings is in a text.
func TellsNoSecret(t testing.TB, environ []string, out string) {
	t.Helper()
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		secret := strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "_KEY")
		if secret && strings.Contains(out, value) {
			t.Errorf("%s is printed:\n%s", name, out)
		}
	}
}
