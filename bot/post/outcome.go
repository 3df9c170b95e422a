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

// outcome is the result of a call, as far as its error tells.
type outcome int

const (
	succeeded outcome = iota
	limited           // not carried out; Slack names the time to try again
	refused           // not carried out, and a retry would be refused too
	notSent           // never reached Slack
	unknown           // perhaps carried out
)

// maxRetryAfter bounds the pause after a 429. Slack counts calls by the minute, so a
// longer Retry-After is a mistake, for example of a proxy.
// https://docs.slack.dev/apis/web-api/rate-limits
const maxRetryAfter = 5 * time.Minute

// RetryAfter returns the time to wait after a call that Slack answered with a 429, at
// least a second and at most five minutes, or 0 if err is another error.
func RetryAfter(err error) time.Duration {
	_, wait := classify(err)
	return wait
}

// classify returns the outcome of a call for its error. For limited, classify also
// returns the time to wait.
func classify(err error) (outcome, time.Duration) {
	if err == nil {
		return succeeded, 0
	}
	if _, ok := errors.AsType[leaseLostError](err); ok {
		return refused, 0
	}
	if rate, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return limited, min(max(rate.RetryAfter, time.Second), maxRetryAfter)
	}
	if code := Code(err); code != "" {
		switch code {
		case "ratelimited", "rate_limited":
			return limited, 30 * time.Second
		case "fatal_error", "internal_error", "request_timeout", "service_unavailable":
			// "It's possible some aspect of the operation succeeded before the
			// error was raised": https://docs.slack.dev/reference/methods/chat.postMessage#errors
			return unknown, 0
		}
		return refused, 0
	}
	if _, ok := errors.AsType[*strconv.NumError](err); ok {
		return limited, 30 * time.Second // a 429 whose Retry-After is not a number
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
		return notSent, 0
	}
	if errors.Is(err, context.Canceled) {
		return refused, 0 // the bot itself cancelled the call
	}
	return unknown, 0
}

// errNoTS is the error of a post whose answer has no timestamp.
var errNoTS = errors.New("the answer has no ts")

// ErrUncertain means that a call was tried for minutes, while Slack answered
// other calls, and that the result is still unknown.
var ErrUncertain = errors.New("it cannot be told whether Slack carried it out")

// leaseLostError is the error of a write that was not made because the writer had
// lost the right.
type leaseLostError struct{ error }

func (e leaseLostError) Unwrap() error { return e.error }

// ignore returns nil for Slack's errors with one of the codes, and err otherwise.
func ignore(err error, codes ...string) error {
	if slices.Contains(codes, Code(err)) {
		return nil
	}
	return err
}

// Code returns Slack's code of an error, such as "channel_not_found", or "".
func Code(err error) string {
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return answer.Err
	}
	return ""
}

// messageCodes mean that a message cannot be edited, now or later.
// https://docs.slack.dev/reference/methods/chat.update#errors
var messageCodes = []string{"cant_update_message", "edit_window_closed", "message_not_found"}

// placeCodes mean that the bot cannot write in a conversation.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
var placeCodes = []string{
	"channel_not_found", "ekm_access_denied", "is_archived", "is_inactive", "messages_tab_disabled", "not_in_channel",
	"restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
	"restricted_action_thread_locked", "team_access_not_granted",
}

// gone reports whether err means that a message cannot be edited any more.
func gone(err error) bool {
	return slices.Contains(messageCodes, Code(err)) || PlaceGone(err)
}

// contentRefused reports whether Slack refused the contents of a message, and
// may accept another form.
func contentRefused(err error) bool {
	if outcome, _ := classify(err); outcome != refused {
		return false
	}
	if _, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return true
	}
	return Code(err) != "" && !gone(err) && !TokenProblem(err)
}

// PlaceGone reports whether Slack lets the bot write nothing more in that
// conversation. The bot must use another place, such as a direct message
// ([Client.OpenDM]) or a response URL ([Client.Respond]).
func PlaceGone(err error) bool { return slices.Contains(placeCodes, Code(err)) }

// tokenCodes end the bot: only an operator can mend them.
// https://docs.slack.dev/reference/methods/auth.test#errors
var tokenCodes = []string{
	"account_inactive", "invalid_auth", "missing_scope",
	"not_allowed_token_type", "not_authed", "token_expired", "token_revoked",
}

// TokenProblem reports whether Slack refused the token itself, so that no
// retry can succeed. missing_scope counts only for calls that the whole bot
// depends on.
func TokenProblem(err error) bool {
	return slices.Contains(tokenCodes, Code(err))
}

// ErrScope means that the token lacks a scope that the bot can do without.
var ErrScope = errors.New("a scope is missing")

// OptionalScope marks a missing scope as one that only a single way to ask
// needs. An app that was not reinstalled still reads posted pictures.
func OptionalScope(err error) error {
	if Code(err) == "missing_scope" {
		return ErrScope
	}
	return err
}
