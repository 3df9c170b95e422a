package slackmd

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"slackocr/bot/slackmd/internal/inline"
)

// cut cuts a chunk at a position of the body that breakAt returned. The rest
// has the same lead and trail. Emphasis that is open in the head ends there and
// starts again in the rest, and so does a code span.
func (c chunk) cut(at int, measure func(string) int) (head, rest chunk) {
	head, rest = c, c
	rest.sep, rest.page, rest.continued = "\n\n", 0, true
	head.body, rest.body = c.body[:at], c.body[at:]
	if c.hasLines() {
		rest.body = strings.TrimPrefix(rest.body, "\n")
	} else {
		quote, marks := c.leads()
		head.body = strings.TrimRight(head.body, " \n")
		rest.body = strings.TrimPrefix(strings.TrimLeft(rest.body, " \n"), quote)
		if open := openMarks(marks + head.body); len(strings.Join(open, ""))+len(" ") <= maxOpenMarks {
			rest.lead = quote + strings.Join(open, "")
			slices.Reverse(open)
			head.trail = strings.Join(open, "")
			if strings.HasPrefix(head.trail, "`") { // backticks at an end of code must stay apart from the code's own
				head.trail = padding(strings.HasSuffix(head.body, "`")) + head.trail
				rest.lead += padding(strings.HasPrefix(rest.body, "`"))
			}
		}
	}
	head.size = measure(head.body)
	rest.size = c.size - measure(c.body[:len(c.body)-len(rest.body)])
	return head, rest
}

// leads returns the two parts of a lead: the signs of quotes, and the marks of
// emphasis and code that go on.
func (c *chunk) leads() (quote, marks string) {
	marks = strings.TrimLeft(c.lead, "> ")
	return c.lead[:len(c.lead)-len(marks)], marks
}

// padding returns a space, if one is needed.
func padding(needed bool) string {
	if needed {
		return " "
	}
	return ""
}

// breakAt returns the best place to cut a chunk so that the head has at most
// room, or 0 if there is none: after a line or a sentence if possible, else
// after a word, else between two characters as people see them. Words are cut
// only in the last third of the head.
func (c *chunk) breakAt(room int, measure func(string) int) (at int) {
	text := c.body
	if c.kind == tableBlock {
		text = text[:fitting(text, maxTableRows-2, func(char string) int { return strings.Count(char, "\n") })]
	}
	end := fitting(text, room, measure)
	quote, marks := "", ""
	if !c.hasLines() {
		quote, marks = c.leads()
	}
	if !c.hasLines() && (marks != "" || strings.ContainsAny(text[:end], "*~`")) {
		end = fitting(text, room-maxOpenMarks, measure)
	}
	line := strings.LastIndexByte(c.body[:min(end+1, len(c.body))], '\n')
	if c.kind == tableBlock || line > 0 && (c.kind == codeBlock || line >= end*2/3) {
		return max(line, 0)
	}
	pos := line + 1
	if quote != "" && strings.HasPrefix(c.body[pos:], quote) {
		pos += len(quote)
	}
	if pos == 0 { // the code that goes on is not cut
		pos = restOfCode(marks, c.body)
	}
	for best := afterSign; pos < end; {
		pos += len(token(c.body[pos:], c.hasLines()))
		if pos < end*2/3 || pos > end {
			continue
		}
		if rank := breakRank(c.body[:pos], c.body[pos:], c.hasLines()); rank <= best {
			at, best = pos, rank
		}
	}
	if strings.TrimSpace(c.body[:at]) == "" {
		return 0
	}
	return at
}

// restOfCode returns the length of the code span at the start of body that marks
// leave open, or 0.
func restOfCode(marks, body string) int {
	if ticks := strings.TrimLeft(marks, "*~"); ticks != "" {
		return max(0, len(inline.CodeSpan(ticks+body))-len(ticks))
	}
	return 0
}

// insideCode returns a place inside a code span that is longer than room: after
// the last character as people see it that has room.
func (c *chunk) insideCode(room int, measure func(string) int) (at int) {
	for at < len(c.body) {
		sign := token(c.body[at:], true)
		if sign == "`" { // the end of the code is not cut
			sign = c.body[at : len(c.body)-len(strings.TrimLeft(c.body[at:], "`"))]
		}
		if room -= measure(sign); room < maxOpenMarks {
			break
		}
		at += len(sign)
	}
	return at
}

