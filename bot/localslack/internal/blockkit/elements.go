package blockkit

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// element holds the fields of every block element that are checked
// (https://docs.slack.dev/reference/block-kit/block-elements).
type element struct {
	Type        string            `json:"type"`
	ActionID    string            `json:"action_id"`
	Text        json.RawMessage   `json:"text"`
	Value       string            `json:"value"`
	URL         string            `json:"url"`
	Style       string            `json:"style"`
	AltText     *string           `json:"alt_text"`
	Placeholder json.RawMessage   `json:"placeholder"`
	Options     []json.RawMessage `json:"options"`
	MaxFiles    *int              `json:"max_files"`
}

// optionLimits is the most options of each kind of element.
var optionLimits = map[string]int{
	"overflow": 5, "static_select": 100, "multi_static_select": 100, "radio_buttons": 10, "checkboxes": 10,
}

var otherElements = []string{
	"image", "external_select", "users_select", "conversations_select", "channels_select", "multi_external_select",
	"multi_users_select", "multi_conversations_select", "multi_channels_select", "datepicker", "timepicker",
	"datetimepicker", "plain_text_input", "rich_text_input", "email_text_input", "url_text_input", "number_input",
	"file_input", "workflow_button",
}

// checkElements checks a block's elements, whose action_ids must be distinct.
func checkElements(at string, raw []json.RawMessage, most int) error {
	if len(raw) == 0 || len(raw) > most {
		return invalidBlock(at+"/elements", fmt.Sprintf("must have between 1 and %d items", most))
	}
	ids := map[string]bool{}
	for i, r := range raw {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		if err := checkElement(here, r); err != nil {
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

func checkElement(at string, raw json.RawMessage) error {
	var e element
	if raw == nil || json.Unmarshal(raw, &e) != nil {
		return invalidBlock(at, "must be an element")
	}
	if utf8.RuneCountInString(e.ActionID) > 255 {
		return invalidBlock(at+"/action_id", "must be less than 256 characters")
	}
	most, hasOptions := optionLimits[e.Type]
	switch {
	case e.Type == "button":
		return e.checkButton(at)
	case e.Type == "file_input" && e.MaxFiles != nil && (*e.MaxFiles < 1 || *e.MaxFiles > 10):
		return invalidBlock(at+"/max_files", "must be between 1 and 10")
	case hasOptions:
		return e.checkOptions(at, most)
	case !slices.Contains(otherElements, e.Type):
		return invalidBlock(at+"/type", "unsupported type: "+e.Type)
	}
	return nil
}

func (e *element) checkButton(at string) error {
	switch {
	case len(e.Value) > 2000:
		return invalidBlock(at+"/value", "must be less than 2001 characters")
	case len(e.URL) > 3000:
		return invalidBlock(at+"/url", "must be less than 3001 characters")
	case e.Style != "" && e.Style != "primary" && e.Style != "danger":
		return invalidBlock(at+"/style", "must be one of: primary, danger")
	}
	return CheckText(at+"/text", e.Text, 75, "plain_text")
}

func (e *element) checkOptions(at string, most int) error {
	if e.Options == nil && (e.Type == "static_select" || e.Type == "multi_static_select") {
		return nil // option_groups instead
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
