package localslack_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// BenchmarkPostToEvent is the way of a person's message to an app and of the ack
// back, over loopback TCP.
func BenchmarkPostToEvent(b *testing.B) {
	w := localslack.New(localslack.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	cred := w.Install(localslack.App{Name: "Reader", Scopes: allScopes, Events: allEvents})
	user := w.AddUser("Ada")
	channel := w.AddChannel("general", false, user, cred.BotUserID)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{}}
	api := slack.New("", slack.OptionAppLevelToken(cred.AppToken), slack.OptionHTTPClient(client),
		slack.OptionAPIURL("http://"+l.Addr().String()+"/api/"))
	_, url, err := api.StartSocketModeContext(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		b.Fatal(err)
	}
	var e envelope
	if err := conn.ReadJSON(&e); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.Post(user, localslack.Post{Channel: channel, Text: "hello"}); err != nil {
			b.Fatal(err)
		}
		if err := conn.ReadJSON(&e); err != nil {
			b.Fatal(err)
		}
		if err := conn.WriteJSON(map[string]string{"envelope_id": e.EnvelopeID}); err != nil {
			b.Fatal(err)
		}
		if err := w.Wait(b.Context(), func() bool { return w.Pending(cred.AppID) == 0 }); err != nil {
			b.Fatal(err)
		}
	}
	conn.Close()
	client.CloseIdleConnections()
	stop()
	if err := <-served; err != nil {
		b.Error(err)
	}
}
