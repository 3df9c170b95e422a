package ocr

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A dialect remembers the fields of a request that the endpoint refused by
// name. These fields are left out, or sent under another name, until the
// program ends. All copies of a client share a dialect.
type dialect struct {
	mu sync.Mutex // guards the fields below
	// refused maps a refused field to the field that is sent instead, or "".
	refused map[string]string
}

func newDialect() *dialect { return &dialect{refused: map[string]string{}} }

// apply replaces or removes the fields that the endpoint refused.
func (d *dialect) apply(fields map[string]json.RawMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	replace(fields, d.refused)
}

// learn records refused fields.
func (d *dialect) learn(refused map[string]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.refused, refused)
}

// replace removes refused fields, or gives their values to the fields that are sent
// instead.
func replace(fields map[string]json.RawMessage, refused map[string]string) {
	for name, instead := range refused {
		if value, ok := fields[name]; ok && instead != "" {
			fields[instead] = value
		}
	}
	for name := range refused { // perhaps one of those that were sent instead
		delete(fields, name)
	}
}

// LeftOut returns the names of the fields that the endpoint refused. Requests
// leave these fields out, or send them under another name.
func (c *Client) LeftOut() []string {
	c.dialect.mu.Lock()
	defer c.dialect.mu.Unlock()
	return slices.Sorted(maps.Keys(c.dialect.refused))
}

const (
	maxTokens           = "max_tokens"
	maxCompletionTokens = "max_completion_tokens"
	temperature         = "temperature"
)

// blamed returns the field that an error names, and the field to send instead. If name
// is "", no field is to blame, and another request is of no use.
// If an image and its answer exceed the context together, the cure may be to
// leave the answer's limit to the endpoint.
func blamed(e *Error, fields map[string]json.RawMessage) (name, instead string) {
	if e.Class != BadRequest && e.Class != TooLarge || e.Status >= 500 || e.Status == 413 {
		return "", ""
	}
	message := strings.ToLower(e.fault.message)
	param, _, _ := strings.Cut(strings.ToLower(e.fault.param), ".")
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if slices.Contains(reserved, field) {
			continue
		}
		if param == field || names(message, field) {
			name = field
			if field == param {
				break
			}
		}
	}
	switch {
	case name == "" && e.Class == TooLarge && fields[maxTokens] != nil && overWithAnswer.MatchString(message):
		return maxTokens, ""
	case name == maxTokens && e.Class == BadRequest && strings.Contains(message, maxCompletionTokens):
		return name, maxCompletionTokens
	}
	return name, ""
}

// overWithAnswer matches messages about a prompt and an answer that are too
// long together, as vLLM, TGI and Anthropic write them.
var overWithAnswer = regexp.MustCompile(`completion|max_(new_|completion_)?tokens|you requested|requested token count`)

// names reports whether a message has the name of a field as a word. A name
// that is also an ordinary word must be in quotes.
func names(message, field string) bool {
	field = regexp.QuoteMeta(strings.ToLower(field))
	pattern := "(^|[^a-z0-9_])" + field + "($|[^a-z0-9_])"
	if field != temperature && !strings.Contains(field, "_") {
		pattern = "['\"`]" + field + "['\"`]"
	}
	found, _ := regexp.MatchString(pattern, message) // the pattern is valid
	return found
}

// reasoning matches the OpenAI models that take another limit and no
// temperature, with or without an owner before the name:
// https://platform.openai.com/docs/guides/reasoning
var reasoning = regexp.MustCompile(`^(.*/)?(o[1-9]|gpt-[5-9])([^0-9a-z]|$)`)
