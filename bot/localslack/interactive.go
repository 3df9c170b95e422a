package localslack

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// triggerLife is how long a trigger_id opens a window
// (https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses).
const triggerLife = 3 * time.Second

// trigger is what a person did that lets the app open one window for them.
type trigger struct {
	app   *app
	user  string
	made  time.Time
	spent bool
}

func (w *Workspace) newTrigger(a *app, user string) string {
	id := "1." + secret()
	w.triggers.add(id, &trigger{app: a, user: user, made: time.Now()})
	return id
}

// Command runs a slash command as the user: name with its slash, text as typed
// after it. It goes to the first installed app with the scope commands. The app
// must ack within 3 s; else, and when no connection is up, the error is what
// Slack shows the person: dispatch_failed or operation_timeout. The command is
// not sent again.
func (w *Workspace) Command(ctx context.Context, user, channel, name, text string) error {
	w.mu.Lock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	apps := w.sortedApps()
	i := slices.IndexFunc(apps, func(a *app) bool { return a.hasScope("commands") })
	if i < 0 {
		w.mu.Unlock()
		return apiErr("dispatch_unknown_command")
	}
	a := apps[i]
	hook := w.newHook(a, c, user, nil)
	payload := mustJSON(map[string]any{
		"token": "local", "team_id": w.team.ID, "team_domain": w.team.Name, "channel_id": channel, "channel_name": c.payloadName(),
		"user_id": user, "user_name": w.users[user].Name, "command": name, "text": text, "api_app_id": a.AppID,
		"is_enterprise_install": "false", "response_url": hook, "trigger_id": w.newTrigger(a, user),
	})
	d := w.ask(a, "slash_commands", payload, true)
	w.mu.Unlock()
	return w.settle(ctx, a, d, c, user)
}

// Press presses a button of an app's message as the user: the element with this
// action_id. Errors are those of Command, and no_such_action.
func (w *Workspace) Press(ctx context.Context, user, channel, ts, actionID string) error {
	w.mu.Lock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	m := c.message(ts)
	action := m.action(actionID)
	if action == nil || w.apps[m.AppID] == nil {
		w.mu.Unlock()
		return apiErr("no_such_action")
	}
	a := w.apps[m.AppID]
	action["action_ts"] = w.newTS()
	body := w.interaction(a, c, user, "block_actions", m)
	body["container"] = map[string]any{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false}
	body["actions"] = []any{action}
	body["state"] = viewState{Values: map[string]any{}}
	d := w.ask(a, "interactive", mustJSON(body), false)
	w.mu.Unlock()
	return w.settle(ctx, a, d, c, user)
}

// Shortcut runs a message shortcut as the user on a message, with the first
// installed app that has the scope commands. Errors are those of Command.
func (w *Workspace) Shortcut(ctx context.Context, user, channel, ts, callbackID string) error {
	w.mu.Lock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	m := c.message(ts)
	apps := w.sortedApps()
	i := slices.IndexFunc(apps, func(a *app) bool { return a.hasScope("commands") })
	if m == nil || i < 0 {
		w.mu.Unlock()
		return apiErr("dispatch_unknown_command")
	}
	body := w.interaction(apps[i], c, user, "message_action", m)
	body["callback_id"], body["message_ts"], body["action_ts"] = callbackID, ts, w.newTS()
	d := w.ask(apps[i], "interactive", mustJSON(body), false)
	w.mu.Unlock()
	return w.settle(ctx, apps[i], d, c, user)
}

// payloadName is what commands and interactions call the conversation: what is
// not public is not named (slack-ruby/slack-ruby-client issue 227).
func (c *conversation) payloadName() string {
	switch c.kind() {
	case "im":
		return "directmessage"
	case "groups":
		return "privategroup"
	}
	return c.info.Name
}

// interaction is what every interactive payload holds
// (https://docs.slack.dev/reference/interaction-payloads).
func (w *Workspace) interaction(a *app, c *conversation, user, kind string, m *Message) map[string]any {
	v := m.view(w.base(a), false)
	return map[string]any{
		"type": kind, "token": "local", "api_app_id": a.AppID, "enterprise": nil, "is_enterprise_install": false,
		"team":    map[string]string{"id": w.team.ID, "domain": w.team.Name},
		"user":    map[string]string{"id": user, "username": w.users[user].Name, "name": w.users[user].Name, "team_id": w.team.ID},
		"channel": map[string]string{"id": c.info.ID, "name": c.payloadName()},
		"message": v, "trigger_id": w.newTrigger(a, user), "response_url": w.newHook(a, c, user, m),
	}
}

// action returns the element with this action_id as block_actions carries it.
func (m *Message) action(id string) map[string]any {
	if m == nil || id == "" {
		return nil
	}
	var blocks []struct {
		BlockID   string           `json:"block_id"`
		Elements  []map[string]any `json:"elements"`
		Accessory map[string]any   `json:"accessory"`
	}
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return nil
	}
	for _, b := range blocks {
		for _, e := range append(b.Elements, b.Accessory) {
			if e["action_id"] == id {
				e["block_id"] = b.BlockID
				return e
			}
		}
	}
	return nil
}

// ask sends something that a person did and that is not sent again.
func (w *Workspace) ask(a *app, kind string, payload json.RawMessage, accepts bool) *delivery {
	d := &delivery{kind: kind, payload: payload, accepts: accepts, answered: make(chan json.RawMessage, 1)}
	w.deliver(a, d)
	return d
}

// settle waits for the ack. One with a text is shown to the person, as an
// answer to the command.
func (w *Workspace) settle(ctx context.Context, a *app, d *delivery, c *conversation, user string) error {
	payload, err := w.await(ctx, d)
	if err != nil {
		return err
	}
	return w.answerCommand(a, c, user, payload)
}

// await returns the payload of the ack, nil where it has or may have none.
func (w *Workspace) await(ctx context.Context, d *delivery) (json.RawMessage, error) {
	late := time.NewTimer(ackTime + time.Second) // step is not run while no connection is up
	defer late.Stop()
	select {
	case payload, ok := <-d.answered:
		if !ok {
			if d.reason == "timeout" {
				return nil, apiErr("operation_timeout")
			}
			return nil, apiErr("dispatch_failed")
		}
		return payload, nil
	case <-late.C:
		return nil, apiErr("operation_timeout")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
