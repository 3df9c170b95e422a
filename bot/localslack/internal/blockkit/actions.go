package blockkit

import (
	"encoding/json"

	"slackocr/bot/localslack/internal/webapi"
)

// Act returns the action in the payload for the element with this action_id and
// the chosen values, without action_ts. The errors are no_such_action and
// no_such_option
// (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload).
func Act(blocks json.RawMessage, actionID string, values []string) (map[string]any, error) {
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
	action["action_id"], action["block_id"] = e.ActionID, e.blockID
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
	Options        []*option       `json:"options"`
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
		if list := webapi.MustJSON([]json.RawMessage{r}); len(raw) > 1 {
			out = append(out, actors(list)...)
		}
	}
	return out
}

// chosen returns the element with its choice, in the form of actions and
// states. If the element does not take the values, ok is false.
func (e *actor) chosen(values []string) (fields map[string]any, ok bool) {
	picked, unknown := pick(e.Options, values)
	fields = map[string]any{"type": e.Type}
	known := len(unknown) == 0
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

// States returns the state of the elements outside input blocks, by block_id
// and action_id: the choice, or else the initial value. Buttons and overflow
// menus have no state.
func States(blocks json.RawMessage, chosen map[string][]string) map[string]any {
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
