package settings

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func secretFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestSecretsFromFiles(t *testing.T) {
	c, err := load(t, []string{
		"SLACK_BOT_TOKEN_FILE=" + secretFile(t, "xoxb-from-file\n"), "SLACK_APP_TOKEN_FILE=" + secretFile(t, "  xapp-from-file \r\n"),
		"OCR_API_KEY_FILE=" + secretFile(t, "key2"), "NATS_URL_FILE=" + secretFile(t, "nats://u:p@h:4222\n"),
	}, "MODELVERSE_API_KEY_FILE="+secretFile(t, "\tkey1\n")+"\n")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.SlackBotToken, c.SlackAppToken, c.ModelverseAPIKey, c.OCRAPIKey, c.NATSURL}
	if want := "xoxb-from-file xapp-from-file key1 key2 nats://u:p@h:4222"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

// TestSecretFilesThatAreOfNoUse: one line for each, with the variable and nothing
// of what the file, or the variable, holds.
func TestSecretFilesThatAreOfNoUse(t *testing.T) {
	large := secretFile(t, strings.Repeat("planted ", maxSecret))
	for _, tt := range []struct{ name, setting, want string }{
		{"both", "SLACK_BOT_TOKEN=xoxb-planted\nSLACK_BOT_TOKEN_FILE=" + secretFile(t, "xoxb-planted"), "SLACK_BOT_TOKEN_FILE and SLACK_BOT_TOKEN " + keepOne},
		{"no such file", "SLACK_APP_TOKEN_FILE=/planted/nowhere", "SLACK_APP_TOKEN_FILE " + noSecret + syscall.ENOENT.Error()},
		{"the secret itself", "SLACK_BOT_TOKEN_FILE=xoxb-planted", "SLACK_BOT_TOKEN_FILE " + noSecret + syscall.ENOENT.Error()},
		{"a folder", "NATS_URL_FILE=/", "NATS_URL_FILE " + noSecret + syscall.EISDIR.Error()},
		{"empty", "MODELVERSE_API_KEY_FILE=" + secretFile(t, " \n"), "MODELVERSE_API_KEY_FILE " + noSecret + errEmptySecret.Error()},
		{"too large", "OCR_API_KEY_FILE=" + large, "OCR_API_KEY_FILE " + noSecret + errLargeSecret.Error()},
		{"another kind of token", "SLACK_BOT_TOKEN_FILE=" + secretFile(t, "xapp-planted"), "SLACK_BOT_TOKEN " + belongsIn("xapp-", "SLACK_APP_TOKEN")},
		{"two lines", "SLACK_BOT_TOKEN_FILE=" + secretFile(t, "xoxb-planted\nxoxb-planted"), "SLACK_BOT_TOKEN " + isQuoted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			variable, _, _ := strings.Cut(tt.setting, "=")
			variable = strings.TrimSuffix(variable, "_FILE")
			var others []string
			for _, line := range good {
				if !strings.HasPrefix(line, variable+"=") {
					others = append(others, line)
				}
			}
			_, err := load(t, append(others, strings.Split(tt.setting, "\n")...), "")
			if err == nil || !strings.HasPrefix(err.Error(), tt.want+". Example: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "planted") {
				t.Errorf("it is told: %v", err)
			}
		})
	}
}

// TestHider: whatever a library says, no secret of the settings is printed.
func TestHider(t *testing.T) {
	c := Config{SlackBotToken: "xoxb-1", SlackAppToken: "xapp-1", OCRAPIKey: "key-2", NATSURL: "nats://ann:p%40ss@a:1,nats://b:2"}
	hide := NewRedactor(c, []string{"HTTPS_PROXY=http://bob:hunter2@proxy:3128", "no_proxy=x", "PATH=/usr/bin"})
	got := hide("xoxb-1 xapp-1 key-2 nats://ann:p%40ss@a:1,nats://b:2 p%40ss p@ss http://bob:hunter2@proxy:3128 hunter2 /usr/bin")
	if want := "… … … … … … http://…@proxy:3128 … /usr/bin"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
