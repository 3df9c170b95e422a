package localslack_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot/localslack"
)

// fetch gets an address of a file.
func (s *world) fetch(u, tok string) (*http.Response, string, error) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, u, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if tok != "" {
		req.Header.Set("Authorization", "Bearer "+tok)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, string(data), err
}

func TestUploadInThreeSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		parent := s.post(localslack.Post{Text: "parent"})
		c.event()
		sum, err := s.api.UploadFileContext(t.Context(), slack.UploadFileParameters{
			Filename: "result.md", FileSize: 6, Reader: strings.NewReader("# Hi\n\n"), Title: "Result",
			Channel: s.channel, ThreadTimestamp: parent, InitialComment: "whole text",
		})
		if err != nil {
			t.Fatal(err)
		}
		ev := c.event()
		want(t, ev, "type", "message", "subtype", "file_share", "bot_id", s.cred.BotID, "user", s.cred.BotUserID,
			"text", "whole text", "thread_ts", parent)
		f := ev["files"].([]any)[0]
		if str(f, "id") != sum.ID || str(f, "title") != "Result" || str(f, "name") != "result.md" || str(f, "filetype") != "markdown" {
			t.Errorf("file: %v", f)
		}
		info, _, _, err := s.api.GetFileInfoContext(t.Context(), sum.ID, 0, 0)
		if err != nil || info.Size != 6 || len(info.Shares.Public[s.channel]) != 1 || info.Shares.Public[s.channel][0].ThreadTs != parent {
			t.Errorf("files.info: %+v, %v", info, err)
		}
		var got bytes.Buffer
		if err := s.api.GetFileContext(t.Context(), info.URLPrivateDownload, &got); err != nil || got.String() != "# Hi\n\n" {
			t.Errorf("download: %q, %v", got.String(), err)
		}
		// A second completion of the same upload finds nothing.
		if r := s.bot("files.completeUploadExternal", "files", `[{"id":"`+sum.ID+`"}]`); r.code() != "file_not_found" {
			t.Errorf("%v", r.body)
		}
		s.ok("files.delete", "file", sum.ID)
		want(t, c.next().Payload.Event, "type", "file_shared")
	})
}

func TestUploadErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		upload := func(u, contentType, body string) int {
			resp, err := s.http.Post(u, contentType, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		for _, kv := range [][]string{
			{"invalid_arguments", "length", "5"},
			{"missing_argument", "filename", "a", "length", "0"},
			{"file_upload_size_restricted", "filename", "a", "length", "104857601"},
		} {
			if r := s.bot("files.getUploadURLExternal", kv[1:]...); r.code() != kv[0] {
				t.Errorf("%q: %v", kv, r.body)
			}
		}
		r := s.ok("files.getUploadURLExternal", "filename", "../../a.txt", "length", "5")
		u, id := str(r.body, "upload_url"), str(r.body, "file_id")
		done := func(kv ...string) reply {
			return s.bot("files.completeUploadExternal", append([]string{"files", `[{"id":"` + id + `"}]`}, kv...)...)
		}
		if r := done(); r.code() != "file_not_found" {
			t.Errorf("completed before the upload: %v", r.body)
		}
		for body, status := range map[string]int{"1234": 400, "123456": 400} {
			if got := upload(u, "application/octet-stream", body); got != status {
				t.Errorf("%d bytes of 5: status %d", len(body), got)
			}
		}
		if got := upload(u, "application/octet-stream", "12345"); got != http.StatusOK {
			t.Errorf("raw upload: %d", got)
		}
		if got := upload(u, "application/octet-stream", "12345"); got != http.StatusNotFound {
			t.Errorf("second upload to the same address: %d", got)
		}
		outside := s.w.AddChannel("outside", false, s.user)
		for code, kv := range map[string][]string{
			"channel_not_found": {"channel_id", "C0NOWHERE"},
			"not_in_channel":    {"channel_id", outside},
			"invalid_arguments": {"channels", s.channel + "," + outside, "thread_ts", "1.000000"},
			"thread_not_found":  {"channel_id", s.channel, "thread_ts", "1.000000"},
			"internal_error":    {"channel_id", s.channel, "blocks", `[{"type":"markdown","text":"x"}]`},
		} {
			if r := done(kv...); r.code() != code && !(code == "invalid_arguments" && r.code() == "not_in_channel") {
				t.Errorf("%q: %v, want %s", kv, r.body, code)
			}
		}
		if r := done("channel_id", s.channel); r.code() != "" {
			t.Fatal(r.body)
		}
		if f := s.w.Messages(s.channel)[0].Files[0]; f.Name != "a.txt" || f.ID != id {
			t.Errorf("file: %+v", f)
		}
		if data, ok := s.w.FileContent(id); !ok || string(data) != "12345" {
			t.Errorf("content %q", data)
		}
	})
}

