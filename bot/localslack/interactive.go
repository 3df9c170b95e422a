package localslack

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/socketmode"
	"slackocr/bot/localslack/internal/webapi"
)

// ackTime is the time that Slack gives an app for an ack, and in which a trigger_id
// opens a window
// (https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses).
const ackTime = 3 * time.Second

// trigger is an act of a person that lets the app open one window.
type trigger struct {
	app   *app
	user  string
	made  time.Time
	spent bool
}

func (w *Workspace) newTrigger(a *app, user string) string {
	id := "1." + secret()
	w.triggers.Add(id, &trigger{app: a, user: user, made: time.Now()})
	return id
}

// Command runs a slash command as the user. name includes the slash; text is
// the typed text after the name. The app gets &, < and > as entities (Slack
// does not document this; this is the stricter choice). The command goes to
// the first installed app that has the command in its manifest and the scope
// commands; the bot need not be a member. If the app does not ack within 3 s,
// or no connection is up, the error is the one that Slack shows:
// operation_timeout or dispatch_failed. A command is not sent again. An
// unknown command, and every command of an external person, is
// dispatch_unknown_command. Threads take no commands.
func (w *Workspace) Command(ctx context.Context, user, channel, name, text string) error {
	return w.request(ctx, user, channel, func(c *conversation) (*app, *socketmode.Delivery, error) {
		a := w.appOf(user, func(a *app) bool {
			return slices.ContainsFunc(a.Commands, func(s SlashCommand) bool { return s.Command == name })
		})
		if a == nil {
			return nil, nil, webapi.Err("dispatch_unknown_command")
		}
		payload := map[string]any{
			"token": "local", "team_id": w.team.ID, "team_domain": w.team.Domain, "channel_id": channel, "channel_name": c.payloadName(),
			"user_id": user, "user_name": w.users[user].Name, "command": name, "text": mrkdwn.Escape(text), "api_app_id": a.AppID,
			"is_enterprise_install": strconv.FormatBool(a.OrgInstall), "response_url": w.newHook(a, c, user, ""), "trigger_id": w.newTrigger(a, user),
		}
		if w.enterprise != nil {
			payload["enterprise_id"], payload["enterprise_name"] = w.enterprise.id, w.enterprise.name
		}
		return a, a.socket.Ask("slash_commands", webapi.MustJSON(payload), true), nil
	})
}

