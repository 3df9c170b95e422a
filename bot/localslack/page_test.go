package localslack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/slack-go/slack"

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
		if fields[i] != "files" && !strings.HasPrefix(fields[i], "file:") {
			mw.WriteField(fields[i], fields[i+1])
			continue
		}
		name, content, _ := strings.Cut(fields[i+1], "=")
		part, _ := mw.CreateFormFile(fields[i], name)
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

func unpacked(t *testing.T, packed io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPageIsLockedDown(t *testing.T) {
	s := newWorld(t)
	kinds := map[string]string{
		"/": "text/html; charset=utf-8", "/page/page.js": "text/javascript; charset=utf-8",
		"/page/page.css": "text/css; charset=utf-8", "/page/icon.svg": "image/svg+xml",
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
		if packed := s.get(path, "Accept-Encoding", "gzip, br"); unpacked(t, packed.Body) != rec.Body.String() || packed.Header().Get("ETag") == h.Get("ETag") {
			t.Errorf("%s compressed: another text, or the same ETag", path)
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
		"a deed": func() *http.Request {
			return httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/do/create", strings.NewReader(`{"name":"forged"}`))
		},
		"a window": func() *http.Request {
			r := form("value:a", "forged")
			r.URL.Path = "/page/views/V1"
			return r
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
		"a command":     {form("channel", s.channel, "text", "/ocr here"), 400, "not connected"},
		"no command":    {form("channel", s.channel, "text", "/nothing here"), 400, "No app here"},
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
	if link != s.w.Permalink(s.channel, ts) {
		t.Errorf("%s is not %s", link, s.w.Permalink(s.channel, ts))
	}
	path, ok := strings.CutPrefix(link, "https://local.slack.com/")
	if rec := s.get("/" + path); !ok || rec.Code != http.StatusFound || rec.Header().Get("Location") != "/#/"+s.channel {
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
