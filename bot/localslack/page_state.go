package localslack

import "slices"

// pageSnapshot is the part of the workspace that a user may see: the user's channels
// and the public channels.
type pageSnapshot struct {
	Seq      int64                `json:"seq"` // number of the last change that is included
	Team     teamInfo             `json:"team"`
	Me       string               `json:"me"`
	Users    []userObject         `json:"users"`
	Channels []conversationObject `json:"channels"` // with members
	Messages map[string][]Message `json:"messages"` // by channel, oldest first
	Apps     []appInfo            `json:"apps"`
	Views    []View               `json:"views"` // windows that the user has open
	Note     string               `json:"note"`  // as in Options
}

// appInfo is the part of an installed app that people see.
type appInfo struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	BotUserID string            `json:"bot_user_id"`
	Commands  []SlashCommand    `json:"commands"`
	Shortcuts []MessageShortcut `json:"shortcuts"`
}

func (a *app) info() appInfo {
	v := appInfo{ID: a.AppID, Name: a.Name, BotUserID: a.BotUserID}
	if a.hasScope("commands") {
		v.Commands = a.Commands
		if a.Interactive {
			v.Shortcuts = a.Shortcuts
		}
	}
	return v
}

// change is a change of the workspace. Type is "message" (new or changed:
// store the message by ts), "message_deleted", "ephemeral", "channel" (new or
// changed), "channel_gone" (the user left the channel), "user" (new), "file"
// (deleted), "app" (new), "view" (a window, opened or changed), or
// "view_closed". For types with neither message nor channel, TS is the id.
type change struct {
	Seq         int64               `json:"seq"`
	Type        string              `json:"type"`
	Channel     string              `json:"channel,omitempty"`
	TS          string              `json:"ts,omitempty"`
	Message     *Message            `json:"message,omitempty"`
	ChannelInfo *conversationObject `json:"channel_info,omitempty"`
	User        *userObject         `json:"user,omitempty"`
	App         *appInfo            `json:"app,omitempty"`
	View        *View               `json:"view,omitempty"`

	conv *conversation // nil if everybody may see the change
	only string        // id of the only user who may see the change, or ""
}

// subscriberBuffer bounds the changes that a reader may be behind, and the
// changes that are kept for a returning reader.
const subscriberBuffer = 256

// feed passes changes to the readers of the page.
type feed struct {
	seq     int64
	history []change
	readers map[*reader]struct{}
}

type reader struct {
	user    string
	changes chan change
}

// snapshot returns what the user may see now.
func (w *Workspace) snapshot(user string) pageSnapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := pageSnapshot{Seq: w.feed.seq, Team: w.team, Me: user, Note: w.opts.Note, Messages: map[string][]Message{}}
	for _, u := range inOrder(w.users) {
		s.Users = append(s.Users, *u)
	}
	for _, a := range inOrder(w.apps) {
		s.Apps = append(s.Apps, a.info())
	}
	for _, v := range inOrder(w.views) {
		if v.user == user && v.Type == "modal" {
			s.Views = append(s.Views, *v)
		}
	}
	for _, c := range inOrder(w.convs) {
		if !c.visible(user) {
			continue
		}
		v := c.view(user)
		v.Members = slices.Clone(c.members)
		s.Channels = append(s.Channels, v)
		s.Messages[v.ID] = w.viewAll(c.messages)
	}
	return s
}

// subscribeSince returns the changes after seq that the user may see, so that no
// change is missed between a snapshot and the subscription. If seq is unknown
// or too old, ok is false, there is no subscription, and the caller must take
// a new snapshot. If a reader falls 256 changes behind, the channel is closed,
// and the reader must start again from a snapshot. cancel ends the subscription
// and closes the channel, and may be called more than once.
func (w *Workspace) subscribeSince(user string, seq int64) (changes <-chan change, cancel func(), ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest := w.feed.seq - int64(len(w.feed.history))
	if seq < oldest || seq > w.feed.seq {
		return nil, nil, false
	}
	r := &reader{user: user, changes: make(chan change, subscriberBuffer)}
	w.feed.readers[r] = struct{}{}
	for _, missed := range w.feed.history[seq-oldest:] {
		if missed.visible(user) {
			r.changes <- missed.forUser(user)
		}
	}
	return r.changes, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.unsubscribe(r)
	}, true
}

func (w *Workspace) unsubscribe(r *reader) {
	if _, ok := w.feed.readers[r]; ok {
		delete(w.feed.readers, r)
		close(r.changes)
	}
}

// resetReaders makes the user's readers start again from a snapshot.
func (w *Workspace) resetReaders(user string) {
	for r := range w.feed.readers {
		if r.user == user {
			w.unsubscribe(r)
		}
	}
}

func (ch change) visible(user string) bool {
	return (ch.conv == nil || ch.conv.visible(user)) && (ch.only == "" || ch.only == user)
}

// forUser sets the fields that depend on the reader.
func (ch change) forUser(user string) change {
	if ch.ChannelInfo != nil {
		v := ch.conv.view(user)
		v.Members = slices.Clone(ch.conv.members)
		ch.ChannelInfo = &v
	}
	return ch
}

// publish tells the page and all callers of Wait about a change. If the change
// belongs to no conversation, c is nil.
func (w *Workspace) publish(c *conversation, ch change) {
	w.feed.seq++
	ch.Seq, ch.conv = w.feed.seq, c
	if c != nil {
		ch.Channel = c.info.ID
	}
	if ch.Message != nil {
		v := ch.Message.view(w.base(nil), true)
		ch.Message = &v
	}
	w.feed.history = append(w.feed.history, ch)
	if n := len(w.feed.history) - subscriberBuffer; n > 0 {
		w.feed.history = slices.Delete(w.feed.history, 0, n)
	}
	for r := range w.feed.readers {
		if !ch.visible(r.user) {
			continue
		}
		select {
		case r.changes <- ch.forUser(r.user):
		default:
			w.unsubscribe(r)
		}
	}
	w.touch()
}

func (w *Workspace) channelChanged(c *conversation) {
	w.publish(c, change{Type: "channel", ChannelInfo: &conversationObject{}})
}

func (w *Workspace) userChanged(u *userObject) {
	v := *u
	w.publish(nil, change{Type: "user", User: &v})
}
