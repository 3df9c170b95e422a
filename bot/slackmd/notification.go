package slackmd

import (
	"strings"

	"slackocr/bot/slackmd/internal/inline"
)

// maxNotification bounds the text of a notification, in bytes after escaping.
// A phone shows about the first hundred; a screen reader reads everything.
const maxNotification = 3000

// Notification returns the text that stands for a message's blocks in
// notifications and for screen readers, which read nothing else
// (https://docs.slack.dev/reference/methods/chat.postMessage#text). The result
// is the header and the start of the part's text without markdown signs,
// escaped, on one line of at most 3,000 bytes.
func Notification(header, part string) string {
	start := strings.ToValidUTF8(part[:min(len(part), 2*maxNotification)], "") // without half a letter at its end
	words := plainText(start)
	if strings.TrimSpace(words) == "" {
		return limitedLine(header, maxNotification)
	}
	return limitedLine(header+": "+words, maxNotification)
}

// plainText returns the words of a part. The cells of a table row stand side by
// side.
func plainText(part string) string {
	var words []string
	for b := range scan(inline.Clean(part)) {
		switch b.kind {
		case codeBlock:
			words = append(words, inline.Decode(b.text))
		case tableBlock:
			for _, row := range b.table.Rows {
				for _, cell := range row {
					words = append(words, inline.PlainWritten(cell))
				}
			}
		default:
			words = append(words, inline.PlainWritten(b.text))
		}
	}
	return strings.Join(words, " ")
}
