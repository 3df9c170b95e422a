package blockkit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

const maxButton = 75 // characters

var (
	onlyInput  = []string{"input"}
	notInput   = []string{"section", "actions"}
	notSection = []string{"actions", "input"}
	allThree   = []string{"section", "actions", "input"}
)

// elementKinds has, for each kind of block element, the kinds of blocks that take it
// and the check of its fields, or nil if no field is checked
// (https://docs.slack.dev/reference/block-kit/block-elements). All other kinds are
// refused.
var elementKinds = map[string]struct {
	blocks []string
	check  func(e *element, at string) error
}{
	"button":           {notInput, (*element).checkButton},
	"checkboxes":       {allThree, options(10)},
	"datepicker":       {allThree, nil},
	"datetimepicker":   {notSection, nil},
	"email_text_input": {onlyInput, nil},
	"feedback_buttons": {[]string{"context_actions"}, (*element).checkFeedback},
	"file_input":       {onlyInput, (*element).checkFileInput},
	"icon_button":      {[]string{"context_actions"}, (*element).checkIconButton},
	"image":            {[]string{"section", "context"}, func(e *element, at string) error { return e.checkPicture(at) }},
	"number_input":     {onlyInput, nil},
	"overflow":         {notInput, options(5)},
	"plain_text_input": {onlyInput, nil},
	"radio_buttons":    {allThree, options(10)},
	"rich_text_input":  {notSection, nil},
	"timepicker":       {allThree, nil},
	"url_text_input":   {onlyInput, nil},
	"workflow_button":  {notInput, nil},

	"static_select": {allThree, options(100)}, "multi_static_select": {allThree, options(100)},
	"external_select": {allThree, nil}, "multi_external_select": {allThree, nil},
	"users_select": {allThree, nil}, "multi_users_select": {allThree, nil},
	"conversations_select": {allThree, nil}, "multi_conversations_select": {allThree, nil},
	"channels_select": {allThree, nil}, "multi_channels_select": {allThree, nil},
}

// element holds the fields of every kind of element that are checked.
type element struct {
	Type     string            `json:"type"`
	ActionID string            `json:"action_id"`
	Text     json.RawMessage   `json:"text"`
	Value    string            `json:"value"`
	URL      string            `json:"url"`
	Style    string            `json:"style"`
	Icon     string            `json:"icon"`
	Options  []json.RawMessage `json:"options"`
	Groups   []json.RawMessage `json:"option_groups"`
	MaxFiles *int              `json:"max_files"`
	Positive *element          `json:"positive_button"` // of feedback_buttons; a button without type
	Negative *element          `json:"negative_button"`

	picture
}

// checkElements checks the elements of a block, whose action_ids must be distinct.
func checkElements(at string, raw []json.RawMessage, block string, most int) error {
	if len(raw) == 0 || len(raw) > most {
		return invalidBlock(at+"/elements", fmt.Sprintf("must have between 1 and %d items", most))
	}
	ids := map[string]bool{}
	for i, r := range raw {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		if err := checkElement(here, r, block); err != nil {
			return err
		}
		var e element
		_ = json.Unmarshal(r, &e) // checkElement decoded r before
		if e.ActionID != "" && ids[e.ActionID] {
			return invalidBlock(here+"/action_id", "`action_id` "+e.ActionID+" already exists for block")
		}
		ids[e.ActionID] = true
	}
	return nil
}

// checkElement checks an element of a block of the kind block.
func checkElement(at string, raw json.RawMessage, block string) error {
	var e element
	if raw == nil || json.Unmarshal(raw, &e) != nil {
		return invalidBlock(at, "must be an element")
	}
	kind := elementKinds[e.Type]
	if !slices.Contains(kind.blocks, block) {
		return invalidBlock(at+"/type", "unsupported type: "+e.Type)
	}
	if err := checkLength(at+"/action_id", utf8.RuneCountInString(e.ActionID), 255); err != nil || kind.check == nil {
		return err
	}
	return kind.check(&e, at)
}

func (e *element) checkButton(at string) error {
	if e.Style != "" && e.Style != "primary" && e.Style != "danger" {
		return invalidBlock(at+"/style", "must be one of: primary, danger")
	}
	return cmp.Or(
		checkLength(at+"/value", len(e.Value), 2000),
		checkLength(at+"/url", len(e.URL), maxURL),
		CheckText(at+"/text", e.Text, maxButton, "plain_text"))
}

func (e *element) checkIconButton(at string) error {
	if e.Icon != "trash" {
		return invalidBlock(at+"/icon", "must be one of: trash")
	}
	return e.checkButton(at)
}

func (e *element) checkFeedback(at string) error {
	return cmp.Or(e.Positive.checkChoice(at, "positive_button"), e.Negative.checkChoice(at, "negative_button"))
}

// checkChoice checks one of the feedback_buttons, which is nil if it is missing.
func (e *element) checkChoice(at, field string) error {
	switch {
	case e == nil:
		return missing(at, field)
	case e.Value == "":
		return missing(at+"/"+field, "value")
	}
	return e.checkButton(at + "/" + field)
}

func (e *element) checkFileInput(at string) error {
	if e.MaxFiles != nil && (*e.MaxFiles < 1 || *e.MaxFiles > 10) {
		return invalidBlock(at+"/max_files", "must be between 1 and 10")
	}
	return nil
}

// options returns the check of an element with at most most options.
func options(most int) func(e *element, at string) error {
	return func(e *element, at string) error {
		if len(e.Groups) > 0 && (e.Type == "static_select" || e.Type == "multi_static_select") {
			return nil // in place of options
		}
		if len(e.Options) == 0 || len(e.Options) > most {
			return invalidBlock(at+"/options", fmt.Sprintf("must have between 1 and %d items", most))
		}
		for i, raw := range e.Options {
			here := fmt.Sprintf("%s/options/%d", at, i)
			var o struct {
				Text  json.RawMessage `json:"text"`
				Value string          `json:"value"`
			}
			if json.Unmarshal(raw, &o) != nil || o.Value == "" || utf8.RuneCountInString(o.Value) > 150 {
				return invalidBlock(here+"/value", "must have between 1 and 150 characters")
			}
			if err := CheckText(here+"/text", o.Text, 75); err != nil {
				return err
			}
		}
		return nil
	}
}
