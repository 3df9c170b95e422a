package ocr

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slackocr/ocr/clean"
	"slackocr/ocr/page"
)

// An Update is a step of a growing text.
type Update struct {
	// Keep is the number of bytes of the text so far that stand. If text is
	// only added, Keep is the whole length.
	Keep int
	// Add is the text after the kept bytes; it may be empty.
	Add string
	// Outcome is set on the last update only.
	Outcome *Outcome
}

// An Outcome says how a reading ended without failing.
type Outcome struct {
	// Model is the name of the model in the endpoint's answer, else in the
	// request; "" if FromLayer is set.
	Model string
	// Words is the number of words of the page's text, see [CountWords]. The
	// heading and the sentence that a comparison adds do not count. For a picture
	// without text Words is 0.
	Words int
	// Cut is true if the text ends before the page does, even after the page
	// was read again in halves.
	Cut bool
	// Looped is true if the model repeated itself each time, rather than
	// reaching the length limit. One copy was kept; the rest of the page is
	// missing.
	Looped bool
	// FromLayer is true if the text is the one that the page itself carries,
	// since the model returned no complete text.
	FromLayer bool
	// Boxes are the places that the mode Locate asked for, or that the answer
	// to a prompt names, at most 200.
	Boxes []Box
}

// A Text is a page's text so far: the sum of its updates. Applying an update
// takes time linear in the update. The zero value is an empty text. A Text
// must not be used by several goroutines at once.
type Text struct {
	buf []byte
}

// Apply removes the text that u does not keep and adds the text that u adds.
// If Keep is outside the text, Apply takes the nearest end.
func (t *Text) Apply(u Update) {
	keep := max(0, min(u.Keep, len(t.buf)))
	t.buf = append(t.buf[:keep], u.Add...)
}

// String returns a copy of the text so far.
func (t *Text) String() string { return string(t.buf) }

// Len returns the length of the text so far in bytes.
func (t *Text) Len() int { return len(t.buf) }

// A Box is a place on the page that the model names.
type Box struct {
	// Text is the text in the box; it may be empty.
	Text string
	page.Area
}

// boxesOf converts the model's corners to shares of the page.
func boxesOf(found []clean.Box) (boxes []Box) {
	for _, b := range found {
		boxes = append(boxes, Box{Text: b.Text, Area: areaOf(b.Corners)})
	}
	return boxes
}

func areaOf(corners [4]int) page.Area {
	at := func(i int) float64 { return float64(min(corners[i], clean.Grid)) / clean.Grid }
	return page.Area{
		Left: min(at(0), at(2)), Top: min(at(1), at(3)),
		Right: max(at(0), at(2)), Bottom: max(at(1), at(3)),
	}
}

// CountWords returns the number of words that a person would count in a piece
// of markdown. A word is a run of letters and digits. One of the signs ' ’ - .
// , does not end a word if a letter or digit follows, so "don't", "e-mail" and
// "1,234.50" are one word each. Chinese and Japanese have no spaces: each Han,
// Hiragana or Katakana character counts as a word. Korean has spaces, and
// words are counted by spaces. Markup made of signs (#, |, ---) and text in
// <…> (HTML tables come as tags) do not count. Thai, Lao, Khmer and Burmese
// are counted by spaces too, which gives too few.
func CountWords(s string) (n int) {
	end := -1 // of the last word, if a sign may continue it
	for start, word := range words(s) {
		r, _ := utf8.DecodeRuneInString(word)
		switch {
		case isIdeograph(r):
			n, end = n+1, -1
			continue
		case end < 0 || !isJoiner(s[end:start]):
			n++
		}
		end = start + len(word)
	}
	return n
}

// SameWords reports whether two texts have the same words in the same order,
// with any signs between. An endpoint that ignores its prompt returns the same
// words in every mode.
func SameWords(a, b string) bool {
	all := func(s string) (all []string) {
		for _, word := range words(s) {
			all = append(all, word)
		}
		return all
	}
	return slices.EqualFunc(all(a), all(b), strings.EqualFold)
}

// words yields the runs of letters and digits outside of tags, with their
// offsets. An ideograph is a run of its own.
func words(s string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := 0; i < len(s); {
			n := tagLength(s[i:])
			if n == 0 {
				n = wordLength(s[i:])
				if n > 0 && !yield(i, s[i:i+n]) {
					return
				}
			}
			if n == 0 {
				_, n = utf8.DecodeRuneInString(s[i:])
			}
			i += n
		}
	}
}

func wordLength(s string) int {
	for i, r := range s {
		switch {
		case !isWordRune(r), i > 0 && isIdeograph(r):
			return i
		case isIdeograph(r):
			return utf8.RuneLen(r)
		}
	}
	return len(s)
}

// maxTag bounds, in bytes, the text after a < without > that does not count.
const maxTag = 200

// tagLength returns the length of the tag at the start of s, or 0 if there is
// none.
func tagLength(s string) int {
	if len(s) < 2 || s[0] != '<' || !isASCIILetter(rune(s[1])) && !strings.ContainsRune("/|!", rune(s[1])) {
		return 0
	}
	start := cutBytes(s, maxTag)
	if end := strings.IndexAny(start, ">\n"); end >= 0 {
		return end + 1
	}
	return len(start)
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

func isIdeograph(r rune) bool {
	// U+2E80 is where the East Asian blocks begin.
	return r >= 0x2E80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

func isJoiner(sign string) bool {
	switch sign {
	case "'", "’", "-", ".", ",":
		return true
	}
	return false
}
