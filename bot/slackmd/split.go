package slackmd

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// MaxPart bounds the text of one message, in UTF-16 units after escaping. A
// markdown block may hold 12,000 characters, and refusals were seen from 11,341
// on (https://github.com/slackapi/bolt-js/issues/2867).
const MaxPart = 11_000

// Parts splits markdown into the texts of messages, escaped for markdown
// blocks, each at most limit UTF-16 units long. It splits between blocks
// where it can; a fence or a table that is too long for one message is closed
// and begun again, a table with its header. The limit must be at least 100.
// There are no parts of a text that shows nothing.
func Parts(markdown string, limit int) []string {
	var parts []string
	var part strings.Builder
	used := 0
	flush := func() {
		if text := strings.Trim(part.String(), "\n"); text != "" {
			parts = append(parts, text)
		}
		part.Reset()
		used = 0
	}
	if !visible(markdown) {
		return nil
	}
	for _, b := range oldBlocks(EscapeBlock(markdown)) {
		for _, piece := range b.pieces(limit) {
			n := size(piece)
			if used > 0 && used+len("\n\n")+n > limit {
				flush()
			}
			if used > 0 {
				part.WriteString("\n\n")
				used += len("\n\n")
			}
			part.WriteString(piece)
			used += n
		}
	}
	flush()
	return parts
}

// visible reports whether there is anything to see in s.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && r != '\u2800' // the empty Braille pattern
	})
}

// size is the length of s as Slack's servers count it: in UTF-16 units, the
// greater of the two counts where documentation only says "characters".
func size(s string) (n int) {
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// block is a stretch of markdown that reads badly when it is cut.
type oldBlock struct {
	lines []string
	// Each piece of a block that must be cut begins with the first head lines
	// and ends with tail: a table's header, a fence's two ends.
	head int
	tail string
}

// blocks cuts markdown at blank lines, outside code fences. A heading stays
// with what follows it.
func oldBlocks(markdown string) []oldBlock {
	var all []oldBlock
	var b oldBlock
	fence, heading := "", false // heading: b is nothing but headings so far
	add := func() {
		if len(b.lines) > 0 {
			all = append(all, b)
		}
		b, heading = oldBlock{}, false
	}
	for line := range strings.SplitSeq(markdown, "\n") {
		line = strings.TrimRight(line, " \t\r")
		switch {
		case fence != "":
			b.lines = append(b.lines, line)
			if closes(line, fence) {
				fence = ""
				add()
			}
		case fenceOf(line) != "":
			add()
			fence = fenceOf(line)
			b = oldBlock{lines: []string{line}, head: 1, tail: fence}
		case line == "":
			if heading {
				b.lines = append(b.lines, line)
			} else {
				add()
			}
		case len(b.lines) == 1 && isRuleOld(line) && strings.Contains(b.lines[0], "|"):
			b.lines = append(b.lines, line)
			b.head = 2
		default:
			heading = strings.HasPrefix(line, "#") && (heading || len(b.lines) == 0)
			b.lines = append(b.lines, line)
		}
	}
	if fence != "" {
		b.lines = append(b.lines, fence) // an open fence would swallow what comes after
	}
	add()
	return all
}

// isRule recognises the line under a table's header.
func isRuleOld(line string) bool {
	return strings.Contains(line, "-") && strings.Trim(line, "|-: ") == ""
}

// pieces is the block's text in pieces of at most limit: one, where it fits.
func (b oldBlock) pieces(limit int) []string {
	if whole := strings.Trim(strings.Join(b.lines, "\n"), "\n"); size(whole) <= limit {
		return []string{whole}
	}
	lines, head, tail := b.lines, b.lines[:b.head], b.tail
	if tail != "" && closes(lines[len(lines)-1], tail) {
		lines = lines[:len(lines)-1]
	}
	frame := size(strings.Join(head, "\n")) + size(tail) + len("\n\n")
	switch {
	case frame <= limit/2:
		lines = lines[len(head):]
	case tail != "": // what follows the marker is too long for the name of a language
		lines = append([]string{strings.TrimPrefix(strings.TrimLeft(lines[0], " "), tail)}, lines[1:]...)
		head, frame = []string{tail}, 2*(size(tail)+len("\n"))
	default:
		head, frame = nil, 0 // a header that long is no header
	}

	var pieces []string
	piece, used := append([]string(nil), head...), frame
	flush := func() {
		if tail != "" {
			piece = append(piece, tail)
		}
		pieces = append(pieces, strings.Join(piece, "\n"))
		piece, used = append([]string(nil), head...), frame
	}
	for _, line := range lines {
		for _, s := range cut(line, limit-frame) {
			n := size(s) + len("\n")
			if used+n > limit && len(piece) > len(head) {
				flush()
			}
			piece, used = append(piece, s), used+n
		}
	}
	if len(piece) > len(head) {
		flush()
	}
	return pieces
}

// cut cuts a line that is longer than limit: at a space in the second half of
// what fits, else between runes, never inside an escape.
func cut(line string, limit int) []string {
	if len(line) <= limit || size(line) <= limit {
		return []string{line}
	}
	limit-- // for the line break that follows
	var cuts []string
	for len(line) > 0 {
		end, used, space := 0, 0, 0
		for end < len(line) {
			token := next(line[end:])
			if used+size(token) > limit {
				break
			}
			used += size(token)
			end += len(token)
			if token == " " && used > limit/2 {
				space = end
			}
		}
		if end < len(line) && space > 0 {
			end = space
		}
		cuts = append(cuts, strings.TrimRight(line[:end], " "))
		line = line[end:]
	}
	return cuts
}

// next is the first rune of s, or the whole of an escape.
func next(s string) string {
	for _, escape := range []string{"&lt;", "&gt;"} {
		if strings.HasPrefix(s, escape) {
			return escape
		}
	}
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}
