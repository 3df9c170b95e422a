package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"slackocr/bot"
	"slackocr/bot/slackjson"
)

// slack returns a client of the Web API that makes each call once, through the
// environment's proxy. Only Slack may get the token, so redirects end there.
func (k *Checker) slack() *slack.Client {
	return slack.New(k.SlackBotToken, slack.OptionAppLevelToken(k.SlackAppToken), slack.OptionAPIURL(k.SlackAPIURL),
		slack.OptionLog(log.New(io.Discard, "", 0)), slack.OptionHTTPClient(slackjson.Client{HTTP: &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}))
}

// rateLimited is Slack's error code for too many calls.
const rateLimited = "ratelimited"

// passing are codes that say nothing about the app.
var passing = []string{
	rateLimited, "rate_limited", "fatal_error", "internal_error", "service_unavailable", "request_timeout",
	"team_added_to_org", "accesslimited",
}

// codeOf returns Slack's error code, or "" if err is not an answer of Slack.
func codeOf(err error) string {
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return answer.Err
	}
	_, limited := errors.AsType[*slack.RateLimitedError](err)
	status, _ := errors.AsType[slack.StatusCodeError](err)
	if limited || status.Code == http.StatusTooManyRequests { // without Retry-After
		return rateLimited
	}
	return ""
}

// errNoFields is the error of an answer without the fields of Slack's.
var errNoFields = errors.New("fields are missing")

// ofCall returns the finding for a failed call of the Web API. refused is the
// remedy if Slack refuses the call because of the app.
func (k *Checker) ofCall(check string, err error, refused string) []Finding {
	code := codeOf(err)
	switch {
	case slices.Contains(passing, code):
		return failed(check, "Slack answers "+code, "Slack is having trouble, or got too many requests. Try again in a few minutes.")
	case code != "":
		return failed(check, "Slack answers "+code, refused)
	}
	host := "SLACK_API_URL"
	if u, err := url.Parse(k.SlackAPIURL); err == nil {
		host = u.Host
	}
	found := fmt.Sprintf("%s answers with nothing that Slack would say: %v", host, err)
	if failure, ok := errors.AsType[*url.Error](err); ok {
		found = fmt.Sprintf("no answer from %s: %v", host, failure.Err)
	}
	return failed(check, found, "Can this machine reach Slack? Check SLACK_API_URL, and HTTPS_PROXY and SSL_CERT_FILE if there is a proxy. If all is right, try again in a few minutes.")
}

// refusedToken returns the remedy for a token that Slack refuses.
func refusedToken(variable, code string) string {
	return (&bot.TokenError{Variable: variable, Code: code}).Error()
}

// tokenAndMethods checks the bot token and, if it works, two methods that not
// every app may call.
func (k *Checker) tokenAndMethods(ctx context.Context) []Finding {
	all := k.botToken(ctx)
	if !all[0].OK {
		return all
	}
	scopesMissing := slices.ContainsFunc(all, func(f Finding) bool { return !f.OK })
	return slices.Concat(all, k.replies(ctx, scopesMissing), k.blocks(ctx))
}

