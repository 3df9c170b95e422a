package localslack

import (
	"context"
	"slices"
	"strconv"
	"time"

	"slackocr/bot/localslack/internal/mrkdwn"
	"slackocr/bot/localslack/internal/socketmode"
	"slackocr/bot/localslack/internal/webapi"
)

// triggerLife is the time in which a trigger_id opens a window
// (https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses).
const triggerLife = 3 * time.Second

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
	w.mu.Lock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	a := w.appOf(user, func(a *app) bool {
		return slices.ContainsFunc(a.Commands, func(s SlashCommand) bool { return s.Command == name })
	})
	if a == nil {
		w.mu.Unlock()
		return webapi.Err("dispatch_unknown_command")
	}
	hook := w.newHook(a, c, user, "")
	payload := map[string]any{
		"token": "local", "team_id": w.team.ID, "team_domain": w.team.Domain, "channel_id": channel, "channel_name": c.payloadName(),
		"user_id": user, "user_name": w.users[user].Name, "command": name, "text": mrkdwn.Escape(text), "api_app_id": a.AppID,
		"is_enterprise_install": strconv.FormatBool(a.OrgInstall), "response_url": hook, "trigger_id": w.newTrigger(a, user),
	}
	if w.enterprise != nil {
		payload["enterprise_id"], payload["enterprise_name"] = w.enterprise.id, w.enterprise.name
	}
	d := a.socket.Ask("slash_commands", webapi.MustJSON(payload), true)
	w.mu.Unlock()
	return w.settle(ctx, a, d, c, user)
}

// appOf returns the first installed app with the scope commands for which has
// returns true. For external people appOf returns nil.
func (w *Workspace) appOf(user string, has func(*app) bool) *app {
	if w.external(user) {
		return nil
	}
	for _, a := range w.sortedApps() {
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
	w.mu.Lock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	m := c.message(ts)
	a := w.appOf(user, func(a *app) bool {
		return slices.ContainsFunc(a.Shortcuts, func(s MessageShortcut) bool { return s.CallbackID == callbackID })
	})
	switch {
	case m == nil || m.Subtype == "tombstone":
		err = webapi.Err("message_not_found")
	case a == nil:
		err = webapi.Err("dispatch_unknown_command")
	case !a.Interactive:
		err = webapi.Err("interactivity_disabled")
	}
	if err != nil {
		w.mu.Unlock()
		return err
	}
	body := w.interaction(a, user, "message_action")
	w.addPlace(body, a, c, user, ts)
	body["message"] = w.appView(c, m, w.base(a), false)
	body["callback_id"], body["message_ts"], body["action_ts"] = callbackID, ts, w.newTS()
	d := a.socket.Ask("interactive", webapi.MustJSON(body), false)
	w.mu.Unlock()
	return w.settle(ctx, a, d, c, user)
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

// addPlace adds the channel and message ts of an interaction to its payload,
// and a response_url.
func (w *Workspace) addPlace(body map[string]any, a *app, c *conversation, user, ts string) {
	body["channel"] = map[string]string{"id": c.info.ID, "name": c.payloadName()}
	body["response_url"] = w.newHook(a, c, user, ts)
}

// settle waits for the ack. An ack with a text is shown to the person, as the
// response to a command.
func (w *Workspace) settle(ctx context.Context, a *app, d *socketmode.Delivery, c *conversation, user string) error {
	payload, err := d.Await(ctx)
	if err != nil {
		return err
	}
	return w.answerCommand(a, c, user, payload)
}
