package localslack

// This file is Enterprise Grid: an organisation of several workspaces
// (https://docs.slack.dev/enterprise).

// enterprise is an organisation.
type enterprise struct {
	id, name string
	sister   string // the id of another workspace of it
}

// JoinEnterprise makes the workspace one of an organisation that has one more, and
// returns the organisation's id (E…). From then on auth.test, users.info, events and
// interactions name it. It does nothing the second time.
func (w *Workspace) JoinEnterprise(name string) (id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.enterprise == nil {
		w.enterprise = &enterprise{id: w.newID("E"), name: name, sister: w.newID("T")}
	}
	return w.enterprise.id
}
