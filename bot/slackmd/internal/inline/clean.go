package inline

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// maxMarks bounds the combining marks on a letter. Writing systems need up to
// four; a tower of marks covers the lines above and below.
const maxMarks = 8

// Clean removes everything that could disturb the text around s or hide in s:
// broken UTF-8, control characters, marks that turn the direction of writing,
// towers of combining marks, and characters without width
// (https://www.unicode.org/reports/tr36/). Line breaks become \n.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	var out strings.Builder
	out.Grow(len(s))
	last := rune(-1) // the previous rune
	marks := 0
	for i, r := range s {
		switch {
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"), isHidden(r):
			continue
		case r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			r = '\n'
		case r != '\n' && r != '\t' && unicode.IsControl(r):
			continue
		case r == '\u200c' || r == '\u200d':
			// Joiners are part of emoji and of the scripts from Hebrew on.
			if last < '\u0590' || last == '\u200c' || last == '\u200d' {
				continue
			}
		}
		if isMark(r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		out.WriteRune(r)
		last = r
	}
	return out.String()
}

// isMark reports whether r is drawn over or under the letter before it.
func isMark(r rune) bool { return r >= '\u0300' && unicode.In(r, unicode.Mn, unicode.Me) }

// excessMarks returns the marks that Clean would remove from text. Such marks
// come together when the tags between them are gone, or were named: &#769;.
func excessMarks(text []byte) (excess []extent) {
	marks := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if !isMark(r) {
			marks = 0
		} else if marks++; marks > maxMarks {
			excess = append(excess, extent{i, i + n})
		}
		i += n
	}
	return excess
}

// isHidden reports whether r is never drawn: marks of direction, spaces and
// fillers without width, controls of shorthand and music, tags. Joiners, the
// marks before numbers and the controls of hieroglyphs are part of writing.
func isHidden(r rune) bool {
	return r >= '\u00ad' && unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point) &&
		r != '\u200c' && r != '\u200d' && !unicode.In(r, unicode.Prepended_Concatenation_Mark, unicode.Egyptian_Hieroglyphs)
}

// reference matches the name of a character. A viewer of HTML also takes names
// without a semicolon.
var reference = regexp.MustCompile(`&#?[0-9A-Za-z]+;?`)

// QuoteHidden returns markdown in which the names of the characters that Clean
// removes, such as &#x202e;, are shown as text: a viewer would put the
// characters themselves in their place. All other names stay.
func QuoteHidden(markdown string) string {
	return reference.ReplaceAllStringFunc(markdown, func(name string) string {
		if namesHidden(name) {
			return "&amp;" + name[1:]
		}
		return name
	})
}

// namesHidden reports whether name stands for a character that Clean removes.
// Viewers of HTML and of markdown read numbers in different ways: &#155; is a
// control character in markdown only.
func namesHidden(name string) bool {
	for _, text := range []string{html.UnescapeString(name), string(util.ResolveNumericReferences([]byte(name)))} {
		if text != name && Clean(text) != text {
			return true
		}
	}
	return false
}

// Visible reports whether s has anything to see.
func Visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' // the empty Braille pattern
	})
}
