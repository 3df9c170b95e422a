package witness

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A font may come without the table that says which letters its signs are, or with
// a wrong one. What pdftotext gives then is full of replacement characters and
// private signs, or is letters that make no words. These limits tell that from
// text; below minSample letters nothing is said.
const (
	minSample     = 40 // letters
	maxStrange    = 2  // signs of no script, for each hundred characters
	minVowels     = 20 // for each hundred letters of Latin words
	maxAccented   = 50 // the same
	maxMixed      = 20 // words of two scripts, or with capitals inside, for each hundred
	minWordLength = 4  // letters of a word that vowels are looked for in
)

// tally counts what isLanguage judges.
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

// scripts are those that one word does not mix.
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
		case isStrange(r) && len(runes) > 1: // alone it is a bullet of a symbol font
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

// isStrange reports whether a sign belongs to no script: a replacement character,
// a private one, a control character, or one that Unicode does not have.
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
