package post

import "time"

// limit is how often Slack takes a method from one app in one workspace, and how
// the pacer spends that.
type limit struct {
	every time.Duration // one call each
	burst float64       // the most calls at once that every pays for, 1 at least
	// extra calls may come at any time beside those, each again when extraReturn
	// has passed since it was used: no minute sees more than burst + extra +
	// 60 s / every calls, and what was spent at once is not lost to a stream that
	// goes on for minutes.
	extra   int
	reserve int // the extra calls that live edits leave to the others, but for first texts
}

// extraReturn is a minute, and a second for calls that take their time to Slack.
const extraReturn = 61 * time.Second

// Slack's tiers, a little under what is documented
// (https://docs.slack.dev/apis/web-api/rate-limits), because its clock and ours do
// not tick together: 20, 50 and 100 calls a minute, the burst counted. How large
// a burst it forgives is not documented; ten is as much as an app should count on.
var (
	tier2 = limit{every: 4 * time.Second, burst: 5}
	tier3 = limit{every: 1430 * time.Millisecond, burst: 8}
	tier4 = limit{every: 650 * time.Millisecond, burst: 8}
)

// limits are those of the methods in use; any other one has tier 2.
var limits = map[string]limit{
	"chat.update":                  {every: 1430 * time.Millisecond, burst: 2, extra: 7, reserve: 1}, // tier 3
	"chat.postMessage":             {every: 250 * time.Millisecond, burst: 20},                       // "several hundred a minute"
	"chat.postEphemeral":           tier4,
	"chat.delete":                  tier3,
	"conversations.history":        tier3,
	"conversations.info":           tier3,
	"conversations.members":        tier4,
	"conversations.open":           tier3,
	"conversations.replies":        tier3,
	"files.completeUploadExternal": tier4,
	"files.delete":                 tier3,
	"files.getUploadURLExternal":   tier4,
	"files.info":                   tier4,
	"users.info":                   tier4,
	"views.open":                   tier4,
	"response_url":                 {every: 100 * time.Millisecond, burst: 8}, // five uses each; no limit for all
	"upload":                       {every: 100 * time.Millisecond, burst: 8}, // to the address that Slack gave; no documented limit
}

// postsInChannel: about one message a second in a channel, and five at once.
var postsInChannel = limit{every: 1050 * time.Millisecond, burst: 5}
