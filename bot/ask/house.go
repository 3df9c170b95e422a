package ask

import (
	"slices"

	"github.com/slack-go/slack"
)

// House is who the bot works for: a workspace, and the organisation that it
// belongs to, if any (Enterprise Grid).
type House struct {
	Team       string // T…
	Enterprise string // E…, or ""
}

// Belongs says whether somebody is of the house, as far as can be told.
type Belongs int

// The answers.
const (
	Unknown Belongs = iota // users.info tells
	Ours
	Foreign
)

// Of tells by the workspace that an event or a press names for its person. On
// Enterprise Grid that may be the organisation, or another workspace of it, so
// there a strange name proves nothing.
func (h House) Of(team string) Belongs {
	switch {
	case team == "":
		return Unknown
	case team == h.Team, team == h.Enterprise:
		return Ours
	case h.Enterprise == "":
		return Foreign
	}
	return Unknown
}

// OfUser tells by what users.info says. Guests are of the house: somebody of it
// invited them.
// https://docs.slack.dev/reference/objects/user-object
func (h House) OfUser(u *slack.User) Belongs {
	grid := u.Enterprise
	switch {
	case h.Enterprise != "" && (grid.EnterpriseID == h.Enterprise || u.TeamID == h.Enterprise),
		slices.Contains(grid.Teams, h.Team), u.TeamID == h.Team && !u.IsStranger:
		return Ours
	}
	return Foreign
}
