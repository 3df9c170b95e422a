package localslack

import (
	"context"
	"encoding/json"
	"maps"

	"slackocr/bot/localslack/internal/blockkit"
	"slackocr/bot/localslack/internal/webapi"
)

// Press presses a button of an app's message as the user: the element with
// this action_id, in a message of the channel or in an ephemeral message. The
// errors are those of Command, no_such_action, and interactivity_disabled.
func (w *Workspace) Press(ctx context.Context, user, channel, ts, actionID string) error {
	return w.Choose(ctx, user, channel, ts, actionID)
}

// Choose is Press for an element with options. static_select, radio_buttons
// and overflow take the value of one option; checkboxes and
// multi_static_select take the values of all selected options. An unknown
// option is no_such_option.
func (w *Workspace) Choose(ctx context.Context, user, channel, ts, actionID string, values ...string) error {
	w.mu.Lock()
	c, err := w.memberOf(user, channel)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	m, private := c.message(ts), false
	if i := w.findWhisper(c, user, ts); i >= 0 {
		m, private = w.private[i].m, true
	}
	if m == nil || w.apps[m.AppID] == nil {
		w.mu.Unlock()
		return webapi.Err("no_such_action")
	}
	a := w.apps[m.AppID]
	action, err := w.act(a, m.Blocks, actionID, values)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	container := map[string]any{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": private}
	if m.isReply() {
		container["thread_ts"] = m.ThreadTS
	}
	body := w.interaction(a, user, "block_actions")
	w.addPlace(body, a, c, user, ts)
	if !private { // for an ephemeral message Slack sends only the container
		body["message"] = w.appView(c, m, w.base(a), false)
	}
	body["container"], body["actions"] = container, []any{action}
	body["state"] = viewState{Values: blockkit.States(m.Blocks, map[string][]string{actionID: values})}
	d := a.socket.Ask("interactive", webapi.MustJSON(body), false)
	w.mu.Unlock()
	return w.settle(ctx, a, d, c, user)
}

// PressView presses or chooses in a window, outside its input blocks or in an
// input block with dispatch_action. typed is the present input by block_id, as
// for Submit; the app sees the input in the view's state, except files. The
// errors are those of Choose, and not_found.
func (w *Workspace) PressView(ctx context.Context, user, viewID, actionID string, typed map[string][]string, values ...string) error {
	w.mu.Lock()
	v, a, err := w.openView(user, viewID)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	action, err := w.act(a, v.Blocks, actionID, values)
	if err != nil {
		w.mu.Unlock()
		return err
	}
	if v.picked == nil {
		v.picked = map[string][]string{}
	}
	v.picked[actionID] = values
	inputs, _ := blockkit.InputStates(blockkit.Inputs(v.Blocks), typed)
	body := w.interaction(a, user, "block_actions")
	body["container"] = map[string]string{"type": "view", "view_id": viewID}
	body["view"], body["actions"] = v.withState(inputs), []any{action}
	d := a.socket.Ask("interactive", webapi.MustJSON(body), false)
	w.mu.Unlock()
	_, err = d.Await(ctx)
	return err
}

// withState returns the view with its state, for a payload.
func (v *View) withState(inputs map[string]any) View {
	sent := *v
	sent.State.Values = blockkit.States(v.Blocks, v.picked)
	maps.Copy(sent.State.Values, inputs)
	return sent
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
