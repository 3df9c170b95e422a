package bot

import "fmt"

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
