package ask

import (
	"testing"

	"github.com/slack-go/slack"
)

func TestHouse(t *testing.T) {
	alone, grid := House{Team: "T1"}, House{Team: "T1", Enterprise: "E1"}
	for _, tt := range []struct {
		house House
		team  string
		want  Belongs
	}{
		{alone, "T1", Ours},
		{alone, "T2", Foreign},
		{alone, "E1", Foreign},
		{alone, "", Unknown},
		{grid, "T1", Ours},
		{grid, "E1", Ours},
		{grid, "T2", Unknown},
		{grid, "E2", Unknown},
		{grid, "", Unknown},
	} {
		if got := tt.house.Of(tt.team); got != tt.want {
			t.Errorf("%+v: %q belongs %v, want %v", tt.house, tt.team, got, tt.want)
		}
	}
	user := func(team, enterprise string, stranger bool, teams ...string) *slack.User {
		return &slack.User{TeamID: team, IsStranger: stranger, Enterprise: slack.EnterpriseUser{EnterpriseID: enterprise, Teams: teams}}
	}
	for _, tt := range []struct {
		name  string
		house House
		user  *slack.User
		want  Belongs
	}{
		{"a colleague", alone, user("T1", "", false), Ours},
		{"somebody of a partner", alone, user("T2", "", false), Foreign},
		{"a stranger", alone, user("T1", "", true), Foreign},
		{"nobody knows", alone, user("", "", false), Foreign},
		{"a partner on Enterprise Grid", alone, user("T2", "E2", false, "T2"), Foreign},
		{"a colleague of a sister workspace", grid, user("T2", "E1", false, "T2", "T3"), Ours},
		{"a colleague whose team is the organisation", grid, user("E1", "", false), Ours},
		{"a colleague by the list of workspaces", grid, user("T2", "", false, "T2", "T1"), Ours},
		{"another organisation", grid, user("T9", "E2", false, "T9"), Foreign},
	} {
		if got := tt.house.OfUser(tt.user); got != tt.want {
			t.Errorf("%s belongs %v, want %v", tt.name, got, tt.want)
		}
	}
}
