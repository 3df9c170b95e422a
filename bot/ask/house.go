package ask

import (
	"slices"

	"github.com/slack-go/slack"
)

// House is the workspace that the bot serves, with its organization, if any
// (Enterprise Grid).
type House struct {
	Team       string // T…
	Enterprise string // E…, or ""
}

// Belongs says whether a person belongs to the house, as far as known.
type Belongs int

// The answers.
const (
	Unknown Belongs = iota // only users.info can tell
	Ours
	Foreign
)

// Of decides by the team in an event or a press. On Enterprise Grid that may
// be the organization, or another workspace of the organization, so there an
// unknown team proves nothing.
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

// OfUser decides by users.info. Guests belong to the house, since a member
// invited them. https://docs.slack.dev/reference/objects/user-object
func (h House) OfUser(u *slack.User) Belongs {
	grid := u.Enterprise
	switch {
	case h.Enterprise != "" && (grid.EnterpriseID == h.Enterprise || u.TeamID == h.Enterprise),
		slices.Contains(grid.Teams, h.Team), u.TeamID == h.Team && !u.IsStranger:
		return Ours
	}
	return Foreign
}
