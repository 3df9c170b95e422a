package localslack_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot/localslack"
)

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