// hasLines reports whether the body of a chunk consists of lines of code or
// rows of a table, not of inline markdown.
func (c *chunk) hasLines() bool { return c.kind == codeBlock || c.kind == tableBlock }

// rows returns the number of rows of a table, without the lead.
func (c *chunk) rows() int {
	if c.kind != tableBlock || c.body == "" {
		return 0
	}
	return strings.Count(c.body, "\n") + 1
}

// fitting returns the length of the longest start of s that has at most the
// given size.
func fitting(s string, size int, measure func(string) int) int {
	for i, r := range s {
		if size -= measure(s[i : i+utf8.RuneLen(r)]); size < 0 {
			return i
		}
	}
	return len(s)
}

// maxOpenMarks bounds the marks of emphasis and code at the start of a piece, in
// bytes.
const maxOpenMarks = len("***~~```` ")

// openMarks returns the marks of the emphasis and the code span that are open
// after text, in order.
func openMarks(text string) (open []string) {
	const marks = "*~`\\"
	for i := strings.IndexAny(text, marks); i >= 0; i = strings.IndexAny(text, marks) {
		mark := token(text[i:], false)
		text = text[i+len(mark):]
		n := len(open)
		switch {
		case strings.Trim(mark, "`") == "": // a code span that is longer than the part
			return append(open, mark)
		case mark[0] != '*' && mark != "~~":
		case n > 0 && open[n-1] == mark:
			open = open[:n-1]
		case n > 0 && open[n-1] == "***" && mark[0] == '*': // one of the two that started together
			open[n-1] = open[n-1][len(mark):]
		case n > 1 && open[n-1]+open[n-2] == mark:
			open = open[:n-2]
		default:
			open = append(open, mark)
		}
	}
	return open
}

// The places to cut at, from best to worst.
const (
	afterSentence = iota
	afterWord
	afterSign
)

// breakRank returns the rank of a cut between two texts.
func breakRank(before, after string, code bool) int {
	last, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case after == "", last > ' ' && last < '\u2e80', after[0] == '*' || after[0] == '~':
	case !code && inline.BeginsBlock(after[:min(len(after), inline.MaxLead)]) >= 0: // after would start the next message
	case last == '。' || last == '！' || last == '？':
		return afterSentence
	case last == ' ' && after[0] != ' ':
		if strings.HasSuffix(before, ". ") || strings.HasSuffix(before, "! ") || strings.HasSuffix(before, "? ") {
			return afterSentence
		}
		return afterWord
	case last >= '\u2e80' && last <= '\uffef': // a line may break between East Asian letters
		return afterWord
	}
	return afterSign
}

// escapes are the entities that escaping writes.
var escapes = [...]string{"&lt;", "&gt;", "&amp;"}

// token returns the shortest start of s that must not be cut: an escape, a code
// span, a mark of emphasis or a character as people see it.
func token(s string, code bool) string {
	switch c := s[0]; {
	case c == '&':
		for _, escape := range escapes {
			if strings.HasPrefix(s, escape) {
				return escape
			}
		}
	case code:
	case c == '\\' && len(s) > 1 && inline.IsPunct(s[1]):
		return s[:2]
	case c == '`':
		return inline.CodeSpan(s)
	case c == '*' || c == '_' || c == '~':
		if run := s[:len(s)-len(strings.TrimLeft(s, string(c)))]; len(run) <= 3 {
			return run
		}
		return s[:1]
	}
	if len(s) == 1 || s[0] < utf8.RuneSelf && s[1] < utf8.RuneSelf {
		return s[:1]
	}
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s[:min(len(s), maxCluster)], -1)
	if len(cluster) == maxCluster { // no character is that long
		_, n := utf8.DecodeRuneInString(s)
		return s[:n]
	}
	return cluster
}

// maxCluster bounds a character as people see it (a grapheme cluster), in
// bytes.
const maxCluster = 64
