package ask

import (
	"slices"

	"github.com/slack-go/slack"
)

// Workspace is the workspace that the bot serves, with its organization, if any
// (Enterprise Grid).
type Workspace struct {
	Team       string // T…
	Enterprise string // E…, or ""
}

// Membership says whether a person belongs to the workspace, as far as known.
type Membership int

// The answers.
const (
	Unknown Membership = iota // only users.info can tell
	Member
	External
)

// OfTeam decides by the team in an event or a press. On Enterprise Grid that may
// be the organization, or another workspace of the organization, so there an
// unknown team proves nothing.
func (w Workspace) OfTeam(team string) Membership {
	switch {
	case team == "":
		return Unknown
	case team == w.Team, team == w.Enterprise:
		return Member
	case w.Enterprise == "":
		return External
	}
	return Unknown
}

// OfUser decides by users.info. Guests belong to the workspace, since a member
// invited them. https://docs.slack.dev/reference/objects/user-object
func (w Workspace) OfUser(u *slack.User) Membership {
	grid := u.Enterprise
	switch {
	case w.Enterprise != "" && (grid.EnterpriseID == w.Enterprise || u.TeamID == w.Enterprise),
		slices.Contains(grid.Teams, w.Team), u.TeamID == w.Team && !u.IsStranger:
		return Member
	}
	return External
}
