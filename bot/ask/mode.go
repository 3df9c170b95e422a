package ask

import (
	"slices"
	"strings"
	"unicode/utf8"

	"slackocr/ocr"
)

// Talk is what words that are meant for the bot ask of it.
type Talk int

// The kinds of talk.
const (
	Chat     Talk = iota // nothing that the bot does
	Read                 // to read, in a mode
	Help                 // what the bot does
	Mistyped             // a mode, but it cannot be told which, or it lacks its words
)

// readWords ask to read without naming a mode. The first is no word at all.
var readWords = []string{"", "again", "read", "read it", "read this", "read that", "ocr", "ocr this", "this", "please"}

// Understand reads words that follow a mention of the bot. Punctuation at the end,
// formatting, quotation marks and a "please" around a mode count for nothing.
func Understand(words string) (Talk, ocr.Mode) {
	words = unwrap(strings.TrimSpace(words), formatting, quotes)
	if mode, ok := parseMode(words); ok {
		if mode.Kind == ocr.Locate { // people put what they look for in quotation marks
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

// ParseMode reads a thread reply that is a mode and nothing else, formatted or
// not. It is stricter than [Understand], because people talk in threads: what is
// in quotation marks, or ends in a full stop, is talk.
func ParseMode(words string) (ocr.Mode, bool) {
	words = unwrap(strings.TrimSpace(words), formatting)
	if strings.EqualFold(words, "again") {
		return ocr.Mode{Kind: ocr.Markdown}, true
	}
	return parseMode(words)
}

// parseMode reads a mode whose name may be formatted: "*locate:* total".
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
	} else { // the mark ends behind the colon
		argument = strings.TrimLeft(argument, "*_~`")
	}
	return ocr.ParseMode(bare + ":" + argument)
}

// Pairs of marks that may stand around words.
var (
	formatting = []string{"**", "__", "~~", "``"}
	quotes     = []string{`""`, "''", "“”", "‘’", "„“", "«»", "‹›", "「」"}
)

// unwrap takes pairs of marks off that stand around all of a text.
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

// names are the words that begin a mode.
var names = []string{
	string(ocr.Markdown), string(ocr.Plain), string(ocr.Figure), string(ocr.Describe), string(ocr.Locate), string(ocr.Prompt), "again",
}

// mistyped reports whether words look like a mode: its name with a slip or two, or
// with what follows it missing or set off wrongly. Names of four letters have one slip.
func mistyped(words string) bool {
	name, _, colon := strings.Cut(words, ":")
	if !colon {
		var rest string
		if name, rest, _ = strings.Cut(words, " "); strings.Contains(rest, " ") {
			return false // a sentence
		}
	}
	name = strings.Trim(name, " *_~`")
	return slices.ContainsFunc(names, func(mode string) bool {
		return len(name) < 2*len(mode) && distance(name, mode) <= len(mode)/3
	})
}

// distance is the least number of letters to insert, remove, change or swap with
// their neighbour that makes b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next := make([]int, len(y)+1)
		next[0] = i + 1
		for j := range y {
			change := row[j]
			if x[i] != y[j] {
				change++
			}
			next[j+1] = min(change, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}
