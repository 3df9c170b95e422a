// Package manifest reads app manifests as Slack does.
// https://docs.slack.dev/reference/app-manifest
package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Manifest is the used part of an app manifest.
type Manifest struct {
	Metadata struct {
		MajorVersion int `yaml:"major_version"`
		MinorVersion int `yaml:"minor_version"`
	} `yaml:"_metadata"`
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
		SlashCommands []command  `yaml:"slash_commands"`
		Shortcuts     []shortcut `yaml:"shortcuts"`
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
			IsEnabled             bool   `yaml:"is_enabled"`
			RequestURL            string `yaml:"request_url"`
			MessageMenuOptionsURL string `yaml:"message_menu_options_url"`
		} `yaml:"interactivity"`
		OrgDeployEnabled     bool `yaml:"org_deploy_enabled"`
		SocketModeEnabled    bool `yaml:"socket_mode_enabled"`
		TokenRotationEnabled bool `yaml:"token_rotation_enabled"`
	} `yaml:"settings"`
}

type command struct {
	Command      string `yaml:"command"`
	Description  string `yaml:"description"`
	UsageHint    string `yaml:"usage_hint"`
	ShouldEscape bool   `yaml:"should_escape"`
	URL          string `yaml:"url"`
}

type shortcut struct {
	Name        string `yaml:"name"`
	Type        string `yaml:"type"`
	CallbackID  string `yaml:"callback_id"`
	Description string `yaml:"description"`
}

// EventScopes are the scopes of an event, of which the token needs one.
// https://docs.slack.dev/reference/events
var EventScopes = map[string][]string{
	"app_home_opened":       nil, // no scope is needed
	"app_mention":           {"app_mentions:read"},
	"channel_archive":       {"channels:read"},
	"channel_left":          {"channels:read"},
	"file_deleted":          {"files:read"},
	"file_shared":           {"files:read"},
	"group_archive":         {"groups:read"},
	"group_left":            {"groups:read"},
	"member_joined_channel": {"channels:read", "groups:read"},
	"member_left_channel":   {"channels:read", "groups:read"},
	"message.channels":      {"channels:history"},
	"message.groups":        {"groups:history"},
	"message.im":            {"im:history"},
	"message.mpim":          {"mpim:history"},
	"reaction_added":        {"reactions:read"},
	"reaction_removed":      {"reactions:read"},
}

// commandName matches a valid name of a slash command.
var commandName = regexp.MustCompile(`^/[a-z0-9_-]+$`)

// Parse reads a manifest in YAML or JSON. The error describes the part that
// Slack would refuse, unknown fields included.
func Parse(text []byte) (*Manifest, error) {
	m := &Manifest{}
	decoder := yaml.NewDecoder(bytes.NewReader(text)) // JSON is YAML too
	decoder.KnownFields(true)
	if err := decoder.Decode(m); err != nil {
		return nil, fmt.Errorf("invalid_manifest: %w", err)
	}
	if err := errors.Join(m.wrong()...); err != nil {
		return nil, err
	}
	return m, nil
}

// wrong returns an error for each part that Slack would refuse.
func (m *Manifest) wrong() (wrong []error) {
	scopes := m.OAuthConfig.Scopes.Bot
	refuse := func(format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("invalid_manifest: "+format, args...))
	}
	if name := m.DisplayInformation.Name; name == "" || len([]rune(name)) > 35 {
		refuse("display_information.name must have 1 to 35 characters")
	}
	if m.Features.BotUser.DisplayName == "" {
		refuse("features.bot_user.display_name is missing: bot scopes need a bot user")
	}
	if !m.Settings.SocketModeEnabled {
		refuse("settings.socket_mode_enabled must be true: there is no public address to send events to")
	}
	for _, event := range m.Settings.EventSubscriptions.BotEvents {
		needs, known := EventScopes[event]
		if !known {
			refuse("the event %q is not modelled", event)
		} else if needs != nil && !slices.ContainsFunc(needs, func(s string) bool { return slices.Contains(scopes, s) }) {
			refuse("the event %q needs the scope %q", event, needs)
		}
	}
	for _, c := range m.Features.SlashCommands {
		if !commandName.MatchString(c.Command) || len(c.Command) > 32 {
			refuse("the command %q must be a slash and up to 31 small letters, digits, - or _", c.Command)
		}
		if n := len([]rune(c.Description)); n == 0 || n > 2000 {
			refuse("the description of %s must have 1 to 2,000 characters", c.Command)
		}
		if len([]rune(c.UsageHint)) > 1000 {
			refuse("the usage_hint of %s must have at most 1,000 characters", c.Command)
		}
	}
	for _, s := range m.Features.Shortcuts {
		switch {
		case s.Type != "message" && s.Type != "global":
			refuse("the shortcut %q must be of the type message or global", s.Name)
		case s.CallbackID == "" || len(s.CallbackID) > 255:
			refuse("the callback_id of the shortcut %q must have 1 to 255 characters", s.Name)
		case s.Name == "" || len([]rune(s.Name)) > 24:
			refuse("the name of the shortcut %q must have 1 to 24 characters", s.Name)
		case s.Description == "" || len([]rune(s.Description)) > 150:
			refuse("the description of the shortcut %q must have 1 to 150 characters", s.Name)
		}
	}
	if !slices.Contains(scopes, "commands") && len(m.Features.SlashCommands)+len(m.Features.Shortcuts) > 0 {
		refuse("commands and shortcuts need the scope commands")
	}
	if len(m.Features.Shortcuts) > 0 && !m.Settings.Interactivity.IsEnabled {
		refuse("shortcuts need settings.interactivity.is_enabled")
	}
	return wrong
}
