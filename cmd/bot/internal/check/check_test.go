package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
)

func TestMain(m *testing.M) { officetest.Main(m) }

// checker returns a Checker for probes that open no files.
func checker(c settings.Config) *Checker { return &Checker{Config: c} }

// probed runs some probes and returns what they say, which holds no secret.
func probed(t *testing.T, environ []string, names ...string) (out string, status int) {
	t.Helper()
	c, invalid := settings.Load(environ, "", settings.NeedAll...)
	k := &Checker{Config: c, Environ: environ, Decoder: officetest.Decoder(t)}
	all := slices.DeleteFunc(k.probes(), func(p probe) bool { return !slices.Contains(names, p.name) })
	if invalid != nil {
		t.Fatal(invalid)
	}
	for f := range k.run(t.Context(), all) {
		out += f.String() + "\n"
		if !f.OK {
			status = 1
		}
	}
	officetest.TellsNoSecret(t, environ, out)
	return out, status
}

// TestCheckFindsEachMissingScope takes the scopes out one by one: one problem has one
// finding.
func TestCheckFindsEachMissingScope(t *testing.T) {
	manifest, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if named := slices.Sorted(maps.Keys(without)); !slices.Equal(named, slices.Sorted(slices.Values(manifest.Scopes))) {
		t.Errorf("what stops working is told for %v, and the manifest has %v", named, manifest.Scopes)
	}
	o := officetest.Open(t, officetest.Reading)
	for i, scope := range manifest.Scopes {
		app := manifest
		app.Name, app.Scopes = fmt.Sprint("ocr", i), slices.Delete(slices.Clone(manifest.Scopes), i, i+1)
		k := checker(settings.Config{SlackAPIURL: strings.TrimPrefix(o.Environ[2], "SLACK_API_URL="), SlackBotToken: o.Workspace.Install(app).BotToken})
		var missing []string
		for _, f := range k.tokenAndMethods(t.Context()) {
			if !f.OK {
				missing = append(missing, f.String())
			}
		}
		want := fmt.Sprintf("✗ scope %s: missing: %s. Add it on", scope, without[scope])
		if len(missing) != 1 || !strings.HasPrefix(missing[0], want) {
			t.Errorf("without %s it says %q", scope, missing)
		}
	}
	manifest.Scopes = append(manifest.Scopes, "chat:write.public")
	k := checker(settings.Config{SlackAPIURL: strings.TrimPrefix(o.Environ[2], "SLACK_API_URL="), SlackBotToken: o.Workspace.Install(manifest).BotToken})
	if f := k.botToken(t.Context())[1]; !f.OK || !strings.HasSuffix(f.Found, "some that aren't: chat:write.public") {
		t.Errorf("with one too many it says %v", f)
	}
}

// TestProbesAreBounded: one that hears nothing does not keep the others.
func TestProbesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, deaf := time.Now(), make(chan struct{})
		var said []string
		for f := range new(Checker).run(t.Context(), []probe{
			{name: "deaf", full: func(context.Context) []Finding { <-deaf; return nil }},
			{name: "slow", full: func(ctx context.Context) []Finding { <-ctx.Done(); return failed("slow", "gave up", "") }},
			{name: "quick", full: func(context.Context) []Finding { return passed("quick", "fine") }},
		}) {
			said = append(said, f.String())
		}
		if want := []string{"✗ deaf: no answer within 2m0s. Check what it depends on: a disk, a network, a program.", "✗ slow: gave up", "✓ quick: fine"}; !slices.Equal(said, want) {
			t.Errorf("got %q", said)
		}
		if took := time.Since(begun); took != within+overtime {
			t.Errorf("it took %v", took)
		}
		close(deaf)
	})
}

// TestForeignTextCannotControlATerminal: neither with control characters nor with single
// bytes, which some terminals obey as well.
func TestForeignTextCannotControlATerminal(t *testing.T) {
	foreign := "503 \x1b[31m\x9b31m\nred \u202e"
	for f := range new(Checker).run(t.Context(), []probe{
		{name: "foreign", full: func(context.Context) []Finding { return failed("foreign", foreign, foreign) }},
	}) {
		if want := "503  [31m 31m red "; f.Found != want || f.Remedy != want {
			t.Errorf("%q, and %q", f.Found, f.Remedy)
		}
	}
}

// TestLongTextIsCut: the cut is shown.
func TestLongTextIsCut(t *testing.T) {
	for long, want := range map[string]string{strings.Repeat("é", 600): strings.Repeat("é", 600), strings.Repeat("é", 601): strings.Repeat("é", 600) + "…"} {
		if got := printed(long); got != want {
			t.Errorf("%d bytes became %q", len(long), got)
		}
	}
}
