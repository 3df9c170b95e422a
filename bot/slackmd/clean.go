package slackmd

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks bounds the combining marks on a letter. Writing systems need up to
// four; a tower of marks covers the lines above and below.
const maxMarks = 8

// clean removes everything that could disturb the text around s or hide in s:
// broken UTF-8, control characters, marks that turn the direction of writing,
// towers of combining marks, and characters without width
// (https://www.unicode.org/reports/tr36/). Line breaks become \n.
func clean(s string) string {
	if isClean(s) {
		return s
	}
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
		if r >= '\u0300' && unicode.In(r, unicode.Mn, unicode.Me) {
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

// isClean reports whether s is printable ASCII, which most texts are.
func isClean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || c == 0x7f || (c < ' ' && c != '\n' && c != '\t') {
			return false
		}
	}
	return true
}

// isHidden reports whether r is never drawn: marks of direction, spaces and
// fillers without width, tags.
func isHidden(r rune) bool {
	switch {
	case r < '\u00ad':
		return false
	case r == '\u00ad', r == '\u034f', r == '\u061c', r == '\u180e', r == '\ufeff',
		r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', // fillers of Hangul
		r == '\u200b', r == '\u200e', r == '\u200f',
		r >= '\u202a' && r <= '\u202e',
		r >= '\u2060' && r <= '\u206f',
		r >= '\ufff9' && r <= '\ufffb',
		r >= '\U000e0000' && r <= '\U000e007f':
		return true
	}
	return false
}

// visible reports whether s has anything to see.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' // the empty Braille pattern
	})
}
