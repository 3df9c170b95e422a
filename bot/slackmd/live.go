package slackmd

import (
	"strings"

	"slackocr/bot/slackmd/internal/inline"
)

// window bounds the text that Tail looks at, as a multiple of the limit. The
// markdown, mostly HTML, is longer than the text that Slack shows.
const window = 8

// tailMark stands before the newest part of a longer text.
const tailMark = "…\n\n"

// Tail returns the newest part of a growing text for a markdown block, which
// may stand beside others in a message. The result is at most limit bytes long,
// and Slack makes at most the given number of items of the result; limit must
// be at least 200, and items at least 3. The result starts at a block, a line or
// a word. Half-written markdown is completed: an open fence becomes code, and
// the first row of a table, written with bars at its start, becomes a table.
func Tail(markdown string, limit, items int) string {
	text, cut := newest(markdown, limit*window)
	limit -= len(tailMark)
	var chunks []chunk
	render(finish(text), limit, func(c chunk) { chunks = append(chunks, c) })
	if tail := lastChunks(chunks, cut, limit, items); tail != "" || len(chunks) == 0 {
		return tail
	}
	return PlainTail(markdown, limit) // the header and the last row of a table are longer than the limit
}

// PlainTail is Tail without markdown: the model's own signs, line by line, if
// Slack refuses a Tail.
func PlainTail(markdown string, limit int) string {
	text, cut := newest(markdown, limit)
	c := chunk{kind: paragraph, sep: "\n\n", body: inline.Literal(text)}
	return lastChunks([]chunk{c}, cut, limit-len(tailMark), 2)
}

// lastChunks returns the text of as many of the last chunks as fit the limit and
// the number of items, and the end of the chunk before. If cut is true, other
// chunks came before.
func lastChunks(chunks []chunk, cut bool, limit, items int) string {
	items-- // the mark is an item too
	start, run := len(chunks), false
	for left := limit; start > 0; start-- {
		c := &chunks[start-1]
		if start < len(chunks) {
			left -= len(chunks[start].sep)
		}
		if !run || !c.isText() {
			items--
		}
		if run = c.isText(); c.ruled() {
			items, run = items-1, false
		}
		if items < 0 {
			break
		}
		size := len(c.lead) + len(c.body) + len(c.trail)
		if size > left || c.rows() >= maxTableRows {
			if rest, ok := c.shorten(left); ok && (left >= limit/2 || start == len(chunks)) {
				chunks[start-1], cut = rest, true
				start--
			}
			break
		}
		left -= size
	}
	tail := strings.TrimSpace(join(chunks[start:]))
	if tail != "" && (cut || start > 0) {
		return tailMark + tail
	}
	return tail
}

// shorten returns the end of a chunk, at most size bytes long, or false if the
// chunk's last row or its lead is longer.
func (c chunk) shorten(size int) (end chunk, ok bool) {
	c.size = len(c.body)
	for step := max(1, size/16); ; {
		excess := len(c.lead) + len(c.body) + len(c.trail) - size
		if excess <= 0 && c.rows() < maxTableRows {
			return c, true
		}
		at := c.breakAt(max(step, excess), byteLength)
		switch {
		case at > 0 && at < len(c.body):
			_, c = c.cut(at, byteLength)
		case step < len(c.body):
			step *= 2
		case c.kind == tableBlock || excess >= len(c.body):
			return chunk{}, false
		default: // a code span is longer than size
			_, c = c.cut(c.insideCode(excess+maxCluster+2*maxOpenMarks, byteLength), byteLength)
		}
	}
}

// newest returns about the last n bytes of a text, from a place at which
// blocks can be recognised: never inside a code fence or a table. If cut is
// true, there is more text before.
func newest(s string, n int) (text string, cut bool) {
	if len(s) <= n {
		return s, false
	}
	at := len(s) - n
	if i := strings.IndexByte(s[at:], '\n'); i >= 0 && i < n/2 {
		at += i + 1
	} else {
		for at > 0 && s[at]&0xc0 == 0x80 { // not inside a rune
			at--
		}
	}
	if fence := openFence(s[:at]); fence != "" {
		return fence + "\n" + s[at:], true
	}
	if row := inline.IndexFold(s[at:], "<tr"); row >= 0 && inline.IndexFold(s[at:at+row], "<table") < 0 {
		return tableHead(s[max(0, at-4*n):at]) + s[at+row:], true
	}
	if strings.HasPrefix(s[at:], "|") {
		return pipeHead(s[:at]) + s[at:], true
	}
	return s[at:], true
}

// tableHead returns the first row of the HTML table that before ends in, as
// far as the row is written.
func tableHead(before string) string {
	if i := strings.LastIndex(before, "<table"); i >= 0 {
		if row, _, ok := strings.Cut(before[i:], "</tr"); ok {
			return row + "</tr>"
		}
	}
	return "<table>"
}

// pipeHead returns the header and rule of the table that before ends in, or
// "".
func pipeHead(before string) string {
	block := before
	if i := strings.LastIndex(before, "\n\n"); i >= 0 {
		block = before[i+2:]
	}
	header, rest, _ := strings.Cut(block, "\n")
	rule, _, _ := strings.Cut(rest, "\n")
	if strings.Contains(header, "|") && isDelimiterRow(rule) {
		return header + "\n" + rule + "\n"
	}
	return ""
}

// finish completes half-written markdown at the end of a text.
func finish(s string) string {
	s = strings.TrimRight(s, " \t\n")
	from := strings.LastIndex(s, "\n\n") + 1
	s = s[:from] + inline.TrimHalfTag(s[from:])
	block := strings.TrimSpace(s[from:])
	switch {
	case openFence(s[max(0, len(s)-inline.MaxMath*window):]) != "":
		return s
	case strings.HasPrefix(block, "|") && !strings.Contains(block, "\n"):
		return s + "\n|---|"
	case strings.HasPrefix(block, `\[`) && !strings.Contains(block, `\]`):
		return strings.TrimSuffix(s, `\`) + `\]`
	case strings.LastIndex(block, `\(`) > strings.LastIndex(block, `\)`):
		return strings.TrimSuffix(s, `\`) + `\)`
	case strings.HasPrefix(block, "$$") && strings.Count(block, "$$") == 1:
		return strings.TrimSuffix(s, "$") + "$$"
	case strings.Count(block, "**")%2 == 1 && !strings.HasSuffix(block, "**"):
		return s + "**"
	}
	return s
}

// maxOpen bounds how many nested tables Seal ends.
const maxOpen = 8

// Seal closes the code or the HTML tables that a text leaves open, for example
// because the text was cut, so that text added later is not part of them. Any
// other text is returned unchanged.
func Seal(markdown string) string {
	sealed := markdown
	for range maxOpen {
		if isSealed(sealed) {
			return sealed
		}
		if fence := openFence(inline.Clean(sealed)); fence != "" {
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

// isSealed reports whether a page break after the text would be read as a page
// break.
func isSealed(markdown string) bool {
	for b := range scan(inline.Clean(markdown) + after) {
		if b.page == 1<<30 {
			return true
		}
	}
	return false
}
