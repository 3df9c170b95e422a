// Package blockkit checks blocks as Slack does, expands markdown blocks as Slack
// does, and returns a person's choices in blocks
// (https://docs.slack.dev/reference/block-kit). The blocks are JSON lists.
package blockkit

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"slackocr/bot/localslack/internal/webapi"
)

const (
	maxBlockID   = 255    // characters
	maxHeader    = 150    // characters
	maxAltText   = 2000   // characters
	maxURL       = 3000   // bytes
	MaxMarkdown  = 12_000 // characters of all markdown blocks of a message
	maxBlockText = 13_200 // characters in all blocks of a message (slackapi/bolt-js issue 2509)
)

// Surface is a place for blocks. Each takes other kinds.
type Surface struct {
	most int    // blocks
	at   string // the JSON pointer to the list of blocks
}

// The surfaces of an app.
var (
	Message = Surface{50, "/blocks"}
	View    = Surface{100, "/view/blocks"}
)

var (
	messages   = []Surface{Message}
	views      = []Surface{View}
	everywhere = []Surface{Message, View}
)

// blockKinds has, for each kind of block, the surfaces that take it and the check of
// its fields (https://docs.slack.dev/reference/block-kit/blocks). All other kinds are
// refused. One of them is file, which Slack puts into messages with remote files and
// takes from no app.
var blockKinds = map[string]struct {
	surfaces []Surface
	check    func(b *block, at string) error
}{
	"actions":         {everywhere, (*block).checkActions},
	"context":         {everywhere, (*block).checkContext},
	"context_actions": {messages, (*block).checkContextActions},
	"divider":         {everywhere, (*block).checkDivider},
	"header":          {everywhere, (*block).checkHeader},
	"image":           {everywhere, (*block).checkImage},
	"input":           {views, (*block).checkInput},
	"markdown":        {messages, (*block).checkMarkdown},
	"rich_text":       {everywhere, (*block).checkRichText},
	"section":         {everywhere, (*block).checkSection},
	"table":           {messages, (*block).checkTable},
	"video":           {everywhere, (*block).checkVideo},
}

// block holds the fields of every kind of block that are checked.
type block struct {
	Type      string            `json:"type"`
	BlockID   *string           `json:"block_id"`
	Text      json.RawMessage   `json:"text"` // an object, or a string in a markdown block
	Fields    []json.RawMessage `json:"fields"`
	Elements  []json.RawMessage `json:"elements"`
	Accessory json.RawMessage   `json:"accessory"`
	Element   json.RawMessage   `json:"element"` // of an input block
	Label     json.RawMessage   `json:"label"`
	Title     json.RawMessage   `json:"title"`
	Rows      [][]tableCell     `json:"rows"`

	VideoURL        string          `json:"video_url"`
	ThumbnailURL    string          `json:"thumbnail_url"`
	TitleURL        *string         `json:"title_url"`
	AuthorName      string          `json:"author_name"`
	ProviderIconURL string          `json:"provider_icon_url"`
	Description     json.RawMessage `json:"description"` // of a video block

	picture
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
	if len(raw) > on.most {
		return nil, invalidBlock(on.at, fmt.Sprintf("no more than %d items allowed", on.most))
	}
	ids := map[string]bool{}
	tables := 0
	for i, r := range raw {
		at := fmt.Sprintf("%s/%d", on.at, i)
		var b block
		if err := json.Unmarshal(r, &b); err != nil {
			return nil, webapi.Err("invalid_blocks_format")
		}
		if err := b.checkCommon(r, at, on); err != nil {
			return nil, err
		}
		if b.Type == "table" {
			if tables++; tables > 1 {
				return nil, webapi.Err("invalid_attachments", "[ERROR] only_one_table_allowed [json-pointer:"+at+"]")
			}
		}
		if err := blockKinds[b.Type].check(&b, at); err != nil {
			return nil, err
		}
		if b.BlockID == nil {
			raw[i] = withBlockID(r)
			continue
		}
		if ids[*b.BlockID] {
			return nil, invalidBlock(at+"/block_id", "`block_id` "+*b.BlockID+" already exists in this message")
		}
		ids[*b.BlockID] = true
	}
	if len(raw) == 0 {
		return nil, nil
	}
	if on == Message {
		if err := checkSizes(raw); err != nil {
			return nil, err
		}
	}
	return json.Marshal(raw)
}

