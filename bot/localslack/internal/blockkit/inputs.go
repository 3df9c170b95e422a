package blockkit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const maxInputText = 3000 // characters of a plain_text_input

// Required is the problem of a field that lacks its input.
const Required = "Please complete this required field."

// Input is an input block with the fields that decide its state.
type Input struct {
	BlockID  string `json:"block_id"`
	Optional bool   `json:"optional"`
	Element  struct {
		Type           string        `json:"type"`
		ActionID       string        `json:"action_id"`
		InitialValue   *string       `json:"initial_value"`
		InitialOption  *option       `json:"initial_option"`
		InitialOptions []*option     `json:"initial_options"`
		Options        []*option     `json:"options"`
		OptionGroups   []optionGroup `json:"option_groups"`
		MinLength      int           `json:"min_length"`
		MaxLength      int           `json:"max_length"`
		MaxFiles       int           `json:"max_files"`
		Filetypes      []string      `json:"filetypes"`
	} `json:"element"`
}

type optionGroup struct {
	Options []*option `json:"options"`
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

// Inputs returns the input blocks.
func Inputs(blocks json.RawMessage) []Input {
	var all []struct {
		Type string `json:"type"`
		Input
	}
	_ = json.Unmarshal(blocks, &all) // checked before
	var out []Input
	for _, b := range all {
		if b.Type == "input" {
			for _, g := range b.Element.OptionGroups {
				b.Element.Options = append(b.Element.Options, g.Options...)
			}
			out = append(out, b.Input)
		}
	}
	return out
}

// Accepts reports whether a file_input takes a file of this name.
func (b *Input) Accepts(name string) bool {
	types := b.Element.Filetypes
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

// InputStates returns the state of input blocks in which a person typed or chose
// the values of their block_id: for every block_id and action_id the value of the
// element, without files (https://docs.slack.dev/reference/views#view-state).
// problems are what Slack's client says under the fields, by block_id.
func InputStates(inputs []Input, values map[string][]string) (states map[string]any, problems map[string]string) {
	states, problems = map[string]any{}, map[string]string{}
	for i := range inputs {
		b := &inputs[i]
		typed, given := values[b.BlockID]
		state, problem := b.state(typed, given)
		states[b.BlockID] = map[string]any{b.Element.ActionID: state}
		if problem != "" {
			problems[b.BlockID] = problem
		}
	}
	return states, problems
}

// state returns the state of the element. given is false if the person left
// the initial value.
func (b *Input) state(values []string, given bool) (s map[string]any, problem string) {
	e := &b.Element
	s = map[string]any{"type": e.Type}
	empty := false
	var unknown []string
	switch {
	case e.Type == "file_input":
		s["files"] = []string{}
	case stateFields[e.Type] != "":
		if !given && e.InitialValue != nil {
			values = []string{*e.InitialValue}
		}
		s[stateFields[e.Type]] = nil
		if empty = len(values) == 0 || values[0] == ""; !empty {
			s[stateFields[e.Type]] = values[0]
			problem = b.checkLength(values[0])
		}
	case listFields[e.Type] != "":
		s[listFields[e.Type]], empty = append([]string{}, values...), len(values) == 0
	case e.Type == "static_select" || e.Type == "radio_buttons":
		var chosen []*option
		chosen, unknown = pick(e.Options, values)
		if !given && e.InitialOption != nil {
			chosen = []*option{e.InitialOption}
		}
		s["selected_option"] = nil
		if empty = len(chosen) == 0; !empty {
			s["selected_option"] = chosen[0]
		}
	case e.Type == "multi_static_select" || e.Type == "checkboxes":
		var chosen []*option
		chosen, unknown = pick(e.Options, values)
		if !given {
			chosen = append(chosen, e.InitialOptions...)
		}
		s["selected_options"], empty = chosen, len(chosen) == 0
	}
	switch {
	case empty && !b.Optional:
		problem = Required
	case len(unknown) > 0:
		problem = "There is no option " + unknown[len(unknown)-1] + "."
	}
	return s, problem
}

func (b *Input) checkLength(text string) (problem string) {
	if b.Element.Type != "plain_text_input" {
		return ""
	}
	most := cmp.Or(b.Element.MaxLength, maxInputText)
	switch n := utf8.RuneCountInString(text); {
	case n < b.Element.MinLength:
		return fmt.Sprintf("Please use at least %d characters.", b.Element.MinLength)
	case n > most:
		return fmt.Sprintf("Please use at most %d characters.", most)
	}
	return ""
}
