package bot

import (
	_ "embed"
	"fmt"

	"github.com/slack-go/slack"

	"slackocr/bot/post"
	"slackocr/bot/reading"
	"slackocr/ocr"
)

// Manifest is the manifest of the Slack app, in YAML: exactly the scopes and
// events that this version uses. The README shows the same.
// https://docs.slack.dev/reference/app-manifest
//
//go:embed manifest.yaml
var Manifest []byte

// TokenError means that Slack refuses a token. The text is for the operator.
type TokenError struct {
	Variable string // the setting with the token
	Code     string // Slack's error code
}

// OrgInstall is the Code of a token for a whole organization. Such a token
// gets the events of every workspace, each with its own channels and people;
// the bot serves one.
// https://docs.slack.dev/enterprise/organization-ready-apps
const OrgInstall = "org_install"

func (e *TokenError) Error() string {
	where := "Basic Information → App-Level Tokens"
	if e.Variable == "SLACK_BOT_TOKEN" {
		where = "OAuth & Permissions"
	}
	switch e.Code {
	case OrgInstall:
		return fmt.Sprintf("%s is for a whole organisation, and this bot works in one workspace: install the app in that workspace alone and copy the token that you get there.", e.Variable)
	case "not_allowed_token_type":
		return fmt.Sprintf("Slack does not accept %s for this (%s): bot tokens begin with xoxb-, app-level tokens with xapp-. Copy it again from your app's page, under %s.", e.Variable, e.Code, where)
	case "missing_scope":
		if e.Variable == "SLACK_APP_TOKEN" {
			return fmt.Sprintf("%s lacks the scope connections:write (%s): generate a new app-level token with it on your app's page, under %s.", e.Variable, e.Code, where)
		}
		return fmt.Sprintf("%s lacks a scope that the bot needs (%s): compare your app with the manifest in the README, add what is missing and reinstall it.", e.Variable, e.Code)
	}
	return fmt.Sprintf("Slack refused %s (%s): copy the token again from your app's page, under %s.", e.Variable, e.Code, where)
}

// Sample is an example of the bot's messages and windows, for Slack's method
// blocks.validate.
// https://docs.slack.dev/reference/methods/blocks.validate
type Sample struct {
	Name     string // description
	Argument string // argument of the method: "message" or "view"
	Payload  any    // its value, to be encoded as JSON
}

// Samples returns a running reply, a closed reply, a result, and the windows.
func Samples() []Sample {
	from := privateMetadata{Channel: "C00000000", Key: "T00000000/C00000000/1700000000.000000/read/markdown", Root: "1700000000.000000"}
	running, closed, result := reading.SampleMessages()
	return []Sample{
		{"the reply while it is read", "message", asMessage(running)},
		{"the reply when it is done", "message", asMessage(closed)},
		{"a result", "message", asMessage(result)},
		{"the window for files", "view", uploadWindow(from)},
		{"the window for words", "view", againWindow(from, ocr.Locate)},
	}
}

func asMessage(m post.Message) any {
	return struct {
		Text   string        `json:"text"`
		Blocks []slack.Block `json:"blocks"`
	}{m.Fallback, m.Blocks}
}
