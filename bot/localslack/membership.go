package localslack

import (
	"fmt"
	"slices"

	"slackocr/bot/localslack/internal/webapi"
)

// This file is who comes into a conversation and who leaves it.

// Join makes the user a member and tells everybody, as Slack does: a
// channel_join message (in a private channel group_join) and a
// member_joined_channel event. If the channel or user is unknown, which is a
// mistake in a test, Join panics.
func (w *Workspace) Join(channel, user string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.convs[channel]
	if c == nil || w.users[user] == nil {
		panic(fmt.Sprintf("localslack: Join(%q, %q): no such channel or user", channel, user))
	}
	w.join(c, user, "")
}

// Invite makes a person or a bot a member on behalf of the inviter, who is
// named in the message and the event. The errors have Slack's codes: those of
// Post for the inviter, user_not_found, already_in_channel,
// method_not_supported_for_channel_type.
func (w *Workspace) Invite(inviter, channel, user string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(inviter, channel)
	switch {
	case err != nil:
		return err
	case c.info.IsIM || c.info.IsMPIM:
		return webapi.Err("method_not_supported_for_channel_type")
	case w.users[user] == nil || user == systemUser:
		return webapi.Err("user_not_found")
	case c.has(user):
		return webapi.Err("already_in_channel")
	}
	w.join(c, user, inviter)
	return nil
}

func (w *Workspace) join(c *conversation, user, inviter string) {
	if c.has(user) {
		return
	}
	c.members = append(c.members, user)
	w.connect(c)
	if c.info.IsPrivate {
		w.resetReaders(user) // earlier messages are new to a new member
	}
	w.channelChanged(c)
	w.append(c, &Message{
		Type: "message", Subtype: c.kindOf("join"), User: user, Inviter: inviter,
		TS: w.newTS(), Text: "<@" + user + "> has joined the channel",
	})
	ev := w.memberEvent(c, "member_joined_channel", user)
	if inviter != "" {
		ev["inviter"] = inviter
	}
	w.emit(c, "member_joined_channel", c.kind()+":read", ev)
}

// memberEvent returns the event member_joined_channel or member_left_channel.
func (w *Workspace) memberEvent(c *conversation, event, member string) map[string]any {
	return map[string]any{
		"type": event, "user": member, "channel": c.info.ID,
		"channel_type": c.info.ID[:1], "team": w.users[member].TeamID,
	}
}

// Kick removes a member from a channel on behalf of the user; a user who
// removes themselves leaves. The others see a channel_leave message
// (group_leave in a private channel) and member_left_channel. The app of a
// removed bot gets channel_left or group_left, if subscribed and with
// channels:read or groups:read. (Slack documents that these two are sometimes
// withheld: https://docs.slack.dev/reference/events/channel_left.) Slackbot
// tells the removed member in a direct message, bots too. The errors are those
// of Post for the user, and not_in_channel for the member.
func (w *Workspace) Kick(user, channel, member string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, channel)
	switch {
	case err != nil:
		return err
	case c.info.IsIM || c.info.IsMPIM:
		return webapi.Err("method_not_supported_for_channel_type")
	case !c.has(member):
		return webapi.Err("not_in_channel")
	}
	c.members = slices.DeleteFunc(slices.Clone(c.members), func(m string) bool { return m == member })
	w.channelChanged(c)
	if c.info.IsPrivate {
		w.publish(nil, change{Type: "channel_gone", TS: c.info.ID, only: member})
	}
	w.append(c, &Message{
		Type: "message", Subtype: c.kindOf("leave"), User: member,
		TS: w.newTS(), Text: "<@" + member + "> has left the channel",
	})
	w.emit(c, "member_left_channel", c.kind()+":read", w.memberEvent(c, "member_left_channel", member))
	left := c.kindOf("left")
	for _, a := range w.sortedApps() {
		if a.BotUserID == member && slices.Contains(a.Events, left) && a.hasScope(c.kind()+":read") {
			w.sendEvent(a, c, map[string]any{"type": left, "channel": c.info.ID, "actor_id": user, "event_ts": w.newTS()})
		}
	}
	if user != member {
		w.tellRemoved(c, user, member)
	}
	return nil
}

// tellRemoved posts Slackbot's message to a removed member, bots included
// (recorded: slack-web 2.0.1.0,
// tests/golden/SlackWebhookEvent/slackbotIm.json).
func (w *Workspace) tellRemoved(c *conversation, user, member string) {
	dm := w.openDM([]string{systemUser, member})
	w.append(dm, &Message{
		Type: "message", User: systemUser, TS: w.newTS(),
		Text: "You have been removed from #" + c.info.Name + " by <@" + user + ">",
	})
}
