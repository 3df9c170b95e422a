package post

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/slack-go/slack"
)

// Desk makes the calls that belong to no thread of the bot, within the same
// budget. Its methods wait for their turn and repeat failed calls until Slack
// refuses ([Code] returns the reason) or ctx ends.
type Desk struct {
	api   *slack.Client
	pacer *Pacer
	http  *http.Client
}

// NewDesk returns a desk. client is for response URLs and never gets the
// token.
func NewDesk(api *slack.Client, pacer *Pacer, client *http.Client) *Desk {
	return &Desk{api: api, pacer: pacer, http: client}
}

// Whisper shows m to one person in a channel, or in a thread of the channel.
// The message disappears when the person reloads Slack.
// https://docs.slack.dev/reference/methods/chat.postEphemeral
func (d *Desk) Whisper(ctx context.Context, channel, thread, user string, m Message) error {
	return d.pacer.run(ctx, call{method: "chat.postEphemeral", urgency: final, person: user, do: func(ctx context.Context) error {
		options := []slack.MsgOption{slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...)}
		if thread != "" {
			options = append(options, slack.MsgOptionTS(thread))
		}
		_, err := d.api.PostEphemeralContext(ctx, channel, user, options...)
		return err
	}})
}

// Respond shows m to the person who gave a command or pressed a button. A
// response URL works five times in 30 minutes, even if the bot is not a
// member. Without a thread the message appears in the channel, wherever the
// button was (slackapi/node-slack-sdk issue 674).
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
func (d *Desk) Respond(ctx context.Context, url, thread string, m Message) error {
	return d.pacer.run(ctx, call{method: "response_url", urgency: final, do: func(ctx context.Context) error {
		return slack.PostWebhookCustomHTTPContext(ctx, url, d.http, &slack.WebhookMessage{
			Text: m.Fallback, Blocks: &slack.Blocks{BlockSet: m.Blocks}, ResponseType: slack.ResponseTypeEphemeral,
			ThreadTimestamp: thread,
		})
	}})
}

// OpenView opens a window, within the 3 s of a trigger's life. OpenView tries
// once. https://docs.slack.dev/reference/methods/views.open
func (d *Desk) OpenView(ctx context.Context, trigger string, view slack.ModalViewRequest) error {
	return d.pacer.once(ctx, call{method: "views.open", urgency: greeting, do: func(ctx context.Context) error {
		_, err := d.api.OpenViewContext(ctx, trigger, view)
		return err
	}})
}

// Direct returns the channel of the bot's direct messages with a person.
func (d *Desk) Direct(ctx context.Context, user string) (channel string, err error) {
	err = d.pacer.run(ctx, call{method: "conversations.open", urgency: final, person: user, do: func(ctx context.Context) error {
		c, _, _, err := d.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		if err == nil {
			channel = c.ID
		}
		return err
	}})
	return channel, err
}

// Joined reports whether the bot can post in a conversation.
func (d *Desk) Joined(ctx context.Context, channel string) (joined bool, err error) {
	err = d.pacer.run(ctx, call{method: "conversations.info", urgency: final, do: func(ctx context.Context) error {
		c, err := d.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		if err == nil {
			joined = (c.IsMember || c.IsIM) && !c.IsArchived
		}
		return err
	}})
	if Code(err) == "channel_not_found" { // the channel is private
		return false, nil
	}
	return joined, err
}

// maxMembers bounds the members of a channel that are searched: 40 pages.
const maxMembers = 40 * 999

// ErrCrowd means that a channel has more than maxMembers members.
var ErrCrowd = errors.New("the channel has too many members")

// Member reports whether a person is in a conversation. A conversation that
// the bot cannot see counts as empty.
func (d *Desk) Member(ctx context.Context, channel, user string) (bool, error) {
	query := slack.GetUsersInConversationParameters{ChannelID: channel, Limit: 999}
	for range maxMembers / query.Limit {
		var members []string
		err := d.pacer.run(ctx, call{method: "conversations.members", urgency: final, person: user, do: func(ctx context.Context) (err error) {
			members, query.Cursor, err = d.api.GetUsersInConversationContext(ctx, &query)
			return err
		}})
		switch code := Code(err); {
		case code == "channel_not_found", code == "not_in_channel":
			return false, nil
		case err != nil:
			return false, fmt.Errorf("looking for a member: %w", err)
		case slices.Contains(members, user):
			return true, nil
		case query.Cursor == "":
			return false, nil
		}
	}
	return false, ErrCrowd
}

// User returns Slack's information about a person.
func (d *Desk) User(ctx context.Context, id string) (user *slack.User, err error) {
	err = d.pacer.run(ctx, call{method: "users.info", urgency: final, do: func(ctx context.Context) error {
		user, err = d.api.GetUserInfoContext(ctx, id)
		return err
	}})
	return user, err
}

// File returns Slack's information about a file.
func (d *Desk) File(ctx context.Context, id string) (*slack.File, error) {
	return FileInfo(ctx, d.api, d.pacer, id)
}

// Message returns a message, or nil if the message is missing or hidden from
// the bot.
func (d *Desk) Message(ctx context.Context, channel, ts string) (found *slack.Message, err error) {
	// For the ts of a reply Slack returns that reply alone.
	t := NewThread(d.api, d.pacer, nil, channel, ts)
	messages, err := t.first(ctx, d.pacer.run)
	switch Code(err) {
	case "thread_not_found", "message_not_found", "channel_not_found", "not_in_channel":
		return nil, nil
	}
	if i := slices.IndexFunc(messages, func(m slack.Message) bool { return m.Timestamp == ts }); err == nil && i >= 0 {
		return &messages[i], nil
	}
	return nil, err
}

// Key returns the key of a message that the bot posted with [Thread.Post] or
// [Open], or "".
func Key(m slack.Message) string {
	key, _ := m.Metadata.EventPayload["key"].(string)
	if m.Metadata.EventType != eventType {
		return ""
	}
	return key
}

// Remove deletes a message of the bot. If the message is gone already, Remove
// returns nil.
func (d *Desk) Remove(ctx context.Context, channel, ts string) error {
	err := d.pacer.run(ctx, call{method: "chat.delete", urgency: final, do: func(ctx context.Context) error {
		_, _, err := d.api.DeleteMessageContext(ctx, channel, ts)
		return err
	}})
	if Code(err) == "message_not_found" {
		return nil
	}
	return err
}

// RemoveFile deletes a file of the bot. If the file is gone already,
// RemoveFile returns nil.
func (d *Desk) RemoveFile(ctx context.Context, id string) error {
	err := d.pacer.run(ctx, call{method: "files.delete", urgency: final, do: func(ctx context.Context) error {
		return d.api.DeleteFileContext(ctx, id)
	}})
	switch Code(err) {
	case "file_not_found", "file_deleted":
		return nil
	}
	return err
}
