package events

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"
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
// Texts stay in the form of the JSON, since go-openai decodes them.
type chunk struct {
	text     []byte // the joined texts of events
	hasText  bool   // some text came, perhaps an earlier one
	ended    bool   // nothing follows
	thinking bool   // has some of the model's thoughts
	message  bool   // the text is in a "message", which only a whole answer has
	choices  bool   // has the field "choices"
	fault    bool   // may be an error, see Fault
	refusal  string
	model    string
	renamed  bool   // the model's name was not passed on yet
	finish   string // the finish reason in the endpoint's spelling
	usage    tokens
}

// tokens holds the endpoint's token counts, 0 if the endpoint gives none.
type tokens struct {
	completion, total int
}

// decode adds the contents of data to c. If data is not JSON, decode leaves c
// unchanged and returns ok false. short is true if data may be the start of a
// longer document.
func (c *chunk) decode(data []byte) (ok, short bool) {
	before := *c
	s := scanner{data: data}
	if s.next() == '[' { // Gemini puts its errors into a list
		s.elements(func() { c.object(&s) })
	} else {
		c.object(&s)
	}
	if s.end() {
		return true, false
	}
	*c = before
	return false, s.short
}

func (c *chunk) object(s *scanner) {
	hasCode, hasMessage := false, false
	s.fields(func(name []byte) {
		switch string(name) {
		case "choices":
			c.choices = true
			c.list(s)
		case "usage":
			c.count(s)
		case "model":
			if s.next() != '"' {
				s.skip()
			} else if raw := s.raw(); string(raw) != c.model { // each event names the model
				c.model, c.renamed = string(raw), true
			}
		case "error":
			c.fault = !s.empty() || c.fault
		case "object", "type":
			c.fault = s.is("error") || c.fault
		case "code":
			hasCode = !s.empty()
		case "message":
			hasMessage = !s.empty()
		default:
			s.skip()
		}
	})
	c.fault = c.fault || hasCode && hasMessage && !c.choices // SiliconFlow, DashScope
}

func (c *chunk) list(s *scanner) {
	first := true
	s.elements(func() {
		if first {
			c.choice(s)
		} else {
			s.skip()
		}
		first = false
	})
}

func (c *chunk) choice(s *scanner) {
	message := -1 // offset of the message
	s.fields(func(name []byte) {
		switch string(name) {
		case "delta":
			c.delta(s)
		case "message":
			s.next()
			message = s.at
			s.skip()
		case "finish_reason":
			if reason := s.name(); reason != "" && reason != "null" {
				c.finish = reason
			}
		default:
			s.skip()
		}
	})
	// MiniMax ends a stream with the whole message once more.
	if message >= 0 && !s.bad && !c.hasText {
		c.message = true
		c.delta(&scanner{data: s.data, at: message, depth: s.depth})
	}
}

// delta reads a delta or message.
func (c *chunk) delta(s *scanner) {
	s.fields(func(name []byte) {
		switch string(name) {
		case "content":
			c.content(s)
		case "reasoning_content", "reasoning", "reasoning_details", "thinking":
			c.thinking = !s.empty() || c.thinking
		case "refusal":
			c.refusal += s.text()
		default:
			s.skip()
		}
	})
}

// content reads a text, a part or a list of parts.
func (c *chunk) content(s *scanner) {
	switch s.next() {
	case '"':
		c.add(s.raw())
	case '[':
		s.elements(func() { c.content(s) })
	case '{':
		c.part(s)
	default:
		s.word()
	}
}

func (c *chunk) part(s *scanner) {
	var text []byte
	kind := "text"
	s.fields(func(name []byte) {
		switch {
		case string(name) == "type":
			kind = s.name()
		case string(name) == "text" && s.next() == '"':
			text = s.raw()
		default:
			s.skip()
		}
	})
	switch kind {
	case "text", "output_text":
		c.add(text)
	default: // Mistral's "thinking", gpt-oss's "reasoning"
		c.thinking = true
	}
}

func (c *chunk) count(s *scanner) {
	s.fields(func(name []byte) {
		switch string(name) {
		case "completion_tokens":
			c.usage.completion = s.number()
		case "total_tokens":
			c.usage.total = s.number()
		default:
			s.skip()
		}
	})
}

func (c *chunk) add(text []byte) {
	c.text = append(c.text, text...)
	c.hasText = c.hasText || len(text) > 0
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
