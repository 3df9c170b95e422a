package post

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/slack-go/slack"
)

// fate is what became of a call, as far as its error tells.
type fate int

const (
	done    fate = iota
	limited      // not carried out; Slack says when to come back
	refused      // not carried out, and would not be the next time
	unsent       // never reached Slack
	unsure       // it may have been carried out
)

// judge reads the fate of a call off its error. For limited it also tells how
// long to wait.
func judge(err error) (fate, time.Duration) {
	if err == nil {
		return done, 0
	}
	if _, ok := errors.AsType[fencedOff](err); ok {
		return refused, 0
	}
	if rate, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return limited, max(rate.RetryAfter, time.Second)
	}
	if code := Code(err); code != "" {
		switch code {
		case "ratelimited", "rate_limited":
			return limited, 30 * time.Second
		case "fatal_error", "internal_error", "request_timeout", "service_unavailable":
			// "It's possible some aspect of the operation succeeded before the
			// error was raised": https://docs.slack.dev/reference/methods/chat.postMessage#errors
			return unsure, 0
		}
		return refused, 0
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		return limited, 30 * time.Second // a 429 whose Retry-After is no number
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		switch {
		case status.Code == http.StatusTooManyRequests: // without a Retry-After
			return limited, 30 * time.Second
		case status.Code < 500 && status.Code != http.StatusRequestTimeout:
			return refused, 0
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return unsent, 0
	}
	if errors.Is(err, context.Canceled) {
		return refused, 0 // our own wish
	}
	return unsure, 0
}

// errNoTS is the answer to a post that does not say where it stands.
var errNoTS = errors.New("the answer has no ts")

// ErrUncertain means that a call was tried for minutes, while Slack answered others,
// and that it is still not known whether it was carried out.
var ErrUncertain = errors.New("it cannot be told whether Slack carried it out")

// fencedOff is a write that was not made, because the writer had no right to.
type fencedOff struct{ error }

func (e fencedOff) Unwrap() error { return e.error }

// Code is Slack's name for an error ("channel_not_found"), or "".
func Code(err error) string {
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return answer.Err
	}
	return ""
}

// messageCodes say that this message cannot be edited, now or later.
// https://docs.slack.dev/reference/methods/chat.update#errors
var messageCodes = []string{"cant_update_message", "edit_window_closed", "message_not_found"}

// placeCodes say that the bot cannot write in this conversation.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
var placeCodes = []string{
	"channel_not_found", "ekm_access_denied", "is_archived", "is_inactive", "messages_tab_disabled", "not_in_channel",
	"restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
	"restricted_action_thread_locked", "team_access_not_granted",
}

// Gone reports that a message cannot be edited any more.
func Gone(err error) bool {
	return slices.Contains(messageCodes, Code(err)) || PlaceGone(err)
}

// contentRefused reports that Slack refused what a message was to say, and may take
// it in another form.
func contentRefused(err error) bool {
	if _, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return true
	}
	return Code(err) != "" && !Gone(err) && !TokenProblem(err)
}

// PlaceGone reports that Slack lets the bot write nothing more in that
// conversation: what is left to say must be said in another, such as a direct
// message ([Desk.Direct]), or at a response URL ([Desk.Respond]).
func PlaceGone(err error) bool { return slices.Contains(placeCodes, Code(err)) }

// tokenCodes end everything: only an operator can mend them.
// https://docs.slack.dev/reference/methods/auth.test#errors
var tokenCodes = []string{
	"account_inactive", "invalid_auth", "missing_scope",
	"not_allowed_token_type", "not_authed", "token_expired", "token_revoked",
}

// TokenProblem reports that Slack refused the token itself, which no retry mends.
// missing_scope counts only where the whole bot rests on the call.
func TokenProblem(err error) bool {
	return slices.Contains(tokenCodes, Code(err))
}

// ErrScope is a scope that the token lacks, where the bot does not rest on it.
var ErrScope = errors.New("a scope is missing")

// OptionalScope tells a scope that one way to ask needs from one that all rests on: an
// app that was not reinstalled reads what is posted all the same.
func OptionalScope(err error) error {
	if Code(err) == "missing_scope" {
		return ErrScope
	}
	return err
}