// checkCommon checks what holds for all kinds of blocks. raw is the whole block.
func (b *block) checkCommon(raw json.RawMessage, at string, on Surface) error {
	var fields any
	_ = json.Unmarshal(raw, &fields) // the caller decoded it before
	null, hasNull := findNull(fields, at)
	switch {
	case hasNull:
		return invalidBlock(null, "must not be null")
	case !slices.Contains(blockKinds[b.Type].surfaces, on):
		return invalidBlock(at+"/type", "unsupported type: "+b.Type)
	case b.BlockID != nil && *b.BlockID == "": // for which Slack makes no id either (slack-go/slack issue 823)
		return invalidBlock(at+"/block_id", "must be more than 0 characters")
	case b.BlockID != nil && utf8.RuneCountInString(*b.BlockID) > maxBlockID:
		return invalidBlock(at+"/block_id", "must be less than 256 characters")
	}
	return nil
}

// findNull returns the JSON pointer to the first null in a value that is at the
// pointer at. Slack refuses null in optional fields too (HubSpot/slack-client pull 306).
func findNull(v any, at string) (pointer string, found bool) {
	switch v := v.(type) {
	case nil:
		return at, true
	case []any:
		for i, e := range v {
			if pointer, found = findNull(e, fmt.Sprintf("%s/%d", at, i)); found {
				return pointer, true
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if pointer, found = findNull(v[name], at+"/"+name); found {
				return pointer, true
			}
		}
	}
	return "", false
}

// withBlockID returns a block without block_id with one before the other fields. The
// block must have at least a type.
func withBlockID(r json.RawMessage) json.RawMessage {
	body := strings.TrimSpace(string(r))
	return json.RawMessage(`{"block_id":"` + strings.ToLower(rand.Text()[:5]) + `",` + body[1:])
}

// checkSizes returns an error if the blocks together exceed the limits of a
// message: invalid_blocks for more than 50 items, msg_blocks_too_long for more
// than 12,000 characters in markdown blocks or 13,200 in all (slackapi/bolt-js
// issue 2509).
func checkSizes(raw []json.RawMessage) error {
	items, markdown, all := 0, 0, 0
	for _, r := range raw {
		_, source, ok := markdownOf(r)
		if !ok {
			var fields any
			_ = json.Unmarshal(r, &fields) // Check decoded it before
			items++
			all += textLength("", fields)
			continue
		}
		items += len(markdownItems(source))
		markdown += utf8.RuneCountInString(source)
	}
	switch {
	case markdown > MaxMarkdown || all+markdown > maxBlockText:
		return webapi.Err("msg_blocks_too_long")
	case items > Message.most:
		return invalidBlock(Message.at, fmt.Sprintf("no more than %d items allowed", Message.most))
	}
	return nil
}

// textLength returns the number of characters in the strings of a value at any depth.
// name is the value's field. A string counts unless its field is one that people
// don't read, so that the texts of a new kind of block count.
func textLength(name string, v any) (n int) {
	switch v := v.(type) {
	case string:
		if slices.Contains([]string{"type", "value", "style", "icon"}, name) || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "url") {
			return 0
		}
		return utf8.RuneCountInString(v)
	case []any:
		for _, e := range v {
			n += textLength(name, e)
		}
	case map[string]any:
		for field, e := range v {
			n += textLength(field, e)
		}
	}
	return n
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

func (b *block) checkActions(at string) error {
	return checkElements(at, b.Elements, "actions", 25)
}

func (b *block) checkContextActions(at string) error {
	return checkElements(at, b.Elements, "context_actions", 5)
}

// checkDivider checks nothing: a divider has no fields of its own.
func (b *block) checkDivider(string) error { return nil }

func (b *block) checkHeader(at string) error {
	return CheckText(at+"/text", b.Text, maxHeader, "plain_text")
}

func (b *block) checkImage(at string) error {
	if b.Title != nil {
		if err := CheckText(at+"/title", b.Title, 2000, "plain_text"); err != nil {
			return err
		}
	}
	return b.checkPicture(at)
}

func (b *block) checkInput(at string) error {
	if err := CheckText(at+"/label", b.Label, 2000, "plain_text"); err != nil {
		return err
	}
	return checkElement(at+"/element", b.Element, "input")
}

func (b *block) checkMarkdown(at string) error {
	var text string
	if json.Unmarshal(b.Text, &text) != nil || text == "" {
		return invalidBlock(at+"/text", "must be more than 0 characters")
	}
	return checkLength(at+"/text", utf8.RuneCountInString(text), MaxMarkdown)
}

func (b *block) checkRichText(at string) error {
	if b.Elements == nil {
		return missing(at, "elements")
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
		return checkElement(at+"/accessory", b.Accessory, "section")
	}
	return nil
}

func (b *block) checkContext(at string) error {
	if len(b.Elements) == 0 || len(b.Elements) > 10 {
		return invalidBlock(at+"/elements", "must have between 1 and 10 items")
	}
	for i, raw := range b.Elements {
		here := fmt.Sprintf("%s/elements/%d", at, i)
		var e element
		if json.Unmarshal(raw, &e) == nil && e.Type == "image" {
			if err := checkElement(here, raw, "context"); err != nil {
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

// checkVideo checks a video block
// (https://docs.slack.dev/reference/block-kit/blocks/video-block), whose title and
// description are less than 200 characters, and whose author_name is less than 50.
// Slack documents no limits of the alt_text and the addresses; here they have those of
// an image.
func (b *block) checkVideo(at string) error {
	const maxTitle, maxAuthor = 199, 49 // characters
	switch {
	case b.Title == nil:
		return missing(at, "title")
	case b.VideoURL == "":
		return missing(at, "video_url")
	case b.ThumbnailURL == "":
		return missing(at, "thumbnail_url")
	}
	errs := []error{
		b.checkAltText(at),
		CheckText(at+"/title", b.Title, maxTitle, "plain_text"),
		checkHTTPS(at+"/video_url", b.VideoURL),
		checkLength(at+"/thumbnail_url", len(b.ThumbnailURL), maxURL),
		checkLength(at+"/provider_icon_url", len(b.ProviderIconURL), maxURL),
		checkLength(at+"/author_name", utf8.RuneCountInString(b.AuthorName), maxAuthor),
	}
	if b.TitleURL != nil {
		errs = append(errs, checkHTTPS(at+"/title_url", *b.TitleURL))
	}
	if b.Description != nil {
		errs = append(errs, CheckText(at+"/description", b.Description, maxTitle, "plain_text"))
	}
	return cmp.Or(errs...)
}

// picture holds the fields of an image block and of an image element.
type picture struct {
	ImageURL  string          `json:"image_url"`
	SlackFile json.RawMessage `json:"slack_file"`
	AltText   *string         `json:"alt_text"` // of a video block too
}

func (p *picture) checkPicture(at string) error {
	if (p.ImageURL == "") == (p.SlackFile == nil) {
		return invalidBlock(at, "exactly one of image_url and slack_file is needed")
	}
	return cmp.Or(p.checkAltText(at), checkLength(at+"/image_url", len(p.ImageURL), maxURL))
}

func (p *picture) checkAltText(at string) error {
	if p.AltText == nil {
		return missing(at, "alt_text")
	}
	return checkLength(at+"/alt_text", utf8.RuneCountInString(*p.AltText), maxAltText)
}

func checkHTTPS(at, address string) error {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
		return invalidBlock(at, "must be an HTTPS URL")
	}
	return checkLength(at, len(address), maxURL)
}

// checkLength returns an error if a string of n characters, or of n bytes in an
// address, has more than most.
func checkLength(at string, n, most int) error {
	if n > most {
		return invalidBlock(at, fmt.Sprintf("must be less than %d characters", most+1))
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
	default:
		return checkLength(at+"/text", n, most)
	}
}

func missing(at, field string) error {
	return invalidBlock(at+"/"+field, "missing required field: "+field)
}

func invalidBlock(at, what string) *webapi.Error {
	return webapi.Err("invalid_blocks", "[ERROR] "+what+" [json-pointer:"+at+"]")
}
