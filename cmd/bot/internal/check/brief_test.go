package check

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
)

// lines hands on what is logged, a line each.
type lines chan string

func (l lines) Write(text []byte) (int, error) {
	l <- string(text)
	return len(text), nil
}

// until returns all lines up to the one with these words.
func (l lines) until(t *testing.T, words string) (all string) {
	t.Helper()
	for {
		select {
		case line := <-l:
			if all += line; strings.Contains(line, words) {
				return all
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("never logged: %q, but\n%s", words, all)
		}
	}
}

// brief starts the check of a start.
func brief(t *testing.T, o *officetest.Office) (log lines, end func()) {
	t.Helper()
	c, err := settings.Load(o.Environ, "", settings.NeedAll...)
	if err != nil {
		t.Fatal(err)
	}
	log = make(lines, 100)
	return log, (&Checker{Config: c, Environ: o.Environ, Decoder: officetest.Decoder(t)}).Brief(t.Context(), c.Logger(log))
}

// TestStartWarns: what is wrong stands in the log, and no secret.
func TestStartWarns(t *testing.T) {
	o := officetest.Open(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "wrong key: sk-planted-key", http.StatusUnauthorized)
	})
	app := o.Manifest(t)
	app.Scopes = app.Scopes[:len(app.Scopes)-1] // without users:read
	o.Use(o.Workspace.Install(app))
	o.Set("OCR_API_KEY", "sk-planted-key")
	t.Setenv("PATH", "/nowhere")
	log, end := brief(t, o)
	all := log.until(t, "check=libtiff") // the last one
	end()
	for _, want := range []string{`level=WARN msg="the start-up check found a problem" check="scope users:read"`, `check=endpoint found="ocr: 127`} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not say %s:\n%s", want, all)
		}
	}
	for _, secret := range []string{"planted", o.App.BotToken, o.App.AppToken} {
		if strings.Contains(all, secret) {
			t.Errorf("the log holds %q:\n%s", secret, all)
		}
	}
	if n := strings.Count(all, "\n"); n != 4 {
		t.Errorf("%d lines:\n%s", n, all)
	}
}

// TestStartThatIsWell says so once.
func TestStartThatIsWell(t *testing.T) {
	o := officetest.Open(t, officetest.Reading)
	log, end := brief(t, o)
	all := log.until(t, "are fine")
	end()
	if strings.Count(all, "\n") != 1 {
		t.Errorf("it says\n%s", all)
	}
}

// TestStartClaimsNothingOfUnknownScopes: whoever cannot ask Slack does not know the scopes.
func TestStartClaimsNothingOfUnknownScopes(t *testing.T) {
	var log strings.Builder
	new(Checker).warn(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), []probe{
		{name: "bot token", full: func(context.Context) []Finding { return failed("bot token", "no answer", "") }},
		{name: "endpoint", full: func(context.Context) []Finding { return passed("endpoint", "it answers") }},
	})
	if log.Len() > 0 {
		t.Errorf("it says %s", log.String())
	}
}

// TestStartCostsNothing: no request of the check has the model read.
func TestStartCostsNothing(t *testing.T) {
	o := officetest.Open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("the check asks for %s %s", r.Method, r.URL)
		}
		http.NotFound(w, r)
	})
	log, end := brief(t, o)
	log.until(t, "are fine")
	end()
}

// TestStopEndsTheCheck: a model that says nothing keeps no stop waiting, and the
// stop is no finding.
func TestStopEndsTheCheck(t *testing.T) {
	asked := make(chan struct{}, 1)
	o := officetest.Open(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client goes
		asked <- struct{}{}
		<-r.Context().Done()
	})
	log, end := brief(t, o)
	<-asked
	end()
	if len(log) > 0 {
		t.Errorf("it says %q", <-log)
	}
}
