package check

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxLists bounds the calls that search for a channel with the bot.
	maxLists = 5
	// nowhere is an id of no channel.
	nowhere = "C0000000000"
)

// checkReplies calls conversations.replies once, on the newest message of a
// channel with the bot. Slack's documentation and people's reports disagree
// about this method and bot tokens, and some apps may call it only once a
// minute: https://docs.slack.dev/apis/web-api/rate-limits
func checkReplies(ctx context.Context, slack slackCaller, granted []string) Finding {
	const check = "conversations.replies"
	channel, ts, err := findMessage(ctx, slack, granted)
	if err != nil {
		return failed(check, "couldn't look for a message to try it with: "+err.Error(), "Fix the scopes first, or try again in a minute.")
	}
	where := "works"
	if ts == "" {
		// Slack refuses a forbidden method before it examines the arguments.
		channel, ts, where = nowhere, "1.000000", "it can be called; the bot's channels have no message yet to try it with"
	}
	var answer struct{}
	_, err = slack.call(ctx, check, url.Values{"channel": {channel}, "ts": {ts}, "limit": {"1"}}, &answer)
	code, refused := errors.AsType[refusal](err)
	switch {
	case err == nil, channel == nowhere && code == "channel_not_found", code == "thread_not_found":
		return passed(check, "%s", where)
	case code == "ratelimited":
		return failed(check, "it's rate-limited: Slack asks us to try again later", "If this stays so, Slack treats the app as commercially distributed and allows one call a minute: use an app that belongs to your own team.")
	case refused:
		return failed(check, "it doesn't work with this token: "+err.Error(), "Without it, a text may be posted twice after a crash. Reinstall the app with the manifest from `bot manifest`.")
	}
	return failed(check, err.Error(), "Try again in a minute.")
}

// findMessage returns the newest message of a channel with the bot, or "" if
// there is none.
func findMessage(ctx context.Context, slack slackCaller, granted []string) (channel, ts string, err error) {
	var kinds []string
	for _, kind := range [][2]string{{"public_channel", "channels"}, {"private_channel", "groups"}} {
		if slices.Contains(granted, kind[1]+":read") && slices.Contains(granted, kind[1]+":history") {
			kinds = append(kinds, kind[0])
		}
	}
	if len(kinds) == 0 {
		return "", "", errors.New("no scope allows it")
	}
	args := url.Values{"types": {strings.Join(kinds, ",")}, "exclude_archived": {"true"}, "limit": {"200"}}
	for range maxLists {
		var list struct {
			Channels []struct {
				ID       string `json:"id"`
				IsMember bool   `json:"is_member"`
			} `json:"channels"`
			Metadata struct {
				Cursor string `json:"next_cursor"`
			} `json:"response_metadata"`
		}
		if _, err := slack.call(ctx, "conversations.list", args, &list); err != nil {
			return "", "", err
		}
		for _, c := range list.Channels {
			if c.IsMember {
				ts, err := newest(ctx, slack, c.ID)
				if err != nil || ts != "" {
					return c.ID, ts, err
				}
			}
		}
		if list.Metadata.Cursor == "" {
			break
		}
		args.Set("cursor", list.Metadata.Cursor)
	}
	return "", "", nil
}

// newest returns the timestamp of a channel's newest message and reads nothing
// else of it.
func newest(ctx context.Context, slack slackCaller, channel string) (ts string, err error) {
	var history struct {
		Messages []struct {
			TS string `json:"ts"`
		} `json:"messages"`
	}
	_, err = slack.call(ctx, "conversations.history", url.Values{"channel": {channel}, "limit": {"1"}}, &history)
	if err != nil || len(history.Messages) == 0 {
		return "", err
	}
	return history.Messages[0].TS, nil
}
