package fetch

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve returns a Slack whose host is a test server.
func serve(t *testing.T, h http.HandlerFunc) (s *Slack, base string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	api, _ := url.Parse(server.URL + "/api/")
	return &Slack{Client: server.Client(), API: api, Token: "xoxb-secret", MaxSize: 1000}, server.URL
}

func TestDownload(t *testing.T) {
	content := strings.Repeat("picture ", 100)
	s, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer xoxb-secret" {
			t.Errorf("Authorization is %q", got)
		}
		_, _ = io.WriteString(w, content)
	})
	f, err := s.Download(t.Context(), base+"/files/a.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, _ := io.ReadAll(f); string(got) != content {
		t.Errorf("got %d bytes of %d", len(got), len(content))
	}
	if _, err := os.Stat(f.Name()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file has a name still: %v", err)
	}
}

func TestDownloadRefuses(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		want    error
	}{
		{"a login page by its type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<html><a href="/signin">Sign in</a>`)
		}, ErrLoginPage},
		{"a login page by its content", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, "\n\n<!DOCTYPE html><html>"+strings.Repeat(" ", 500)+"Sign in to Slack")
		}, ErrLoginPage},
		{"a redirect to the login page", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/?redir=%2Ffiles-pri%2Ff", http.StatusFound)
		}, ErrLoginPage},
		{"a redirect to another host", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, ErrNotFile},
		{"a redirect to nowhere", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(302) }, ErrNotFile},
		{"another web page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html><h1>A file</h1>") }, ErrNotFile},
		{"a text that calls itself a web page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "hello")
		}, ErrNotFile},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, ErrLoginPage},
		{"not authorised", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, ErrLoginPage},
		{"not found", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, ErrGone},
		{"gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, ErrGone},
		{"too large, and says so", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1001)) }, ErrTooLarge},
		{"too large without an end", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, ErrTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			s, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				tt.handler(w, r)
			})
			f, err := s.Download(t.Context(), base+"/f")
			if !errors.Is(err, tt.want) || f != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if asked.Load() != 1 {
				t.Errorf("asked %d times for what will not change", asked.Load())
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestTokenGoesToSlackOnly(t *testing.T) {
	api, _ := url.Parse("https://slack.com/api/")
	s := &Slack{API: api, Client: &http.Client{Transport: noNetwork{}}}
	for address, want := range map[string]bool{
		"https://slack.com/f":                  true,
		"https://files.slack.com/f":            true,
		"https://FILES.SLACK.COM/f":            true,
		"https://files.slack-gov.com/f":        true,
		"http://files.slack.com/f":             false,
		"http://slack.com/f":                   false,
		"https://files.slack.com:8443/f":       false,
		"https://slack.com.evil.example/f":     false,
		"https://evilslack.com/f":              false,
		"https://slack.com@evil.example/f":     false,
		"https://evil.example/?x=slack.com":    false,
		"ftp://files.slack.com/f":              false,
		"//files.slack.com/f":                  false,
		"https://files.slack.com.":             false,
		"https://evil.example\\.slack.com/f":   false,
		"":                                     false,
		"https://drive.google.com/f/slack.com": false,
	} {
		_, err := s.Download(t.Context(), address)
		if got := !errors.Is(err, ErrForeign); got != want {
			t.Errorf("%q may have the token: %v, want %v", address, got, want)
		}
	}
}

// TestTokenGoesToTheAPIsHost over the API's own scheme and port alone.
func TestTokenGoesToTheAPIsHost(t *testing.T) {
	api, _ := url.Parse("https://slack.example:8443/api/")
	s := &Slack{API: api, Client: &http.Client{Transport: noNetwork{}}}
	for address, want := range map[string]bool{
		"https://slack.example:8443/f":   true,
		"https://SLACK.example:8443/f":   true,
		"http://slack.example:8443/f":    false,
		"https://slack.example/f":        false,
		"https://slack.example:443/f":    false,
		"https://a.slack.example:8443/f": false,
	} {
		_, err := s.Download(t.Context(), address)
		if got := !errors.Is(err, ErrForeign); got != want {
			t.Errorf("%q may have the token: %v, want %v", address, got, want)
		}
	}
}

// TestOtherAnswersAreNoFiles: an empty success is not a file of no bytes.
func TestOtherAnswersAreNoFiles(t *testing.T) {
	for _, status := range []int{201, 204, 206, 400, 418} {
		asked := 0
		s, base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(status)
		})
		if f, err := s.Download(t.Context(), base+"/f"); err == nil || f != nil || asked != 1 {
			t.Errorf("%d: asked %d times, %v", status, asked, err)
		}
	}
}

var errNoNetwork = errors.New("no network here")

// noNetwork refuses each request in a way that is not tried again.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusTeapot, Status: errNoNetwork.Error(), Body: http.NoBody, Header: http.Header{}}, nil
}
