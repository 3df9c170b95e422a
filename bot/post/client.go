package post

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/slack-go/slack"
)

// Client calls Slack within Slack's rate limits. Its methods wait for their turn
// and repeat failed calls until Slack refuses ([Code] returns the reason) or ctx
// ends.
type Client struct {
	api      *slack.Client
	pacer    *Pacer
	webhooks *http.Client // for response URLs
}

// NewClient returns a client. api must not have retries of its own. webhooks is
// for response URLs and never gets the token.
func NewClient(api *slack.Client, pacer *Pacer, webhooks *http.Client) *Client {
	return &Client{api: api, pacer: pacer, webhooks: webhooks}
}

// PostEphemeral shows m to one person in a channel, or in a thread of the channel.
// The message disappears when the person reloads Slack.
// https://docs.slack.dev/reference/methods/chat.postEphemeral
func (c *Client) PostEphemeral(ctx context.Context, channel, thread, user string, m Message) error {
	return c.pacer.run(ctx, call{method: "chat.postEphemeral", priority: final, person: user, do: func(ctx context.Context) error {
		_, err := c.api.PostEphemeralContext(ctx, channel, user,
			inThread(thread), slack.MsgOptionText(m.Fallback, false), slack.MsgOptionBlocks(m.Blocks...))
		return err
	}})
}

// Respond shows m to the person who gave a command or pressed a button. A
// response URL works five times in 30 minutes, even if the bot is not a
// member. Without a thread the message appears in the channel, wherever the
// button was (slackapi/node-slack-sdk issue 674).
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
func (c *Client) Respond(ctx context.Context, url, thread string, m Message) error {
	return c.pacer.run(ctx, call{method: "response_url", priority: final, do: func(ctx context.Context) error {
		return slack.PostWebhookCustomHTTPContext(ctx, url, c.webhooks, &slack.WebhookMessage{
			Text: m.Fallback, Blocks: &slack.Blocks{BlockSet: m.Blocks}, ResponseType: slack.ResponseTypeEphemeral,
			ThreadTimestamp: thread,
		})
	}})
}

// OpenView opens a window, within the 3 s of a trigger's life. OpenView tries
// once. https://docs.slack.dev/reference/methods/views.open
func (c *Client) OpenView(ctx context.Context, trigger string, view slack.ModalViewRequest) error {
	return c.pacer.once(ctx, call{method: "views.open", priority: firstReply, do: func(ctx context.Context) error {
		_, err := c.api.OpenViewContext(ctx, trigger, view)
		return err
	}})
}

// OpenDM returns the channel of the bot's direct messages with a person.
func (c *Client) OpenDM(ctx context.Context, user string) (channel string, err error) {
	err = c.pacer.run(ctx, call{method: "conversations.open", priority: final, person: user, do: func(ctx context.Context) error {
		opened, _, _, err := c.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		if err == nil {
			channel = opened.ID
		}
		return err
	}})
	return channel, err
}

// CanPost reports whether the bot can post in a conversation.
func (c *Client) CanPost(ctx context.Context, channel string) (can bool, err error) {
	err = c.pacer.run(ctx, call{method: "conversations.info", priority: final, do: func(ctx context.Context) error {
		info, err := c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channel})
		if err == nil {
			can = (info.IsMember || info.IsIM) && !info.IsArchived
		}
		return err
	}})
	return can, ignore(err, "channel_not_found") // the channel is private
}

const (
	// membersPage is the most members that Slack returns at once.
	membersPage = 999
	// maxMembers bounds the members of a channel that are searched.
	maxMembers = 40 * membersPage
)

// ErrTooManyMembers means that a channel has more than maxMembers members.
var ErrTooManyMembers = errors.New("the channel has too many members")

// IsMember reports whether a person is in a conversation. A conversation that
// the bot cannot see counts as empty.
func (c *Client) IsMember(ctx context.Context, channel, user string) (bool, error) {
	query := slack.GetUsersInConversationParameters{ChannelID: channel, Limit: membersPage}
	for range maxMembers / membersPage {
		var members []string
		next := ""
		err := c.pacer.run(ctx, call{method: "conversations.members", priority: final, person: user, do: func(ctx context.Context) (err error) {
			members, next, err = c.api.GetUsersInConversationContext(ctx, &query)
			return err
		}})
		query.Cursor = next
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
	return false, ErrTooManyMembers
}

// User returns Slack's information about a person.
func (c *Client) User(ctx context.Context, id string) (user *slack.User, err error) {
	err = c.pacer.run(ctx, call{method: "users.info", priority: final, do: func(ctx context.Context) (err error) {
		user, err = c.api.GetUserInfoContext(ctx, id)
		return err
	}})
	return user, err
}

// fileTimeout bounds a request for a file's information.
const fileTimeout = 30 * time.Second

// File returns Slack's information about a file.
func (c *Client) File(ctx context.Context, id string) (file *slack.File, err error) {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	err = c.pacer.run(ctx, call{method: "files.info", priority: final, do: func(ctx context.Context) (err error) {
		file, _, _, err = c.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	}})
	return file, err
}

// Remove deletes a message of the bot. If the message is gone already, Remove
// returns nil.
func (c *Client) Remove(ctx context.Context, channel, ts string) error {
	err := c.pacer.run(ctx, call{method: "chat.delete", priority: final, do: func(ctx context.Context) error {
		_, _, err := c.api.DeleteMessageContext(ctx, channel, ts)
		return err
	}})
	return ignore(err, "message_not_found")
}

// RemoveFile deletes a file of the bot. If the file is gone already,
// RemoveFile returns nil.
func (c *Client) RemoveFile(ctx context.Context, id string) error {
	err := c.pacer.run(ctx, c.removeFile(id))
	return ignore(err, "file_not_found", "file_deleted")
}

func (c *Client) removeFile(id string) call {
	return call{method: "files.delete", priority: final, do: func(ctx context.Context) error {
		return c.api.DeleteFileContext(ctx, id)
	}}
}
