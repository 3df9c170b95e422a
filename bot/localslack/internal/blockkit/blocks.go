// Package blockkit checks blocks as Slack does, expands markdown blocks as Slack
// does, and returns a person's choices in blocks
// (https://docs.slack.dev/reference/block-kit). The blocks are JSON lists.
package blockkit

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/webapi"
)

const (
	maxBlockID   = 255    // characters
	maxHeader    = 150    // characters
	MaxMarkdown  = 12_000 // characters of all markdown blocks of a message
	maxBlockText = 13_200 // characters in all blocks of a message (slackapi/bolt-js issue 2509)
)

// Surface is a place for blocks; each allows other blocks.
type Surface struct {
	blocks int // the most blocks
	types  []string
}

// The surfaces of an app.
var (
	Message = Surface{50, []string{
		"section", "context", "markdown", "divider", "header", "image", "actions", "rich_text", "table", "file", "video", "context_actions",
	}}
	View = Surface{100, []string{"section", "context", "divider", "header", "image", "actions", "rich_text", "input", "video"}}
)

// block holds the fields of every block that are checked
// (https://docs.slack.dev/reference/block-kit/blocks).
type block struct {
	Type      string            `json:"type"`
	BlockID   string            `json:"block_id"`
	Text      json.RawMessage   `json:"text"` // an object, or a string in a markdown block
	Fields    []json.RawMessage `json:"fields"`
	Elements  []json.RawMessage `json:"elements"`
	Accessory json.RawMessage   `json:"accessory"`
	Element   json.RawMessage   `json:"element"` // of an input block
	Label     json.RawMessage   `json:"label"`
	Title     json.RawMessage   `json:"title"`
	ImageURL  string            `json:"image_url"`
	SlackFile json.RawMessage   `json:"slack_file"`
	AltText   *string           `json:"alt_text"`
	Rows      [][]tableCell     `json:"rows"`
}

// Check checks a list of blocks and returns the list with a block_id in
// each block, or nil for an empty list. The errors are Slack's: invalid_blocks
// with a JSON pointer, invalid_blocks_format if s is not a list of blocks, and
// those of checkSizes.
func Check(s string, on Surface) (json.RawMessage, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(s), &raw); err != nil {
		return nil, webapi.Err("invalid_blocks_format")
	}
	if len(raw) > on.blocks {
		return nil, invalidBlock("/blocks", fmt.Sprintf("no more than %d items allowed", on.blocks))
	}
	ids := map[string]bool{}
	tables := 0
	for i, r := range raw {
		at := fmt.Sprintf("/blocks/%d", i)
		var b block
		if err := json.Unmarshal(r, &b); err != nil {
			return nil, webapi.Err("invalid_blocks_format")
		}
		switch {
		case !slices.Contains(on.types, b.Type):
			return nil, invalidBlock(at+"/type", "unsupported type: "+b.Type)
		case utf8.RuneCountInString(b.BlockID) > maxBlockID:
			return nil, invalidBlock(at+"/block_id", "must be less than 256 characters")
		case b.BlockID != "" && ids[b.BlockID]:
			return nil, invalidBlock(at+"/block_id", "`block_id` "+b.BlockID+" already exists in this message")
		}
		ids[b.BlockID] = true
		if b.Type == "table" {
			if tables++; tables > 1 {
				return nil, webapi.Err("invalid_attachments", "[ERROR] only_one_table_allowed [json-pointer:"+at+"]")
			}
		}
		if err := b.check(at); err != nil {
			return nil, err
		}
		if b.BlockID == "" {
			raw[i] = withBlockID(r)
		}
	}
	if len(raw) == 0 {
		return nil, nil
	}
	if slices.Contains(on.types, "markdown") {
		if err := checkSizes(raw); err != nil {
			return nil, err
		}
	}
	return json.Marshal(raw)
}

// withBlockID returns an object with a block_id before the other fields. The
// object must have at least a type.
func withBlockID(r json.RawMessage) json.RawMessage {
	body := strings.TrimSpace(string(r))
	return json.RawMessage(`{"block_id":"` + strings.ToLower(rand.Text()[:5]) + `",` + body[1:])
}

// Types returns the type of each block.
func Types(blocks json.RawMessage) []string {
	var list []struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(blocks, &list) // nil, or checked before
	types := make([]string, len(list))
	for i := range list {
		types[i] = list[i].Type
	}
	return types
}

