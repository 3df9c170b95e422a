package localslack

import (
	"slices"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/socketmode"
	"slackocr/bot/localslack/internal/webapi"
)

// messageEvent is a message event: the message with its channel.
// (https://docs.slack.dev/reference/events/message)
type messageEvent struct {
	Message
	Channel     string `json:"channel"`
	ChannelType string `json:"channel_type"`
	EventTS     string `json:"event_ts"`
}

// changeEvent is a message event with subtype message_changed or message_deleted.
type changeEvent struct {
	Type            string  `json:"type"`
	Subtype         string  `json:"subtype"`
	Hidden          bool    `json:"hidden"`
	Message         any     `json:"message,omitempty"`
	PreviousMessage Message `json:"previous_message"`
	DeletedTS       string  `json:"deleted_ts,omitempty"`
	Channel         string  `json:"channel"`
	ChannelType     string  `json:"channel_type"`
	TS              string  `json:"ts"`
	EventTS         string  `json:"event_ts"`
}

// audience returns the apps that get an event of this conversation: the bot is
// a member, the app subscribes to the event, and the token has the scope.
func (w *Workspace) audience(c *conversation, event, scope string) []*app {
	return slices.DeleteFunc(inOrder(w.apps), func(a *app) bool {
		return !c.has(a.BotUserID) || !slices.Contains(a.Events, event) || !a.hasScope(scope)
	})
}

// emit sends an event to its audience, with an own event_ts.
func (w *Workspace) emit(c *conversation, event, scope string, body map[string]any) {
	body["event_ts"] = w.newTS()
	for _, a := range w.audience(c, event, scope) {
		w.sendEvent(a, c, body)
	}
}

// emitMessage sends the message event of a new message, and app_mention to the
// apps in the text. An app gets the events of its own messages too.
func (w *Workspace) emitMessage(c *conversation, m *Message) {
	for _, a := range w.audience(c, "message."+c.kind(), c.kind()+":history") {
		v := w.appView(c, m, w.base(a), false)
		if m.isReply() {
			// The event carries the parent's files too
			// (https://github.com/openclaw/openclaw/pull/32209).
			v.Files = append(v.Files, w.appView(c, c.thread(m.ThreadTS), w.base(a), false).Files...)
		}
		w.sendEventOf(m.User, a, c, messageEvent{v, c.info.ID, c.channelType(), m.TS})
	}
	if c.info.IsIM || (m.Subtype != "" && m.Subtype != "file_share" && m.Subtype != "thread_broadcast") {
		return // no app_mention in direct messages (https://docs.slack.dev/reference/events/app_mention)
	}
	for _, a := range w.audience(c, "app_mention", "app_mentions:read") {
		if m.BotID != a.BotID && mrkdwn.Mentions(m.Text, a.BotUserID) {
			v := w.appView(c, m, w.base(a), false)
			// The event may come without the files of the message event.
			v.Type, v.Subtype, v.Root = "app_mention", "", nil
			v.Files, v.Upload, v.DisplayAsBot = nil, false, nil
			w.setMentionTeam(&v)
			w.sendEvent(a, c, struct {
				Message
				Channel string `json:"channel"`
				EventTS string `json:"event_ts"`
			}{v, c.info.ID, m.TS})
		}
	}
}

// replaceAndEmit replaces the old message by the new one and sends
// message_changed.
func (w *Workspace) replaceAndEmit(c *conversation, old, changed *Message) {
	w.replace(c, changed)
	w.emitChange(c, "message_changed", old, changed)
}

// emitChange sends a message_changed, or a message_deleted without a changed
// message.
func (w *Workspace) emitChange(c *conversation, subtype string, old, changed *Message) {
	ts := w.newTS()
	for _, a := range w.audience(c, "message."+c.kind(), c.kind()+":history") {
		event := changeEvent{
			Type: "message", Subtype: subtype, Hidden: true, PreviousMessage: w.appView(c, old, w.base(a), false),
			Channel: c.info.ID, ChannelType: c.channelType(), TS: ts, EventTS: ts,
		}
		if changed != nil {
			event.Message = w.appView(c, changed, w.base(a), false)
		} else {
			event.DeletedTS = old.TS
		}
		w.sendEvent(a, c, event)
	}
}

