package ocr

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
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

// fields calls each with the raw name of each field of an object. each must
// consume the value.
func (s *scanner) fields(each func(name []byte)) {
	s.list('{', '}', func() {
		name := s.raw()
		if s.take(':') {
			each(name)
		}
	})
}

// elements calls each for each value of an array. each must consume the value.
func (s *scanner) elements(each func()) { s.list('[', ']', each) }

func (s *scanner) list(first, last byte, each func()) {
	if s.depth++; s.depth > maxDepth || !s.take(first) {
		s.at = min(s.at, len(s.data)-1) // a list that is too deep is not the start of a good list
		s.fail()
		return
	}
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

// name returns the contents of a string, or a bare word other than null. name
// consumes any value.
func (s *scanner) name() string {
	switch s.next() {
	case '"':
		return string(unquote(nil, s.raw()))
	case '{', '[':
		s.skip()
		return ""
	}
	if word := s.word(); string(word) != "null" {
		return string(word)
	}
	return ""
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

// unquote appends the contents of a JSON string to to. Half a surrogate pair
// becomes U+FFFD.
func unquote(to, raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			to = append(to, raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case 'b':
			to = append(to, '\b')
		case 'f':
			to = append(to, '\f')
		case 'n':
			to = append(to, '\n')
		case 'r':
			to = append(to, '\r')
		case 't':
			to = append(to, '\t')
		case 'u':
			r := escaped(raw[i-1:])
			i += 4
			if utf16.IsSurrogate(r) {
				if r = utf16.DecodeRune(r, escaped(raw[min(i+1, len(raw)):])); r != utf8.RuneError {
					i += 6
				}
			}
			to = utf8.AppendRune(to, r)
		default:
			to = append(to, c)
		}
	}
	return to
}

// escaped returns the code of the escape \uXXXX at the start of raw, or U+FFFD
// if there is none.
func escaped(raw []byte) rune {
	if len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' {
		if n, err := strconv.ParseUint(string(raw[2:6]), 16, 16); err == nil {
			return rune(n)
		}
	}
	return utf8.RuneError
}

// quote appends s as a JSON string to to.
func quote(to, s []byte) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	for _, c := range s {
		switch {
		case c == '"', c == '\\':
			to = append(to, '\\', c)
		case c < ' ':
			to = append(to, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			to = append(to, c)
		}
	}
	return append(to, '"')
}