// What is told of a picture to those who do not see it comes with the file, be it of
// a person or of an app.
func TestAltTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		c := s.dialSocket()
		s.post(localslack.Post{Files: []localslack.Upload{{Name: "a.png", Data: []byte("x"), AltTxt: "A receipt"}}})
		_, err := s.w.PostAs(s.cred.AppID, localslack.AppMessage{Channel: s.channel, Files: []localslack.Upload{{Name: "b.png", AltTxt: bulk(1001)}}})
		s.must(err)
		for _, text := range []string{"A receipt", bulk(1000)} {
			event := c.event()
			for str(event, "type") != "message" {
				event = c.event()
			}
			file := event["files"].([]any)[0]
			if str(file, "alt_txt") != text || str(s.ok("files.info", "file", str(file, "id")).body, "file", "alt_txt") != text {
				t.Errorf("%v", file)
			}
		}
	})
}

// Whoever may not read a file gets Slack's sign-in page with status 200.
func TestDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.post(localslack.Post{Files: []localslack.Upload{{Name: "ä b.png", Data: []byte("PNG!")}}})
		private := s.w.AddChannel("private", true, s.user)
		s.post(localslack.Post{Channel: private, Files: []localslack.Upload{{Name: "s.png", Data: []byte("secret")}}})
		u := s.w.Messages(s.channel)[0].Files[0].URLPrivateDownload
		hidden := s.w.Messages(private)[0].Files[0]
		noScope := s.w.Install(localslack.App{Name: "Other", Scopes: []string{"chat:write"}})
		for _, tc := range []struct{ name, url, tok, body string }{
			{"with the token", u, s.cred.BotToken, "PNG!"},
			{"by url_private", s.w.Messages(s.channel)[0].Files[0].URLPrivate, s.cred.BotToken, "PNG!"},
			{"without a token", u, "", ""},
			{"unknown token", u, "xoxb-1", ""},
			{"app-level token", u, s.cred.AppToken, ""},
			{"no files:read", u, noScope.BotToken, ""},
			{"a channel that the app is not in", hidden.URLPrivateDownload, s.cred.BotToken, ""},
		} {
			resp, body, err := s.fetch(tc.url, tc.tok)
			switch {
			case err != nil || resp.StatusCode != http.StatusOK:
				t.Errorf("%s: %v %v", tc.name, resp, err)
			case tc.body != "" && (body != tc.body || resp.Header.Get("Content-Type") != "image/png"):
				t.Errorf("%s: %q (%s)", tc.name, body, resp.Header.Get("Content-Type"))
			case tc.body == "" && !(strings.Contains(body, "Sign in") && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")):
				t.Errorf("%s: %q (%s)", tc.name, body, resp.Header.Get("Content-Type"))
			}
		}
		if r := s.bot("files.info", "file", hidden.ID); r.code() != "file_not_found" {
			t.Errorf("files.info of a hidden file: %v", r.body)
		}
		s.w.RevokeToken(s.cred.BotToken)
		if _, body, _ := s.fetch(u, s.cred.BotToken); !strings.Contains(body, "Sign in") {
			t.Errorf("revoked token: %q", body)
		}
	})
}

