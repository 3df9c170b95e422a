package ocr

import (
	"strconv"
	"unicode/utf8"
)

// An answerChunk holds the used parts of an event of a stream, or of an answer
// that is not streamed, in any of the known shapes:
//
//   - content may be a string or a list of parts; parts with a text count;
//   - thoughts may be fields of their own (reasoning_content and others) or parts;
//   - fields that are not used here may have any type.
//
// Only the first choice is read, since requests ask for one.
type answerChunk struct {
	text     joiner
	thinking bool // has some of the model's thoughts
	message  bool // the text is in a "message", which only a whole answer has
	choices  bool // has the field "choices"
	fault    bool // may be an error, see parseFault
	refusal  string
	model    string // raw
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
func (c *answerChunk) decode(data []byte) (ok, short bool) {
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

func (c *answerChunk) object(s *scanner) {
	coded, said := false, false
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
			coded = !s.empty()
		case "message":
			said = !s.empty()
		default:
			s.skip()
		}
	})
	c.fault = c.fault || coded && said && !c.choices // SiliconFlow, DashScope
}

func (c *answerChunk) list(s *scanner) {
	if s.next() != '[' {
		s.skip()
		return
	}
	first := true
	s.elements(func() {
		if first && s.next() == '{' {
			c.choice(s)
		} else {
			s.skip()
		}
		first = false
	})
}

func (c *answerChunk) choice(s *scanner) {
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
	if message >= 0 && !s.bad && !c.text.any {
		c.message = true
		c.delta(&scanner{data: s.data, at: message, depth: s.depth})
	}
}

// delta reads a delta or message.
func (c *answerChunk) delta(s *scanner) {
	if s.next() != '{' {
		s.skip()
		return
	}
	s.fields(func(name []byte) {
		switch string(name) {
		case "content":
			c.content(s)
		case "reasoning_content", "reasoning", "reasoning_details", "thinking":
			c.thinking = !s.empty() || c.thinking
		case "refusal":
			if s.next() == '"' {
				c.refusal += s.name()
			} else {
				s.skip()
			}
		default:
			s.skip()
		}
	})
}

// content reads a text, a part or a list of parts.
func (c *answerChunk) content(s *scanner) {
	switch s.next() {
	case '"':
		c.text.add(s.raw())
	case '[':
		s.elements(func() { c.content(s) })
	case '{':
		c.part(s)
	default:
		s.word()
	}
}

func (c *answerChunk) part(s *scanner) {
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
		c.text.add(text)
	default: // Mistral's "thinking", gpt-oss's "reasoning"
		c.thinking = true
	}
}

func (c *answerChunk) count(s *scanner) {
	if s.next() != '{' {
		s.skip()
		return
	}
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

// appendEvent appends the chunk in the form that go-openai reads, without
// unused fields.
func (c *answerChunk) appendEvent(to []byte) []byte {
	to = append(to, `data: {"choices":[`...)
	if len(c.text.text) > 0 || c.finish != "" {
		to = quote(append(to, `{"delta":{"content":`...), c.text.text)
		to = append(to, '}')
		if c.finish != "" {
			to = quote(append(to, `,"finish_reason":`...), []byte(c.finish))
		}
		to = append(to, '}')
	}
	to = append(to, ']')
	if c.renamed {
		to = quote(append(to, `,"model":`...), unquote(nil, []byte(c.model)))
	}
	if c.usage != (tokens{}) {
		to = strconv.AppendInt(append(to, `,"usage":{"completion_tokens":`...), int64(c.usage.completion), 10)
		to = strconv.AppendInt(append(to, `,"total_tokens":`...), int64(c.usage.total), 10)
		to = append(to, '}')
	}
	return append(to, "}\n"...)
}

// empty reports whether the chunk has nothing to pass on.
func (c *answerChunk) empty() bool {
	return len(c.text.text) == 0 && c.finish == "" && !c.renamed && c.usage == (tokens{})
}

// reset drops everything that was passed on.
func (c *answerChunk) reset() {
	c.text.text = c.text.text[:0]
	c.finish, c.renamed, c.usage = "", false, tokens{}
}

// A joiner joins the texts of deltas. Half a letter at the end of a delta,
// that is some of its bytes or one of two surrogates, waits for the next
// delta.
type joiner struct {
	text []byte
	half []byte // raw, never changed in place
	any  bool   // some text came
}

// add adds the raw contents of a JSON string.
func (j *joiner) add(raw []byte) {
	if len(raw) == 0 {
		return
	}
	j.any = true
	if len(j.half) > 0 {
		raw = append(j.half[:len(j.half):len(j.half)], raw...)
		j.half = nil
	}
	if n := halfLetter(raw); n > 0 {
		j.half = append([]byte(nil), raw[len(raw)-n:]...)
		raw = raw[:len(raw)-n]
	}
	j.text = unquote(j.text, raw)
}

// end adds a half that was never completed.
func (j *joiner) end() {
	j.text = unquote(j.text, j.half)
	j.half = nil
}

// halfLetter returns the number of bytes at the end of raw that start a letter
// but do not complete the letter.
func halfLetter(raw []byte) int {
	if n := len(raw) - len(`\ud83d`); n >= 0 && raw[n] == '\\' {
		// An odd number of backslashes starts an escape.
		odd := false
		for i := n; i >= 0 && raw[i] == '\\'; i-- {
			odd = !odd
		}
		if r := escaped(raw[n:]); odd && 0xD800 <= r && r < 0xDC00 {
			return len(`\ud83d`)
		}
	}
	for n := 1; n < utf8.UTFMax && n <= len(raw); n++ {
		if b := raw[len(raw)-n]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(raw[len(raw)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}
