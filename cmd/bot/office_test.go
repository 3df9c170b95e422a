package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
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

// office is a workspace and a scripted model on loopback, for a real process.
type office struct {
	ws           *localslack.Workspace
	ann, channel string
	app          localslack.Credentials
	environ      []string
}

func openOffice(t testing.TB, model http.HandlerFunc) *office {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	o := &office{ws: localslack.New(localslack.Options{
		URL:        address, // Often enough for an app that is killed all the time.
		Redelivery: []time.Duration{0, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute},
	})}
	manifest, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	o.app = o.ws.Install(manifest)
	o.ann = o.ws.AddUser("ann")
	o.channel = o.ws.AddChannel("general", false, o.ann, o.app.BotUserID)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = o.ws.Serve(ctx, l) })
	endpoint := httptest.NewServer(model)
	t.Cleanup(func() {
		stop()
		endpoint.CloseClientConnections()
		endpoint.Close()
		serving.Wait()
	})
	o.environ = []string{
		"SLACK_BOT_TOKEN=" + o.app.BotToken, "SLACK_APP_TOKEN=" + o.app.AppToken, "SLACK_API_URL=" + address + "/api/",
		"OCR_BASE_URL=" + endpoint.URL + "/v1",
	}
	return o
}

// wait waits for a state of the workspace, for half a minute at most.
func (o *office) wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := o.ws.Wait(ctx, cond); err != nil {
		t.Fatalf("never: %s", what)
	}
}

// post posts files as ann and returns the message's timestamp.
func (o *office) post(t testing.TB, channel string, files ...localslack.Upload) (ts string) {
	t.Helper()
	ts, err := o.ws.Post(o.ann, localslack.Post{Channel: channel, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// tinyPicture is a picture of two pixels.
func tinyPicture(name string) localslack.Upload {
	return localslack.Upload{Name: name, Data: pagetest.PNG("x", pagetest.Layout{Width: 2, Height: 1})}
}

// pagePicture is the picture of a page.
func pagePicture(name string) localslack.Upload {
	return localslack.Upload{Name: name, Data: pagetest.PNG("x", pagetest.Layout{})}
}

// thread are the texts of the answers to a message of ann.
func (o *office) thread(ts string) (texts []string) {
	for _, m := range o.ws.Thread(o.channel, ts)[1:] {
		texts = append(texts, m.Text)
	}
	return texts
}

// askedAt is a message of ann.
type askedAt struct{ channel, ts string }

// said counts the answers to some messages whose text begins so.
func (o *office) said(prefix string, asks ...askedAt) (n int) {
	for _, a := range asks {
		for _, m := range o.ws.Thread(a.channel, a.ts)[1:] {
			if strings.HasPrefix(m.Text, prefix) {
				n++
			}
		}
	}
	return n
}

// growing returns the beginning of a reply with n words so far.
func growing(name string, n int) string {
	return wordstest.Shared(words.ReadingOn(name, words.Progress{Words: n, Since: time.Second}),
		words.ReadingOn(name, words.Progress{Words: n, Since: 2 * time.Minute}))
}