// check returns an error if a block exceeds its limits.
func (b *block) check(at string) error {
	switch b.Type {
	case "markdown":
		var text string
		if json.Unmarshal(b.Text, &text) != nil || text == "" {
			return invalidBlock(at+"/text", "must be more than 0 characters")
		}
		if utf8.RuneCountInString(text) > MaxMarkdown {
			return invalidBlock(at+"/text", fmt.Sprintf("must be less than %d characters", MaxMarkdown+1))
		}
	case "section":
		return b.checkSection(at)
	case "header":
		return CheckText(at+"/text", b.Text, maxHeader, "plain_text")
	case "image":
		return b.checkImage(at)
	case "context":
		return b.checkContext(at)
	case "actions":
		return checkElements(at, b.Elements, 25)
	case "rich_text":
		if b.Elements == nil {
			return invalidBlock(at+"/elements", "missing required field: elements")
		}
	case "table":
		return b.checkTable(at)
	case "input":
		if err := CheckText(at+"/label", b.Label, 2000, "plain_text"); err != nil {
			return err
		}
		return checkElement(at+"/element", b.Element)
	}
	return nil
}

func (b *block) checkSection(at string) error {
	if b.Text == nil && len(b.Fields) == 0 {
		return invalidBlock(at, "missing required field: text or fields")
	}
	if b.Text != nil {
		if err := CheckText(at+"/text", b.Text, 3000); err != nil {
			return err
		}
	}
	if len(b.Fields) > 10 {
		return invalidBlock(at+"/fields", "no more than 10 items allowed")
	}
	for i, f := range b.Fields {
		if err := CheckText(fmt.Sprintf("%s/fields/%d", at, i), f, 2000); err != nil {
			return err
		}
	}
	if b.Accessory != nil {
		return checkElement(at+"/accessory", b.Accessory)
	}
	return nil
}

func (b *block) checkImage(at string) error {
	switch {
	case b.AltText == nil:
		return invalidBlock(at+"/alt_text", "missing required field: alt_text")
	case utf8.RuneCountInString(*b.AltText) > 2000:
		return invalidBlock(at+"/alt_text", "must be less than 2001 characters")
	case (b.ImageURL == "") == (b.SlackFile == nil):
		return invalidBlock(at, "exactly one of image_url and slack_file is needed")
	case len(b.ImageURL) > 3000:
		return invalidBlock(at+"/image_url", "must be less than 3001 characters")
	case b.Title != nil:
		return CheckText(at+"/title", b.Title, 2000, "plain_text")
	}
	return nil
}

func (b *block) checkContext(at string) error {
	if len(b.Elements) == 0 || len(b.Elements) > 10 {
		return invalidBlock(at+"/elements", "must have between 1 and 10 items")
	}
	for i, raw := range b.Elements {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		var e block
		if json.Unmarshal(raw, &e) == nil && e.Type == "image" {
			if err := e.checkImage(here); err != nil {
				return err
			}
			continue
		}
		// Slack documents no number; text objects end at 3,000 characters.
		if err := CheckText(here, raw, 3000); err != nil {
			return err
		}
	}
	return nil
}

type tableCell struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// checkTable checks a table block
// (https://docs.slack.dev/reference/block-kit/blocks/table-block).
func (b *block) checkTable(at string) error {
	const rows, columns = 100, 20
	if len(b.Rows) == 0 || len(b.Rows) > rows {
		return invalidBlock(at+"/rows", fmt.Sprintf("must have between 1 and %d items", rows))
	}
	for i, row := range b.Rows {
		if len(row) == 0 || len(row) > columns {
			return invalidBlock(fmt.Sprintf("%s/rows/%d", at, i), fmt.Sprintf("must have between 1 and %d items", columns))
		}
		for j, cell := range row {
			if !slices.Contains([]string{"raw_text", "rich_text", "raw_number"}, cell.Type) || cell.Type == "raw_text" && cell.Text == "" {
				return invalidBlock(fmt.Sprintf("%s/rows/%d/%d", at, i, j), "invalid cell")
			}
		}
	}
	return nil
}

// CheckText checks a text object of 1 to most characters. kinds are the
// allowed types; without kinds, mrkdwn and plain_text are allowed.
func CheckText(at string, raw json.RawMessage, most int, kinds ...string) error {
	if len(kinds) == 0 {
		kinds = []string{"mrkdwn", "plain_text"}
	}
	var t struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if raw == nil || json.Unmarshal(raw, &t) != nil {
		return invalidBlock(at, "must be a text object")
	}
	switch n := utf8.RuneCountInString(t.Text); {
	case !slices.Contains(kinds, t.Type):
		return invalidBlock(at+"/type", "must be one of: "+strings.Join(kinds, ", "))
	case n == 0:
		return invalidBlock(at+"/text", "must be more than 0 characters")
	case n > most:
		return invalidBlock(at+"/text", fmt.Sprintf("must be less than %d characters", most+1))
	}
	return nil
}

func invalidBlock(at, what string) *webapi.Error {
	return webapi.Err("invalid_blocks", "[ERROR] "+what+" [json-pointer:"+at+"]")
}

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
