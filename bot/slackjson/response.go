package slackjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/slack-go/slack"
)

// maxAnswer bounds an answer, in bytes: 200 messages at their longest.
const maxAnswer = 32 << 20

// Client calls the Web API and reduces the responses, for
// slack.OptionHTTPClient.
type Client struct{ HTTP *http.Client }

// Do makes a call. A response over 32 MB is an error. If the response to a write
// breaks off after the field that says that the write was carried out, Do
// returns the fields before the cut.
func (c Client) Do(r *http.Request) (*http.Response, error) {
	response, err := c.HTTP.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	if len(body) > maxAnswer {
		err = fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	switch method := path.Base(r.URL.Path); {
	case err == nil && json.Valid(body):
		body = reduceResponse(body)
	case strings.HasPrefix(method, "chat.") || strings.HasPrefix(method, "views.") || method == "files.completeUploadExternal":
		if kept := reduceResponse(body); carriedOut(kept) {
			body, err = kept, nil
		}
	}
	if err != nil {
		return nil, err
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, nil
}

// carriedOut reports whether a response says that the call succeeded.
func carriedOut(body []byte) bool {
	var answer struct{ OK bool }
	return json.Unmarshal(body, &answer) == nil && answer.OK
}

// reduceResponse returns the fields that the bot reads of a response, for every method
// that the bot calls. A body that is not a JSON object is returned unchanged.
func reduceResponse(body []byte) []byte {
	if kept := response().of(bytes.TrimLeft(body, " \t\r\n")); kept != nil {
		return kept
	}
	return body
}

func response() fields {
	channel := text("id").and("is_member", is[bool]).and("is_im", is[bool]).and("is_archived", is[bool])
	user := text("id", "team_id").and("is_stranger", is[bool]).and("is_bot", is[bool]).
		and("enterprise_user", text("id", "enterprise_id").and("teams", is[[]string]).of)
	return text("error", "needed", "provided", // of all methods
		"ts", "message_ts", // chat.postMessage, chat.postEphemeral
		"upload_url", "file_id", // files.getUploadURLExternal
		"url", "team", "team_id", "user_id", "bot_id", "enterprise_id", // auth.test
	).
		and("ok", is[bool]).
		and("response_metadata", text("next_cursor").and("messages", is[[]string]).of).
		and("has_more", is[bool]).
		and("is_enterprise_install", is[bool]).
		and("messages", list(message().of)).            // conversations.history, conversations.replies
		and("channel", either(is[string], channel.of)). // chat.*, conversations.info, conversations.open
		and("channels", list(channel.of)).              // users.conversations
		and("members", is[[]string]).
		and("user", either(is[string], user.of)). // auth.test, users.info
		and("bot", text("app_id").of).            // bots.info
		and("file", file().of).                   // files.info
		and("files", list(file().of))             // files.completeUploadExternal
}

// ReducePayload returns the fields that the bot reads of an event, a press, a
// shortcut or a window.
func ReducePayload(payload json.RawMessage) json.RawMessage {
	return either(delivery().of, is[json.RawMessage])(payload)
}

// delivery has the fields of a delivery:
// https://docs.slack.dev/apis/events-api#callback-field and
// https://docs.slack.dev/reference/interaction-payloads
func delivery() fields {
	event := message().
		and("message", message().of).and("previous_message", message().of).
		and("reaction", is[string]).and("item", text("type", "channel", "ts").of).
		and("file_id", is[string]).and("user_id", is[string]).and("inviter", is[string]).and("tab", is[string])
	view := text("id", "callback_id", "private_metadata").and("state", state)
	return text("type", "team_id", "api_app_id", "enterprise_id", // of events
		"callback_id", "trigger_id", "response_url", "action_ts", "message_ts"). // of interactions
		and("is_ext_shared_channel", is[bool]).
		and("event", event.of).
		and("user", text("id", "team_id").of).
		and("team", text("id").of).
		and("channel", text("id").of).
		and("container", text("type", "channel_id", "message_ts", "thread_ts").and("is_ephemeral", is[bool]).of).
		and("message", message().of).
		and("actions", list(is[slack.BlockAction])).
		and("view", view.of)
}

// state reads the values that a person entered in a window, input by input.
func state(value json.RawMessage) json.RawMessage {
	var s struct {
		Values map[string]map[string]json.RawMessage `json:"values"`
	}
	if json.Unmarshal(value, &s) != nil {
		return nil
	}
	input := text("type", "value").
		and("selected_option", text("value").of).and("selected_options", list(text("value").of)).
		and("files", list(file().of))
	for _, block := range s.Values {
		for id := range block {
			block[id] = input.of(block[id])
		}
	}
	return marshal(s)
}
