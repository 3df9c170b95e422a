package check

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"slackocr/bot"
)

// checkBlocks asks Slack to validate the bot's messages and windows: nothing
// is posted, and no scope is needed.
// https://docs.slack.dev/reference/methods/blocks.validate
func checkBlocks(ctx context.Context, slack slackCaller) Finding {
	const check = "blocks.validate"
	var names []string
	for _, s := range bot.Samples() {
		payload, err := json.Marshal(s.Payload)
		if err != nil {
			return failed(check, "the bot can't build its messages: "+err.Error(), "Please report this: this version of the program is broken.")
		}
		var answer struct{}
		_, err = slack.call(ctx, check, url.Values{s.Argument: {string(payload)}}, &answer)
		code, refused := errors.AsType[refusal](err)
		switch {
		case code == "unknown_method":
			return passed(check, "not checked, because this Slack doesn't offer the check")
		case refused && strings.HasPrefix(string(code), "invalid_"):
			return failed(check, "Slack doesn't accept "+s.Name+" ("+string(code)+")", "Update the program: Slack has changed what it accepts.")
		case err != nil:
			return failed(check, err.Error(), "Try again in a minute.")
		}
		names = append(names, s.Name)
	}
	return passed(check, "Slack accepts %s", strings.Join(names, ", "))
}
