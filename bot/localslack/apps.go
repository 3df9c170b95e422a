package localslack

import (
	"maps"
	"slices"

	"slackocr/bot/localslack/internal/manifest"
	"slackocr/bot/localslack/internal/socketmode"
	"slackocr/bot/localslack/internal/webapi"
)

// App describes an app and its permissions, as in the app's manifest.
type App struct {
	Name      string
	Scopes    []string // of the bot token
	AppScopes []string // of the app-level token; nil means connections:write
	Events    []string // subscriptions, such as "message.channels" or "app_mention"

	Commands  []SlashCommand    // no other reaches the app
	Shortcuts []MessageShortcut // likewise
	// Interactive is true if presses, shortcuts and windows reach the app
	// (settings.interactivity.is_enabled).
	Interactive bool
	// NoMessages is true if people cannot write to the app directly: the
	// Messages tab of its home is off or read-only, which is the default of a
	// manifest.
	NoMessages bool
	// OrgInstall is true if the app is installed in the whole organization
	// (is_enterprise_install, with E… as the team). If the workspace has no
	// organization, Install adds one.
	OrgInstall bool
}

// FullApp returns an app that has every scope and gets every event that the
// workspace knows. Its commands and shortcuts are left to the caller.
func FullApp(name string) App {
	scopes := []string{"commands"}
	for _, m := range methods {
		if m.kind != appToken {
			scopes = append(scopes, m.scopes...)
		}
	}
	for _, needed := range manifest.EventScopes {
		scopes = append(scopes, needed...)
	}
	slices.Sort(scopes)
	return App{Name: name, Scopes: slices.Compact(scopes), Events: slices.Sorted(maps.Keys(manifest.EventScopes)), Interactive: true}
}

// ParseManifest parses an app manifest in YAML or JSON. The app has exactly
// the manifest's scopes and events. An error describes the part that Slack
// would refuse.
func ParseManifest(text []byte) (App, error) {
	m, err := manifest.Parse(text)
	if err != nil {
		return App{}, err
	}
	home := m.Features.AppHome
	a := App{
		Name:        m.Features.BotUser.DisplayName,
		Scopes:      m.OAuthConfig.Scopes.Bot,
		Events:      m.Settings.EventSubscriptions.BotEvents,
		Interactive: m.Settings.Interactivity.IsEnabled,
		NoMessages:  !home.MessagesTabEnabled || home.MessagesTabReadOnlyEnabled,
	}
	for _, c := range m.Features.SlashCommands {
		a.Commands = append(a.Commands, SlashCommand{c.Command, c.Description, c.UsageHint})
	}
	for _, s := range m.Features.Shortcuts {
		if s.Type == "message" {
			a.Shortcuts = append(a.Shortcuts, MessageShortcut{s.Name, s.CallbackID, s.Description})
		}
	}
	return a, nil
}

// SlashCommand is a command of an app.
type SlashCommand struct {
	Command     string `json:"command"` // with its slash
	Description string `json:"description"`
	UsageHint   string `json:"usage_hint"`
}

// MessageShortcut is an app's entry in the menu of every message.
type MessageShortcut struct {
	Name        string `json:"name"`
	CallbackID  string `json:"callback_id"`
	Description string `json:"description"`
}

// Credentials are the tokens of an installed app.
type Credentials struct {
	AppID, BotToken, AppToken, BotUserID, BotID string
}

// app is an installed app.
type app struct {
	App
	Credentials
	base    string // of the last request, for links in events
	socket  *socketmode.App
	buckets webapi.Buckets
}

type tokenKind string

const (
	botToken tokenKind = "bot"
	appToken tokenKind = "app"
	noToken  tokenKind = "none"
)

type token struct {
	kind    tokenKind
	app     *app
	scopes  []string
	refused string // the error of every call with the token, or ""
}

// Install adds an app with its bot user and returns the tokens. The bot is not
// a member of any conversation yet.
func (w *Workspace) Install(a App) Credentials {
	w.mu.Lock()
	defer w.mu.Unlock()
	a.Scopes, a.Events = slices.Clone(a.Scopes), slices.Clone(a.Events)
	a.Commands, a.Shortcuts = slices.Clone(a.Commands), slices.Clone(a.Shortcuts)
	if a.AppScopes == nil {
		a.AppScopes = []string{"connections:write"}
	}
	if a.OrgInstall {
		w.joinEnterprise("Local Group")
	}
	cred := Credentials{AppID: w.newID("A"), BotID: w.newID("B")}
	cred.BotToken = "xoxb-local-" + secret()
	cred.AppToken = "xapp-1-" + cred.AppID + "-" + secret()
	u := w.addUser(a.Name, true)
	u.Profile.BotID, u.Profile.APIAppID = cred.BotID, cred.AppID
	cred.BotUserID = u.ID
	in := &app{App: a, Credentials: cred, socket: w.sockets.Add(cred.AppID, a.Name), buckets: webapi.Buckets{}}
	w.apps[cred.AppID] = in
	w.tokens[cred.BotToken] = &token{kind: botToken, app: in, scopes: a.Scopes}
	w.tokens[cred.AppToken] = &token{kind: appToken, app: in, scopes: a.AppScopes}
	w.userChanged(u)
	w.publish(nil, change{Type: "app", App: new(in.info())})
	return cred
}

// RevokeToken makes later calls with the token fail: token_revoked for a bot
// token, invalid_auth for an app-level token. Open sockets stay open.
func (w *Workspace) RevokeToken(tok string) {
	w.refuse(tok, "token_revoked")
}

// Uninstall removes the app of this bot token from the workspace: later calls
// with the token are account_inactive. Open sockets stay open.
func (w *Workspace) Uninstall(botToken string) {
	w.refuse(botToken, "account_inactive")
}

func (w *Workspace) refuse(tok, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.tokens[tok]; t != nil {
		if t.kind == appToken {
			code = "invalid_auth"
		}
		t.refused = code
	}
	w.touch()
}

func (a *app) hasScope(s string) bool { return slices.Contains(a.Scopes, s) }

// apiTest returns the arguments, or the requested error.
func apiTest(c *call) (answer, error) {
	if e := c.Args["error"]; e != "" {
		return nil, webapi.Err(e)
	}
	return answer{"args": c.Args}, nil
}

func authTest(c *call) (answer, error) {
	ans := answer{
		"url": c.w.teamURL() + "/", "team": c.w.team.Name, "team_id": c.w.appTeam(c.app),
		"user": c.w.users[c.app.BotUserID].Name, "user_id": c.app.BotUserID,
		"bot_id": c.app.BotID, "is_enterprise_install": c.app.OrgInstall,
	}
	if c.w.enterprise != nil {
		ans["enterprise_id"] = c.w.enterprise.id
	}
	if c.app.OrgInstall {
		ans["team"] = c.w.enterprise.name
	}
	return ans, nil
}

// connectionsOpen returns the address of a Socket Mode connection.
func connectionsOpen(c *call) (answer, error) {
	return answer{"url": c.app.socket.Address(c.base)}, nil
}

func botsInfo(c *call) (answer, error) {
	for _, a := range c.w.apps {
		if a.BotID == c.Args["bot"] {
			return answer{"bot": map[string]any{
				"id": a.BotID, "deleted": false, "name": a.Name, "app_id": a.AppID, "user_id": a.BotUserID,
				"updated": c.w.users[a.BotUserID].Updated, "icons": map[string]string{},
			}}, nil
		}
	}
	return nil, webapi.Err("bot_not_found")
}
