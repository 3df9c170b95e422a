package blockkit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/webapi"
)

const maxInputText = 3000 // characters of a plain_text_input

// Required is the problem of a field that lacks its input.
const Required = "Please complete this required field."

// Element is a block element in which a person can press, choose or type.
type Element struct {
	BlockID        string                        `json:"-"`
	Type           string                        `json:"type"`
	ActionID       string                        `json:"action_id"`
	Text           json.RawMessage               `json:"text"`
	Value          string                        `json:"value"`
	Style          string                        `json:"style"`
	URL            string                        `json:"url"`
	Confirm        json.RawMessage               `json:"confirm"`
	Placeholder    json.RawMessage               `json:"placeholder"`
	Options        []*option                     `json:"options"` // those of groups too
	Groups         []struct{ Options []*option } `json:"option_groups"`
	InitialValue   *string                       `json:"initial_value"`
	InitialOption  json.RawMessage               `json:"initial_option"`
	InitialOptions []json.RawMessage             `json:"initial_options"`
	MinLength      int                           `json:"min_length"`
	MaxLength      int                           `json:"max_length"`
	MaxFiles       int                           `json:"max_files"`
	Filetypes      []string                      `json:"filetypes"`

	input    bool // in an input block
	dispatch bool // the input block has dispatch_action
	Optional bool `json:"-"` // the input block is
}

// option is Slack's option object.
type option struct {
	Text  json.RawMessage `json:"text"`
	Value string          `json:"value"`
}

// pick returns the options with these values, and the values without an option.
func pick(options []*option, values []string) (picked []*option, unknown []string) {
	picked = []*option{}
	for _, v := range values {
		i := slices.IndexFunc(options, func(o *option) bool { return o != nil && o.Value == v })
		if i < 0 {
			unknown = append(unknown, v)
			continue
		}
		picked = append(picked, options[i])
	}
	return picked, unknown
}

// elements returns the elements of blocks that were checked before.
func elements(blocks json.RawMessage) []*Element {
	var raw []json.RawMessage
	_ = json.Unmarshal(blocks, &raw) // nil, or checked before
	var out []*Element
	for _, r := range raw {
		var b struct {
			BlockID        string     `json:"block_id"`
			Elements       []*Element `json:"elements"`
			Accessory      *Element   `json:"accessory"`
			Element        *Element   `json:"element"`
			DispatchAction bool       `json:"dispatch_action"`
			Optional       bool       `json:"optional"`
		}
		if json.Unmarshal(r, &b) != nil {
			continue // rich text has elements of another form
		}
		for _, e := range append(b.Elements, b.Accessory, b.Element) {
			if e == nil {
				continue
			}
			e.BlockID, e.input, e.dispatch, e.Optional = b.BlockID, e == b.Element, b.DispatchAction, b.Optional
			for _, group := range e.Groups {
				e.Options = append(e.Options, group.Options...)
			}
			out = append(out, e)
		}
	}
	return out
}

// Inputs returns the elements of input blocks.
func Inputs(blocks json.RawMessage) []*Element {
	return slices.DeleteFunc(elements(blocks), func(e *Element) bool { return !e.input })
}

// Accepts reports whether a file_input takes a file of this name.
func (e *Element) Accepts(name string) bool {
	types := e.Filetypes
	i := strings.LastIndexByte(name, '.')
	return len(types) == 0 || i >= 0 && slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, name[i+1:]) })
}

// stateFields names the field of the state with the choice, for elements whose
// state is one value or a list of values.
var (
	stateFields = map[string]string{
		"plain_text_input": "value", "email_text_input": "value", "url_text_input": "value", "number_input": "value",
		"datepicker": "selected_date", "timepicker": "selected_time", "users_select": "selected_user",
		"conversations_select": "selected_conversation", "channels_select": "selected_channel",
	}
	listFields = map[string]string{
		"multi_users_select": "selected_users", "multi_conversations_select": "selected_conversations",
		"multi_channels_select": "selected_channels",
	}
)

