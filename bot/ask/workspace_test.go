package ask

import (
	"testing"

	"github.com/slack-go/slack"
)

func TestMembership(t *testing.T) {
	alone, grid := Workspace{Team: "T1"}, Workspace{Team: "T1", Enterprise: "E1"}
	for _, tt := range []struct {
		workspace Workspace
		team      string
		want      Membership
	}{
		{alone, "T1", Member},
		{alone, "T2", External},
		{alone, "E1", External},
		{alone, "", Unknown},
		{grid, "T1", Member},
		{grid, "E1", Member},
		{grid, "T2", Unknown},
		{grid, "E2", Unknown},
		{grid, "", Unknown},
	} {
		if got := tt.workspace.OfTeam(tt.team); got != tt.want {
			t.Errorf("%+v: %q belongs %v, want %v", tt.workspace, tt.team, got, tt.want)
		}
	}
	user := func(team, enterprise string, stranger bool, teams ...string) *slack.User {
		return &slack.User{TeamID: team, IsStranger: stranger, Enterprise: slack.EnterpriseUser{EnterpriseID: enterprise, Teams: teams}}
	}
	for _, tt := range []struct {
		name      string
		workspace Workspace
		user      *slack.User
		want      Membership
	}{
		{"a colleague", alone, user("T1", "", false), Member},
		{"somebody of a partner", alone, user("T2", "", false), External},
		{"a stranger", alone, user("T1", "", true), External},
		{"nobody knows", alone, user("", "", false), External},
		{"a partner on Enterprise Grid", alone, user("T2", "E2", false, "T2"), External},
		{"a colleague of a sister workspace", grid, user("T2", "E1", false, "T2", "T3"), Member},
		{"a colleague whose team is the organisation", grid, user("E1", "", false), Member},
		{"a colleague by the list of workspaces", grid, user("T2", "", false, "T2", "T1"), Member},
		{"another organisation", grid, user("T9", "E2", false, "T9"), External},
	} {
		if got := tt.workspace.OfUser(tt.user); got != tt.want {
			t.Errorf("%s belongs %v, want %v", tt.name, got, tt.want)
		}
	}
}
