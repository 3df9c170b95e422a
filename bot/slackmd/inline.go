package slackmd

import (
	"html"
	"strings"
)

// plain is inline markdown as plain text.
func plain(s string) string {
	return html.UnescapeString(strings.NewReplacer("**", "", "__", "", "<br>", " ", "<b>", "", "</b>", "").Replace(s))
}
