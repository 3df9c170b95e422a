package ocr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A spot is a place in the text.
type spot struct {
	bytes, chars int
}

// reduced is the text's end as the guard sees it: spaces in a row are one, and
// the tags of HTML tables are | for a cell and a line's end for a row.
type reduced struct {
	symbols []rune
	ends    []spot // where each symbol ends in the text
	now     spot   // the end of the text
	tag     []rune // a tag that is not complete
	tagEnds []spot
	z       []int // reused
}

// maxKept is how many symbols are kept: the longest grid, and one look more.
const maxKept = maxGrid + guardWindow

// maxMarkup bounds a tag, in characters. Longer ones are text.
const maxMarkup = 64

// add takes a character of so many bytes and reports whether a line ends.
func (t *reduced) add(r rune, size int) (line bool) {
	t.now.bytes += size
	t.now.chars++
	if len(t.tag) == 0 && r != '<' {
		return t.symbol(r, t.now)
	}
	if r == '<' && len(t.tag) > 0 {
		line = t.noTag()
	}
	t.tag, t.tagEnds = append(t.tag, r), append(t.tagEnds, t.now)
	switch {
	case r == '>':
		return t.markup() || line
	case r == '\n', len(t.tag) > maxMarkup, len(t.tag) == 2 && r != '/' && !isASCIILetter(r):
		return t.noTag() || line
	}
	return line
}

// noTag takes what looked like a tag for text.
func (t *reduced) noTag() (line bool) {
	for i, r := range t.tag {
		line = t.symbol(r, t.tagEnds[i]) || line
	}
	t.tag, t.tagEnds = t.tag[:0], t.tagEnds[:0]
	return line
}

// markup takes a complete tag.
func (t *reduced) markup() (line bool) {
	name, _, _ := strings.Cut(strings.TrimRight(string(t.tag[1:]), "/> "), " ")
	switch strings.ToLower(name) {
	case "td", "th":
		line = t.symbol('|', t.now)
	case "/tr", "br", "p", "/p", "li", "/table":
		line = t.symbol('\n', t.now)
	case "/td", "/th", "tr", "table", "thead", "/thead", "tbody", "/tbody", "/li":
	default:
		return t.noTag()
	}
	t.tag, t.tagEnds = t.tag[:0], t.tagEnds[:0]
	return line
}

// symbol adds one symbol and reports whether it ends a line.
func (t *reduced) symbol(r rune, end spot) (line bool) {
	if unicode.IsSpace(r) && r != '\n' {
		r = ' '
	}
	if last := len(t.symbols) - 1; last >= 0 && (r == ' ' || r == '\n') {
		switch t.symbols[last] {
		case r, '\n':
			t.ends[last] = end
			return false
		case ' ':
			t.symbols[last], t.ends[last] = r, end
			return true
		}
	}
	if len(t.symbols) == 2*maxKept {
		t.symbols = append(t.symbols[:0], t.symbols[maxKept:]...)
		t.ends = append(t.ends[:0], t.ends[maxKept:]...)
	}
	t.symbols, t.ends = append(t.symbols, r), append(t.ends, end)
	return r == '\n'
}

// look searches the last symbols for a loop and returns where its first copy
// ends.
func (t *reduced) look(slack int) (keep int, loop bool) {
	if len(t.symbols) < 3 {
		return 0, false
	}
	var all []run
	all, t.z = runs(t.symbols, guardWindow, maxPeriod, t.z)
	n := len(t.symbols)
	for _, r := range all {
		start := n - r.length
		period := t.ends[n-1].chars - t.ends[n-1-r.period].chars
		length := t.ends[n-1].chars - t.charsBefore(start)
		if length < 3*period+slack {
			continue
		}
		if t.isGrid(t.symbols[n-r.period:]) && r.length < maxGrid {
			continue
		}
		return t.endOfCopy(start, r.period), true
	}
	return 0, false
}

func (t *reduced) charsBefore(i int) int {
	if i == 0 {
		return t.ends[0].chars - 1
	}
	return t.ends[i-1].chars
}

// endOfCopy gives the end of the first copy, in bytes of the text. A run may
// begin within a line that ends like its period: then that line is kept whole.
func (t *reduced) endOfCopy(start, period int) int {
	end := start + period
	for _, separator := range []rune{'\n', ' '} {
		for i := range period {
			if t.symbols[end-1+i] == separator {
				return t.ends[end-1+i].bytes
			}
		}
	}
	return t.ends[end-1].bytes
}

// Grids: what repeats itself on real pages.
const (
	// gridWords is how many different words a row of a table or form has, from
	// which on its repetition is a loop.
	gridWords = 8
	// drawnLetters is how many different letters a drawing of characters has
	// at most.
	drawnLetters = 2
	// drawnWord is how long a word of two letters may be and no drawing.
	drawnWord = 8
	leaders   = "._-=*·…—–"
	fields    = "|☐☑☒□■○◯●✓✗…"
)

// isGrid reports whether copies of a period may stand in a table of zeros, an
// empty form, a drawing of characters: nothing but numbers, signs and letters
// repeated, or a few words beside cells and fields.
func (t *reduced) isGrid(period []rune) bool {
	content := slices.ContainsFunc(period, isWordRune)
	cut := slices.IndexFunc(period, func(r rune) bool { return !inWord(r) })
	if content && cut < 0 {
		return false // letters or digits with nothing between them
	}
	// The period may begin within a word; turned, it begins after one.
	cut = max(cut, 0)
	words, letters := map[string]bool{}, map[string]bool{}
	field, leader, before, opened := false, 0, rune(0), false
	var scan wordScan
	for i := range len(period) + 1 {
		r := period[(cut+i)%len(period)]
		if word, ok := scan.add(r); ok && len(words) < gridWords && len(letters) <= drawnLetters {
			switch informs(word) {
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
		// [ ] and ( ) are fields to be ticked; \[ and \( begin a formula.
		field = field || strings.ContainsRune(fields, r) || opened && strings.ContainsRune(" ])", r)
		opened = (r == '[' || r == '(') && before != '\\'
		before = r
	}
	if len(words) == 0 && len(letters) <= drawnLetters {
		return true
	}
	return (field || leader >= 2) && len(words) < gridWords
}

// inWord reports whether r is part of a word or may stand within one.
func inWord(r rune) bool { return isWordRune(r) || isJoiner(r) || r == ':' || r == '/' || r == '%' }

// A wordScan cuts a text into words: letters and digits, and signs between them.
type wordScan struct{ word []rune }

// add takes a character and returns the word that it ends.
func (c *wordScan) add(r rune) (word string, ok bool) {
	if isWordRune(r) || len(c.word) > 0 && inWord(r) {
		c.word = append(c.word, r)
		return "", false
	}
	word, c.word = string(c.word), c.word[:0]
	return word, word != ""
}

// A wordKind is how much a word says.
type wordKind int

const (
	wordNumber wordKind = iota // also a code such as 0x00
	wordLetter                 // one letter, or one or two repeated
	wordText
)

func informs(word string) wordKind {
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
	case third, second != 0 && letters <= drawnWord, isWordByItself(first):
		return wordText
	}
	return wordLetter
}
