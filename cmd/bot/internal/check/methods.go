package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"slackocr/bot"
)

// nowhere is an id of no channel.
const nowhere = "C0000000000"

// replies calls conversations.replies once, on the newest message of a
// channel with the bot. Slack's documentation and people's reports disagree
// about this method and bot tokens, and some apps may call it only once a
// minute: https://docs.slack.dev/apis/web-api/rate-limits
func (k *Checker) replies(ctx context.Context, granted []string) Finding {
	const check = "conversations.replies"
	channel, ts, err := k.findMessage(ctx, granted)
	if err != nil {
		return failed(check, "couldn't look for a message to try it with: "+k.why(err), "Fix the scopes first, or try again in a minute.")
	}
	where := "works"
	if ts == "" {
		// Slack refuses a forbidden method before it examines the arguments.
		channel, ts, where = nowhere, "1.000000", "it can be called; the bot's channels have no message yet to try it with"
	}
	_, _, _, err = k.slack().GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: channel, Timestamp: ts, Limit: 1})
	switch code := codeOf(err); {
	case err == nil, channel == nowhere && code == "channel_not_found", code == "thread_not_found":
		return passed(check, "%s", where)
	case code == rateLimited:
		return failed(check, "it's rate-limited: Slack asks us to try again later", "If this stays so, Slack treats the app as commercially distributed and allows one call a minute: use an app that belongs to your own team.")
	case code != "":
		return failed(check, "it doesn't work with this token: "+k.why(err), "Without it, a text may be posted twice after a crash. Reinstall the app with the manifest from `bot manifest`.")
	}
	return failed(check, k.why(err), "Try again in a minute.")
}

// findMessage returns the newest message of a channel with the bot, or "" if
// there is none. It searches the first thousand channels, which Slack lists in
// one call.
func (k *Checker) findMessage(ctx context.Context, granted []string) (channel, ts string, err error) {
	var types []string
	for _, kind := range [][2]string{{"public_channel", "channels"}, {"private_channel", "groups"}} {
		if slices.Contains(granted, kind[1]+":read") && slices.Contains(granted, kind[1]+":history") {
			types = append(types, kind[0])
		}
	}
	if len(types) == 0 {
		return "", "", errors.New("no scope allows it")
	}
	api := k.slack()
	channels, _, err := api.GetConversationsContext(ctx, &slack.GetConversationsParameters{Types: types, ExcludeArchived: true, Limit: 999})
	for _, c := range channels {
		if !c.IsMember {
			continue
		}
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
func (k *Checker) blocks(ctx context.Context) Finding {
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
			return failed(check, k.why(err), "Try again in a minute.")
		}
		names = append(names, s.Name)
	}
	return passed(check, "Slack accepts %s", strings.Join(names, ", "))
}

// validate calls blocks.validate, which slack-go does not know.
// https://docs.slack.dev/reference/methods/blocks.validate
func (k *Checker) validate(ctx context.Context, s bot.Sample) error {
	payload, err := json.Marshal(s.Payload)
	if err != nil {
		return err
	}
	form := url.Values{"token": {k.SlackBotToken}, s.Argument: {string(payload)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, k.SlackAPIURL+"blocks.validate", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := httpClient().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return slack.StatusCodeError{Code: response.StatusCode, Status: response.Status}
	}
	var answer slack.SlackResponse
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	return answer.Err()
}
