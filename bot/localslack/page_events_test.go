package localslack_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"slackocr/bot/localslack"
)

// event is one server-sent event; comments are left out.
type event struct{ kind, id, data string }

// events reads the page's stream over HTTP until it ends.
func (s *world) events(since string, headers ...string) <-chan event {
	s.t.Helper()
	r, _ := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://localhost/page/events?since="+since, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); kind != "text/event-stream" {
		s.t.Fatalf("Content-Type %q", kind)
	}
	out := make(chan event, 1000)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case lines.Text() == "" && e != event{}:
				out <- e
				e = event{}
			case name == "event":
				e.kind = value
			case name == "id":
				e.id = value
			case name == "data":
				e.data = value
			case name == "" && value == "still here":
				out <- event{kind: "beat"}
			}
		}
	}()
	return out
}

func (s *world) seq() string { return fmt.Sprint(s.w.Snapshot(s.user).Seq) }

func TestPageEventsFollowTheWorkspace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		since := s.seq()
		missed, _ := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "between snapshot and stream"})
		stream := s.events(since)
		var c localslack.Change
		if e := <-stream; json.Unmarshal([]byte(e.data), &c) != nil || c.TS != missed || e.id != fmt.Sprint(c.Seq) {
			t.Fatalf("first event %+v", e)
		}
		s.w.Edit(s.user, s.channel, missed, "a line\nand a \r\n\r\ndata: forged")
		if e := <-stream; json.Unmarshal([]byte(e.data), &c) != nil || c.Message == nil || c.Message.Edited == nil {
			t.Fatalf("second event %+v", e)
		}
		start := time.Now()
		if e := <-stream; e.kind != "beat" || time.Since(start) > 16*time.Second {
			t.Errorf("after %v: %+v", time.Since(start), e)
		}
		resumed := s.events("0", "Last-Event-ID", fmt.Sprint(c.Seq-1))
		if e := <-resumed; e.id != fmt.Sprint(c.Seq) {
			t.Errorf("resumed with %+v", e)
		}
		for _, since := range []string{"999999", "-1", "", "x"} {
			reset := s.events(since)
			if e := <-reset; e.kind != "reset" {
				t.Errorf("since %q: %+v", since, e)
			}
			if e, open := <-reset; open {
				t.Errorf("since %q goes on with %+v", since, e)
			}
		}
	})
}

// A reader that takes nothing must neither hold up the workspace nor miss
// changes unknowingly: it hears "reset".
func TestPageEventsResetASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		conn, err := s.dialer.NetDialContext(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /page/events?since=%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", s.seq())
		head := bufio.NewReader(conn)
		for line := ""; line != ": connected\n"; {
			if line, err = head.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 400 {
			if _, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: fmt.Sprint("message ", i)}); err != nil {
				t.Fatal(err)
			}
		}
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		rest, err := io.ReadAll(head)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Fatal("the stream went on after changes were lost")
		}
		if !bytes.Contains(rest, []byte("event: reset")) || bytes.Contains(rest, []byte("message 399")) {
			t.Error("the reader was not told that changes were lost")
		}
	})
}

func TestPageButtonsAndCommandsReachTheApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		sm := s.listen()
		if err := s.w.Wait(t.Context(), func() bool { return s.w.Connections() == 1 }); err != nil {
			t.Fatal(err)
		}
		button := slack.NewActionBlock("b", slack.NewButtonBlockElement("stop", "job 1", slack.NewTextBlockObject("plain_text", "Stop", false, false)))
		_, ts, err := s.api.PostMessageContext(t.Context(), s.channel, slack.MsgOptionText("Reading…", false), slack.MsgOptionBlocks(button))
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 2)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		defer func() { stop(); <-done }()
		go func() {
			defer close(done)
			drainEvents(ctx, sm, got)
		}()
		press := func(ts string) *httptest.ResponseRecorder {
			body, _ := json.Marshal(map[string]string{"channel": s.channel, "ts": ts, "action_id": "stop", "block_id": "b", "value": "job 1"})
			return s.serve(httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/do/press", bytes.NewReader(body)))
		}
		if a := answerOf(t, press(ts)); !a.OK || <-got != "stop job 1" {
			t.Errorf("press: %+v", a)
		}
		if a := answerOf(t, press("1.000001")); a.OK || !strings.Contains(a.Error, "nothing any more") {
			t.Errorf("press on nothing: %+v", a)
		}
		if a := answerOf(t, s.serve(form("channel", s.channel, "text", "/ocr last  one "))); !a.OK || a.TS != "" || <-got != "/ocr last  one" {
			t.Errorf("command: %+v", a)
		}
		broken := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/do/press", strings.NewReader("{"))
		if rec := s.serve(broken); rec.Code != 400 {
			t.Errorf("broken JSON: %d", rec.Code)
		}
	})
}

// drainEvents acks everything and says what was pressed or commanded.
func drainEvents(ctx context.Context, sm *socketmode.Client, got chan<- string) {
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-sm.Events:
			switch data := ev.Data.(type) {
			case slack.InteractionCallback:
				got <- data.ActionCallback.BlockActions[0].ActionID + " " + data.ActionCallback.BlockActions[0].Value
			case slack.SlashCommand:
				got <- data.Command + " " + data.Text
			}
			if ev.Request != nil && slices.Contains([]string{"events_api", "interactive", "slash_commands"}, ev.Request.Type) {
				sm.AckCtx(ctx, ev.Request.EnvelopeID, nil)
			}
		}
	}
}
