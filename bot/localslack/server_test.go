package localslack_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/localslack"
)

func TestHostAndOrigin(t *testing.T) {
	w := localslack.New(localslack.Options{URL: "https://slack.test:8443"})
	h := w.Handler()
	for _, tc := range []struct {
		method, host, origin string
		status               int
	}{
		{"GET", "localhost", "", 200},
		{"GET", "127.0.0.1:8080", "", 200},
		{"GET", "[::1]:8080", "", 200},
		{"GET", "slack.test:8443", "", 200},
		{"GET", "slack.test", "", 421},
		{"GET", "evil.example", "", 421},
		{"GET", "localhost.evil.example", "", 421},
		{"GET", "10.0.0.1", "", 421},
		{"GET", "", "", 421},
		{"POST", "localhost", "", 200},
		{"POST", "localhost:8080", "http://localhost:8080", 200},
		{"POST", "localhost:8080", "http://localhost:9090", 403},
		{"POST", "localhost", "http://evil.example", 403},
		{"POST", "localhost", "null", 403},
		{"DELETE", "localhost", "http://evil.example", 403},
	} {
		r := httptest.NewRequest(tc.method, "/api/api.test", nil)
		r.Host = tc.host
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != tc.status {
			t.Errorf("%+v: status %d", tc, rec.Code)
		}
	}
}

type anywhere struct{ *localslack.Pipe }

func (anywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 80} }

func TestServeRefusesOtherAddresses(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel() // so that a server that does serve ends
	err := localslack.New(localslack.Options{}).Serve(ended, anywhere{localslack.NewPipe()})
	if err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("served on all addresses: %v", err)
	}
}

// Over real TCP: the addresses in answers lead back to the server, and Serve
// ends all that it started; goleak says whether it did.
func TestServeOnLoopback(t *testing.T) {
	w := localslack.New(localslack.Options{})
	cred := w.Install(localslack.App{Name: "Reader", Scopes: allScopes, Events: allEvents})
	user := w.AddUser("Ada")
	dm := w.AddDM(user, cred.BotUserID)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- w.Serve(ctx, l) }()

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	api := slack.New(cred.BotToken, slack.OptionAppLevelToken(cred.AppToken), slack.OptionHTTPClient(client),
		slack.OptionAPIURL("http://"+l.Addr().String()+"/api/"))
	sm := socketmode.New(api)
	run, stopClient := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); _ = sm.RunContext(run) }()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for {
			select {
			case <-sm.Events:
			case <-run.Done():
				return
			}
		}
	}()
	if err := w.Wait(t.Context(), func() bool { return w.Connections() == 1 }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Post(user, localslack.Post{Channel: dm, Files: []localslack.Upload{{Name: "a.png", Data: []byte("x")}}}); err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get("http://" + l.Addr().String() + "/page/events?since=0")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if id := w.Messages(dm)[0].Files[0].ID; id != "" {
		f, _, _, err := api.GetFileInfoContext(t.Context(), id, 0, 0)
		if err != nil || !strings.HasPrefix(f.URLPrivateDownload, "http://"+l.Addr().String()+"/files-pri/") {
			t.Errorf("file: %+v %v", f, err)
		}
	}
	stop() // with a socket and an event stream open
	if err := <-served; err != nil {
		t.Error(err)
	}
	if n := w.Connections(); n != 0 {
		t.Errorf("%d connections left", n)
	}
	stopClient()
	<-ran
	<-drained
}

// Serve does not return while a socket is still saying goodbye to a client that
// does not listen.
func TestServeWaitsForSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := localslack.New(localslack.Options{})
		cred := w.Install(localslack.App{Name: "Reader"})
		l := localslack.NewPipe()
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- w.Serve(ctx, l) }()
		client := &http.Client{Transport: &http.Transport{DialContext: l.Dial}}
		api := slack.New("", slack.OptionAppLevelToken(cred.AppToken), slack.OptionHTTPClient(client), slack.OptionAPIURL("http://localhost/api/"))
		_, u, err := api.StartSocketModeContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		dialer := websocket.Dialer{NetDialContext: l.Dial}
		conn, _, err := dialer.DialContext(t.Context(), u, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, _, err := conn.ReadMessage(); err != nil { // the greeting; then it reads no more
			t.Fatal(err)
		}
		client.CloseIdleConnections()
		stop()
		if err := <-served; err != nil || w.Connections() != 0 {
			t.Errorf("Serve: %v, with %d connections up", err, w.Connections())
		}
	})
}
