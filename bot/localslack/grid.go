package localslack

// This file is Enterprise Grid: an organisation of several workspaces
// (https://docs.slack.dev/enterprise).

// enterprise is an organization that this workspace belongs to.
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

// EnterpriseUser is the part of users.info about a person's organization.
type EnterpriseUser struct {
	ID             string   `json:"id"`
	EnterpriseID   string   `json:"enterprise_id"`
	EnterpriseName string   `json:"enterprise_name"`
	IsAdmin        bool     `json:"is_admin"`
	IsOwner        bool     `json:"is_owner"`
	Teams          []string `json:"teams"`
}

// enterpriseUser returns nil for people without an organization.
func (w *Workspace) enterpriseUser(u *User) *EnterpriseUser {
	v := &EnterpriseUser{ID: u.ID, Teams: []string{u.TeamID}}
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
