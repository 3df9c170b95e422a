package fetch

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// hosts answers in the place of any host, by host and path.
type hosts map[string]http.HandlerFunc

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	serve, ok := h[r.URL.Host+r.URL.Path]
	if !ok {
		return nil, fmt.Errorf("nobody answers at %s%s", r.URL.Host, r.URL.Path)
	}
	serve(answer, r)
	response := answer.Result()
	response.Request = r
	return response, nil
}

func to(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, http.StatusFound) }
}

// withToken serves the file to whoever sends the token, and else the sign-in page.
func withToken(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer xoxb-secret" {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Sign in</title>")
		return
	}
	fmt.Fprint(w, "content")
}

// TestWhereSlackKeepsTheBytes: behind redirects, at one of two addresses.
func TestWhereSlackKeepsTheBytes(t *testing.T) {
	const download, private = "https://files.slack.com/download", "https://files.slack.com/private"
	page := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>a page") }
	for _, tt := range []struct {
		name  string
		slack hosts
		want  error
	}{
		{"only the download address has it", hosts{"files.slack.com/download": withToken, "files.slack.com/private": to("https://slack-files.com/x")}, nil},
		{"only the private address has it", hosts{"files.slack.com/download": page, "files.slack.com/private": withToken}, nil},
		{"the private address, after the login page", hosts{"files.slack.com/download": to("https://acme.slack.com/?redir=x"), "files.slack.com/private": withToken}, nil},
		{"behind a redirect on Enterprise Grid", hosts{
			"files.slack.com/download": to("https://files-origin.slack.com/f"), "files-origin.slack.com/f": withToken,
			"files.slack.com/private": page,
		}, nil},
		{"behind three redirects", hosts{
			"files.slack.com/download": to("/1"), "files.slack.com/1": to("https://a.slack-gov.com/2"),
			"a.slack-gov.com/2": to("https://slack.com/3"), "slack.com/3": withToken, "files.slack.com/private": page,
		}, nil},
		{"behind four", hosts{
			"files.slack.com/download": to("/1"), "files.slack.com/1": to("/2"), "files.slack.com/2": to("/3"),
			"files.slack.com/3": to("/4"), "files.slack.com/4": withToken, "files.slack.com/private": page,
		}, ErrNotFile},
		{"behind plain HTTP", hosts{"files.slack.com/download": to("http://files.slack.com/f"), "files.slack.com/f": withToken, "files.slack.com/private": page}, ErrNotFile},
		{"nowhere: the first answer counts", hosts{"files.slack.com/download": to("https://acme.slack.com/?redir=x"), "files.slack.com/private": page}, ErrLoginPage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			api, _ := url.Parse("https://slack.com/api/")
			s := &Slack{Client: &http.Client{Transport: tt.slack}, API: api, Token: "xoxb-secret", MaxSize: 1000}
			f, err := s.Download(t.Context(), download, private)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if err != nil {
				return
			}
			defer f.Close()
			if got, _ := io.ReadAll(f); string(got) != "content" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestTokenStaysWithSlack on the way: another host is not even asked.
func TestTokenStaysWithSlack(t *testing.T) {
	api, _ := url.Parse("https://slack.com/api/")
	for _, address := range []string{
		"https://slack-files.com/f", "https://evil.example/f", "http://files.slack.com/f", "https://files.slack.com:8443/f",
		"https://slack.com.evil.example/f", "//evil.example/f",
	} {
		asked := false
		u, _ := url.Parse(address)
		s := &Slack{API: api, Token: "xoxb-secret", MaxSize: 1000, Client: &http.Client{Transport: hosts{
			"files.slack.com/start": to(address),
			u.Host + u.Path:         func(http.ResponseWriter, *http.Request) { asked = true },
		}}}
		if _, err := s.Download(t.Context(), "https://files.slack.com/start"); !errors.Is(err, ErrNotFile) || asked {
			t.Errorf("%s: asked %v, %v", address, asked, err)
		}
	}
}
