package witness

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A token is a run of letters, a number, or a single ideograph, in a form that
// is the same for all spellings: "ﬁnd" is "find", "１,２３４.５０" is "123450".
type token struct {
	key      string
	number   bool
	fraction int // digits after the decimal sign, or unknown, or thousands
	start    int // offset in the text, in bytes
	end      int
	line     int // line of the text, from 0
	lead     int // digits before the first sign
}

const (
	// unknown is the fraction of a number whose signs may not be decimal
	// signs, as in dates.
	unknown = -1
	// thousands is the fraction of a number such as 1.234, with three digits
	// after a sign that may be the decimal sign or not.
	thousands = -2
)

// weight returns the share of a token in a page's text, in letters. An
// ideograph counts as two letters, and a single letter, as in formulas, as
// none.
func (t token) weight() int {
	n := utf8.RuneCountInString(t.key)
	if n > 1 || t.number {
		return n
	}
	if r, _ := utf8.DecodeRuneInString(t.key); isIdeograph(r) {
		return 2
	}
	return 0
}

// ignorable stands in a text for a sign that does not divide a word.
const ignorable = '\x00'

// tokenize splits a text into tokens.
func tokenize(text string) []token {
	var t tokenizer
	var iter norm.Iter
	iter.InitString(norm.NFKD, text)
	for !iter.Done() {
		start := iter.Pos()
		segment := iter.Next()
		for len(segment) > 0 {
			r, size := utf8.DecodeRune(segment)
			segment = segment[size:]
			t.add(r, start, iter.Pos())
		}
	}
	t.finish()
	return spaced(text, t.tokens)
}

// spaced joins numbers whose thousands are separated by single spaces.
func spaced(text string, tokens []token) []token {
	out := tokens[:0]
	for _, t := range tokens {
		if n := len(out); n > 0 && isThousands(text, out[n-1], t) {
			before := &out[n-1]
			if t.lead == len(t.key) {
				t.fraction = thousands
			}
			before.key, before.end, before.fraction = before.key+t.key, t.end, t.fraction
			before.lead = before.lead + t.lead
			continue
		}
		out = append(out, t)
	}
	return out
}

// isThousands reports whether b continues number a after a single space.
func isThousands(text string, a, b token) bool {
	if !a.number || !b.number || a.line != b.line || b.lead != 3 || a.lead != len(a.key) || a.key[0] == '0' {
		return false
	}
	if a.fraction == 0 && a.lead > 3 { // a has no groups of thousands yet
		return false
	}
	space, size := utf8.DecodeRuneInString(text[a.end:b.start])
	return size == b.start-a.end && unicode.IsSpace(space)
}

// A tokenizer takes a text rune by rune.
type tokenizer struct {
	tokens []token
	key    strings.Builder
	now    token
	line   int

	separator rune // after a digit, and perhaps inside a number, or 0
	last      rune // the last sign inside the number
	distinct  int  // occurrences of that sign in the number
	fraction  int  // digits since that sign
}

// numberSigns may stand between two digits of a number.
const numberSigns = ".,:/'’-‐‑–⁄·٫٬"

func (t *tokenizer) add(r rune, start, end int) {
	switch {
	case r == ignorable, unicode.Is(unicode.Cf, r), unicode.IsMark(r):
		return
	case isDigit(r):
		if !t.now.number {
			t.finish()
			t.begin(start, true)
		}
		if t.separator != 0 {
			t.divide()
		}
		t.key.WriteRune('0' + digit(r))
		t.fraction++
		t.now.end = end
	case isIdeograph(r):
		t.finish()
		t.begin(start, false)
		t.key.WriteRune(r)
		t.now.end = end
		t.finish()
	case unicode.IsLetter(r):
		if t.now.number || t.key.Len() == 0 {
			t.finish()
			t.begin(start, false)
		}
		t.key.WriteRune(unicode.ToLower(r))
		t.now.end = end
	case t.now.number && t.separator == 0 && strings.ContainsRune(numberSigns, r):
		t.separator = r
	default:
		t.finish()
		if r == '\n' {
			t.line++
		}
	}
}

func (t *tokenizer) begin(start int, number bool) {
	t.now = token{start: start, number: number, line: t.line}
	t.separator, t.last, t.distinct, t.fraction = 0, 0, 0, 0
}

// divide records a sign inside a number.
func (t *tokenizer) divide() {
	if t.last == 0 {
		t.now.lead = t.key.Len()
	}
	if t.separator != t.last {
		t.distinct = 0
	}
	t.last, t.separator, t.fraction = t.separator, 0, 0
	t.distinct++
}

func (t *tokenizer) finish() {
	if t.key.Len() > 0 {
		t.now.key = t.key.String()
		t.now.fraction = t.decimals()
		if t.last == 0 {
			t.now.lead = len(t.now.key)
		}
		t.tokens = append(t.tokens, t.now)
	}
	t.key.Reset()
	t.now, t.separator = token{}, 0
}

// decimals returns the number of digits after the decimal sign. Three digits
// after a single sign may be thousands, and dates have signs too.
func (t *tokenizer) decimals() int {
	switch {
	case !t.now.number, t.last == 0:
		return 0
	case !strings.ContainsRune(".,٫", t.last), t.distinct > 1:
		return unknown
	case t.fraction == 3:
		return thousands
	}
	return t.fraction
}

func isDigit(r rune) bool { return unicode.Is(unicode.Nd, r) }

// digit returns the value of a decimal digit of any script. In Unicode the ten
// digits of a script are in order from zero, at a code point that ends in 0 or
// 6.
func digit(r rune) rune {
	if r <= '9' {
		return r - '0'
	}
	var value rune
	for value < 9 && isDigit(r-value-1) {
		value++
	}
	return value
}

// isIdeograph reports whether a rune is a word by itself.
func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
