package events

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// maxDepth bounds the nesting of an answer's JSON.
const maxDepth = 100

// A scanner reads JSON once and decodes only the requested values. A scanner
// accepts the input of real endpoints: bare words such as NaN, and control
// characters in strings. encoding/json needs a Go type for each field, fails
// if an unused field has another type, and takes three times as long.
type scanner struct {
	data  []byte
	at    int
	depth int
	bad   bool // data is not JSON, or only the start of JSON
	short bool // data is only the start of JSON
}

// fail ends the scan.
func (s *scanner) fail() {
	if !s.bad {
		s.bad, s.short = true, s.at >= len(s.data)
	}
	s.at = len(s.data)
}

// next returns the next byte that is not a space, or 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take skips the byte c, or fails if another byte comes.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		s.fail()
		return false
	}
	s.at++
	return true
}

// end reports whether nothing follows.
func (s *scanner) end() bool {
	if s.next() != 0 {
		s.fail()
	}
	return !s.bad
}

// fields calls each with the name of each field of an object. each must consume
// the value. Any other value has no fields.
func (s *scanner) fields(each func(name []byte)) {
	if s.next() != '{' {
		s.skip()
		return
	}
	s.list('}', func() {
		name := s.raw()
		if s.take(':') {
			each(name)
		}
	})
}

// elements calls each for each value of an array. each must consume the value.
// Any other value has no elements.
func (s *scanner) elements(each func()) {
	if s.next() != '[' {
		s.skip()
		return
	}
	s.list(']', each)
}

func (s *scanner) list(last byte, each func()) {
	if s.depth++; s.depth > maxDepth {
		s.fail()
		s.short = false
		return
	}
	s.at++
	if s.next() == last {
		s.at++
		s.depth--
		return
	}
	for !s.bad {
		each()
		if s.next() == last {
			s.at++
			s.depth--
			return
		}
		s.take(',')
	}
}

// skip skips any value.
func (s *scanner) skip() {
	switch s.next() {
	case '{':
		s.fields(func([]byte) { s.skip() })
	case '[':
		s.elements(s.skip)
	case '"':
		s.raw()
	default:
		s.word()
	}
}

// raw returns the raw contents of a string.
func (s *scanner) raw() []byte {
	if !s.take('"') {
		return nil
	}
	begin := s.at
	for ; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return s.data[begin : s.at-1]
		}
	}
	s.fail()
	return nil
}

// word returns a number, true, false, null or another bare word.
func (s *scanner) word() []byte {
	s.next()
	begin := s.at
	for ; s.at < len(s.data); s.at++ {
		if c := s.data[s.at]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' {
			break
		}
	}
	if s.at == begin {
		s.fail()
	}
	return s.data[begin:s.at]
}

// name returns the raw contents of a string, or a bare word other than null.
// name consumes any value.
func (s *scanner) name() string {
	switch s.next() {
	case '"':
		return string(s.raw())
	case '{', '[':
		s.skip()
		return ""
	}
	if word := s.word(); string(word) != "null" {
		return string(word)
	}
	return ""
}

// text returns the contents of a string, or "". text consumes any value.
func (s *scanner) text() (text string) {
	if s.next() != '"' {
		s.skip()
		return ""
	}
	_ = json.Unmarshal(appendString(nil, s.raw()), &text) // appendString returns valid JSON
	return text
}

// is reports whether the next value is the given string, and consumes the
// value.
func (s *scanner) is(text string) bool {
	if s.next() != '"' {
		s.skip()
		return false
	}
	return string(s.raw()) == text
}

// number returns an integer, also from a string or a fraction, and 0 for
// anything else. number consumes any value.
func (s *scanner) number() int {
	f, err := strconv.ParseFloat(s.name(), 64)
	if err != nil || !(f > 0 && f < 1<<40) {
		return 0
	}
	return int(f)
}

// empty reports whether the next value is null, false, 0, "", {} or [], and
// consumes the value.
func (s *scanner) empty() bool {
	s.next()
	begin := s.at
	s.skip()
	switch string(s.data[begin:s.at]) {
	case "null", "false", "0", `""`, "{}", "[]":
		return true
	}
	return false
}

// appendString appends the raw contents of a string as a JSON string. Control
// characters and unknown escapes, which encoding/json refuses, are mended.
func appendString(to, raw []byte) []byte {
	to = append(to, '"')
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c < ' ':
			to = fmt.Appendf(to, `\u%04x`, c)
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
