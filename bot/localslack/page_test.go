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
	"testing/synctest"

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
			return httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/do/press", strings.NewReader("{}"))
		},
		"a request": func() *http.Request {
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

// do carries out a request of the page.
func (s *world) do(name, body string) *httptest.ResponseRecorder {
	return s.serve(httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/do/"+name, strings.NewReader(body)))
}

func TestPageDeeds(t *testing.T) {
	s := newWorld(t)
	eve := s.w.AddUser("Eve")
	s.w.Join(s.channel, eve)
	secret := s.w.AddChannel("secret", true, eve)
	post := func(user, channel string) string {
		ts, err := s.w.Post(user, localslack.Post{Channel: channel, Text: "x", Files: []localslack.Upload{png}})
		s.must(err)
		return ts
	}
	mine, theirs, hidden := post(s.user, s.channel), post(eve, s.channel), post(eve, secret)
	file := s.w.Thread(s.channel, theirs)[0].Files[0].ID
	at := func(channel, ts, more string) string {
		return `{"channel":"` + channel + `","ts":"` + ts + `"` + more + `}`
	}
	for name, c := range map[string]struct{ name, body, words string }{
		"a reaction":                 {"react", at(s.channel, theirs, `,"name":"eyes"`), ""},
		"no emoji":                   {"react", at(s.channel, theirs, `,"name":"<b>"`), "no emoji of that name"},
		"a reaction not there":       {"unreact", at(s.channel, mine, `,"name":"tada"`), "no_reaction"},
		"another's message":          {"delete", at(s.channel, theirs, ""), "Only who wrote"},
		"no message":                 {"delete", at(s.channel, "1.000001", ""), "not there any more"},
		"another's file":             {"delete-file", `{"file":"` + file + `"}`, "not yours"},
		"a link":                     {"link", at(s.channel, mine, ""), ""},
		"a link to what is not seen": {"link", at(secret, hidden, ""), "not there any more"},
		"forwarding what is hidden":  {"forward", at(secret, hidden, `,"name":"`+s.channel+`"`), "not a member"},
		"forwarding nowhere":         {"forward", at(s.channel, mine, `,"name":"C404"`), "does not exist"},
		"joining what is hidden":     {"join", `{"channel":"` + secret + `"}`, "does not exist"},
		"inviting nobody":            {"invite", `{"channel":"` + s.channel + `","user":"U404"}`, "."},
		"inviting twice":             {"invite", `{"channel":"` + s.channel + `","user":"` + eve + `"}`, "already"},
		"archiving what is hidden":   {"archive", `{"channel":"` + secret + `"}`, "not a member"},
		"a name taken":               {"create", `{"name":"#general"}`, "already"},
		"a name with a space":        {"create", `{"name":"a b"}`, "small letters"},
		"a large name":               {"create", `{"name":"` + strings.Repeat("a", 81) + `"}`, "small letters"},
		"no name":                    {"create", `{}`, "small letters"},
		"a direct message":           {"dm", `{"user":"` + eve + `"}`, ""},
		"one with nobody":            {"dm", `{"user":"U404"}`, "."},
		"no window":                  {"close-view", `{"view":"V404"}`, "not open"},
		"no such request":            {"own", `{}`, "not understood"},
		"no JSON":                    {"react", `{`, "not understood"},
		"too much":                   {"react", `{"name":"` + strings.Repeat("x", 70<<10) + `"}`, "not understood"},
		"a shortcut unheard":         {"shortcut", at(s.channel, mine, `,"name":"extract"`), "not connected"},
	} {
		rec := s.do(c.name, c.body)
		if a := answerOf(t, rec); a.OK != (c.words == "") || !strings.Contains(a.Error, c.words) || a.OK != (rec.Code == 200) || !a.OK && !strings.HasSuffix(a.Error, ".") {
			t.Errorf("%s: %d %+v", name, rec.Code, a)
		}
	}
	var made struct{ Result string }
	if err := json.Unmarshal(s.do("create", `{"name":"notizen-ä","private":true}`).Body.Bytes(), &made); err != nil || made.Result == "" {
		t.Fatalf("created: %+v %v", made, err)
	}
	for _, c := range s.w.Snapshot(s.user).Channels {
		if c.ID == made.Result && (c.Name != "notizen-ä" || !c.IsPrivate || !*c.IsMember) {
			t.Errorf("%+v", c)
		}
	}
	if seen := s.w.Snapshot(eve); strings.Contains(string(mustMarshal(seen)), "notizen") {
		t.Error("a private channel is seen by others")
	}
}

// Opening the direct message with an app on the page tells the app; another place
// tells nobody.
func TestPageOpensHomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		dm := s.w.AddDM(s.user, s.cred.BotUserID)
		for _, channel := range []string{s.channel, s.w.AddDM(s.user, s.w.AddUser("Eve")), dm} {
			if a := answerOf(t, s.do("open", `{"channel":"`+channel+`"}`)); !a.OK {
				t.Errorf("%s: %+v", channel, a)
			}
		}
		event := c.next()["payload"].(map[string]any)["event"].(map[string]any)
		want(t, event, "type", "app_home_opened", "user", s.user, "channel", dm, "tab", "messages")
		synctest.Wait()
		if n := len(c.in); n != 0 {
			t.Errorf("%d events more", n)
		}
	})
}

