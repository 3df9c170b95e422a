package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"slackocr/bot/localslack"
	"slackocr/cmd/bot/internal/officetest"
	"slackocr/cmd/bot/internal/settings"
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
	officetest.TellsNoSecret(t, environ, out)
	return out, status
}

// TestCheckJSON holds the shape that scripts rely on.
func TestCheckJSON(t *testing.T) {
	o := officetest.Open(t, officetest.Reading)
	if _, err := o.Workspace.Post(o.Ann, localslack.Post{Channel: o.Channel, Text: "private talk"}); err != nil {
		t.Fatal(err)
	}
	out, status := checked(t, o.Environ, "--json")
	if status != 0 {
		t.Errorf("exit status %d", status)
	}
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`\d+\.\d+ (s|GB)`).ReplaceAllString(out, "N $1")
	got = strings.NewReplacer(r.Version, "VERSION", strings.TrimPrefix(o.Environ[3], "OCR_BASE_URL="), "BASE").Replace(got)
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
      "found": "it works; the app uses 1 of the 10 connections that Slack allows, including this one"
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
      "check": "confinement",
      "ok": true,
      "found": "processes that open files have limits of memory and time, no network, and no files but their own and the system's; foreign programs can start no process"
    },
    {
      "check": "decoder",
      "ok": true,
      "found": "it opened a picture in a separate process"
    },
    {
      "check": "poppler",
      "ok": true,
      "found": "it opened a PDF"
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
    }
  ]
}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o.Wait(t, "the connection is closed", func() bool { return o.Workspace.Connections() == 0 })
}

// TestCheckNamesWrongSettings: the parts that need none of them are looked at all
// the same.
func TestCheckNamesWrongSettings(t *testing.T) {
	o := officetest.Open(t, officetest.Reading)
	environ := append(o.Environ, "SLACK_APP_TOKEN=xoxb-secret-word", "OCR_PROFILE=none")
	_, problems := settings.Load(environ, "", settings.NeedAll...)
	out, status := checked(t, environ)
	if status != 1 || strings.Contains(out, "secret-word") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	for problem := range strings.SplitSeq(problems.Error(), "\n") {
		if want := "✗ settings: " + problem + "\n"; !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	officetest.ExpectFinding(t, out, "bot token", "✓")
	officetest.ExpectFinding(t, out, "app token", "✗", "not checked, because SLACK_APP_TOKEN")
	officetest.ExpectFinding(t, out, "endpoint", "✗", "not checked, because OCR_PROFILE")
	officetest.ExpectFinding(t, out, "store", "✓")
	if !strings.HasSuffix(out, "\n4 things need your attention.\n") {
		t.Errorf("it ends with\n%s", out)
	}
}

// TestCheckWithoutTools: no PATH, so none of the programs.
func TestCheckWithoutTools(t *testing.T) {
	o := officetest.Open(t, officetest.Reading)
	t.Setenv("PATH", "/nowhere")
	out, status := checked(t, o.Environ)
	officetest.ExpectFinding(t, out, "poppler", "✗", "PDFs can't be read", "Install poppler-utils")
	officetest.ExpectFinding(t, out, "libtiff", "✗", "many TIFF files can't be read", "Install libtiff-tools")
	officetest.ExpectFinding(t, out, "libheif", "✗", "AVIF can't be read", "Install libheif-examples")
	officetest.ExpectFinding(t, out, "decoder", "✓")
	if status != 1 || strings.Count(out, "✗") != 3 {
		t.Errorf("exit status %d:\n%s", status, out)
	}
}
