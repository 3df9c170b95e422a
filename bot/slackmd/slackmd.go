// Package slackmd turns the model's markdown into what Slack shows. All of it
// is pure text work on hostile input: what an image says must never ping
// anyone.
package slackmd

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Slack's <…> tokens are live in markdown blocks, so the brackets are escaped.
// The ampersand is not: escaping it there corrupts link destinations
// (https://github.com/PostHog/posthog/pull/95054).
var blockEscapes = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// In every other text all three are escaped:
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var textEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// EscapeBlock escapes text for a markdown block.
func EscapeBlock(s string) string { return blockEscapes.Replace(clean(s)) }

// maxLine bounds a line of text, in bytes: far under the 4,000 bytes that
// chat.update takes, whatever a file is called.
const maxLine = 1000

// Line makes one escaped plain line of s, of at most 1,000 bytes.
func Line(s string) string {
	var line strings.Builder
	for _, r := range strings.Join(strings.Fields(clean(s)), " ") {
		escaped := textEscapes.Replace(string(r))
		if line.Len()+len(escaped)+len("…") > maxLine {
			line.WriteString("…")
			break
		}
		line.WriteString(escaped)
	}
	return line.String()
}

// maxName is how much of a file's name is shown, in runes.
const maxName = 60

// Name makes a file's name fit to be shown in a line: no control or
// direction marks, and the middle left out where it is long, so that the
// ending stays.
func Name(s string) string {
	name := []rune(strings.Join(strings.Fields(clean(s)), " "))
	if len(name) > maxName {
		name = append(append(name[:maxName-20:maxName-20], '…'), name[len(name)-19:]...)
	}
	if len(name) == 0 {
		return "a file"
	}
	return string(name)
}

// FileName is a safe name for a file made from the one called name: its stem,
// letters, digits and a few signs only, with the ending ext.
func FileName(name, ext string) string {
	stem := strings.TrimSuffix(Name(name), filepath.Ext(name))
	stem = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.()", r) {
			return r
		}
		return '_'
	}, stem)
	if stem = strings.Trim(stem, " ."); stem == "" {
		stem = "text"
	}
	return stem + ext
}

// clean drops what could disturb the text around it: broken UTF-8, control
// characters, and marks that turn the direction of writing.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// Tail is the newest part of a text that is still growing, escaped for a
// markdown block and at most limit bytes long. It begins at a line or a word,
// and an open code fence stays a fence.
func Tail(s string, limit int) string {
	s = strings.TrimSpace(clean(s))
	if whole := blockEscapes.Replace(s); len(whole) <= limit {
		return whole
	}
	const mark = "…\n"
	room := limit - len(mark) - maxFence - len("\n")
	start, used := len(s), 0
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:start])
		cost := size
		if r == '<' || r == '>' {
			cost = len("&lt;")
		}
		if used+cost > room {
			break
		}
		start, used = start-size, used+cost
	}
	start += boundary(s[start:])
	fence := openFence(s[:start])
	if fence != "" {
		fence += "\n"
	}
	return mark + fence + blockEscapes.Replace(s[start:])
}

// boundary is where a cut text had better begin: at its next line, else at its
// next word, if that loses no more than half of it.
func boundary(s string) int {
	for _, at := range []string{"\n", " "} {
		if i := strings.Index(s, at); i >= 0 && i < len(s)/2 {
			return i + 1
		}
	}
	return 0
}

// openFence is the marker of the code fence that s ends in, or "".
func openFence(s string) (open string) {
	for line := range strings.Lines(s) {
		switch {
		case open == "":
			open = fenceOf(line)
		case closes(line, open):
			open = ""
		}
	}
	return open
}

// maxFence bounds a fence's marker, which is repeated where a fence is cut.
const maxFence = 20

// fenceOf is the marker of the code fence that a line opens, or "":
// https://spec.commonmark.org/0.31.2/#fenced-code-blocks
func fenceOf(line string) string {
	line = strings.TrimLeft(line, " ")
	for _, sign := range []string{"`", "~"} {
		rest := strings.TrimLeft(line, sign)
		n := len(line) - len(rest)
		if n >= 3 && n <= maxFence && (sign == "~" || !strings.Contains(rest, sign)) {
			return line[:n]
		}
	}
	return ""
}

// closes reports whether a line closes the fence with that marker.
func closes(line, fence string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= len(fence) && strings.Trim(line, fence[:1]) == ""
}
