package localslack

import (
	"encoding/json"
	"slices"
	"strings"
)

// inputBlock is an input block with the fields that decide its state.
type inputBlock struct {
	BlockID  string `json:"block_id"`
	Optional bool   `json:"optional"`
	Element  struct {
		Type           string         `json:"type"`
		ActionID       string         `json:"action_id"`
		InitialValue   *string        `json:"initial_value"`
		InitialOption  *blockOption   `json:"initial_option"`
		InitialOptions []*blockOption `json:"initial_options"`
		Options        []*blockOption `json:"options"`
		OptionGroups   []optionGroup  `json:"option_groups"`
		MinLength      int            `json:"min_length"`
		MaxLength      int            `json:"max_length"`
		MaxFiles       int            `json:"max_files"`
		Filetypes      []string       `json:"filetypes"`
	} `json:"element"`
}

type optionGroup struct {
	Options []*blockOption `json:"options"`
}

// blockOption is Slack's option object.
type blockOption struct {
	Text  json.RawMessage `json:"text"`
	Value string          `json:"value"`
}

// inputs returns the view's input blocks.
func (v *View) inputs() []inputBlock {
	var all []struct {
		Type string `json:"type"`
		inputBlock
	}
	_ = json.Unmarshal(v.Blocks, &all) // checked with the view
	var out []inputBlock
	for _, b := range all {
		if b.Type == "input" {
			for _, g := range b.Element.OptionGroups {
				b.Element.Options = append(b.Element.Options, g.Options...)
			}
			out = append(out, b.inputBlock)
		}
	}
	return out
}

// accepts reports whether a file_input takes a file of this name.
func (b *inputBlock) accepts(name string) bool {
	types := b.Element.Filetypes
	i := strings.LastIndexByte(name, '.')
	return len(types) == 0 || i >= 0 && slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, name[i+1:]) })
}
