package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"slackocr/bot"
)

const (
	slackWithin = 10 * time.Second // for a call
	maxAnswer   = 4 << 20          // bytes of its answer
)

// slackCaller makes single calls of Slack's Web API, without retries.
type slackCaller struct {
	client *http.Client
	base   string // ends in a slash
	token  string
}

func (k *Checker) newSlackCaller(token string) slackCaller {
	return slackCaller{
		client: &http.Client{
			Transport: http.DefaultTransport.(*http.Transport).Clone(), // with the environment's proxy
			// Only Slack may get the token.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base: k.SlackAPIURL, token: token,
	}
}

// refusal is Slack's error code.
type refusal string

func (r refusal) Error() string { return "Slack answers " + string(r) }

// call makes a call. The error is a refusal, or the reason for a missing
// answer.
func (s slackCaller) call(ctx context.Context, method string, args url.Values, into any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, slackWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+method, strings.NewReader(args.Encode()))
	if err != nil {
		return nil, errors.New("SLACK_API_URL does not lead to the address of a method")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := s.client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("no answer from %s: %w", request.URL.Host, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusTooManyRequests {
		return response.Header, refusal("ratelimited")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("half an answer from %s: %w", request.URL.Host, err)
	}
	var answer struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.OK == nil {
		return nil, fmt.Errorf("%s answers with status %d and nothing that Slack would say", request.URL.Host, response.StatusCode)
	}
	if !*answer.OK {
		return response.Header, refusal(answer.Error)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, fmt.Errorf("%s answers %s in a form that is not known", request.URL.Host, method)
	}
	return response.Header, nil
}

// passing are refusals that say nothing about the token.
var passing = []refusal{
	"ratelimited", "rate_limited", "fatal_error", "internal_error", "service_unavailable", "request_timeout",
	"team_added_to_org", "accesslimited",
}

// ofToken returns the finding for a token that does not work.
func ofToken(check, variable string, err error) Finding {
	code, refused := errors.AsType[refusal](err)
	switch {
	case !refused:
		return failed(check, err.Error(), "Can this machine reach Slack? Check SLACK_API_URL, and HTTPS_PROXY and SSL_CERT_FILE if there is a proxy.")
	case slices.Contains(passing, code):
		return failed(check, err.Error(), "Slack is having trouble, or got too many requests. Try again in a few minutes.")
	}
	return failed(check, "does not work", (&bot.TokenError{Variable: variable, Code: string(code)}).Error())
}

// identity is the answer of auth.test.
type identity struct {
	Team   string `json:"team"`
	TeamID string `json:"team_id"`
	User   string `json:"user"`
	BotID  string `json:"bot_id"`
	// OrgWide is true if the app is installed in a whole organization.
	OrgWide bool `json:"is_enterprise_install"`
}

// botToken checks the owner and the scopes of the token. If probing is
// true, it also checks conversations.replies and blocks.validate.
func (k *Checker) botToken(ctx context.Context, probing bool) []Finding {
	slack := k.newSlackCaller(k.SlackBotToken)
	defer slack.client.CloseIdleConnections()
	var who identity
	header, err := slack.call(ctx, "auth.test", nil, &who)
	if err != nil {
		return []Finding{ofToken("bot token", "SLACK_BOT_TOKEN", err)}
	}
	if who.BotID == "" {
		return []Finding{failed("bot token", "it belongs to a person, not to a bot", "Copy the Bot User OAuth Token from your app's page, under OAuth & Permissions.")}
	}
	if who.OrgWide || strings.HasPrefix(who.TeamID, "E") {
		return []Finding{failed("bot token", "it is for a whole organisation", (&bot.TokenError{Variable: "SLACK_BOT_TOKEN", Code: bot.OrgInstall}).Error())}
	}
	all := []Finding{passed("bot token", "it works, in the team %s (%s) as %s", who.Team, who.TeamID, who.User)}
	granted := strings.FieldsFunc(header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	all = append(all, compareScopes(granted)...)
	if probing {
		all = append(all, checkReplies(ctx, slack, granted), checkBlocks(ctx, slack))
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