// eventCallback is the payload around every event
// (https://docs.slack.dev/apis/events-api/#callback-field).
type eventCallback struct {
	Token              string          `json:"token"`
	TeamID             string          `json:"team_id"`
	EnterpriseID       *string         `json:"enterprise_id,omitempty"`
	ContextTeamID      string          `json:"context_team_id"`
	ContextEnterprise  *string         `json:"context_enterprise_id"`
	APIAppID           string          `json:"api_app_id"`
	Event              any             `json:"event"`
	Type               string          `json:"type"`
	EventID            string          `json:"event_id"`
	EventTime          int64           `json:"event_time"`
	Authorizations     []authorization `json:"authorizations"`
	IsExtSharedChannel bool            `json:"is_ext_shared_channel"`
	EventContext       string          `json:"event_context"`
}

type authorization struct {
	EnterpriseID        *string `json:"enterprise_id"`
	TeamID              string  `json:"team_id"`
	UserID              string  `json:"user_id"`
	IsBot               bool    `json:"is_bot"`
	IsEnterpriseInstall bool    `json:"is_enterprise_install"`
}

// Emit sends an app an event of any shape, to test events that this workspace
// does not know. The event must marshal to JSON.
func (w *Workspace) Emit(appID string, event map[string]any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.apps[appID]; a != nil {
		w.sendEvent(a, nil, event)
	}
}

// sendEvent sends an event. If the event belongs to no conversation, c is nil.
func (w *Workspace) sendEvent(a *app, c *conversation, event any) {
	w.sendEventOf("", a, c, event)
}

// sendEventOf is sendEvent for a message of the user. For a partner's people
// the payload has their team too.
func (w *Workspace) sendEventOf(user string, a *app, c *conversation, event any) {
	id := w.newID("Ev")
	callback := eventCallback{
		Token: "local", TeamID: w.team.ID, EnterpriseID: w.enterpriseID(),
		ContextTeamID: w.team.ID, ContextEnterprise: w.enterpriseID(), APIAppID: a.AppID,
		Event: event, Type: "event_callback", EventID: id, EventTime: w.now().Unix(),
		Authorizations: []authorization{{
			EnterpriseID: w.enterpriseID(), TeamID: w.appTeam(a), UserID: a.BotUserID, IsBot: true, IsEnterpriseInstall: a.OrgInstall,
		}},
		EventContext: "4-" + id, IsExtSharedChannel: c != nil && c.info.IsExtShared,
	}
	if w.external(user) {
		u := w.users[user]
		callback.TeamID, callback.EnterpriseID = u.TeamID, nil
		if u.home == HomePartnerGrid {
			callback.EnterpriseID = &w.partnerOrg
		}
	}
	a.socket.Send(webapi.MustJSON(callback))
}

// base returns the base address of the links in an app's events.
func (w *Workspace) base(a *app) string {
	switch {
	case w.opts.URL != "":
		return w.opts.URL
	case a != nil && a.base != "":
		return a.base
	}
	return "http://localhost"
}

// Pending returns the number of the app's events, commands and interactions
// without ack.
func (w *Workspace) Pending(appID string) int {
	w.mu.Lock()
	a := w.apps[appID]
	w.mu.Unlock()
	if a == nil {
		return 0
	}
	return a.socket.Pending()
}

// Ack is one line of the log of envelopes: App and Kind, when it was Sent, and
// how long its ack Took, 3 s if none came in time. The last 1,000 have their
// Payload.
type Ack = socketmode.Ack

// Acks returns the last 10,000 envelopes that were acked or not acked in time, in the
// order of that.
func (w *Workspace) Acks() []Ack { return w.sockets.Acks() }

// Disconnect ends every connection with a reason: at once, or ten seconds
// later for the reason "warning". Slack's other reasons are
// "refresh_requested" and "link_disabled".
func (w *Workspace) Disconnect(reason string) { w.sockets.Disconnect(reason) }

// CloseSockets closes every connection without a close frame.
func (w *Workspace) CloseSockets() { w.sockets.CloseSockets() }

// Connections returns the number of Socket Mode connections of all apps.
func (w *Workspace) Connections() int { return w.sockets.Connections() }
