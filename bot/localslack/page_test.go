package localslack_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
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

// get asks the workspace's handler directly, as a page on loopback would.
func (s *world) get(path string, headers ...string) *httptest.ResponseRecorder {
	return s.serve(httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil), headers...)
}

func (s *world) serve(r *http.Request, headers ...string) *httptest.ResponseRecorder {
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.w.Handler().ServeHTTP(rec, r)
	return rec
}

// form makes the request that the page's composer sends. A field "files" is name=content.
func form(fields ...string) *http.Request {
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if fields[i] != "files" {
			mw.WriteField(fields[i], fields[i+1])
			continue
		}
		name, content, _ := strings.Cut(fields[i+1], "=")
		part, _ := mw.CreateFormFile("files", name)
		io.WriteString(part, content)
	}
	mw.Close()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/messages", &body)
	r.Header.Set("Content-Type", mw.FormDataContentType())
	return r
}

// The eleventh file is refused before its content is taken in.
func TestPageStopsReadingAtTheEleventhFile(t *testing.T) {
	s := newWorld(t)
	fields := []string{"channel", s.channel}
	for i := range 11 {
		fields = append(fields, "files", fmt.Sprintf("%d.png=%s", i, strings.Repeat("x", i/10<<20)))
	}
	r := form(fields...)
	rec := s.serve(r)
	rest, _ := io.ReadAll(r.Body)
	if a := answerOf(t, rec); a.OK || !strings.Contains(a.Error, "ten files") || len(rest) < 900<<10 {
		t.Errorf("%+v with %d bytes unread", a, len(rest))
	}
}

type pageAnswer struct {
	OK        bool
	TS, Error string
}

func answerOf(t *testing.T, rec *httptest.ResponseRecorder) (a pageAnswer) {
	t.Helper()
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatalf("%d %q: %v", rec.Code, rec.Body, err)
	}
	return a
}

func TestPageIsLockedDown(t *testing.T) {
	s := newWorld(t)
	kinds := map[string]string{
		"/": "text/html; charset=utf-8", "/page/app.js": "text/javascript; charset=utf-8",
		"/page/style.css": "text/css; charset=utf-8", "/page/icon.svg": "image/svg+xml",
	}
	for path, kind := range kinds {
		rec := s.get(path)
		h := rec.Header()
		if rec.Code != 200 || h.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", path, rec.Code, h.Get("Content-Type"))
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: no %s in %q", path, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, h)
		}
		if again := s.get(path, "If-None-Match", h.Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s with its ETag: %d", path, again.Code)
		}
	}
	for _, path := range []string{"/page/none.js", "/page/index.html", "/page/../page.go", "/nothing"} {
		if rec := s.get(path); rec.Code == 200 {
			t.Errorf("%s is served", path)
		}
	}
}

func TestPageRefusesStrangers(t *testing.T) {
	s := newWorld(t)
	requests := map[string]func() *http.Request{
		"a message": func() *http.Request { return form("channel", s.channel, "text", "forged") },
		"a press": func() *http.Request {
			return httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/actions", strings.NewReader("{}"))
		},
	}
	for name, request := range requests {
		for _, headers := range [][]string{
			{"Origin", "http://elsewhere.example"},
			{"Origin", "null"},
			{"Sec-Fetch-Site", "cross-site"},
		} {
			if rec := s.serve(request(), headers...); rec.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d", name, headers, rec.Code)
			}
		}
	}
	for _, path := range []string{"/", "/page/state", "/page/events?since=0"} {
		if rec := s.get(path, "Host", "elsewhere.example"); rec.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s by another name: %d", path, rec.Code)
		}
	}
	if n := len(s.w.Messages(s.channel)); n != 0 {
		t.Errorf("%d forged messages were posted", n)
	}
}

