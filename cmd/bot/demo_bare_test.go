package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot"
)

// bareWorkspace starts `bot demo --bare` and returns a client of its app.
func bareWorkspace(t *testing.T, args ...string) (p *process, client *slack.Client) {
	t.Helper()
	p = start(t, nil, append([]string{"demo", "--bare", "--addr=127.0.0.1:0"}, args...)...)
	settings := map[string]string{}
	for range 9 {
		line, err := p.stdout.ReadString('\n')
		if err != nil {
			t.Fatalf("%v: %s", err, p.stderr)
		}
		if m := regexp.MustCompile(`^(SLACK_\w+)=(\S+)$`).FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			settings[m[1]] = m[2]
		}
		if strings.Contains(line, "Ctrl-C") {
			break
		}
	}
	return p, slack.New(settings["SLACK_BOT_TOKEN"], slack.OptionAPIURL(settings["SLACK_API_URL"]), slack.OptionAppLevelToken(settings["SLACK_APP_TOKEN"]))
}

func TestBareWorkspace(t *testing.T) {
	p, client := bareWorkspace(t, "--fault=chat.postMessage,status=429,retry-after=7s,times=1", "--slack=enterprise")
	who, err := client.AuthTestContext(t.Context())
	if err != nil || who.EnterpriseID == "" {
		t.Fatalf("auth.test: %+v, %v", who, err)
	}
	if _, _, err := client.StartSocketModeContext(t.Context()); err != nil {
		t.Error("apps.connections.open:", err)
	}
	channels, _, err := client.GetConversationsContext(t.Context(), &slack.GetConversationsParameters{})
	if err != nil || len(channels) == 0 {
		t.Fatalf("channels: %v, %v", channels, err)
	}
	post := func() error {
		_, _, err := client.PostMessageContext(t.Context(), channels[0].ID, slack.MsgOptionText("hello", false))
		return err
	}
	if limited, ok := post().(*slack.RateLimitedError); !ok || limited.RetryAfter != 7*time.Second {
		t.Errorf("the fault did not hit: %v", limited)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d: %s", status, p.stderr)
	}
}

func TestBareWorkspaceWithAManifest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, bot.Manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	p, client := bareWorkspace(t, "--manifest="+file)
	if _, err := client.AuthTestContext(t.Context()); err != nil {
		t.Error(err)
	}
	// The manifest does not ask for the scope of reactions.add.
	if err := client.AddReactionContext(t.Context(), "eyes", slack.NewRefToMessage("C0", "1.000001")); err == nil || err.Error() != "missing_scope" {
		t.Errorf("a call without its scope: %v", err)
	}
	p.stop(t)
}
