package loop

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits for grids: repeats on real pages.
const (
	// gridWords is the number of distinct words in a row of a table or form
	// from which on a repeat of the row is a loop.
	gridWords = 8
	// drawnLetters is the most distinct letters in a drawing of characters.
	drawnLetters = 2
	// drawnWord is the longest word of two letters that is not a drawing.
	drawnWord = 8
	leaders   = "._-=*·…—–"
	fields    = "|☐☑☒□■○◯●✓✗…"
)

// isGrid reports whether copies of a period may be a table of zeros, an empty
// form or a drawing of characters: only numbers, signs and repeated letters,
// or a few words beside cells and fields.
func isGrid(period []rune) bool {
	content := slices.ContainsFunc(period, isWordRune)
	cut := slices.IndexFunc(period, func(r rune) bool { return !inWord(r) })
	if content && cut < 0 {
		return false // letters or digits without anything between
	}
	// The period may start inside a word; rotated, the period starts after
	// one.
	cut = max(cut, 0)
	words, letters := map[string]bool{}, map[string]bool{}
	field, leader, before, opened := false, 0, rune(0), false
	var scan wordScan
	for i := range len(period) + 1 {
		r := period[(cut+i)%len(period)]
		if word, ok := scan.add(r); ok && len(words) < gridWords && len(letters) <= drawnLetters {
			switch classifyWord(word) {
			case wordText:
				words[word] = true
			case wordLetter:
				letter, _ := utf8.DecodeRuneInString(word)
				letters[string(letter)] = true
			}
		}
		if r == before && strings.ContainsRune(leaders, r) {
			leader++
		}
		// [ ] and ( ) are fields to tick; \[ and \( start a formula.
		field = field || strings.ContainsRune(fields, r) || opened && strings.ContainsRune(" ])", r)
		opened = (r == '[' || r == '(') && before != '\\'
		before = r
	}
	if len(words) == 0 && len(letters) <= drawnLetters {
		return true
	}
	return (field || leader >= 2) && len(words) < gridWords
}

// inWord reports whether r is part of a word or may stand inside a word.
func inWord(r rune) bool { return isWordRune(r) || strings.ContainsRune("'’-.,:/%", r) }

// A wordScan splits a text into words: letters and digits, and signs between.
type wordScan struct{ word []rune }

// add takes a character and returns the word that ends before the character.
func (c *wordScan) add(r rune) (word string, ok bool) {
	if isWordRune(r) || len(c.word) > 0 && inWord(r) {
		c.word = append(c.word, r)
		return "", false
	}
	word, c.word = string(c.word), c.word[:0]
	return word, word != ""
}

// A wordKind is the amount of meaning in a word.
type wordKind int

const (
	wordNumber wordKind = iota // also a code such as 0x00
	wordLetter                 // a single letter, or one or two repeated
	wordText
)

func classifyWord(word string) wordKind {
	digits, letters := 0, 0
	var first, second rune
	third := false
	for _, r := range word {
		switch {
		case unicode.IsDigit(r):
			digits++
			continue
		case !isWordRune(r):
			continue
		case letters == 0:
			first = r
		case r != first && second == 0:
			second = r
		}
		third = third || second != 0 && r != first && r != second
		letters++
	}
	switch {
	case digits >= letters:
		return wordNumber
	case third, second != 0 && letters <= drawnWord, first >= eastAsia:
		return wordText
	}
	return wordLetter
}

// eastAsia is the start of Unicode's East Asian blocks, whose letters are
// words by themselves.
const eastAsia = 0x2E80

func isASCIILetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

// isWordRune reports whether r is a letter or a digit.
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIILetter(r) || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}
