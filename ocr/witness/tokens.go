package witness

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// none means that a letter has no counterpart.
const none = -1

// A text is a text as it is compared: its letters and digits in one row, in a
// form that is the same for all spellings ("ﬁnd" is "find", "１,２３４" is
// "1234"). Spaces and signs do not count, so that a divided word and a number
// with other separators are equal to the whole word and the plain number.
type text struct {
	source  string
	letters []rune
	tokens  []token
	of      []int  // index of each letter's token
	pair    []int  // index of each letter's counterpart in the other text, or none
	found   []bool // of each token: the other text has the token
}

// A token is a word, a number, or a single ideograph.
type token struct {
	from, to   int // letters of the token
	start, end int // offsets in the source, in bytes
	line       int // line of the source, from 0
	number     bool
	attached   bool // a letter before a digit, or a digit before a letter, precedes directly
	decimals   int  // digits after the decimal sign, or unknown
}

// unknown is the number of decimals if the last sign in a number is no decimal
// sign, as in dates.
const unknown = -1

// pattern matches a number, a word, or the end of a line in a folded text. The
// thousands of a number may be separated by single spaces.
var pattern = regexp.MustCompile(`([1-9]\d{0,2}(?: \d{3})+\b(?:[.,]\d+\b)?|\d+(?:[.,:/'’‐–⁄·-]\d+)*)|\pL+|\n`)

// newText splits a text into tokens.
func newText(source string) *text {
	type span struct{ start, end int }
	var folded []byte
	var spans []span // place of each folded byte in the source
	var iter norm.Iter
	iter.InitString(norm.NFKD, source)
	for !iter.Done() {
		start := iter.Pos()
		for _, r := range string(iter.Next()) {
			folded = appendFolded(folded, r)
		}
		spans = append(spans, slices.Repeat([]span{{start, iter.Pos()}}, len(folded)-len(spans))...)
	}
	x := &text{source: source}
	line, last := 0, none // last is the end of the last token
	for _, m := range pattern.FindAllSubmatchIndex(folded, -1) {
		match := string(folded[m[0]:m[1]])
		if match == "\n" {
			line++
			continue
		}
		t := token{
			from: len(x.letters), start: spans[m[0]].start, end: spans[m[1]-1].end,
			line: line, number: m[2] >= 0, attached: m[0] == last,
		}
		for _, r := range match {
			if unicode.IsLetter(r) || isDigit(r) {
				x.letters, x.of, x.pair = append(x.letters, r), append(x.of, len(x.tokens)), append(x.pair, none)
			}
		}
		t.to, last = len(x.letters), m[1]
		if t.number {
			t.decimals = decimals(match)
		}
		x.tokens = append(x.tokens, t)
	}
	return x
}

// ignorable stands in a text for a sign that does not divide a word.
const ignorable = '\x00'

// appendFolded appends a character in its plain form. Marks are left out, and
// spaces surround an ideograph, which is a word by itself.
func appendFolded(folded []byte, r rune) []byte {
	switch {
	case r == ignorable, unicode.Is(unicode.Cf, r), unicode.IsMark(r):
		return folded
	case isDigit(r):
		return append(folded, '0'+digit(r))
	case isIdeograph(r):
		return append(utf8.AppendRune(append(folded, ' '), r), ' ')
	case r == '٫':
		return append(folded, '.')
	case r == '٬':
		return append(folded, ',')
	}
	return utf8.AppendRune(folded, unicode.ToLower(r))
}

// decimals returns the number of digits after the decimal sign of a number.
// Three digits may be thousands, and count as none, as do the digits after a
// sign that occurs twice.
func decimals(number string) int {
	last := strings.LastIndexFunc(number, func(r rune) bool { return !isDigit(r) && r != ' ' })
	switch {
	case last < 0:
		return 0
	case number[last] != '.' && number[last] != ',':
		return unknown
	case strings.Count(number, number[last:last+1]) > 1 || len(number)-last-1 == 3:
		return 0
	}
	return len(number) - last - 1
}

// weight returns the share of a token in a page's text, in letters. An
// ideograph counts as two letters, and a single letter, as in formulas, as
// none.
func (x *text) weight(t token) int {
	switch {
	case t.to-t.from > 1 || t.number:
		return t.to - t.from
	case isIdeograph(x.letters[t.from]):
		return 2
	}
	return 0
}

func (x *text) word(t token) string { return string(x.letters[t.from:t.to]) }

func isDigit(r rune) bool { return unicode.Is(unicode.Nd, r) }

// digit returns the value of a decimal digit of any script. In Unicode the ten
// digits of a script are in order from zero.
func digit(r rune) byte {
	var value byte
	for value < 9 && isDigit(r-rune(value)-1) {
		value++
	}
	return value
}

// isIdeograph reports whether a rune is a word by itself.
func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
