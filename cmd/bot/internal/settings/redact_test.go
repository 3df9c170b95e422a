package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"
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
