package slackmd

import "strings"

// maxOpen bounds how many nested tables Seal ends.
const maxOpen = 8

// Seal ends the code or the HTML tables that a text leaves open, as one does that
// was cut: what is put after it is no part of them. Any other text stays as it
// is.
func Seal(markdown string) string {
	sealed := markdown
	for range maxOpen {
		if ends(sealed) {
			return sealed
		}
		if fence := openFence(sealed); fence != "" {
			sealed = strings.TrimRight(sealed, "\n") + "\n" + fence + "\n"
		} else {
			sealed = withoutHalfTag(sealed) + "</table>\n"
		}
	}
	return sealed
}

// after is a page break as no document has it, before what would end anything
// that was open.
var after = PageBreak(1<<30, 1<<30) + "</table>\n\n\\]\n\n$$\n"

// ends reports whether a page break after the text would be one.
func ends(markdown string) bool {
	for b := range scan(clean(markdown) + after) {
		if b.page == 1<<30 {
			return true
		}
	}
	return false
}

// withoutHalfTag drops the beginning of a tag at the end of a text.
func withoutHalfTag(s string) string {
	i := strings.LastIndexByte(s, '<')
	if i >= 0 && len(s)-i < maxTag && !strings.Contains(s[i:], ">") && looksLikeTag(s[i+1:]) {
		return strings.TrimRight(s[:i], " ")
	}
	return s
}