// hop gets an address without following where it leads.
func (s *world) hop(address, tok string) (status int, to, kind, body string) {
	s.t.Helper()
	client := *s.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	followed := s.http
	s.http = &client
	defer func() { s.http = followed }()
	resp, body, err := s.fetch(address, tok)
	s.must(err)
	return resp.StatusCode, resp.Header.Get("Location"), resp.Header.Get("Content-Type"), body
}

// sharedAs is a file that the person shares under this name.
func (s *world) sharedAs(name string) localslack.File {
	s.post(localslack.Post{Files: []localslack.Upload{{Name: name, Data: []byte("content")}}})
	ms := s.w.Messages(s.channel)
	return ms[len(ms)-1].Files[0]
}

// url_private of a PDF leads to a page on a host that is not Slack's; only
// url_private_download has the file.
func TestPDFRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		f := s.sharedAs("scan.pdf")
		status, to, _, _ := s.hop(f.URLPrivate, s.cred.BotToken)
		if status != http.StatusFound || !strings.HasPrefix(to, "http://127.0.0.1/") {
			t.Fatalf("url_private: %d to %q", status, to)
		}
		if _, _, kind, body := s.hop(to, s.cred.BotToken); !strings.HasPrefix(kind, "text/html") || strings.Contains(body, "content") {
			t.Errorf("the page: %s %q", kind, body)
		}
		if status, _, kind, body := s.hop(f.URLPrivateDownload, s.cred.BotToken); status != 200 || kind != "application/pdf" || body != "content" {
			t.Errorf("url_private_download: %d %s %q", status, kind, body)
		}
		if _, to, _, _ := s.hop(f.URLPrivateDownload, ""); !strings.Contains(to, "/?redir=%2Ffiles-pri%2F") {
			t.Errorf("without a token it leads to %q", to)
		}
	})
}

// In an organisation downloads lead to a second host, which wants the token too.
func TestFileHostRedirect(t *testing.T) {
	for _, tc := range []struct {
		name              string
		mode              localslack.Redirect
		origin            string
		private, download string
	}{
		{"none", localslack.RedirectNone, "", "", ""},
		{"organisation", localslack.RedirectNone, "", "http://localhost/files-origin/", ""},
		{"private", localslack.RedirectPrivate, "", "http://localhost/files-origin/", ""},
		{"all", localslack.RedirectAll, "", "http://localhost/files-origin/", "http://localhost/files-origin/"},
		{"host", localslack.RedirectAll, "https://files-origin.slack.com", "https://files-origin.slack.com/files-origin/", "https://files-origin.slack.com/files-origin/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				s.w.SetBehaviour(localslack.Behaviour{Redirect: tc.mode, FilesOrigin: tc.origin})
				if tc.name == "organisation" {
					s.w.JoinEnterprise("Group")
				}
				f := s.sharedAs("a b.png")
				for address, want := range map[string]string{f.URLPrivate: tc.private, f.URLPrivateDownload: tc.download} {
					status, to, _, body := s.hop(address, s.cred.BotToken)
					if want == "" {
						if status != 200 || body != "content" {
							t.Errorf("%s: %d %q", address, status, body)
						}
						continue
					}
					if status != http.StatusFound || !strings.HasPrefix(to, want) {
						t.Fatalf("%s: %d to %q", address, status, to)
					}
					if status, _, kind, body := s.hop(to, s.cred.BotToken); status != 200 || kind != "image/png" || body != "content" {
						t.Errorf("%s with the token: %d %s %q", to, status, kind, body)
					}
					if status, _, kind, body := s.hop(to, ""); status != 200 || !strings.HasPrefix(kind, "text/html") || !strings.Contains(body, "Sign in") {
						t.Errorf("%s without it: %d %s %q", to, status, kind, body)
					}
				}
			})
		})
	}
}

