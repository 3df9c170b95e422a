package witness

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A font may lack the table that maps its glyphs to letters, or have a wrong
// table. pdftotext then returns many replacement characters and private-use
// signs, or letters that form no words. These limits tell such output from
// text. Below minSample letters there is no judgement.
const (
	minSample     = 40 // letters
	maxStrange    = 2  // signs of no script, per hundred characters
	minVowels     = 20 // vowels per hundred letters of Latin words
	maxAccented   = 50 // accented letters, likewise
	maxMixed      = 20 // words of two scripts, or with capitals inside, per hundred
	minWordLength = 4  // letters of a word in which vowels are counted
)

// tally holds the counts for isLanguage.
type tally struct {
	characters, strange int
	letters, digits     int
	latin, vowels       int // letters of longer Latin words
	accented            int // of the Latin letters
	words, mixed        int
}

// isLanguage reports whether the lines are text of a language, or figures.
func isLanguage(lines []Line) bool {
	var t tally
	for _, line := range lines {
		for _, w := range line.Words {
			t.add(w.Text)
		}
	}
	switch {
	case t.letters+t.digits == 0, 100*t.strange > maxStrange*t.characters:
		return false
	case t.latin >= minSample && (100*t.vowels < minVowels*t.latin || 100*t.accented > maxAccented*t.latin):
		return false
	case t.letters >= minSample && 100*t.mixed > maxMixed*t.words:
		return false
	}
	return true
}

// scripts are the scripts that a word does not mix.
var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic,
	unicode.Devanagari, unicode.Thai, unicode.Hangul, unicode.Han,
}

func (t *tally) add(word string) {
	var letters []rune
	runes := []rune(norm.NFC.String(word))
	for _, r := range runes {
		t.characters++
		switch {
		case unicode.IsLetter(r):
			letters = append(letters, r)
		case unicode.IsDigit(r):
			t.digits++
		case isStrange(r) && len(runes) > 1: // a single sign is a bullet of a symbol font
			t.strange++
		}
	}
	t.letters += len(letters)
	if len(letters) < 2 {
		return
	}
	t.words++
	if isMixed(letters) {
		t.mixed++
	}
	if len(letters) < minWordLength || len(letters) < len(runes)/2 {
		return
	}
	for _, r := range letters {
		if !unicode.Is(unicode.Latin, r) {
			continue
		}
		t.latin++
		base := unicode.ToLower([]rune(norm.NFD.String(string(r)))[0])
		if strings.ContainsRune("aeiouyæøœıə", base) {
			t.vowels++
		}
		if r > unicode.MaxASCII {
			t.accented++
		}
	}
}

// isStrange reports whether a sign belongs to no script: a replacement
// character, a private-use sign, a control character, or an unassigned code
// point.
func isStrange(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r)
}

// isMixed reports whether the letters of a word are of two scripts, or change to
// capitals more than once.
func isMixed(letters []rune) bool {
	found, capitals := 0, 0
	for _, script := range scripts {
		for _, r := range letters {
			if unicode.Is(script, r) {
				found++
				break
			}
		}
	}
	for i, r := range letters[1:] {
		if unicode.IsUpper(r) && unicode.IsLower(letters[i]) {
			capitals++
		}
	}
	return found > 1 || capitals > 1
}
