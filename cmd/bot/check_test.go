package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slackocr/bot"
	"slackocr/bot/localslack"
)

// checked runs bot check as a person would and returns what it says, which holds
// no secret.
func checked(t *testing.T, environ []string, args ...string) (out string, status int) {
	t.Helper()
	t.Chdir(t.TempDir()) // no .env, and DATA_DIR within
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"check"}, args...), system{environ: environ, stdout: &stdout, stderr: &stderr})
	out = stdout.String()
	if stderr.Len() > 0 {
		t.Errorf("standard error says %q", &stderr)
	}
	tellsNoSecret(t, environ, out)
	return out, status
}

// probed is the same of some probes alone.
func probed(t *testing.T, environ []string, names ...string) (out string, status int) {
	t.Helper()
	c, err := loadConfig(environ, "", needAll...)
	all := slices.DeleteFunc(probes(c), func(p probe) bool { return !slices.Contains(names, p.name) })
	for f := range examine(t.Context(), c, environ, err, all) {
		out += f.String() + "\n"
		if !f.OK {
			status = 1
		}
	}
	tellsNoSecret(t, environ, out)
	return out, status
}

func tellsNoSecret(t *testing.T, environ []string, out string) {
	t.Helper()
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		secret := strings.HasSuffix(name, "_TOKEN") || strings.HasSuffix(name, "_KEY")
		if secret && strings.Contains(out, value) {
			t.Errorf("%s is printed:\n%s", name, out)
		}
	}
}

// line is what was said of one thing; "" where that is not exactly one line.
func line(out, check string) string {
	found := ""
	for l := range strings.Lines(out) {
		if rest := strings.TrimLeft(l, "✓✗ "); strings.HasPrefix(rest, check+": ") {
			if found != "" {
				return ""
			}
			found = strings.TrimSpace(l)
		}
	}
	return found
}

// expect holds a line against a mark and words that it has to have.
func expect(t *testing.T, out, check, mark string, words ...string) {
	t.Helper()
	l := line(out, check)
	if !strings.HasPrefix(l, mark+" ") {
		t.Errorf("%s: want %s, got %q in\n%s", check, mark, l, out)
	}
	for _, w := range words {
		if !strings.Contains(l, w) {
			t.Errorf("%s: %q does not say %q", check, l, w)
		}
	}
}

