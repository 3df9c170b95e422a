package localslack

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// manifest is the part of an app manifest that matters here. Fields that Slack
// does not know are refused, as Slack refuses them.
// https://docs.slack.dev/reference/app-manifest
type manifest struct {
	DisplayInformation struct {
		Name            string `yaml:"name"`
		Description     string `yaml:"description"`
		LongDescription string `yaml:"long_description"`
		BackgroundColor string `yaml:"background_color"`
	} `yaml:"display_information"`
	Features struct {
		BotUser struct {
			DisplayName  string `yaml:"display_name"`
			AlwaysOnline bool   `yaml:"always_online"`
		} `yaml:"bot_user"`
		AppHome struct {
			HomeTabEnabled             bool `yaml:"home_tab_enabled"`
			MessagesTabEnabled         bool `yaml:"messages_tab_enabled"`
			MessagesTabReadOnlyEnabled bool `yaml:"messages_tab_read_only_enabled"`
		} `yaml:"app_home"`
		SlashCommands []yaml.Node `yaml:"slash_commands"`
		Shortcuts     []yaml.Node `yaml:"shortcuts"`
	} `yaml:"features"`
	OAuthConfig struct {
		Scopes struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		EventSubscriptions struct {
			BotEvents []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			IsEnabled bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		OrgDeployEnabled     bool `yaml:"org_deploy_enabled"`
		SocketModeEnabled    bool `yaml:"socket_mode_enabled"`
		TokenRotationEnabled bool `yaml:"token_rotation_enabled"`
	} `yaml:"settings"`
}

// eventScopes are the scopes of which an event needs one.
// https://docs.slack.dev/reference/events
var eventScopes = map[string][]string{
	"app_mention":           {"app_mentions:read"},
	"channel_archive":       {"channels:read"},
	"file_deleted":          {"files:read"},
	"file_shared":           {"files:read"},
	"group_archive":         {"groups:read"},
	"member_joined_channel": {"channels:read", "groups:read"},
	"message.channels":      {"channels:history"},
	"message.groups":        {"groups:history"},
	"message.im":            {"im:history"},
	"message.mpim":          {"mpim:history"},
	"reaction_added":        {"reactions:read"},
	"reaction_removed":      {"reactions:read"},
}

// ParseManifest reads an app manifest, in YAML or JSON. The app has exactly its
// scopes and gets exactly its events. An error says what Slack would refuse.
func ParseManifest(text []byte) (App, error) {
	var m manifest
	decoder := yaml.NewDecoder(bytes.NewReader(text)) // JSON is YAML too
	decoder.KnownFields(true)
	if err := decoder.Decode(&m); err != nil {
		return App{}, fmt.Errorf("invalid_manifest: %w", err)
	}
	a := App{
		Name:   m.Features.BotUser.DisplayName,
		Scopes: m.OAuthConfig.Scopes.Bot,
		Events: m.Settings.EventSubscriptions.BotEvents,
	}
	home := m.Features.AppHome
	a.NoMessages = !home.MessagesTabEnabled || home.MessagesTabReadOnlyEnabled
	var wrong []error
	refuse := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("invalid_manifest: "+format, args...))
	}
	if name := m.DisplayInformation.Name; name == "" || len([]rune(name)) > 35 {
		refuse("display_information.name must have 1 to 35 characters")
	}
	if a.Name == "" {
		refuse("features.bot_user.display_name is missing: bot scopes need a bot user")
	}
	if !m.Settings.SocketModeEnabled {
		refuse("settings.socket_mode_enabled must be true: there is no public address to send events to")
	}
	for _, event := range a.Events {
		needs, known := eventScopes[event]
		if !known {
			refuse("the event %q is not modelled", event)
		} else if !slices.ContainsFunc(needs, func(s string) bool { return slices.Contains(a.Scopes, s) }) {
			refuse("the event %q needs the scope %q", event, needs)
		}
	}
	if !slices.Contains(a.Scopes, "commands") && len(m.Features.SlashCommands)+len(m.Features.Shortcuts) > 0 {
		refuse("commands and shortcuts need the scope commands")
	}
	if len(m.Features.Shortcuts) > 0 && !m.Settings.Interactivity.IsEnabled {
		refuse("shortcuts need settings.interactivity.is_enabled")
	}
	return a, errors.Join(wrong...)
}
