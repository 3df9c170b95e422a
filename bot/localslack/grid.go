package localslack

// This file is Enterprise Grid: an organisation of several workspaces
// (https://docs.slack.dev/enterprise).

// enterprise is an organisation of which this workspace is one.
type enterprise struct {
	id, name string
	sister   string // the id of another workspace of it
}

// JoinEnterprise makes the workspace one of an organisation that has one more
// workspace, and returns the organisation's id (E…). From then on auth.test,
// users.info, events and interactions name it, and every url_private redirects as
// with RedirectPrivate. The second time it changes nothing.
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

// EnterpriseUser is what users.info tells of a person's organisation.
type EnterpriseUser struct {
	ID             string   `json:"id"`
	EnterpriseID   string   `json:"enterprise_id"`
	EnterpriseName string   `json:"enterprise_name"`
	IsAdmin        bool     `json:"is_admin"`
	IsOwner        bool     `json:"is_owner"`
	Teams          []string `json:"teams"`
}

// enterpriseUser is nil for people without an organisation.
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

// enterpriseID is the organisation's id as payloads have it: null without one.
func (w *Workspace) enterpriseID() *string {
	if w.enterprise == nil {
		return nil
	}
	return &w.enterprise.id
}

// appTeam is the team that an app's installation is of: the organisation itself for
// one that is installed in all of it.
func (w *Workspace) appTeam(a *app) string {
	if a.OrgInstall {
		return w.enterprise.id
	}
	return w.team.ID
}

// payloadTeam is the field team of interactive payloads, and enterprise the other one.
func (w *Workspace) payloadTeam() (team map[string]string, enterprise any) {
	team = map[string]string{"id": w.team.ID, "domain": w.team.Domain}
	if w.enterprise == nil {
		return team, nil
	}
	team["enterprise_id"], team["enterprise_name"] = w.enterprise.id, w.enterprise.name
	return team, map[string]string{"id": w.enterprise.id, "name": w.enterprise.name}
}