// chosen returns the element with its choice, in the form of actions and
// states; if given is false, with its initial choice, if it has one. If the
// element does not take the values, ok is false.
func (e *Element) chosen(values []string, given bool) (fields map[string]any, ok bool) {
	picked, unknown := pick(e.Options, values)
	fields = map[string]any{"type": e.Type}
	known := len(unknown) == 0
	switch e.Type {
	case "button":
		return fields, len(values) == 0
	case "overflow", "radio_buttons", "static_select":
		fields["selected_option"] = nil
		switch {
		case len(picked) == 1:
			fields["selected_option"] = picked[0]
		case !given && e.InitialOption != nil:
			fields["selected_option"] = e.InitialOption
		}
		return fields, known && (len(values) == 1 || len(values) == 0 && e.Type == "static_select")
	case "checkboxes", "multi_static_select":
		fields["selected_options"] = picked
		if !given && e.InitialOptions != nil {
			fields["selected_options"] = e.InitialOptions
		}
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

// Act returns the action in the payload for the element with this action_id and
// the chosen values, without action_ts. The errors are no_such_action and
// no_such_option
// (https://docs.slack.dev/reference/interaction-payloads/block_actions-payload).
func Act(blocks json.RawMessage, actionID string, values []string) (map[string]any, error) {
	var e *Element
	for _, other := range elements(blocks) {
		if other.ActionID == actionID && actionID != "" && (!other.input || other.dispatch) {
			e = other
		}
	}
	if e == nil {
		return nil, webapi.Err("no_such_action")
	}
	action, ok := e.chosen(values, true)
	if !ok {
		return nil, webapi.Err("no_such_option")
	}
	action["action_id"], action["block_id"] = e.ActionID, e.BlockID
	for name, raw := range map[string]json.RawMessage{
		"text": e.Text, "confirm": e.Confirm, "placeholder": e.Placeholder, "initial_option": e.InitialOption,
	} {
		if raw != nil {
			action[name] = raw
		}
	}
	if e.InitialOptions != nil {
		action["initial_options"] = e.InitialOptions
	}
	for name, s := range map[string]string{"value": e.Value, "style": e.Style, "url": e.URL} {
		if s != "" {
			action[name] = s
		}
	}
	return action, nil
}

// States returns the state of the elements outside input blocks, by block_id
// and action_id: the choice, or else the initial value. Buttons and overflow
// menus have no state.
func States(blocks json.RawMessage, chosen map[string][]string) map[string]any {
	states := map[string]any{}
	for _, e := range elements(blocks) {
		if e.input || e.ActionID == "" || e.Type == "button" || e.Type == "overflow" {
			continue
		}
		values, given := chosen[e.ActionID]
		fields, fits := e.chosen(values, given)
		if !fits && given || len(fields) == 1 {
			continue
		}
		block, _ := states[e.BlockID].(map[string]any)
		if block == nil {
			block = map[string]any{}
			states[e.BlockID] = block
		}
		block[e.ActionID] = fields
	}
	return states
}

// InputStates returns the state of input blocks in which a person typed or chose
// the values of their block_id: for every block_id and action_id the value of the
// element, without files (https://docs.slack.dev/reference/views#view-state).
// problems are the sentences of Slack's client under the fields, by block_id.
func InputStates(inputs []*Element, values map[string][]string) (states map[string]any, problems map[string]string) {
	states, problems = map[string]any{}, map[string]string{}
	for _, e := range inputs {
		typed, given := values[e.BlockID]
		state, problem := e.state(typed, given)
		states[e.BlockID] = map[string]any{e.ActionID: state}
		if problem != "" {
			problems[e.BlockID] = problem
		}
	}
	return states, problems
}

// state returns the state of the element in an input block. given is false if
// the person left the initial value.
func (e *Element) state(values []string, given bool) (fields map[string]any, problem string) {
	initial := !given && (e.InitialOption != nil || len(e.InitialOptions) > 0)
	if stateFields[e.Type] != "" {
		if !given && e.InitialValue != nil {
			values = []string{*e.InitialValue}
		}
		if len(values) > 0 && values[0] == "" {
			values = nil
		}
	}
	fields, _ = e.chosen(values, given)
	_, unknown := pick(e.Options, values)
	most := cmp.Or(e.MaxLength, maxInputText)
	switch {
	case e.Type == "file_input":
		fields["files"] = []string{}
	case len(fields) == 1: // an element whose state is not modelled
	case len(values) == 0 && !initial:
		if !e.Optional {
			problem = Required
		}
	case e.Type == "plain_text_input":
		switch n := utf8.RuneCountInString(values[0]); {
		case n < e.MinLength:
			problem = fmt.Sprintf("Please use at least %d characters.", e.MinLength)
		case n > most:
			problem = fmt.Sprintf("Please use at most %d characters.", most)
		}
	case e.Options != nil && len(unknown) > 0:
		problem = "There is no option " + unknown[0] + "."
	}
	return fields, problem
}
