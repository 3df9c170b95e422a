// Package slackmd turns the model's markdown into what Slack shows. All of it
// is pure text work on hostile input: what an image says must never ping
// anyone, link anywhere or disturb the text around it.
//
// The way of a text: [clean] drops what hides in it, [scan] cuts it into
// blocks, [inline] and [Table] write them for Slack's markdown block, and the
// blocks are packed into messages ([Messages]) or into the newest part of a
// text that still grows ([Tail]). All steps are linear in time and memory.
package slackmd

import (
	"path/filepath"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Slack's <…> tokens are live in markdown blocks, so the brackets are escaped.
// The ampersand is not: escaping it there corrupts link destinations
// (https://github.com/PostHog/posthog/pull/95054).
var blockEscapes = strings.NewReplacer("<", "&lt;", ">", "&gt;")

// In every other text all three are escaped:
// https://docs.slack.dev/messaging/formatting-message-text#escaping
var textEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// maxLine bounds a line of text, in bytes: far under the 4,000 bytes that
// chat.update takes, whatever a file is called.
const maxLine = 1000

// Line makes one escaped plain line of s, of at most 1,000 bytes. Addresses and
// the names of emoji in it are broken by spaces: Slack makes links and pictures
// of whole ones, and unfurls them.
func Line(s string) string { return limitedLine(s, maxLine) }

// limitedLine is Line with a limit in bytes after escaping.
func limitedLine(s string, limit int) string {
	var line strings.Builder
	s = strings.Join(strings.Fields(clean(s)), " ")
	for _, r := range breakAddresses(s[:min(len(s), 2*limit)]) {
		escaped := textEscapes.Replace(string(r))
		if line.Len()+len(escaped)+len("…") > limit {
			line.WriteString("…")
			break
		}
		line.WriteString(escaped)
	}
	return line.String()
}

// breakAddresses puts spaces into addresses and the names of emoji.
func breakAddresses(s string) string {
	var out strings.Builder
	from := 0
	for _, x := range findAddresses(s, nil) {
		out.WriteString(s[from:x.from])
		for i := x.from; i < x.to; i++ {
			out.WriteByte(s[i])
			if s[i] == ':' || s[i] == '@' || s[i] == '.' && i >= 3 && strings.EqualFold(s[i-3:i], "www") {
				out.WriteByte(' ')
			}
		}
		from = x.to
	}
	out.WriteString(s[from:])
	return out.String()
}

// File is the text of a file with the model's markdown as it is, but for control
// characters and what hides in a text or turns its direction.
func File(markdown string) []byte { return []byte(clean(markdown)) }

// maxName is how much of a file's name is shown, in signs as people see them.
const maxName = 60

// Name makes a file's name fit to be shown in a line: no control or
// direction marks, and the middle left out where it is long, so that the
// ending stays.
func Name(s string) string {
	name := strings.Join(strings.Fields(clean(s)), " ")
	if name == "" {
		return "a file"
	}
	if len(name) <= maxName {
		return name
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

// reserved are the names that Windows keeps for devices, whatever their ending:
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const reserved = " CON PRN AUX NUL COM1 COM2 COM3 COM4 COM5 COM6 COM7 COM8 COM9 LPT1 LPT2 LPT3 LPT4 LPT5 LPT6 LPT7 LPT8 LPT9 "

// FileName is a safe name for a file made from the one called name: its stem,
// letters, digits and a few signs only, with the ending ext: ".md", or "-2.csv"
// for its second table.
func FileName(name, ext string) string {
	stem := strings.TrimSuffix(Name(name), filepath.Ext(name))
	stem = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_.()", r) {
			return r
		}
		return '_'
	}, stem)
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
