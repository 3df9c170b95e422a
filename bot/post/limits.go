package post

import "time"

// limit is Slack's rate limit of a method for an app in a workspace, and the
// pacer's way to spend it.
type limit struct {
	every time.Duration // the time per call
	burst float64       // the most calls at once within that rate, at least 1
	// extra calls may come at any time in addition. Each returns extraReturn
	// after its use, so that no minute has more than burst + extra + 60 s /
	// every calls, and a burst is not lost to a stream of edits over minutes.
	extra   int
	reserve int // extra calls that live edits leave to others, except for first texts
}

// extraReturn is a minute, and a second for calls that reach Slack late.
const extraReturn = 61 * time.Second

// Slack's tiers, a little below the documented rates
// (https://docs.slack.dev/apis/web-api/rate-limits) because the clocks differ:
// 50 and 100 calls a minute, including the burst. Slack does not document
// the burst that it forgives; an app should not count on more than ten.
var (
	tier3 = limit{every: 1430 * time.Millisecond, burst: 8}
	tier4 = limit{every: 650 * time.Millisecond, burst: 8}
)

// limits are the limits of all methods in use.
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
	"response_url":                 {every: 100 * time.Millisecond, burst: 8}, // five uses each; no common limit
	"upload":                       {every: 100 * time.Millisecond, burst: 8}, // to the address from Slack; no documented limit
}

// postsInChannel allows about one message a second in a channel, and five at
// once.
var postsInChannel = limit{every: 1050 * time.Millisecond, burst: 5}