func TestPageStateIsWhatThePersonMaySee(t *testing.T) {
	s := newWorld(t)
	other := s.w.AddUser("Eve")
	secret := s.w.AddChannel("secret", true, other)
	s.w.Post(other, localslack.Post{Channel: secret, Text: "not for Ada", Files: []localslack.Upload{{Name: "s.png", Data: []byte("\x89PNG\r\n\x1a\n")}}})
	s.w.Post(other, localslack.Post{Channel: s.w.AddChannel("open", false, other), Text: "for all"})
	rec := s.get("/page/state")
	var state localslack.State
	if err := json.Unmarshal(rec.Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	if state.Me != s.user || state.Seq == 0 || strings.Contains(rec.Body.String(), "not for Ada") || !strings.Contains(rec.Body.String(), "for all") {
		t.Errorf("state = %s", rec.Body)
	}
	file := s.w.Messages(secret)[0].Files[0]
	if rec := s.get("/page/files/" + file.ID + "/s.png"); rec.Code != http.StatusNotFound {
		t.Errorf("a file of a channel the person is not in: %d", rec.Code)
	}
}

func TestPagePostsMessages(t *testing.T) {
	s := newWorld(t)
	a := answerOf(t, s.serve(form("channel", s.channel, "text", "two <b>pages</b>", "files", "a.png=one", "files", "b.pdf=two")))
	m := s.w.Messages(s.channel)[0]
	if !a.OK || a.TS != m.TS || m.User != s.user || m.Text != "two &lt;b&gt;pages&lt;/b&gt;" || len(m.Files) != 2 || m.Files[1].Name != "b.pdf" {
		t.Fatalf("answer %+v, message %+v", a, m)
	}
	if data, _ := s.w.FileContent(m.Files[1].ID); string(data) != "two" {
		t.Errorf("content = %q", data)
	}
	answerOf(t, s.serve(form("channel", s.channel, "thread_ts", m.TS, "text", "a reply")))
	if thread := s.w.Thread(s.channel, m.TS); len(thread) != 2 || thread[1].Text != "a reply" {
		t.Errorf("thread = %+v", thread)
	}
}

func TestPageRefusesMessagesWithASentence(t *testing.T) {
	s := newWorld(t)
	eleven := []string{"channel", s.channel}
	for i := range 11 {
		eleven = append(eleven, "files", fmt.Sprintf("%d.png=x", i))
	}
	plain := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/messages", strings.NewReader("channel=C"))
	huge := form("channel", s.channel)
	huge.ContentLength = 1 << 40
	cut := form("channel", s.channel, "text", "cut off")
	cut.Body = io.NopCloser(io.LimitReader(cut.Body, 150))
	for name, c := range map[string]struct {
		r      *http.Request
		status int
		words  string
	}{
		"eleven files":  {form(eleven...), 400, "ten files"},
		"nothing":       {form("channel", s.channel, "text", " \n"), 400, "Write something"},
		"no channel":    {form("channel", "C0", "text", "x"), 400, "does not exist"},
		"no thread":     {form("channel", s.channel, "thread_ts", "1.000001", "text", "x"), 400, "not there"},
		"long text":     {form("channel", s.channel, "text", strings.Repeat("x", 300<<10)), 400, "too long"},
		"long channel":  {form("channel", strings.Repeat("C", 10<<10)), 400, "too long"},
		"unknown field": {form("token", "x"), 400, "did not work"},
		"no form":       {plain, 415, "form"},
		"too large":     {huge, 413, "100 MB"},
		"cut":           {cut, 400, "did not work"},
		"a command":     {form("channel", s.channel, "text", "/nothing here"), 400, "not connected"},
	} {
		rec := s.serve(c.r)
		if a := answerOf(t, rec); rec.Code != c.status || a.OK || !strings.Contains(a.Error, c.words) || !strings.HasSuffix(a.Error, ".") {
			t.Errorf("%s: %d %+v", name, rec.Code, a)
		}
	}
	if n := len(s.w.Messages(s.channel)); n != 0 {
		t.Errorf("%d messages were posted", n)
	}
}

func TestPageFilesAreInert(t *testing.T) {
	s := newWorld(t)
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	for _, c := range []struct{ name, data, kind string }{
		{"a.png", png, "image/png"},
		{"a.html", png, "image/png"}, // what it is counts, not its name
		{"photo.jpg", "\xff\xd8\xff\xe0", "image/jpeg"},
		{"a.png", "<html><script>alert(1)</script>", ""},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, ""},
		{"a.pdf", "%PDF-1.7", ""},
		{"a.md", "# Title", ""},
		{"a\r\nX-Evil: 1.md", "# Title", ""},
	} {
		s.serve(form("channel", s.channel, "files", "x=y"))
		ts, err := s.w.Post(s.user, localslack.Post{Channel: s.channel, Files: []localslack.Upload{{Name: c.name, Data: []byte(c.data)}}})
		if err != nil {
			t.Fatal(err)
		}
		path := "/page/files/" + s.w.Thread(s.channel, ts)[0].Files[0].ID + "/whatever"
		rec := s.get(path)
		h := rec.Header()
		inline := h.Get("Content-Disposition") == ""
		if rec.Body.String() != c.data || inline != (c.kind != "") || (inline && h.Get("Content-Type") != c.kind) || (!inline && h.Get("Content-Type") != "application/octet-stream") {
			t.Errorf("%q %q: %v", c.name, c.data, h)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Evil") != "" {
			t.Errorf("%q: %v", c.name, h)
		}
		if d := s.get(path + "?download=1").Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.ContainsAny(d, "\r\n") {
			t.Errorf("%q as a download: %q", c.name, d)
		}
	}
}

func TestPagePermalinksStayHere(t *testing.T) {
	s := newWorld(t)
	ts, _ := s.w.Post(s.user, localslack.Post{Channel: s.channel, Text: "here"})
	link, err := s.api.GetPermalinkContext(t.Context(), &slack.PermalinkParameters{Channel: s.channel, Ts: ts})
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(strings.TrimPrefix(link, "http://"), "/")
	if rec := s.get("/" + path); rec.Code != http.StatusFound || rec.Header().Get("Location") != "/#/"+s.channel {
		t.Errorf("%s: %d %s", path, rec.Code, rec.Header().Get("Location"))
	}
	if rec := s.get("/archives/C1/p1700000000000100?thread_ts=1700000000.000100"); rec.Header().Get("Location") != "/#/C1/1700000000.000100" {
		t.Errorf("of a reply: %s", rec.Header().Get("Location"))
	}
	for _, bad := range []string{"/archives/C1/x", "/archives/C1/p", "/archives/%2f%2felsewhere.example/p1700000000000100", "/archives/C1/p17000000000001zz"} {
		if rec := s.get(bad); rec.Code == http.StatusFound {
			t.Errorf("%s leads to %s", bad, rec.Header().Get("Location"))
		}
	}
}

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
			return s.serve(httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/actions", bytes.NewReader(body)))
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
		broken := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/actions", strings.NewReader("{"))
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
