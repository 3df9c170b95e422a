// Package slackmd turns the model's markdown into text for Slack. All
// functions are pure and take hostile input: the text of an image must never
// ping anyone, link anywhere or disturb the text around the result.
//
// A text passes through these steps: [inline.Clean] removes hidden characters,
// [scan] splits the text into blocks, [inline.Markdown] and [Table] write the
// blocks for Slack's markdown block, and the blocks are packed into messages
// ([Messages]) or into the newest part of a growing text ([Tail]). All steps
// take linear time and memory.
package slackmd

import (
	"path/filepath"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"

	"slackocr/bot/slackmd/internal/inline"
)

// textEscapes escapes every other text:
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var textEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// maxLine bounds a line of text, in bytes: far below the 4,000 bytes that
// chat.update takes, even with a long file name.
const maxLine = 1000

// Line returns s as one escaped plain line of at most 1,000 bytes. Spaces
// break addresses and names of emoji, which Slack would turn into links,
// previews and pictures.
func Line(s string) string { return limitedLine(s, maxLine) }

// limitedLine is Line with a limit in bytes after escaping.
func limitedLine(s string, limit int) string {
	var line strings.Builder
	s = strings.Join(strings.Fields(inline.Clean(s)), " ")
	for _, r := range inline.BreakAddresses(s[:min(len(s), 2*limit)]) {
		escaped := textEscapes.Replace(string(r))
		if line.Len()+len(escaped)+len("…") > limit {
			line.WriteString("…")
			break
		}
		line.WriteString(escaped)
	}
	return line.String()
}

// File returns the contents of a file with the model's markdown: unchanged,
// but without control characters, hidden characters and direction marks. The
// names of such characters, as in &#x202e;, are shown as text.
func File(markdown string) []byte { return []byte(inline.QuoteHidden(inline.Clean(markdown))) }

// maxName bounds the part of a file name that is shown, in characters as
// people see them.
const maxName = 60

// Name returns a file's name for use in a line: without control characters and
// direction marks. A long name loses its middle, so that the extension stays.
func Name(s string) string {
	name := strings.Join(strings.Fields(inline.Clean(s)), " ")
	if name == "" {
		return "a file"
	}
	var signs []string
	for g := uniseg.NewGraphemes(name); g.Next(); {
		signs = append(signs, g.Str())
	}
	if len(signs) <= maxName {
		return name
	}
	return strings.Join(signs[:maxName-20], "") + "…" + strings.Join(signs[len(signs)-19:], "")
}

// reserved are the names that Windows keeps for devices, with any extension:
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const reserved = " CON PRN AUX NUL COM1 COM2 COM3 COM4 COM5 COM6 COM7 COM8 COM9 LPT1 LPT2 LPT3 LPT4 LPT5 LPT6 LPT7 LPT8 LPT9 "

// maxStem bounds a file name without its ending, in bytes. Many file systems take
// 255 with the ending.
const maxStem = 200

// FileName returns a safe file name made from name: the stem, reduced to
// letters, digits and a few signs, followed by ext, such as ".md" or "-2.csv"
// for a second table.
func FileName(name, ext string) string {
	name = Name(name)
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	stem = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.()", r) {
			return r
		}
		return '_'
	}, stem)
	stem = stem[:fitting(stem, maxStem, byteLength)]
	stem = strings.TrimLeft(strings.Trim(stem, " ."), "-") // a program could take -x for an option
	first, _, _ := strings.Cut(stem, ".")
	switch {
	case stem == "":
		stem = "text"
	case strings.Contains(reserved, " "+strings.ToUpper(first)+" "):
		stem = "_" + stem
	}
	return stem + ext
}