// TestCheckJSON holds the shape that scripts rely on.
func TestCheckJSON(t *testing.T) {
	o := openOffice(t, reading)
	if _, err := o.ws.Post(o.ann, localslack.Post{Channel: o.channel, Text: "private talk"}); err != nil {
		t.Fatal(err)
	}
	out, status := checked(t, o.environ, "--json")
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`\d+\.\d+ (s|GB)`).ReplaceAllString(out, "N $1")
	got = strings.NewReplacer(r.Version, "VERSION", strings.TrimPrefix(o.environ[3], "OCR_BASE_URL="), "BASE").Replace(got)
	got = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(got, "HOST")
	got = regexp.MustCompile(`\(T\w+\)`).ReplaceAllString(got, "(TEAM)")
	want := `{
  "ok": true,
  "version": "VERSION",
  "checks": [
    {
      "check": "settings",
      "ok": true,
      "found": "the environment and .env have everything that is needed"
    },
    {
      "check": "bot token",
      "ok": true,
      "found": "it works, in the team Local (TEAM) as ocr"
    },
    {
      "check": "scopes",
      "ok": true,
      "found": "all 16 that are needed, and no others"
    },
    {
      "check": "conversations.replies",
      "ok": true,
      "found": "works"
    },
    {
      "check": "blocks.validate",
      "ok": true,
      "found": "Slack accepts the reply while it is read, the reply when it is done, a result, the window for files, the window for words"
    },
    {
      "check": "app token",
      "ok": true,
      "found": "it works and has the scope connections:write"
    },
    {
      "check": "socket mode",
      "ok": true,
      "found": "it works; the app uses 1 of 10 connections, including this one"
    },
    {
      "check": "endpoint",
      "ok": true,
      "found": "HOST read a word in N s with scripted; streamed, the first text after N s; answers of up to 8192 tokens"
    },
    {
      "check": "prompts",
      "ok": true,
      "found": "they work: describe and markdown give different texts"
    },
    {
      "check": "store",
      "ok": true,
      "found": "DATA_DIR doesn't exist yet, but can be created, N GB free"
    },
    {
      "check": "temporary files",
      "ok": true,
      "found": "they can be created; N GB free"
    },
    {
      "check": "decoder",
      "ok": true,
      "found": "it opened a picture in a separate process"
    },
    {
      "check": "confinement",
      "ok": true,
      "found": "processes that open files have limits of memory and time, no network, and no files but their own and the system's; foreign programs can start no process"
    },
    {
      "check": "poppler",
      "ok": true,
      "found": "it drew a page of a PDF"
    },
    {
      "check": "libtiff",
      "ok": true,
      "found": "it opened a scanner's TIFF file"
    },
    {
      "check": "libheif",
      "ok": true,
      "found": "it opened a HEIC file"
    },
    {
      "check": "tesseract",
      "ok": true,
      "found": "installed; only ` + "`bot demo`" + ` needs it"
    }
  ]
}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o.wait(t, "the connection is closed", func() bool { return o.ws.Connections() == 0 })
}

// TestCheckFindsEachMissingScope takes the scopes out one by one.
func TestCheckFindsEachMissingScope(t *testing.T) {
	manifest, err := localslack.ParseManifest(bot.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if named := slices.Sorted(maps.Keys(without)); !slices.Equal(named, slices.Sorted(slices.Values(manifest.Scopes))) {
		t.Errorf("what stops working is told for %v, and the manifest has %v", named, manifest.Scopes)
	}
	o := openOffice(t, reading)
	for i, scope := range manifest.Scopes {
		app := manifest
		app.Name, app.Scopes = fmt.Sprint("ocr", i), slices.Delete(slices.Clone(manifest.Scopes), i, i+1)
		c := config{SlackAPIURL: strings.TrimPrefix(o.environ[2], "SLACK_API_URL="), SlackBotToken: o.ws.Install(app).BotToken}
		var missing []string
		for _, f := range checkBotToken(t.Context(), c, true) {
			if strings.HasPrefix(f.Check, "scope") {
				missing = append(missing, f.String())
			}
		}
		want := fmt.Sprintf("✗ scope %s: missing: %s. Add it on", scope, without[scope])
		if len(missing) != 1 || !strings.HasPrefix(missing[0], want) {
			t.Errorf("without %s it says %q", scope, missing)
		}
	}
	manifest.Scopes = append(manifest.Scopes, "chat:write.public")
	c := config{SlackAPIURL: strings.TrimPrefix(o.environ[2], "SLACK_API_URL="), SlackBotToken: o.ws.Install(manifest).BotToken}
	if f := checkBotToken(t.Context(), c, false)[1]; !f.OK || !strings.HasSuffix(f.Found, "some that aren't: chat:write.public") {
		t.Errorf("with one too many it says %v", f)
	}
}

// TestCheckNamesWrongSettings: the parts that need none of them are looked at all
// the same.
func TestCheckNamesWrongSettings(t *testing.T) {
	o := openOffice(t, reading)
	out, status := checked(t, append(o.environ, "SLACK_APP_TOKEN=xoxb-secret-word", "OCR_PROFILE=none"))
	if status != 1 || strings.Contains(out, "secret-word") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	for _, want := range []string{"✗ settings: SLACK_APP_TOKEN " + belongsIn("xoxb-", "SLACK_BOT_TOKEN"), "✗ settings: OCR_PROFILE must be one of"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	expect(t, out, "bot token", "✓")
	expect(t, out, "app token", "✗", "not checked, because SLACK_APP_TOKEN")
	expect(t, out, "endpoint", "✗", "not checked, because OCR_PROFILE")
	expect(t, out, "store", "✓")
	if !strings.HasSuffix(out, "\n4 things need your attention.\n") {
		t.Errorf("it ends with\n%s", out)
	}
}

// TestProbesAreBounded: one that hears nothing does not keep the others.
func TestProbesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, deaf := time.Now(), make(chan struct{})
		var said []string
		for f := range runProbes(t.Context(), nil, []probe{
			{"deaf", nil, time.Minute, func(context.Context) []finding { <-deaf; return nil }},
			{"slow", nil, time.Second, func(ctx context.Context) []finding { <-ctx.Done(); return one(failed("slow", "gave up", "")) }},
			{"quick", nil, time.Second, func(context.Context) []finding { return one(passed("quick", "fine")) }},
		}) {
			said = append(said, f.String())
		}
		if want := []string{"✗ deaf: no answer within 1m0s. Check what it depends on: a disk, a network, a program.", "✗ slow: gave up", "✓ quick: fine"}; !slices.Equal(said, want) {
			t.Errorf("got %q", said)
		}
		if took := time.Since(begun); took != time.Minute+overtime {
			t.Errorf("it took %v", took)
		}
		close(deaf)
	})
}
