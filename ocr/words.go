package ocr

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CountWords returns the number of words that a person would count in a piece
// of markdown. A word is a run of letters and digits. One of the signs ' ’ - .
// , does not end a word if a letter or digit follows, so "don't", "e-mail" and
// "1,234.50" are one word each. Chinese and Japanese have no spaces: each Han,
// Hiragana or Katakana character counts as a word. Korean has spaces, and
// words are counted by spaces. Markup made of signs (#, |, ---) and text in
// <…> (HTML tables come as tags) do not count. Thai, Lao, Khmer and Burmese
// are counted by spaces too, which gives too few.
func CountWords(s string) int {
	var c wordCounter
	c.add(s)
	return c.n
}

// SameWords reports whether two texts have the same words in the same order,
// with any signs between. An endpoint that ignores its prompt returns the same
// words in every mode.
func SameWords(a, b string) bool {
	next, stop := iter.Pull(words(b))
	defer stop()
	for word := range words(a) {
		if other, ok := next(); !ok || other != word {
			return false
		}
	}
	_, more := next()
	return !more
}

// words yields the runs of letters and digits outside of tags, in lower case.
func words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var c wordCounter
		start := -1
		for i, r := range s {
			c.rune(r)
			inside := c.tag == 0 && isWordRune(r)
			if inside && start < 0 {
				start = i
			}
			if !inside && start >= 0 {
				if !yield(strings.ToLower(s[start:i])) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(strings.ToLower(s[start:]))
		}
	}
}

// maxTag bounds, in runes, the text after a < without > that does not count.
const maxTag = 200

// A wordCounter counts words in text that arrives in pieces. A piece must
// consist of whole runes.
type wordCounter struct {
	n      int
	inWord bool
	joiner bool // the last rune was a joiner after a word
	opened bool // the last rune was <
	tag    int  // runes since the start of the tag, or 0 outside a tag
}

func (c *wordCounter) add(s string) {
	for _, r := range s {
		c.rune(r)
	}
}

func (c *wordCounter) rune(r rune) {
	if c.tag > 0 {
		c.tag++
		if r == '>' || r == '\n' || c.tag > maxTag {
			c.tag = 0
		}
		return
	}
	if c.opened {
		c.opened = false
		if r == '/' || r == '|' || r == '!' || isASCIILetter(r) {
			c.tag = 1
			return
		}
	}
	switch {
	case r == '<':
		c.opened, c.inWord, c.joiner = true, false, false
	case isWordRune(r):
		if isWordByItself(r) {
			c.n++
			c.inWord, c.joiner = false, false
			return
		}
		if !c.inWord {
			c.n++
		}
		c.inWord, c.joiner = true, false
	case c.inWord && !c.joiner && isJoiner(r):
		c.joiner = true
	default:
		c.inWord, c.joiner = false, false
	}
}

func isASCIILetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIILetter(r) || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

func isWordByItself(r rune) bool {
	// U+2E80 is where the East Asian blocks begin.
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

func isJoiner(r rune) bool {
	switch r {
	case '\'', '’', '-', '.', ',':
		return true
	}
	return false
}