// A home that was published comes with the event; other tabs and apps that do not
// subscribe get none.
func TestOpenHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		s.ok("views.publish", "user_id", s.user, "view", homeView)
		if _, err := s.w.OpenHome(s.user, s.cred.AppID, "home"); err != nil {
			t.Fatal(err)
		}
		want(t, c.find("app_home_opened", ""), "tab", "home", "view.type", "home")
		for code, open := range map[string][]string{
			"user_not_found": {"U404", s.cred.AppID, "home"}, "invalid_auth": {s.user, "A404", "home"}, "invalid_arguments": {s.user, s.cred.AppID, "about"},
		} {
			if _, err := s.w.OpenHome(open[0], open[1], open[2]); slackCode(err) != code {
				t.Errorf("%q: %v", open, err)
			}
		}
		less := s.w.Install(localslack.App{Name: "Less"})
		if channel, err := s.w.OpenHome(s.user, less.AppID, "messages"); err != nil || channel == "" || s.w.Pending(less.AppID) != 0 {
			t.Errorf("%q %v, %d events", channel, err, s.w.Pending(less.AppID))
		}
	})
}

func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func TestPageSubmitsWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.rawEvents()
		id := c.window(askAll)
		submit := func(id string, kv ...string) *httptest.ResponseRecorder {
			r := form(kv...)
			r.URL.Path = "/page/views/" + id
			return s.serve(r)
		}
		plain := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/page/views/"+id, strings.NewReader("x"))
		var many []string
		for range 101 {
			many = append(many, "value:text", "x")
		}
		for name, tc := range map[string]struct {
			rec    *httptest.ResponseRecorder
			status int
			words  string
		}{
			"no form":          {s.serve(plain), 415, "form"},
			"an unknown field": {submit(id, "text", "x"), 400, "did not work"},
			"a broken name":    {submit(id, "value:%zz", "x"), 400, "did not work"},
			"too many":         {submit(id, many...), 400, "did not work"},
			"too long":         {submit(id, "value:text", strings.Repeat("x", 70<<10)), 400, "too long"},
			"another window":   {submit("V404", "value:text", "x"), 400, "not open"},
			"missing fields":   {submit(id, "value:text", ""), 200, ""},
		} {
			if a := answerOf(t, tc.rec); tc.rec.Code != tc.status || a.OK || !strings.Contains(a.Error, tc.words) {
				t.Errorf("%s: %d %+v", name, tc.rec.Code, a)
			}
		}
		if len(c.asked) != 0 {
			t.Fatalf("the app heard of it: %v", <-c.asked)
		}
		got := c.ask(func() error {
			if rec := submit(id, "value:text", "abc", "value:one", "y", "value:some", "x", "value:some", "y", "files", "unused"); rec.Code != 400 {
				t.Errorf("a field without its sign: %d", rec.Code)
			}
			rec := submit(id, "value:text", "abc", "value:one", "y", "value:some", "x", "value:some", "y", "file:files", "a.png=one")
			if a := answerOf(t, rec); !a.OK {
				t.Errorf("%+v", a)
			}
			return nil
		})
		values := reach(got, []string{"view", "state", "values"}).(map[string]any)
		want(t, values, "text.a.value", "abc", "one.a.selected_option.value", "y")
		if some := reach(values, []string{"some", "a", "selected_options"}).([]any); len(some) != 2 {
			t.Errorf("%v", some)
		}
		if name := reach(values, []string{"files", "a", "files", "name"}); name != "a.png" {
			t.Errorf("%v", values["files"])
		}
	})
}
