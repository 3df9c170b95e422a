package events

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// A chunk holds the used parts of an event of a stream, or of an answer
// that is not streamed, in any of the known shapes:
//
//   - content may be a string or a list of parts; parts with a text count;
//   - thoughts may be fields of their own (reasoning_content and others) or parts;
//   - fields that are not used here may have any type.
//
// Only the first choice is read, since requests ask for one.
//
// Texts stay in the form of the JSON, since go-openai decodes them, and since one
// letter may come in two events.
type chunk struct {
	text    []byte // the joined texts of events
	hasText bool   // some text came, perhaps an earlier one
	ended   bool   // nothing follows
	message bool   // the text is in a "message", which only a whole answer has
	choices bool   // has the field "choices"
	model   string
	renamed bool   // the model's name was not passed on yet
	finish  string // the finish reason in the endpoint's spelling
	usage   tokens

	thinking bool // the last event has some of the model's thoughts
	refusal  string
}

// tokens holds the endpoint's token counts, 0 if the endpoint gives none.
type tokens struct {
	completion, total int
}

// decode adds the contents of an event. fault is true if the event may be an error,
// see [Fault].
func (c *chunk) decode(data string) (fault bool, refusal string, thinking bool) {
	c.thinking, c.refusal = false, ""
	event := gjson.Parse(data)
	if event.IsArray() { // Gemini puts its errors into a list
		event = event.Get("0")
	}
	hasChoices, hasCode, hasMessage := false, false, false
	event.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "choices":
			hasChoices = true
			c.choice(value.Get("0"))
		case "usage":
			c.usage.completion = cmp.Or(count(value.Get("completion_tokens")), c.usage.completion)
			c.usage.total = cmp.Or(count(value.Get("total_tokens")), c.usage.total)
		case "model":
			if value.Type == gjson.String && raw(value) != c.model { // each event names the model
				c.model, c.renamed = strings.Clone(raw(value)), true
			}
		case "error":
			fault = fault || !isEmpty(value)
		case "object", "type":
			fault = fault || value.Str == "error"
		case "code":
			hasCode = !isEmpty(value)
		case "message":
			hasMessage = !isEmpty(value)
		}
		return true
	})
	c.choices = c.choices || hasChoices
	return fault || hasCode && hasMessage && !c.choices, c.refusal, c.thinking // SiliconFlow, DashScope
}

func (c *chunk) choice(choice gjson.Result) {
	var message gjson.Result
	choice.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "delta":
			c.delta(value)
		case "message":
			message = value
		case "finish_reason":
			if reason := raw(value); reason != "" && reason != "null" {
				c.finish = strings.Clone(reason)
			}
		}
		return true
	})
	// MiniMax ends a stream with the whole message once more.
	if message.Exists() && !c.hasText {
		c.message = true
		c.delta(message)
	}
}

// delta reads a delta or message.
func (c *chunk) delta(delta gjson.Result) {
	delta.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "content":
			c.content(value)
		case "reasoning_content", "reasoning", "reasoning_details", "thinking":
			c.thinking = c.thinking || !isEmpty(value)
		case "refusal":
			c.refusal = cmp.Or(c.refusal, value.Str)
		}
		return true
	})
}

// content reads a text, a part or a list of these.
func (c *chunk) content(content gjson.Result) {
	if !content.IsArray() {
		c.part(content)
		return
	}
	content.ForEach(func(_, part gjson.Result) bool {
		c.part(part)
		return true
	})
}

// part reads a text or a part.
func (c *chunk) part(part gjson.Result) {
	switch {
	case part.Type == gjson.String:
		c.add(part)
	case !part.IsObject():
	case slices.Contains([]string{"", "text", "output_text"}, part.Get("type").String()):
		c.add(part.Get("text"))
	default: // Mistral's "thinking", gpt-oss's "reasoning"
		c.thinking = true
	}
}

func (c *chunk) add(text gjson.Result) {
	if text.Type == gjson.String {
		c.text = append(c.text, raw(text)...)
		c.hasText = c.hasText || raw(text) != ""
	}
}

// raw returns the raw contents of a string, or a number or another bare word but null.
func raw(value gjson.Result) string {
	switch value.Type {
	case gjson.String:
		return value.Raw[1 : len(value.Raw)-1]
	case gjson.JSON, gjson.Null:
		return ""
	}
	return value.Raw
}

// count returns an integer, also from a string or a fraction, and 0 for anything else.
func count(value gjson.Result) int {
	f := value.Float()
	if !(f > 0 && f < 1<<40) {
		return 0
	}
	return int(f)
}

// isEmpty reports whether a value is null, false, 0, "", {} or [].
func isEmpty(value gjson.Result) bool {
	return slices.Contains([]string{"null", "false", "0", `""`, "{}", "[]"}, value.Raw)
}

// whole returns the text without half a letter at its end, that is some of the
// letter's bytes or one of two surrogates. That half waits for the next event.
func (c *chunk) whole() []byte {
	if c.ended {
		return c.text
	}
	return c.text[:len(c.text)-halfLetter(c.text)]
}

// takeEvent appends the chunk in the form that go-openai reads, without unused
// fields, and drops what was passed on.
func (c *chunk) takeEvent(to []byte) []byte {
	text := c.whole()
	to = append(to, `data: {"choices":[`...)
	if len(text) > 0 || c.finish != "" {
		to = appendString(append(to, `{"delta":{"content":`...), text)
		to = append(to, '}')
		if c.finish != "" {
			to = appendString(append(to, `,"finish_reason":`...), []byte(c.finish))
		}
		to = append(to, '}')
	}
	to = append(to, ']')
	if c.renamed {
		to = appendString(append(to, `,"model":`...), []byte(c.model))
	}
	if c.usage != (tokens{}) {
		to = fmt.Appendf(to, `,"usage":{"completion_tokens":%d,"total_tokens":%d}`, c.usage.completion, c.usage.total)
	}
	c.text = append(c.text[:0], c.text[len(text):]...)
	c.finish, c.renamed, c.usage = "", false, tokens{}
	return append(to, "}\n"...)
}

// empty reports whether the chunk has nothing to pass on.
func (c *chunk) empty() bool {
	return len(c.whole()) == 0 && c.finish == "" && !c.renamed && c.usage == (tokens{})
}

// halfLetter returns the number of bytes at the end of a text that start a
// letter but do not complete the letter.
func halfLetter(text []byte) int {
	const length = len(`\ud83d`)
	if n := len(text) - length; n >= 0 && text[n] == '\\' && firstSurrogate.Match(text[n:]) {
		// An odd number of backslashes starts an escape.
		if (n+1-len(bytes.TrimRight(text[:n+1], `\`)))%2 == 1 {
			return length
		}
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}

// firstSurrogate matches the escape of the first of two surrogates.
var firstSurrogate = regexp.MustCompile(`^\\u[dD][89abAB][0-9a-fA-F]{2}$`)

// appendString appends the raw contents of a string as a JSON string. Control
// characters and unknown escapes, which encoding/json refuses, are mended.
func appendString(to, raw []byte) []byte {
	to = append(to, '"')
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c < ' ':
			to = fmt.Appendf(to, `\u%04x`, c)
		case c == '"': // of a bare word
			to = append(to, '\\', c)
		case c != '\\':
			to = append(to, c)
		case escape.Match(raw[i:]):
			i++
			to = append(to, c, raw[i])
		}
	}
	return append(to, '"')
}

// escape matches a text that starts with an escape of JSON.
var escape = regexp.MustCompile(`^\\(["\\/bfnrt]|u[0-9a-fA-F]{4})`)
