package localslack

// This file is Slack Connect: people of another workspace in channels of this
// one (https://docs.slack.dev/apis/slack-connect).

// AddExternalUser adds a person of another workspace and returns the id. Every
// conversation they come into becomes shared with that workspace (one, for all
// of them): is_ext_shared, and is_ext_shared_channel in its events; apps get its
// files as file_access "check_file_info", to be looked up with files.info. Their
// messages name user_team, source_team and user_profile. Commands and shortcuts
// of apps are not theirs; buttons are.
func (w *Workspace) AddExternalUser(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.partner == "" {
		w.partner = w.newID("T")
	}
	u := w.addUser(name, false)
	u.TeamID = w.partner
	w.userChanged(u)
	return u.ID
}

func (w *Workspace) external(user string) bool {
	u := w.users[user]
	return u != nil && u.TeamID != w.team.ID
}

// connect makes the conversation shared where a member is external.
func (w *Workspace) connect(c *conversation) {
	for _, m := range c.members {
		if w.external(m) {
			c.info.IsShared, c.info.IsExtShared = true, true
			c.info.SharedTeamIDs = []string{w.team.ID, w.partner}
			c.info.ConnectedTeamIDs = []string{w.partner}
		}
	}
}

// MessageProfile comes with messages of external people.
type MessageProfile struct {
	Team              string `json:"team"`
	Name              string `json:"name"`
	RealName          string `json:"real_name"`
	DisplayName       string `json:"display_name"`
	IsRestricted      bool   `json:"is_restricted"`
	IsUltraRestricted bool   `json:"is_ultra_restricted"`
}

// sign notes on a message where its author comes from.
func (w *Workspace) sign(m *Message) {
	u := w.users[m.User]
	if !w.external(m.User) {
		return
	}
	m.UserTeam, m.SourceTeam = u.TeamID, u.TeamID
	m.UserProfile = &MessageProfile{
		Team: u.TeamID, Name: u.Name, RealName: u.RealName, DisplayName: u.Profile.DisplayName,
	}
}

// appView is the message as an app gets it: in a shared channel its files must
// be looked up.
func (c *conversation) appView(m *Message, base string, metadata bool) Message {
	v := m.view(base, metadata)
	v.Blocks = expandMarkdown(v.Blocks)
	for i, f := range v.Files {
		switch {
		case f.Mode == "tombstone":
		case c.info.IsExtShared:
			v.Files[i] = File{ID: f.ID, Mode: "file_access", FileAccess: "check_file_info"}
		default:
			v.Files[i] = f.forApps()
		}
	}
	return v
}

// stranger is the user's is_stranger for an app.
func (w *Workspace) stranger(a *app, user string) *bool {
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
