package localslack

import (
	"maps"
	"slices"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/manifest"
	"slackocr/bot/localslack/internal/socketmode"
	"slackocr/bot/localslack/internal/webapi"
)

// systemUser is the author of Slack's own messages, such as a tombstone.
const systemUser = "USLACKBOT"

// userObject is Slack's user object (https://docs.slack.dev/reference/objects/user-object).
type userObject struct {
	ID       string      `json:"id"`
	TeamID   string      `json:"team_id,omitempty"`
	Name     string      `json:"name"`
	RealName string      `json:"real_name"`
	Color    string      `json:"color"`
	Deleted  bool        `json:"deleted"`
	IsBot    bool        `json:"is_bot"`
	Profile  userProfile `json:"profile"`
	Updated  int64       `json:"updated"`

	IsRestricted      bool                  `json:"is_restricted"`             // a guest
	IsUltraRestricted bool                  `json:"is_ultra_restricted"`       // a guest of one channel
	EnterpriseUser    *enterpriseUserObject `json:"enterprise_user,omitempty"` // only from users.info
	// IsStranger is nil for people of this workspace, false for other people
	// in a channel with the app, and true for the rest. Only users.info sets
	// the field.
	IsStranger *bool `json:"is_stranger,omitempty"`

	home Home
}

// userProfile is the part of a user that people see.
type userProfile struct {
	RealName    string `json:"real_name"`
	DisplayName string `json:"display_name"`
	BotID       string `json:"bot_id,omitempty"`
	APIAppID    string `json:"api_app_id,omitempty"`
}

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

var userColors = []string{"9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c"}

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

// AddUser adds a person and returns the id (U…).
func (w *Workspace) AddUser(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.addUser(name, false)
	w.userChanged(u)
	return u.ID
}

func (w *Workspace) addUser(name string, bot bool) *userObject {
	u := &userObject{
		ID: w.newID("U"), TeamID: w.team.ID, RealName: name, IsBot: bot,
		Name:    strings.ReplaceAll(strings.ToLower(name), " ", "."),
		Color:   userColors[len(w.users)%len(userColors)],
		Profile: userProfile{RealName: name, DisplayName: name},
		Updated: time.Now().Unix(),
	}
	w.users[u.ID] = u
	return u
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

func usersInfo(c *call) (answer, error) {
	u := c.w.users[c.Args["user"]]
	if u == nil {
		return nil, webapi.Err("user_not_found")
	}
	v := *u
	v.IsStranger = c.w.isStranger(c.app, u.ID)
	v.EnterpriseUser = c.w.enterpriseUser(u)
	if u.home == HomeOrganization {
		v.TeamID = ""
	}
	return answer{"user": v}, nil
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
