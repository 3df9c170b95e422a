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

func TestManifestDeclaresCommandsAndShortcuts(t *testing.T) {
	text := strings.NewReplacer(
		"features:", `features:
  slash_commands: [{command: /ocr, description: Reads a picture, usage_hint: "[link]", should_escape: false}]
  shortcuts:
    - {name: Extract text, type: message, callback_id: extract, description: Reads its pictures}
    - {name: Upload, type: global, callback_id: upload, description: Opens the window}`,
		"settings:", "settings:\n  interactivity: {is_enabled: true}", "[chat:write", "[commands, chat:write").Replace(wholeManifest)
	app, err := localslack.ParseManifest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	commands := []localslack.SlashCommand{{Command: "/ocr", Description: "Reads a picture", UsageHint: "[link]"}}
	shortcuts := []localslack.MessageShortcut{{Name: "Extract text", CallbackID: "extract", Description: "Reads its pictures"}}
	if !app.Interactive || !slices.Equal(app.Commands, commands) || !slices.Equal(app.Shortcuts, shortcuts) {
		t.Errorf("%+v", app)
	}
	for _, tt := range []struct{ old, new, want string }{
		{"/ocr", "ocr", "must be a slash"},
		{"/ocr", "/" + strings.Repeat("x", 32), "must be a slash"},
		{"Reads a picture", "''", "1 to 2,000"},
		{"type: message", "type: file", "message or global"},
		{"callback_id: extract", "callback_id: ''", "1 to 255"},
		{"Extract text", strings.Repeat("x", 25), "1 to 24"},
		{"Reads its pictures", strings.Repeat("x", 151), "1 to 150"},
		{"is_enabled: true", "is_enabled: false", "interactivity"},
		{"[commands, ", "[", "scope commands"},
	} {
		if _, err := localslack.ParseManifest([]byte(strings.Replace(text, tt.old, tt.new, 1))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s for %s: %v, want %q", tt.new, tt.old, err, tt.want)
		}
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
