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
	minWordLength = 4  // letters of a word in which vowels are counted
)

// isLanguage reports whether the lines are text of a language, or figures.
func isLanguage(lines []Line) bool {
	characters, strange, meaning := 0, 0, false
	var latin []rune // letters of longer Latin words
	for _, line := range lines {
		for _, w := range line.Words {
			runes := []rune(norm.NFC.String(w.Text))
			characters += len(runes)
			var letters []rune
			for _, r := range runes {
				switch {
				case unicode.IsLetter(r) || unicode.IsDigit(r):
					meaning = true
					if unicode.Is(unicode.Latin, r) {
						letters = append(letters, r)
					}
				case isStrange(r) && len(runes) > 1: // a single sign is a bullet of a symbol font
					strange++
				}
			}
			if len(letters) >= max(minWordLength, len(runes)/2) {
				latin = append(latin, letters...)
			}
		}
	}
	vowels, accented := 0, 0
	for _, r := range latin {
		base := unicode.ToLower([]rune(norm.NFD.String(string(r)))[0])
		if strings.ContainsRune("aeiouyæøœıə", base) {
			vowels++
		}
		if r > unicode.MaxASCII {
			accented++
		}
	}
	isText := len(latin) < minSample || 100*vowels >= minVowels*len(latin) && 100*accented <= maxAccented*len(latin)
	return meaning && 100*strange <= maxStrange*characters && isText
}

// isStrange reports whether a sign belongs to no script: a replacement
// character, a private-use sign, a control character, or an unassigned code
// point.
func isStrange(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r)
}