// botToken checks the owner and the scopes of the token.
func (k *Checker) botToken(ctx context.Context) []Finding {
	const check, variable = "bot token", "SLACK_BOT_TOKEN"
	who, err := k.slack().AuthTestContext(ctx)
	if err == nil && who.User == "" {
		err = errNoFields
	}
	switch {
	case err != nil:
		return k.ofCall(check, err, refusedToken(variable, codeOf(err)))
	case who.BotID == "":
		return failed(check, "it belongs to a person, not to a bot", "Copy the Bot User OAuth Token from your app's page, under OAuth & Permissions.")
	case strings.HasPrefix(who.TeamID, "E"):
		return failed(check, "it is for a whole organisation", refusedToken(variable, bot.OrgInstall))
	}
	granted := strings.FieldsFunc(who.Header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	return append(passed(check, "it works, in the team %s (%s) as %s", who.Team, who.TeamID, who.User), compareScopes(granted)...)
}

// without has each scope of the manifest, with the features that need the
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
func compareScopes(granted []string) (all []Finding) {
	if len(granted) == 0 {
		return failed("scopes", "Slack didn't say what the token may do", "A proxy may have removed the header X-OAuth-Scopes. Compare your app with `bot manifest` yourself.")
	}
	for _, scope := range slices.Sorted(maps.Keys(without)) {
		if !slices.Contains(granted, scope) {
			all = append(all, failed("scope "+scope, "missing: "+without[scope],
				"Add it on your app's page, under OAuth & Permissions → Bot Token Scopes, and reinstall the app.")...)
		}
	}
	others := slices.DeleteFunc(granted, func(scope string) bool { return without[scope] != "" })
	switch {
	case len(all) > 0:
		return all
	case len(others) > 0:
		return passed("scopes", "all %d that are needed, and some that aren't: %s", len(without), strings.Join(others, ", "))
	}
	return passed("scopes", "all %d that are needed, and no others", len(without))
}

// nowhere is an id of no channel.
const nowhere = "C0000000000"

// replies calls conversations.replies once, on the newest message of a
// channel with the bot. Slack's documentation and people's reports disagree
// about this method and bot tokens, and some apps may call it only once a
// minute: https://docs.slack.dev/apis/web-api/rate-limits. Missing scopes have
// findings of their own.
func (k *Checker) replies(ctx context.Context, scopesMissing bool) []Finding {
	const check = "conversations.replies"
	channel, ts, err := k.newestMessage(ctx)
	found := "works"
	if err == nil && ts == "" {
		// Slack refuses a forbidden method before it examines the arguments.
		channel, ts, found = nowhere, "1.000000", "it can be called; the bot's channels have no message yet to try it with"
	}
	if err == nil {
		_, _, _, err = k.slack().GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts, Limit: 1})
	}
	switch code := codeOf(err); {
	case err == nil, channel == nowhere && code == "channel_not_found", code == "thread_not_found":
		return passed(check, "%s", found)
	case code == "missing_scope" && scopesMissing:
		return passed(check, "not checked, because a scope is missing")
	case code == rateLimited:
		return failed(check, "it's rate-limited: Slack asks us to try again later", "If this stays so, Slack treats the app as commercially distributed and allows one call a minute: use an app that belongs to your own team.")
	}
	return k.ofCall(check, err, "Without it, a text may be posted twice after a crash. Reinstall the app with the manifest from `bot manifest`.")
}

// newestMessage returns the newest message of one of the bot's channels, or "" if
// they have none. A thousand channels are enough, which Slack lists in one call.
func (k *Checker) newestMessage(ctx context.Context) (channel, ts string, err error) {
	api := k.slack()
	channels, _, err := api.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{
		Types: []string{"public_channel", "private_channel"}, ExcludeArchived: true, Limit: 999,
	})
	for _, c := range channels {
		history, err := api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: c.ID, Limit: 1})
		if err != nil {
			return "", "", err
		}
		if len(history.Messages) > 0 {
			return c.ID, history.Messages[0].Timestamp, nil
		}
	}
	return "", "", err
}

// blocks asks Slack to validate the bot's messages and windows: nothing is
// posted, and no scope is needed.
func (k *Checker) blocks(ctx context.Context) []Finding {
	const check = "blocks.validate"
	var names []string
	for _, s := range bot.Samples() {
		err := k.validate(ctx, s)
		switch code := codeOf(err); {
		case code == "unknown_method":
			return passed(check, "not checked, because this Slack doesn't offer the check")
		case strings.HasPrefix(code, "invalid_"):
			return failed(check, fmt.Sprintf("Slack doesn't accept %s (%s)", s.Name, code), "Update the program: Slack has changed what it accepts.")
		case err != nil:
			return k.ofCall(check, err, "Try again in a minute.")
		}
		names = append(names, s.Name)
	}
	return passed(check, "Slack accepts %s", strings.Join(names, ", "))
}

// validate calls blocks.validate. slack-go has no function for this method, but
// sends a message to any address.
// https://docs.slack.dev/reference/methods/blocks.validate
func (k *Checker) validate(ctx context.Context, s bot.Sample) error {
	payload, err := json.Marshal(s.Payload)
	if err != nil {
		return err
	}
	_, _, _, err = k.slack().SendMessageContext(ctx, "", slack.UnsafeMsgOptionEndpoint(k.SlackAPIURL+"blocks.validate", func(arguments url.Values) {
		arguments.Del("channel")
		arguments.Set(s.Argument, string(payload))
	}))
	return err
}
