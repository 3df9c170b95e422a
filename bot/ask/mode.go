package ask

import (
	"slices"
	"strings"
	"unicode/utf8"

	"slackocr/ocr"
)

// Talk is the kind of words that a person addressed to the bot.
type Talk int

// The kinds of talk.
const (
	Chat     Talk = iota // ordinary talk
	Read                 // to read, in a mode
	Help                 // a question about the bot
	Mistyped             // an unclear mode, or a mode without its argument
)

// readWords ask to read without a mode. The first is the empty text.
var readWords = []string{"", "again", "read", "read it", "read this", "read that", "ocr", "ocr this", "this", "please"}

// Understand parses the words after a mention of the bot. Punctuation at the
// end, formatting, quotation marks and a "please" around a mode are ignored.
func Understand(words string) (Talk, ocr.Mode) {
	words = unwrap(strings.TrimSpace(words), formatting, quotes)
	if mode, ok := parseMode(words); ok {
		if mode.Kind == ocr.Locate { // people put the argument in quotation marks
			if sought := unwrap(mode.Argument, quotes); sought != "" {
				mode.Argument = sought
			}
		}
		return Read, mode
	}
	bare := strings.ToLower(strings.TrimRight(words, " .,;!?…"))
	for _, courtesy := range []string{"please", "pls"} {
		if rest := strings.Trim(strings.TrimPrefix(strings.TrimSuffix(bare, courtesy), courtesy), " ,"); rest != "" {
			bare = rest
		}
	}
	bare = unwrap(bare, formatting, quotes)
	if mode, ok := ocr.ParseMode(bare); ok {
		return Read, mode
	}
	switch {
	case bare == "" && words != "":
		return Chat, ocr.Mode{}
	case slices.Contains(readWords, bare):
		return Read, ocr.Mode{Kind: ocr.Markdown}
	case bare == "help":
		return Help, ocr.Mode{}
	case mistyped(bare):
		return Mistyped, ocr.Mode{}
	}
	return Chat, ocr.Mode{}
}

// ParseMode parses a thread reply that is a mode and nothing else, formatted
// or not. ParseMode is stricter than [Understand], because people talk in
// threads: a reply in quotation marks, or with a full stop at the end, is
// talk.
func ParseMode(words string) (ocr.Mode, bool) {
	words = unwrap(strings.TrimSpace(words), formatting)
	if strings.EqualFold(words, "again") {
		return ocr.Mode{Kind: ocr.Markdown}, true
	}
	return parseMode(words)
}

// parseMode parses a mode whose name may be formatted: "*locate:* total".
func parseMode(words string) (ocr.Mode, bool) {
	if mode, ok := ocr.ParseMode(words); ok {
		return mode, true
	}
	name, argument, colon := strings.Cut(words, ":")
	bare := strings.TrimLeft(name, "*_~`")
	mark := name[:len(name)-len(bare)]
	if !colon || mark == "" {
		return ocr.Mode{}, false
	}
	if inner := strings.TrimRight(bare, "*_~`"); inner != bare {
		bare = inner
	} else { // the mark ends after the colon
		argument = strings.TrimLeft(argument, "*_~`")
	}
	return ocr.ParseMode(bare + ":" + argument)
}

// Pairs of marks that may stand around words.
var (
	formatting = []string{"**", "__", "~~", "``"}
	quotes     = []string{`""`, "''", "“”", "‘’", "„“", "«»", "‹›", "「」"}
)

// unwrap removes pairs of marks around the whole text.
func unwrap(s string, pairs ...[]string) string {
	for {
		first, n := utf8.DecodeRuneInString(s)
		last, m := utf8.DecodeLastRuneInString(s)
		pair := string(first) + string(last)
		inPairs := func(marks []string) bool { return slices.Contains(marks, pair) }
		if len(s) < n+m || !slices.ContainsFunc(pairs, inPairs) {
			return s
		}
		s = strings.TrimSpace(s[n : len(s)-m])
	}
}

// mistyped reports whether words look like a mode: the name with a slip, or with
// a missing or wrongly separated argument. A slip is one letter that is missing,
// wrong or too many, or two neighbouring letters that are swapped. With more slips
// too many English words would count: "late" and "local" for "locate".
func mistyped(words string) bool {
	name, _, colon := strings.Cut(words, ":")
	if !colon {
		var rest string
		if name, rest, _ = strings.Cut(words, " "); strings.Contains(rest, " ") {
			return false // a sentence
		}
	}
	name = strings.Trim(name, " *_~`")
	return slices.ContainsFunc(append(ocr.Kinds(), "again"), func(kind ocr.Kind) bool {
		return slip(name, string(kind))
	})
}

// slip reports whether two names differ in one letter or in the order of two
// neighbouring ones, or are the same.
func slip(name, other string) bool {
	a, b := []rune(name), []rune(other)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return swapped || max(len(a), len(b)) <= 1
}
