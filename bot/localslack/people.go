package localslack

import (
	"cmp"
	"slices"
	"strings"
	"time"

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

var userColors = []string{"9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c"}

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

// People of other workspaces in channels of this one are Slack Connect
// (https://docs.slack.dev/apis/slack-connect). What their events carry is as Slack's
// staff recorded it: slackapi/bolt-python tests/slack_bolt/request/test_internals.py.

// Home is the workspace that a person belongs to.
type Home int

const (
	// HomeHere is this workspace.
	HomeHere Home = iota
	// HomeSister is another workspace of the same organization. Its id is in
	// team, user_team and source_team of the person's messages and in
	// user.team_id of presses (slackapi/bolt-js issue 1875).
	HomeSister
	// HomeOrganization is HomeSister with the organization's id (E…) in
	// user_team, source_team and user.team_id, and without a team_id in
	// users.info (looker/lookerbot issue 184).
	HomeOrganization
	// HomePartner is a workspace of other people.
	HomePartner
	// HomePartnerGrid is a HomePartner that belongs to an organization.
	HomePartnerGrid
)

// Guest is the kind of guest that a person is.
type Guest int

const (
	GuestNone   Guest = iota
	GuestMulti        // of several channels: is_restricted
	GuestSingle       // of one: is_ultra_restricted as well
)

// Person is a new person.
type Person struct {
	Name  string
	Home  Home
	Guest Guest
}

// AddPerson adds a person and returns the id: U…, or W… for a person whom
// Slack knows by the organization. A conversation with a person of a sister
// workspace is shared in the organization (is_org_shared); if the workspace
// has no organization, AddPerson adds one. A conversation with a person of a
// partner is shared with that workspace: is_ext_shared, and
// is_ext_shared_channel in its events. Apps get the files of such a
// conversation as file_access "check_file_info", and must call files.info.
// Messages of a partner's people have only the field team; app_mention also
// has user_team, source_team and user_profile. A partner's people may press
// buttons but may not use the commands and shortcuts of apps.
func (w *Workspace) AddPerson(p Person) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.addUser(p.Name, false)
	if p.Home == HomeOrganization || p.Home == HomePartnerGrid {
		delete(w.users, u.ID)
		u.ID = w.newID("W")
		w.users[u.ID] = u
	}
	u.home = p.Home
	u.IsRestricted, u.IsUltraRestricted = p.Guest != GuestNone, p.Guest == GuestSingle
	switch p.Home {
	case HomeSister, HomeOrganization:
		u.TeamID = w.joinEnterprise("Local Group").sister
	case HomePartner:
		w.partner = cmp.Or(w.partner, w.newID("T"))
		u.TeamID = w.partner
	case HomePartnerGrid:
		if w.partnerOrg == "" {
			w.partnerOrg, w.partnerTeam = w.newID("E"), w.newID("T")
		}
		u.TeamID = w.partnerTeam
	}
	w.userChanged(u)
	return u.ID
}

func (w *Workspace) external(user string) bool {
	u := w.users[user]
	return u != nil && u.home >= HomePartner
}

// actorTeam returns the id for the person's team in events and presses.
func (w *Workspace) actorTeam(u *userObject) string {
	switch u.home {
	case HomeOrganization:
		return w.enterprise.id
	case HomePartnerGrid:
		return w.partnerOrg
	}
	return u.TeamID
}

// connect makes the conversation shared if a member belongs to another
// workspace.
func (w *Workspace) connect(c *conversation) {
	for _, m := range c.members {
		u := w.users[m]
		if u.home == HomeHere {
			continue
		}
		c.info.IsShared = true
		c.info.IsOrgShared = c.info.IsOrgShared || u.home < HomePartner
		c.info.IsExtShared = c.info.IsExtShared || u.home >= HomePartner
		if c.info.SharedTeamIDs == nil {
			c.info.SharedTeamIDs = []string{w.team.ID}
		}
		if !slices.Contains(c.info.SharedTeamIDs, u.TeamID) {
			c.info.SharedTeamIDs = append(slices.Clone(c.info.SharedTeamIDs), u.TeamID)
		}
		if u.home >= HomePartner && !slices.Contains(c.info.ConnectedTeamIDs, u.TeamID) {
			c.info.ConnectedTeamIDs = append(slices.Clone(c.info.ConnectedTeamIDs), u.TeamID)
		}
	}
}

