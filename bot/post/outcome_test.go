package post

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// TestOutcomeOfAnswers: slack-go turns each answer into an error of this outcome.
func TestOutcomeOfAnswers(t *testing.T) {
	code := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"ok":false,"error":%q}`, name) }
	}
	status := func(n int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if len(header) == 2 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(n)
		}
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   outcome
		wait   time.Duration
	}{
		{"ok", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) }, succeeded, 0},

		{"429 with a time", status(429, "Retry-After", "17"), limited, 17 * time.Second},
		{"429 with no time to wait", status(429, "Retry-After", "0"), limited, time.Second},
		{"429 with a time before now", status(429, "Retry-After", "-5"), limited, time.Second},
		{"429 with hours to wait", status(429, "Retry-After", "10800"), limited, 5 * time.Minute},
		{"429 with a broken time", status(429, "Retry-After", "soon"), limited, 30 * time.Second},
		{"429 without a time", status(429), limited, 30 * time.Second},
		{"limited by its code", code("ratelimited"), limited, 30 * time.Second},
		{"limited by its other code", code("rate_limited"), limited, 30 * time.Second},

		{"Slack failed in the middle", code("fatal_error"), unknown, 0},
		{"Slack failed inside", code("internal_error"), unknown, 0},
		{"Slack was too slow", code("request_timeout"), unknown, 0},
		{"Slack is not there", code("service_unavailable"), unknown, 0},
		{"500", status(500), unknown, 0},
		{"502", status(502), unknown, 0},
		{"503", status(503), unknown, 0},
		{"408", status(408), unknown, 0},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<html>`) }, unknown, 0},
		{"closed without an answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, unknown, 0},

		{"a refusal", code("channel_not_found"), refused, 0},
		{"a refusal that nobody knows yet", code("error_of_tomorrow"), refused, 0},
		{"400", status(400), refused, 0},
		{"403", status(403), refused, 0},
		{"404", status(404), refused, 0},
		{"413", status(413), refused, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			api := slack.New("xoxb-x", slack.OptionAPIURL(server.URL+"/"), slack.OptionHTTPClient(server.Client()))
			_, err := api.AuthTestContext(t.Context())
			if got, wait := classify(fmt.Errorf("wrapped: %w", err)); err != nil && (got != tt.want || wait != tt.wait) {
				t.Errorf("%v: outcome %d after %s, want %d after %s", err, got, wait, tt.want, tt.wait)
			}
			if got, _ := classify(err); got != tt.want {
				t.Errorf("%v: outcome %d, want %d", err, got, tt.want)
			}
		})
	}
}

func TestOutcomeOfConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close() // nobody is there
	api := slack.New("xoxb-x", slack.OptionAPIURL("http://"+listener.Addr().String()+"/"), slack.OptionHTTPClient(&http.Client{}))
	_, unreachable := api.AuthTestContext(t.Context())

	for _, tt := range []struct {
		name string
		err  error
		want outcome
	}{
		{"nobody is there", unreachable, notSent},
		{"reset", &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, unknown},
		{"too late", context.DeadlineExceeded, unknown},
		{"cancelled", context.Canceled, refused},
		{"behind the fence", leaseLostError{errors.New("no right to write")}, refused},
		{"behind the fence, whatever the cause", leaseLostError{context.DeadlineExceeded}, refused},
	} {
		if got, _ := classify(fmt.Errorf("wrapped: %w", tt.err)); got != tt.want {
			t.Errorf("%s: outcome %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestTokenProblems(t *testing.T) {
	for code, want := range map[string]bool{
		"account_inactive": true, "invalid_auth": true, "missing_scope": true, "not_allowed_token_type": true,
		"not_authed": true, "token_expired": true, "token_revoked": true,
		"channel_not_found": false, "ratelimited": false, "fatal_error": false, "": false,
	} {
		if got := TokenProblem(fmt.Errorf("wrapped: %w", slack.SlackErrorResponse{Err: code})); got != want {
			t.Errorf("%q is a problem of the token: %v, want %v", code, got, want)
		}
	}
}
