package slackmd

import (
	"strings"

	"slackocr/bot/slackmd/internal/inline"
)

// maxOpen bounds how many nested tables Seal ends.
const maxOpen = 8

// Seal closes the code or the HTML tables that a text leaves open, for example
// because the text was cut, so that text added later is not part of them. Any
// other text is returned unchanged.
func Seal(markdown string) string {
	sealed := markdown
	for range maxOpen {
		if ends(sealed) {
			return sealed
		}
		if fence := openFence(sealed); fence != "" {
			sealed = strings.TrimRight(sealed, "\n") + "\n" + fence + "\n"
		} else {
			sealed = inline.TrimHalfTag(sealed) + "</table>\n"
		}
	}
	return sealed
}

// after is a page break that no document has, followed by the ends of every
// construct that may be open.
var after = PageBreak(1<<30, 1<<30) + "</table>\n\n\\]\n\n$$\n"

// ends reports whether a page break after the text would be read as a page
// break.
func ends(markdown string) bool {
	for b := range scan(inline.Clean(markdown) + after) {
		if b.page == 1<<30 {
			return true
		}
	}
	return false
}
