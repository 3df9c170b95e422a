package localslack

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"slackocr/bot/localslack/internal/webapi"
)

// conversationObject is Slack's conversation object
// (https://docs.slack.dev/reference/objects/conversation-object).
type conversationObject struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	IsChannel   bool   `json:"is_channel"`
	IsGroup     bool   `json:"is_group"`
	IsIM        bool   `json:"is_im"`
	IsMPIM      bool   `json:"is_mpim"`
	IsPrivate   bool   `json:"is_private"`
	IsArchived  bool   `json:"is_archived"`
	IsGeneral   bool   `json:"is_general"`
	IsShared    bool   `json:"is_shared"`
	IsExtShared bool   `json:"is_ext_shared"`
	IsOrgShared bool   `json:"is_org_shared"`
	IsMember    *bool  `json:"is_member,omitempty"` // nil in users.conversations
	User        string `json:"user,omitempty"`      // the other person of a direct message
	Creator     string `json:"creator,omitempty"`

	SharedTeamIDs    []string `json:"shared_team_ids,omitempty"` // of shared channels, as the next field
	ConnectedTeamIDs []string `json:"connected_team_ids,omitempty"`
	Created          int64    `json:"created"`
	ContextTeamID    string   `json:"context_team_id"`
	Topic            topic    `json:"topic"`
	Purpose          topic    `json:"purpose"`
	NumMembers       *int     `json:"num_members,omitempty"`
	Members          []string `json:"members,omitempty"` // only in pageSnapshot, for the page
}

// topic is a channel's topic or purpose. Both stay empty here.
type topic struct {
	Value   string `json:"value"`
	Creator string `json:"creator"`
	LastSet int64  `json:"last_set"`
}

// conversation is a channel and its messages. A stored *Message is never
// changed: an edit stores a new Message, so old pointers may be read without
// the lock.
type conversation struct {
	info     conversationObject
	members  []string
	messages []*Message // by ts, oldest first
}

// kind returns the conversation's kind in the spelling of event names and
// scopes.
func (c *conversation) kind() string {
	switch {
	case c.info.IsIM:
		return "im"
	case c.info.IsMPIM:
		return "mpim"
	case c.info.IsPrivate:
		return "groups"
	}
	return "channels"
}

// channelType returns the kind in the spelling of the channel_type field of
// events.
func (c *conversation) channelType() string {
	return strings.TrimSuffix(c.kind(), "s")
}

func (c *conversation) has(user string) bool { return slices.Contains(c.members, user) }

// visible reports whether the user may see the conversation.
func (c *conversation) visible(user string) bool { return !c.info.IsPrivate || c.has(user) }

// AddChannel adds a channel and returns its id (C…). AddChannel is silent:
// there are no events and no "has joined" messages for the first members.
func (w *Workspace) AddChannel(name string, private bool, members ...string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.addChannel(name, private, members).info.ID
}

func (w *Workspace) addChannel(name string, private bool, members []string) *conversation {
	c := w.addConversation("C", members)
	c.info.Name = strings.TrimPrefix(name, "#")
	c.info.IsPrivate, c.info.IsChannel = private, true
	w.channelChanged(c)
	return c
}

// AddDM opens a direct message of two people (D…) or of more (G…), or returns
// the existing one.
func (w *Workspace) AddDM(users ...string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.openDM(users).info.ID
}

func (w *Workspace) openDM(users []string) *conversation {
	users = slices.Compact(slices.Sorted(slices.Values(users)))
	for _, c := range w.convs {
		if (c.info.IsIM || c.info.IsMPIM) && slices.Equal(c.members, users) {
			return c
		}
	}
	kind := "D"
	if len(users) > 2 {
		kind = "G"
	}
	c := w.addConversation(kind, users)
	c.info.IsPrivate = true
	c.info.IsIM, c.info.IsMPIM = kind == "D", kind == "G"
	if c.info.IsMPIM {
		names := make([]string, len(users))
		for i, id := range users {
			if u := w.users[id]; u != nil {
				names[i] = u.Name
			}
		}
		c.info.Name = "mpdm-" + strings.Join(names, "--") + "-1"
	}
	w.channelChanged(c)
	return c
}

func (w *Workspace) addConversation(kind string, members []string) *conversation {
	c := &conversation{info: conversationObject{ID: w.newID(kind), Created: time.Now().Unix(), ContextTeamID: w.team.ID}}
	seen := map[string]bool{}
	for _, m := range members {
		if w.users[m] != nil && !seen[m] {
			c.members = append(c.members, m)
		}
		seen[m] = true
	}
	w.connect(c)
	w.convs[c.info.ID] = c
	return c
}

// kindOf returns the message subtype, or event, for something that happened to
// a channel: channel_archive, but group_archive for a private channel.
func (c *conversation) kindOf(happened string) string {
	if c.info.IsPrivate {
		return "group_" + happened
	}
	return "channel_" + happened
}

// Archive closes the channel for new messages, posts a last message that says
// so, and sends channel_archive or group_archive. The errors are those of Post.
func (w *Workspace) Archive(user, channel string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		return err
	}
	if c.info.IsIM || c.info.IsMPIM {
		return webapi.Err("channel_not_found")
	}
	name := c.kindOf("archive")
	w.append(c, &Message{
		Type: "message", Subtype: name, User: user, TS: w.newTS(), Text: "<@" + user + "> archived the channel",
	})
	c.info.IsArchived = true
	w.channelChanged(c)
	w.emit(c, name, c.kind()+":read", map[string]any{"type": name, "channel": c.info.ID, "user": user, "is_moved": 0})
	return nil
}

// view returns the channel as the user sees it.
func (c *conversation) view(user string) conversationObject {
	v := c.info
	v.IsMember = new(c.has(user))
	if v.IsIM {
		for _, m := range c.members {
			if m != user || len(c.members) == 1 {
				v.User = m
			}
		}
	}
	return v
}

// find returns the index of the message with the given ts.
func (c *conversation) find(ts string) (i int, ok bool) {
	return sort.Find(len(c.messages), func(i int) int { return strings.Compare(ts, c.messages[i].TS) })
}

func (c *conversation) message(ts string) *Message {
	if i, ok := c.find(ts); ok {
		return c.messages[i]
	}
	return nil
}

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
	for _, a := range inOrder(w.apps) {
		if a.BotUserID == member && slices.Contains(a.Events, left) && a.hasScope(c.kind()+":read") {
			w.sendEvent(a, c, map[string]any{"type": left, "channel": c.info.ID, "actor_id": user, "event_ts": w.newTS()})
		}
	}
	if user != member {
		w.notifyRemoved(c, user, member)
	}
	return nil
}

// notifyRemoved posts Slackbot's message to a removed member, bots included
// (recorded: slack-web 2.0.1.0,
// tests/golden/SlackWebhookEvent/slackbotIm.json).
func (w *Workspace) notifyRemoved(c *conversation, user, member string) {
	dm := w.openDM([]string{systemUser, member})
	w.append(dm, &Message{
		Type: "message", User: systemUser, TS: w.newTS(),
		Text: "You have been removed from #" + c.info.Name + " by <@" + user + ">",
	})
}
