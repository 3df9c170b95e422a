package localslack

import (
	"regexp"
	"slices"

	"slackocr/bot/localslack/internal/webapi"
)

// emojiName matches a valid name of an emoji. Whether Slack has such an emoji
// is not checked.
var emojiName = regexp.MustCompile(`^[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?$`)

// maxReactions is the most different emoji on a message, and maxOwnReactions
// the most of one person. Slack's errors give no numbers; these are from
// Slack's help center.
const maxReactions, maxOwnReactions = 50, 23

// reactTo returns the message for a reaction of this name.
func (c *conversation) reactTo(ts, name string) (*Message, error) {
	m := c.message(ts)
	switch {
	case m == nil || m.Subtype == "tombstone":
		return nil, webapi.Err("message_not_found")
	case !emojiName.MatchString(name):
		return nil, webapi.Err("invalid_name")
	}
	return m, nil
}

func (w *Workspace) addReaction(c *conversation, user, ts, name string) error {
	old, err := c.reactTo(ts, name)
	if err != nil {
		return err
	}
	m := old.clone()
	m.Reactions = slices.Clone(old.Reactions)
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	own := 0
	for _, r := range old.Reactions {
		if slices.Contains(r.Users, user) {
			own++
		}
	}
	switch {
	case i >= 0 && slices.Contains(m.Reactions[i].Users, user):
		return webapi.Err("already_reacted")
	case own >= maxOwnReactions:
		return webapi.Err("too_many_reactions")
	case i < 0 && len(m.Reactions) >= maxReactions:
		return webapi.Err("too_many_emoji")
	case i < 0:
		m.Reactions = append(m.Reactions, Reaction{Name: name, Users: []string{user}, Count: 1})
	default:
		users := append(slices.Clone(m.Reactions[i].Users), user)
		m.Reactions[i] = Reaction{Name: name, Users: users, Count: len(users)}
	}
	w.replace(c, m)
	w.emitReaction(c, "reaction_added", user, name, m)
	return nil
}

func (w *Workspace) removeReaction(c *conversation, user, ts, name string) error {
	old, err := c.reactTo(ts, name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(old.Reactions, func(r Reaction) bool { return r.Name == name && slices.Contains(r.Users, user) })
	if i < 0 {
		return webapi.Err("no_reaction")
	}
	m := old.clone()
	m.Reactions = slices.Clone(old.Reactions)
	users := slices.DeleteFunc(slices.Clone(m.Reactions[i].Users), func(u string) bool { return u == user })
	m.Reactions[i] = Reaction{Name: name, Users: users, Count: len(users)}
	if len(users) == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	w.replace(c, m)
	w.emitReaction(c, "reaction_removed", user, name, m)
	return nil
}

func (w *Workspace) emitReaction(c *conversation, event, user, name string, m *Message) {
	w.emit(c, event, "reactions:read", map[string]any{
		"type": event, "user": user, "reaction": name, "item_user": m.User,
		"item": map[string]string{"type": "message", "channel": c.info.ID, "ts": m.TS, "channel_type": c.channelType()},
	})
}

func reactionsAdd(c *call) (answer, error) {
	conv, err := c.reactable()
	if err != nil {
		return nil, err
	}
	return answer{}, c.w.addReaction(conv, c.app.BotUserID, c.Args["timestamp"], c.Args["name"])
}

func reactionsRemove(c *call) (answer, error) {
	conv, err := c.reactable()
	if err != nil {
		return nil, err
	}
	return answer{}, c.w.removeReaction(conv, c.app.BotUserID, c.Args["timestamp"], c.Args["name"])
}

func reactionsGet(c *call) (answer, error) {
	conv, err := c.reactable()
	if err != nil {
		return nil, err
	}
	m := conv.message(c.Args["timestamp"])
	if m == nil {
		return nil, webapi.Err("message_not_found")
	}
	v := c.w.appView(conv, m, c.base, false)
	return answer{"type": "message", "channel": conv.info.ID, "message": v}, nil
}

func (c *call) reactable() (*conversation, error) {
	conv, err := c.conversation()
	switch {
	case err != nil:
		return nil, err
	case !conv.has(c.app.BotUserID):
		return nil, webapi.Err("not_in_channel")
	case !c.Has("timestamp"):
		return nil, webapi.Err("no_item_specified")
	case conv.info.IsArchived && c.method != "reactions.get":
		return nil, webapi.Err("is_archived")
	}
	if _, ok := parseTS(c.Args["timestamp"]); !ok {
		return nil, webapi.Err("bad_timestamp")
	}
	return conv, nil
}