func TestServingError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		f := s.sharedAs("a.png")
		s.w.Fail(localslack.Fault{Method: "download", Times: 1, ServingError: true})
		if status, _, kind, body := s.hop(f.URLPrivateDownload, s.cred.BotToken); status != 200 || !strings.HasPrefix(kind, "text/html") || body != "Error serving file." {
			t.Errorf("first: %d %s %q", status, kind, body)
		}
		if _, _, _, body := s.hop(f.URLPrivateDownload, s.cred.BotToken); body != "content" {
			t.Errorf("then: %q", body)
		}
	})
}

// A file that Slack still looks at lacks something, in the event and in files.info.
func TestScannedFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		scan localslack.Scan
		want map[string]any // what the file has meanwhile
	}{
		"no address":   {localslack.ScanNoAddress, map[string]any{"url_private": nil, "url_private_download": nil, "mimetype": "image/png"}},
		"no type":      {localslack.ScanNoType, map[string]any{"mimetype": "", "filetype": "", "pretty_type": ""}},
		"octet stream": {localslack.ScanOctetStream, map[string]any{"mimetype": "application/octet-stream", "filetype": "binary"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newWorld(t)
				c := s.dialSocket()
				s.w.SetBehaviour(localslack.Behaviour{ScanTime: 2 * time.Second, Scan: tc.scan})
				f := s.sharedAs("a.png")
				has := func(where string, file any, want map[string]any) {
					for field, v := range want {
						if got := file.(map[string]any)[field]; got != v {
							t.Errorf("%s: %s is %v, want %v", where, field, got, v)
						}
					}
				}
				has("event", c.event()["files"].([]any)[0], tc.want)
				has("files.info", s.ok("files.info", "file", f.ID).body["file"], tc.want)
				time.Sleep(2 * time.Second)
				whole := map[string]any{"mimetype": "image/png", "filetype": "png", "pretty_type": "PNG", "url_private": f.URLPrivate, "url_private_download": f.URLPrivateDownload}
				has("files.info later", s.ok("files.info", "file", f.ID).body["file"], whole)
				history := s.ok("conversations.history", "channel", s.channel).body
				has("history later", reach(history, []string{"messages", "files"}).([]any)[0], whole)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		s.w.SetBehaviour(localslack.Behaviour{OctetStream: true})
		f := s.sharedAs("a.png")
		time.Sleep(time.Hour)
		want(t, s.ok("files.info", "file", f.ID).body["file"].(map[string]any), "mimetype", "application/octet-stream", "filetype", "binary")
	})
}

// An upload may be answered with ok and shared later, or never.
func TestUnsharedUploads(t *testing.T) {
	upload := func(s *world) (id string) {
		r := s.ok("files.getUploadURLExternal", "filename", "a.md", "length", "1")
		resp, err := s.http.Post(str(r.body, "upload_url"), "", strings.NewReader("x"))
		s.must(err)
		s.must(resp.Body.Close())
		id = str(r.body, "file_id")
		s.ok("files.completeUploadExternal", "files", `[{"id":"`+id+`"}]`, "channel_id", s.channel)
		return id
	}
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t)
		shares := func(id string) int {
			list, _ := reach(s.ok("files.info", "file", id).body, []string{"file", "shares", "public", s.channel}).([]any)
			return len(list)
		}
		s.w.Fail(localslack.Fault{Method: "files.completeUploadExternal", Times: 1, NeverShared: true})
		s.w.Fail(localslack.Fault{Method: "files.completeUploadExternal", Times: 1, ShareDelay: 5 * time.Second})
		never, late, now := upload(s), upload(s), upload(s)
		if a, b, c := shares(never), shares(late), shares(now); a != 0 || b != 0 || c != 1 {
			t.Errorf("shares at once: %d, %d, %d", a, b, c)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if a, b, c := shares(never), shares(late), shares(now); a != 0 || b != 1 || c != 1 {
			t.Errorf("shares after 5 s: %d, %d, %d", a, b, c)
		}
		upload(s)
		s.w.Fail(localslack.Fault{Method: "files.completeUploadExternal", ShareDelay: time.Hour})
		upload(s) // and the test ends before it is shared
	})
}
