package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
)

// siteApp is the app of a site, connected. It notes what people do and acks it
// with what answer makes of it; events it only acks.
type siteApp struct {
	s      *site
	asked  chan map[string]any
	answer func(payload map[string]any) any // called by the one goroutine that acks
}

// connect starts the app. It ends with the test.
func (s *site) connect(answer func(payload map[string]any) any) *siteApp {
	s.t.Helper()
	_, url, err := slack.New(s.cred.AppToken, slack.OptionAPIURL(s.url+"/api/"), slack.OptionAppLevelToken(s.cred.AppToken)).StartSocketModeContext(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(s.t.Context(), url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &siteApp{s: s, asked: make(chan map[string]any, 100), answer: answer}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var e struct {
				Type, EnvelopeID string
				ID               string         `json:"envelope_id"`
				Payload          map[string]any `json:"payload"`
			}
			if conn.ReadJSON(&e) != nil {
				return
			}
			ack := map[string]any{"envelope_id": e.ID}
			if e.Type == "slash_commands" || e.Type == "interactive" {
				a.asked <- e.Payload
				if payload := a.answer(e.Payload); payload != nil {
					ack["payload"] = payload
				}
			}
			if e.ID != "" && conn.WriteJSON(ack) != nil {
				return
			}
		}
	}()
	s.t.Cleanup(func() { conn.Close(); <-done })
	ctx, stop := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer stop()
	if err := s.w.Wait(ctx, func() bool { return s.w.Connections() > 0 }); err != nil {
		s.t.Fatal(err)
	}
	return a
}

// next is the next thing that a person did with the app.
func (a *siteApp) next() map[string]any {
	a.s.t.Helper()
	select {
	case p := <-a.asked:
		return p
	case <-time.After(10 * time.Second):
		a.s.t.Fatal("the app heard nothing")
		return nil
	}
}

// open opens a view with the trigger of a payload.
func (a *siteApp) open(payload map[string]any, view string) {
	a.s.api.OpenViewContext(context.Background(), str(payload, "trigger_id"), mustView(view))
}

func mustView(view string) (v slack.ModalViewRequest) {
	if err := json.Unmarshal([]byte(view), &v); err != nil {
		panic(err)
	}
	return v
}

// respond posts to the response_url of a payload.
func (a *siteApp) respond(payload map[string]any, body string) {
	a.s.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Post(str(payload, "response_url"), "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		a.s.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		a.s.t.Fatalf("response_url: %d", resp.StatusCode)
	}
}

// reach follows a path of field names, into the first element of a list.
func reach(v any, path ...string) any {
	for _, name := range path {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// str is reach for a value that is printed: "" for none.
func str(v any, path ...string) string {
	if v = reach(v, path...); v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
