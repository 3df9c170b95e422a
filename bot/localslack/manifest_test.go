package localslack_test

import (
	"slices"
	"strings"
	"testing"

	"slackocr/bot/localslack"
)

const wholeManifest = `
display_information: {name: Reader}
features:
  bot_user: {display_name: reader, always_online: true}
oauth_config:
  scopes:
    bot: [chat:write, "channels:history"]
settings:
  event_subscriptions:
    bot_events: [message.channels]
  socket_mode_enabled: true
`

func TestManifestGivesExactlyItsScopesAndEvents(t *testing.T) {
	app, err := localslack.ParseManifest([]byte(wholeManifest))
	if err != nil {
		t.Fatal(err)
	}
	if app.Name != "reader" || !slices.Equal(app.Scopes, []string{"chat:write", "channels:history"}) || !slices.Equal(app.Events, []string{"message.channels"}) {
		t.Errorf("got %+v", app)
	}
}

// TestManifestDecidesWhoMayWrite: direct messages are off unless it says else.
func TestManifestDecidesWhoMayWrite(t *testing.T) {
	open := strings.Replace(wholeManifest, "features:", "features:\n  app_home: {messages_tab_enabled: true}", 1)
	for text, want := range map[string]string{wholeManifest: "messages_tab_disabled", open: ""} {
		app, err := localslack.ParseManifest([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w := localslack.New(localslack.Options{})
		ann, bot := w.AddUser("ann"), w.Install(app).BotUserID
		_, err = w.Post(ann, localslack.Post{Channel: w.AddDM(ann, bot), Text: "hello"})
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestManifestRefusals(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"an unknown field", "settings:", "surprise: 1\nsettings:", "surprise"},
		{"no YAML", "settings:", "settings", "invalid_manifest"},
		{"no name", "name: Reader", "name: ''", "1 to 35 characters"},
		{"a long name", "name: Reader", "name: " + strings.Repeat("x", 36), "1 to 35 characters"},
		{"no bot user", "display_name: reader, ", "", "bot_user.display_name"},
		{"no Socket Mode", "socket_mode_enabled: true", "socket_mode_enabled: false", "socket_mode_enabled"},
		{"an event without its scope", `, "channels:history"`, "", `needs the scope ["channels:history"]`},
		{"an unknown event", "[message.channels]", "[message.everything]", "not modelled"},
		{"a command without its scope", "features:", "features:\n  slash_commands: [{command: /ocr}]", "scope commands"},
		{"a shortcut without interactivity", "features:", "features:\n  shortcuts: [{name: x}]", "interactivity"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(wholeManifest, tt.old, tt.new, 1)
			if _, err := localslack.ParseManifest([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
