package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"slackocr/ocr"
)

func TestAddressesAreTakenOut(t *testing.T) {
	get := func(address string) error { return &url.Error{Op: "Get", URL: address, Err: io.EOF} }
	for _, tt := range []struct {
		err  error
		want string
	}{
		{io.EOF, "EOF"},
		{get("https://files.slack.com/T1-F1/plan.png"), "Get files.slack.com: EOF"},
		{fmt.Errorf("uploading: %w", get("https://files.slack.com/upload/v1/secret")), "uploading: Get files.slack.com: EOF"},
		{errors.Join(io.EOF, fmt.Errorf("twice: %w and %w", get("wss://a.example/?ticket=1"), get("http://b.example/ü\"x"))), "EOF\ntwice: Get a.example: EOF and Get b.example: EOF"},
		{get("::secret"), "Get an address: EOF"},
		{get(""), `Get "": EOF`},
	} {
		if got := WithoutAddresses(tt.err); got != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.err, got, tt.want)
		}
		var log bytes.Buffer
		(&Config{LogLevel: "debug", LogFormat: "json"}).Logger(&log).With("error", tt.err).Info("x", slog.Any("again", tt.err))
		if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "plan.png") || strings.Contains(log.String(), "ticket") {
			t.Errorf("the log says %s", log.String())
		}
	}
}

// TestEndpointsMessageIsLoggedUnlessPrivate: what an endpoint says of a key is logged,
// and what it says of a picture that it refuses is not.
func TestEndpointsMessageIsLoggedUnlessPrivate(t *testing.T) {
	const message = "the picture says zebrafish"
	for code, class := range map[string]ocr.Class{"auth_error": ocr.KeyRefused, "invalid_messages": ocr.Refused} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":{"message":%q,"code":%q}}`, message, code)
		}))
		defer server.Close()
		client, err := ocr.NewClient(ocr.Config{BaseURL: server.URL, Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		defer client.CloseIdleConnections()
		failure := client.Reach(t.Context())
		if !strings.Contains(failure.Error(), message) {
			t.Fatalf("%s: the endpoint's message is not in %q", code, failure)
		}
		var log bytes.Buffer
		(&Config{}).Logger(&log).Info("x", "error", fmt.Errorf("page 1: %w", failure))
		said := strings.Contains(log.String(), message)
		if said == (class == ocr.Refused) || !strings.Contains(log.String(), class.String()) || !strings.Contains(log.String(), "status 401") {
			t.Errorf("of %s the log says %s", code, &log)
		}
	}
}