// authorProfile comes with mentions by people of other workspaces.
type authorProfile struct {
	Team              string `json:"team"`
	Name              string `json:"name"`
	RealName          string `json:"real_name"`
	DisplayName       string `json:"display_name"`
	IsRestricted      bool   `json:"is_restricted"`
	IsUltraRestricted bool   `json:"is_ultra_restricted"`
}

// setTeam sets the team of a message's author. Slack leaves the team out of a
// message with files (slackapi/slack-api-specs issue 62), except for a
// partner's people.
func (w *Workspace) setTeam(m *Message) {
	u := w.users[m.User]
	switch {
	case u != nil && u.home != HomeHere:
		m.Team = u.TeamID
		if u.home < HomePartner {
			m.UserTeam, m.SourceTeam = w.actorTeam(u), w.actorTeam(u)
		}
	case len(m.Files) == 0:
		m.Team = w.team.ID
	}
}

// setMentionTeam sets the team in an app_mention, whose own team is the app's.
func (w *Workspace) setMentionTeam(m *Message) {
	u := w.users[m.User]
	m.Team = w.team.ID
	if u == nil || u.home == HomeHere {
		return
	}
	m.UserTeam, m.SourceTeam = w.actorTeam(u), w.actorTeam(u)
	m.UserProfile = &authorProfile{
		Team: w.actorTeam(u), Name: u.Name, RealName: u.RealName, DisplayName: u.Profile.DisplayName,
		IsRestricted: u.IsRestricted, IsUltraRestricted: u.IsUltraRestricted,
	}
}

// isStranger returns the user's is_stranger for an app.
func (w *Workspace) isStranger(a *app, user string) *bool {
	if !w.external(user) {
		return nil
	}
	for _, c := range w.convs {
		if c.has(user) && c.visible(a.BotUserID) {
			return new(false)
		}
	}
	return new(true)
}

// enterprise is an organization of several workspaces, of which this workspace
// is one: Enterprise Grid (https://docs.slack.dev/enterprise).
type enterprise struct {
	id, name string
	sister   string // id of another workspace of the organization
}

// JoinEnterprise makes the workspace part of an organization with one more
// workspace, and returns the organization's id (E…). From then on auth.test,
// users.info, events and interactions name the organization, and every
// url_private redirects as with RedirectPrivate. A second call changes
// nothing.
func (w *Workspace) JoinEnterprise(name string) (id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.joinEnterprise(name).id
}

func (w *Workspace) joinEnterprise(name string) *enterprise {
	if w.enterprise == nil {
		w.enterprise = &enterprise{id: w.newID("E"), name: name, sister: w.newID("T")}
	}
	return w.enterprise
}

// enterpriseUserObject is the part of users.info about a person's organization.
type enterpriseUserObject struct {
	ID             string   `json:"id"`
	EnterpriseID   string   `json:"enterprise_id"`
	EnterpriseName string   `json:"enterprise_name"`
	IsAdmin        bool     `json:"is_admin"`
	IsOwner        bool     `json:"is_owner"`
	Teams          []string `json:"teams"`
}

// enterpriseUser returns nil for people without an organization.
func (w *Workspace) enterpriseUser(u *userObject) *enterpriseUserObject {
	v := &enterpriseUserObject{ID: u.ID, Teams: []string{u.TeamID}}
	switch {
	case u.home == HomePartnerGrid:
		v.EnterpriseID, v.EnterpriseName = w.partnerOrg, "Partner Group"
	case w.enterprise == nil || w.external(u.ID):
		return nil
	default:
		v.EnterpriseID, v.EnterpriseName = w.enterprise.id, w.enterprise.name
	}
	return v
}

// enterpriseID returns the organization's id for payloads: null without
// organization.
func (w *Workspace) enterpriseID() *string {
	if w.enterprise == nil {
		return nil
	}
	return &w.enterprise.id
}

// appTeam returns the team of an app's installation, which is the organization
// itself if the app is installed in the whole organization.
func (w *Workspace) appTeam(a *app) string {
	if a.OrgInstall {
		return w.enterprise.id
	}
	return w.team.ID
}

// payloadTeam returns the fields team and enterprise of interactive payloads.
func (w *Workspace) payloadTeam() (team map[string]string, enterprise any) {
	team = map[string]string{"id": w.team.ID, "domain": w.team.Domain}
	if w.enterprise == nil {
		return team, nil
	}
	team["enterprise_id"], team["enterprise_name"] = w.enterprise.id, w.enterprise.name
	return team, map[string]string{"id": w.enterprise.id, "name": w.enterprise.name}
}
