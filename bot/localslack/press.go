package localslack

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

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
	body["state"] = viewState{Values: statesOf(m.Blocks, map[string][]string{actionID: values})}
	d := w.ask(a, "interactive", mustJSON(body), false)
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
	f := form{w: w, a: a, user: user, values: typed, problems: map[string]string{}}
	body := w.interaction(a, user, "block_actions")
	body["container"] = map[string]string{"type": "view", "view_id": viewID}
	body["view"], body["actions"] = v.withState(f.draft(v)), []any{action}
	d := w.ask(a, "interactive", mustJSON(body), false)
	w.mu.Unlock()
	_, err = w.await(ctx, d)
	return err
}

// withState returns the view with its state, for a payload.
func (v *View) withState(inputs map[string]any) View {
	sent := *v
	sent.State.Values = statesOf(v.Blocks, v.picked)
	maps.Copy(sent.State.Values, inputs)
	return sent
}

// act returns the action in the payload for the element with this action_id
// (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload).
func (w *Workspace) act(a *app, blocks json.RawMessage, actionID string, values []string) (map[string]any, error) {
	if !a.Interactive {
		return nil, webapi.Err("interactivity_disabled")
	}
	var e *actor
	for _, other := range actors(blocks) {
		if other.ActionID == actionID && actionID != "" && (!other.input || other.dispatch) {
			e = other
		}
	}
	if e == nil {
		return nil, webapi.Err("no_such_action")
	}
	action, ok := e.chosen(values)
	if !ok {
		return nil, webapi.Err("no_such_option")
	}
	action["action_id"], action["block_id"], action["action_ts"] = e.ActionID, e.blockID, w.newTS()
	for name, raw := range map[string]json.RawMessage{
		"text": e.Text, "confirm": e.Confirm, "placeholder": e.Placeholder,
		"initial_option": e.InitialOption, "initial_options": e.InitialOptions,
	} {
		if raw != nil {
			action[name] = raw
		}
	}
	for name, s := range map[string]string{"value": e.Value, "style": e.Style, "url": e.URL} {
		if s != "" {
			action[name] = s
		}
	}
	return action, nil
}

// actor is a block element that a person can act on.
type actor struct {
	Type           string          `json:"type"`
	ActionID       string          `json:"action_id"`
	Text           json.RawMessage `json:"text"`
	Value          string          `json:"value"`
	Style          string          `json:"style"`
	URL            string          `json:"url"`
	Confirm        json.RawMessage `json:"confirm"`
	Placeholder    json.RawMessage `json:"placeholder"`
	InitialOption  json.RawMessage `json:"initial_option"`
	InitialOptions json.RawMessage `json:"initial_options"`
	Options        []*blockOption  `json:"options"`
	OptionGroups   []optionGroup   `json:"option_groups"`

	blockID  string
	input    bool // in an input block
	dispatch bool // the input block has dispatch_action
}

// actors returns the elements of blocks that were checked before.
func actors(blocks json.RawMessage) []*actor {
	var all []struct {
		BlockID        string   `json:"block_id"`
		Elements       []*actor `json:"elements"`
		Accessory      *actor   `json:"accessory"`
		Element        *actor   `json:"element"`
		DispatchAction bool     `json:"dispatch_action"`
	}
	if json.Unmarshal(blocks, &all) != nil { // rich text has elements of another form
		return eachActor(blocks)
	}
	var out []*actor
	for _, b := range all {
		for _, e := range append(b.Elements, b.Accessory, b.Element) {
			if e == nil {
				continue
			}
			e.blockID, e.input, e.dispatch = b.BlockID, e == b.Element, b.DispatchAction
			for _, g := range e.OptionGroups {
				e.Options = append(e.Options, g.Options...)
			}
			out = append(out, e)
		}
	}
	return out
}

// eachActor is actors for a single block at a time, without blocks of another
// form.
func eachActor(blocks json.RawMessage) (out []*actor) {
	var raw []json.RawMessage
	_ = json.Unmarshal(blocks, &raw)
	for _, r := range raw {
		if list := mustJSON([]json.RawMessage{r}); len(raw) > 1 {
			out = append(out, actors(list)...)
		}
	}
	return out
}

// chosen returns the element with its choice, in the form of actions and
// states. If the element does not take the values, ok is false.
func (e *actor) chosen(values []string) (fields map[string]any, ok bool) {
	picked := []*blockOption{}
	for _, v := range values {
		i := slices.IndexFunc(e.Options, func(o *blockOption) bool { return o != nil && o.Value == v })
		if i >= 0 {
			picked = append(picked, e.Options[i])
		}
	}
	fields = map[string]any{"type": e.Type}
	known := len(picked) == len(values)
	switch e.Type {
	case "button":
		return fields, len(values) == 0
	case "overflow", "radio_buttons", "static_select":
		fields["selected_option"] = nil
		if len(picked) == 1 {
			fields["selected_option"] = picked[0]
		}
		return fields, known && (len(values) == 1 || len(values) == 0 && e.Type == "static_select")
	case "checkboxes", "multi_static_select":
		fields["selected_options"] = picked
		return fields, known
	}
	if name := stateFields[e.Type]; name != "" {
		fields[name] = nil
		if len(values) == 1 {
			fields[name] = values[0]
		}
		return fields, len(values) <= 1
	}
	if name := listFields[e.Type]; name != "" {
		fields[name] = append([]string{}, values...)
		return fields, true
	}
	return fields, false
}

// statesOf returns the state of the elements outside input blocks, by block_id
// and action_id: the choice, or else the initial value. Buttons and overflow
// menus have no state.
func statesOf(blocks json.RawMessage, chosen map[string][]string) map[string]any {
	states := map[string]any{}
	for _, e := range actors(blocks) {
		if e.input || e.ActionID == "" || e.Type == "button" || e.Type == "overflow" {
			continue
		}
		values, ok := chosen[e.ActionID]
		fields, fits := e.chosen(values)
		if !fits && ok || fields == nil || len(fields) == 1 {
			continue
		}
		if !ok && e.InitialOption != nil {
			fields["selected_option"] = e.InitialOption
		}
		if !ok && e.InitialOptions != nil {
			fields["selected_options"] = e.InitialOptions
		}
		block, _ := states[e.blockID].(map[string]any)
		if block == nil {
			block = map[string]any{}
			states[e.blockID] = block
		}
		block[e.ActionID] = fields
	}
	return states
}