// request carries out what a person does in a conversation: ask, which runs under
// the lock, sends it to an app. A text in the ack is shown to the person, as the
// response to a command.
func (w *Workspace) request(ctx context.Context, user, channel string, ask func(*conversation) (*app, *socketmode.Delivery, error)) error {
	w.mu.Lock()
	var a *app
	var d *socketmode.Delivery
	c, err := w.memberOf(user, channel)
	if err == nil {
		a, d, err = ask(c)
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	payload, err := d.Await(ctx)
	if err != nil {
		return err
	}
	return w.answerCommand(a, c, user, payload)
}

// appOf returns the first installed app with the scope commands for which has
// returns true. For external people appOf returns nil.
func (w *Workspace) appOf(user string, has func(*app) bool) *app {
	if w.external(user) {
		return nil
	}
	for _, a := range inOrder(w.apps) {
		if a.hasScope("commands") && has(a) {
			return a
		}
	}
	return nil
}

// Shortcut runs a message shortcut as the user: that of the first installed
// app with the callback_id in its manifest; the bot need not be a member. The
// errors are those of Command, message_not_found, and interactivity_disabled.
func (w *Workspace) Shortcut(ctx context.Context, user, channel, ts, callbackID string) error {
	return w.request(ctx, user, channel, func(c *conversation) (*app, *socketmode.Delivery, error) {
		m := c.message(ts)
		a := w.appOf(user, func(a *app) bool {
			return slices.ContainsFunc(a.Shortcuts, func(s MessageShortcut) bool { return s.CallbackID == callbackID })
		})
		switch {
		case m == nil || m.Subtype == "tombstone":
			return nil, nil, webapi.Err("message_not_found")
		case a == nil:
			return nil, nil, webapi.Err("dispatch_unknown_command")
		case !a.Interactive:
			return nil, nil, webapi.Err("interactivity_disabled")
		}
		body := w.interaction(a, user, "message_action")
		w.addMessageRef(body, a, c, user, ts)
		body["message"] = w.appView(c, m, w.base(a), false)
		body["callback_id"], body["message_ts"], body["action_ts"] = callbackID, ts, w.newTS()
		return a, a.socket.Ask("interactive", webapi.MustJSON(body), false), nil
	})
}

// payloadName returns the conversation's name in commands and interactions,
// which identify only public channels (slack-ruby/slack-ruby-client issue
// 227).
func (c *conversation) payloadName() string {
	switch c.kind() {
	case "im":
		return "directmessage"
	case "groups":
		return "privategroup"
	}
	return c.info.Name
}

// interaction returns the fields of every interactive payload
// (https://docs.slack.dev/reference/interaction-payloads).
func (w *Workspace) interaction(a *app, user, kind string) map[string]any {
	u := w.users[user]
	team, enterprise := w.payloadTeam()
	return map[string]any{
		"type": kind, "token": "local", "api_app_id": a.AppID, "enterprise": enterprise, "is_enterprise_install": a.OrgInstall,
		"team":       team,
		"user":       map[string]string{"id": user, "username": u.Name, "name": u.Name, "team_id": w.actorTeam(u)},
		"trigger_id": w.newTrigger(a, user),
	}
}

// addMessageRef adds the channel and message ts of an interaction to its payload,
// and a response_url.
func (w *Workspace) addMessageRef(body map[string]any, a *app, c *conversation, user, ts string) {
	body["channel"] = map[string]string{"id": c.info.ID, "name": c.payloadName()}
	body["response_url"] = w.newHook(a, c, user, ts)
}

// Press presses a button of an app's message as the user, or chooses options:
// the element has this action_id, in a message of the channel or in an ephemeral
// message. A button takes no values, static_select, radio_buttons and overflow
// take the value of one option, and checkboxes and multi_static_select the
// values of all selected options. The errors are those of Command,
// no_such_action, no_such_option, and interactivity_disabled.
func (w *Workspace) Press(ctx context.Context, user, channel, ts, actionID string, values ...string) error {
	return w.request(ctx, user, channel, func(c *conversation) (*app, *socketmode.Delivery, error) {
		m, private := c.message(ts), false
		if i := w.findEphemeral(c, user, ts); i >= 0 {
			m, private = w.ephemerals[i].m, true
		}
		if m == nil || w.apps[m.AppID] == nil {
			return nil, nil, webapi.Err("no_such_action")
		}
		a := w.apps[m.AppID]
		action, err := w.act(a, m.Blocks, actionID, values)
		if err != nil {
			return nil, nil, err
		}
		container := map[string]any{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": private}
		if m.isReply() {
			container["thread_ts"] = m.ThreadTS
		}
		body := w.interaction(a, user, "block_actions")
		w.addMessageRef(body, a, c, user, ts)
		if !private { // for an ephemeral message Slack sends only the container
			body["message"] = w.appView(c, m, w.base(a), false)
		}
		body["container"], body["actions"] = container, []any{action}
		body["state"] = viewState{Values: blockkit.States(m.Blocks, map[string][]string{actionID: values})}
		return a, a.socket.Ask("interactive", webapi.MustJSON(body), false), nil
	})
}

// act returns the action for the payload of a press in the app's blocks.
func (w *Workspace) act(a *app, blocks json.RawMessage, actionID string, values []string) (map[string]any, error) {
	if !a.Interactive {
		return nil, webapi.Err("interactivity_disabled")
	}
	action, err := blockkit.Act(blocks, actionID, values)
	if err == nil {
		action["action_ts"] = w.newTS()
	}
	return action, err
}

const (
	hookLife = 30 * time.Minute // of a response_url
	hookUses = 5
)

// responseHook is a response_url
// (https://docs.slack.dev/interactivity/handling-user-interaction#message_responses).
type responseHook struct {
	app  *app
	conv *conversation
	user string
	ts   string // ts of the message with the element, or "" for a command
	uses int
}

func (w *Workspace) newHook(a *app, c *conversation, user, ts string) string {
	key := secret()
	w.hooks.Add(key, &responseHook{app: a, conv: c, user: user, ts: ts})
	return w.base(a) + "/response/" + key
}

// serveResponse handles POST /response/KEY: five uses in 30 minutes. No scope
// and no membership is needed.
func (w *Workspace) serveResponse(rw http.ResponseWriter, r *http.Request) {
	a, _, err := webapi.ParseArgs(rw, r, false)
	if err == nil {
		err = w.useHook(r.PathValue("key"), a)
	}
	log := Call{Time: time.Now(), Method: "response_url", Token: string(noToken), Args: a, Status: http.StatusOK}
	if err != nil {
		log.Error = webapi.AsError(err).Code
		log.Status = http.StatusNotFound
		http.Error(rw, log.Error, log.Status)
	} else {
		_, _ = rw.Write([]byte("ok"))
	}
	w.record(log)
}

func (w *Workspace) useHook(key string, a webapi.Args) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	h, ok := w.hooks.Get(key)
	if !ok {
		return webapi.Err("expired_url")
	}
	if h.uses++; h.uses > hookUses {
		return webapi.Err("used_url")
	}
	return w.respond(h.app, h.conv, h.user, h.ts, a)
}

// respond carries out the body of a response_url or an ack: a message to the
// person or, with response_type in_channel, to everybody; or a change of the
// original message, which may be ephemeral.
func (w *Workspace) respond(a *app, c *conversation, user, ts string, in webapi.Args) error {
	old, private := c.message(ts), w.findEphemeral(c, user, ts)
	if in.Bool("delete_original") {
		if old != nil {
			w.remove(c, old)
		}
		w.removeEphemeral(c, user, ts)
		return nil
	}
	t, err := contentOf(in)
	if err != nil {
		return err
	}
	if t.empty() {
		return webapi.Err("no_text")
	}
	if in.Bool("replace_original") && private >= 0 {
		m := w.newMessage(a, t, nil)
		m.TS, m.ThreadTS = ts, w.ephemerals[private].m.ThreadTS
		w.showEphemeral(c, user, m)
		return nil
	}
	if in.Bool("replace_original") && old != nil {
		changed := old.clone()
		changed.Text, changed.Blocks, changed.Attachments = mrkdwn.Cut(t.text, maxPostText), t.blocks, t.attachments
		w.replaceAndEmit(c, old, changed)
		return nil
	}
	parent, err := threadOf(c, in["thread_ts"])
	if err != nil {
		return err
	}
	m := w.newMessage(a, t, parent)
	if in["response_type"] == "in_channel" {
		w.append(c, m)
	} else {
		w.showEphemeral(c, user, m)
	}
	return nil
}

// answerCommand carries out the payload of an ack, if there is one.
func (w *Workspace) answerCommand(a *app, c *conversation, user string, payload json.RawMessage) error {
	in := webapi.Args{}
	var text string
	switch {
	case len(payload) == 0:
		return nil
	case json.Unmarshal(payload, &text) == nil: // a bare string is the text
		in["text"] = text
	case in.AddJSON(payload) != nil:
		return nil
	}
	if !in.Has("text") && !in.Has("blocks") {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.respond(a, c, user, "", in)
}
