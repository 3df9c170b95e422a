package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
	"go.yaml.in/yaml/v3"

	"slackocr/bot"
	"slackocr/bot/slackjson"
)

// slackWithin is the time for a call of Slack's Web API.
const slackWithin = 10 * time.Second

// httpClient returns a client for the Web API that goes through the
// environment's proxy. Only Slack may get the token, so redirects end there.
func httpClient() slackjson.Client {
	return slackjson.Client{HTTP: &http.Client{
		Timeout:       slackWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// slack returns a client of the Web API that makes each call once.
func (k *Checker) slack() *slack.Client {
	return slack.New(k.SlackBotToken, slack.OptionAppLevelToken(k.SlackAppToken), slack.OptionAPIURL(k.SlackAPIURL),
		slack.OptionHTTPClient(httpClient()), slack.OptionLog(log.New(io.Discard, "", 0)))
}

// rateLimited is Slack's error code for too many calls.
const rateLimited = "ratelimited"

// codeOf returns Slack's error code, or "" if err is not an answer of Slack.
func codeOf(err error) string {
	if _, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return rateLimited
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok && status.Code == http.StatusTooManyRequests { // without Retry-After
		return rateLimited
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return answer.Err
	}
	return ""
}

// why says in words what a call of Slack's Web API met.
func (k *Checker) why(err error) string {
	if code := codeOf(err); code != "" {
		return "Slack answers " + code
	}
	host := "SLACK_API_URL"
	if u, err := url.Parse(k.SlackAPIURL); err == nil {
		host = u.Host
	}
	if failure, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Sprintf("no answer from %s: %v", host, failure.Err)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return fmt.Sprintf("%s answers with status %d and nothing that Slack would say", host, status.Code)
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("half an answer from %s: %v", host, err)
	}
	_, syntax := errors.AsType[*json.SyntaxError](err)
	_, otherType := errors.AsType[*json.UnmarshalTypeError](err)
	if syntax || otherType || errors.Is(err, io.EOF) {
		return host + " answers with nothing that Slack would say"
	}
	return err.Error()
}

// passing are refusals that say nothing about the token.
var passing = []string{
	rateLimited, "rate_limited", "fatal_error", "internal_error", "service_unavailable", "request_timeout",
	"team_added_to_org", "accesslimited",
}

// ofToken returns the finding for a token that does not work.
func (k *Checker) ofToken(check, variable string, err error) Finding {
	code := codeOf(err)
	switch {
	case code == "":
		return failed(check, k.why(err), "Can this machine reach Slack? Check SLACK_API_URL, and HTTPS_PROXY and SSL_CERT_FILE if there is a proxy.")
	case slices.Contains(passing, code):
		return failed(check, k.why(err), "Slack is having trouble, or got too many requests. Try again in a few minutes.")
	}
	return failed(check, "does not work", (&bot.TokenError{Variable: variable, Code: code}).Error())
}

// ofUnknownForm returns the finding for an answer without the fields of Slack's.
func ofUnknownForm(check, method string) Finding {
	return failed(check, "Slack answers "+method+" in a form that is not known", "Is SLACK_API_URL the address of Slack?")
}

// botToken checks the owner and the scopes of the token. If probing is
// true, it also checks conversations.replies and blocks.validate.
func (k *Checker) botToken(ctx context.Context, probing bool) []Finding {
	who, err := k.slack().AuthTestContext(ctx)
	switch {
	case err != nil:
		return []Finding{k.ofToken("bot token", "SLACK_BOT_TOKEN", err)}
	case who.User == "":
		return []Finding{ofUnknownForm("bot token", "auth.test")}
	case who.BotID == "":
		return []Finding{failed("bot token", "it belongs to a person, not to a bot", "Copy the Bot User OAuth Token from your app's page, under OAuth & Permissions.")}
	case strings.HasPrefix(who.TeamID, "E"):
		return []Finding{failed("bot token", "it is for a whole organisation", (&bot.TokenError{Variable: "SLACK_BOT_TOKEN", Code: bot.OrgInstall}).Error())}
	}
	all := []Finding{passed("bot token", "it works, in the team %s (%s) as %s", who.Team, who.TeamID, who.User)}
	granted := strings.FieldsFunc(who.Header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	all = append(all, compareScopes(granted)...)
	if probing {
		all = append(all, k.replies(ctx, granted), k.blocks(ctx))
	}
	return all
}

// without gives, for each scope of the manifest, the features that need the
// scope.
var without = map[string]string{
	"app_mentions:read": "mentioning the bot does nothing",
	"channels:history":  "pictures in public channels are not seen, nor the threads there",
	"channels:read":     "in public channels the bot cannot tell who may see a picture, and is silent when it is invited",
	"chat:write":        "the bot cannot answer at all",
	"commands":          "/ocr and Extract text do not work",
	"files:read":        "pictures cannot be downloaded, so nothing is read",
	"files:write":       "long texts cannot come as a file, and Download does not work",
	"groups:history":    "pictures in private channels are not seen, nor the threads there",
	"groups:read":       "in private channels the bot cannot tell who may see a picture, and is silent when it is invited",
	"im:history":        "pictures in direct messages are not seen",
	"im:read":           "in direct messages the bot cannot tell who may see a picture",
	"im:write":          "texts for one person alone cannot be sent",
	"mpim:history":      "pictures in group messages are not seen, nor the threads there",
	"mpim:read":         "in group messages the bot cannot tell who may see a picture",
	"reactions:read":    "the reaction that asks starts nothing",
	"users:read":        "people of other workspaces cannot be told from your own",
}

// compareScopes compares a token's scopes with the scopes that this version
// needs.
func compareScopes(granted []string) []Finding {
	needed, err := botScopes()
	if err != nil || len(granted) == 0 {
		return []Finding{failed("scopes", "Slack didn't say what the token may do", "A proxy may have removed the header X-OAuth-Scopes. Compare your app with `bot manifest` yourself.")}
	}
	var missing []Finding
	for _, scope := range needed {
		if !slices.Contains(granted, scope) {
			missing = append(missing, failed("scope "+scope, "missing: "+without[scope],
				"Add it on your app's page, under OAuth & Permissions → Bot Token Scopes, and reinstall the app."))
		}
	}
	if len(missing) > 0 {
		return missing
	}
	more := slices.DeleteFunc(slices.Clone(granted), func(s string) bool { return slices.Contains(needed, s) })
	if len(more) > 0 {
		return []Finding{passed("scopes", "all %d that are needed, and some that aren't: %s", len(needed), strings.Join(more, ", "))}
	}
	return []Finding{passed("scopes", "all %d that are needed, and no others", len(needed))}
}

// botScopes returns the scopes that this version needs.
func botScopes() ([]string, error) {
	var m struct {
		OAuthConfig struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
	}
	err := yaml.Unmarshal(bot.Manifest, &m)
	return m.OAuthConfig.Scopes.Bot, err
}
