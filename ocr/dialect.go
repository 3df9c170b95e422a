package ocr

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A dialect knows which fields of a request the endpoint has refused by name. They
// are left out, or sent under another name, as long as the program runs. All copies
// of a client share it.
type dialect struct {
	mu sync.Mutex // guards what follows
	// refused maps a field to the one that is sent instead, "" for none.
	refused map[string]string
}

func newDialect() *dialect { return &dialect{refused: map[string]string{}} }

// speak changes fields to what the endpoint takes.
func (d *dialect) speak(fields map[string]json.RawMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, instead := range d.refused {
		if value, ok := fields[name]; ok && instead != "" {
			fields[instead] = value
		}
		delete(fields, name)
	}
}

// learn notes the field of the request that an error blames, and returns its name.
// It is "" where the error blames none, so that there is no use in asking again.
func (d *dialect) learn(e *Error, fields map[string]json.RawMessage) string {
	name, instead := blamed(e, fields)
	if name == "" {
		return ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused[name] = instead
	return name
}

// forget takes back what learn noted: the field was not to blame.
func (d *dialect) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.refused, name)
}

func (d *dialect) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.refused))
}

// LeftOut returns the names of the fields that the endpoint refused and that are
// left out of requests since then, or sent under another name.
func (c *Client) LeftOut() []string { return c.dialect.names() }

const (
	maxTokens           = "max_tokens"
	maxCompletionTokens = "max_completion_tokens"
	temperature         = "temperature"
)

// blamed returns the field that an error names, and what it wants instead. An
// answer and its image that are over the context together may be cured by leaving
// the answer's limit to the endpoint.
func blamed(e *Error, fields map[string]json.RawMessage) (name, instead string) {
	if e.Class != BadRequest && e.Class != TooLarge || e.Status >= 500 || e.Status == 413 {
		return "", ""
	}
	message := strings.ToLower(e.fault.message)
	param, _, _ := strings.Cut(strings.ToLower(e.fault.param), ".")
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if slices.Contains(reserved, field) || string(fields[field]) == "null" {
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

// overWithAnswer is in messages about a prompt and an answer that are too long
// together, as vLLM, TGI and Anthropic write them.
var overWithAnswer = regexp.MustCompile(`completion|max_(new_|completion_)?tokens|you requested|requested token count`)

// names reports whether a message has the name of a field, as a word. A name that
// is also an ordinary word counts in quotes only.
func names(message, field string) bool {
	field = regexp.QuoteMeta(strings.ToLower(field))
	pattern := "(^|[^a-z0-9_])" + field + "($|[^a-z0-9_])"
	if field != temperature && !strings.Contains(field, "_") {
		pattern = "['\"`]" + field + "['\"`]"
	}
	found, err := regexp.MatchString(pattern, message)
	return found && err == nil
}

// reasoning are the models of OpenAI that take another limit, and no temperature,
// with or without an owner before the name:
// https://platform.openai.com/docs/guides/reasoning
var reasoning = regexp.MustCompile(`^(.*/)?(o[1-9]|gpt-[5-9])([^0-9a-z]|$)`)
