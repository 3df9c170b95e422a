package slackmd

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// piece is what of a chunk goes into a part in one.
type piece struct {
	kind              blockKind
	sep               string
	lead, body, trail string
	glue              string // between this piece and the one before of the same chunk
	size              int    // of the body
	rows              int    // of a table
	page              int
	rank              int  // how bad it is to break before it, where it is glued
	glued             bool // it is not the first of its chunk
	joined            bool // it goes on in the part that the one before is in
}

// between is what stands before the piece where it begins anew in a part.
func (p *piece) between() string {
	if p.glued {
		return "\n\n"
	}
	return p.sep
}

// grains is how many pieces a part's worth of a long chunk is cut into: so far,
// at most, are parts from being full.
const grains = 16

// cutChunk cuts a chunk that does not fit one part, or holds too many rows of a
// table. The frame of each piece, its lead and trail, fits the limit.
func cutChunk(c chunk, limit int, measure func(string) int) []piece {
	rows := 0
	if c.kind == tableBlock && c.body != "" {
		rows = strings.Count(c.body, "\n") + 1
	}
	whole := piece{kind: c.kind, sep: c.sep, lead: c.lead, body: c.body, trail: c.trail, page: c.page, rows: rows, size: measure(c.body)}
	frame := measure(c.lead) + measure(c.trail)
	if frame+whole.size <= limit && rows < maxTableRows && (c.kind != tableBlock || frame+whole.size <= maxTableText) {
		return []piece{whole}
	}
	k := knife{limit: limit - frame - 2*maxOpenMarks, grain: max(1, limit/grains), measure: measure, code: c.kind == codeBlock, lead: c.lead}
	if c.kind == tableBlock {
		k.lines = maxTableRows/grains - 1
	}
	if c.kind == tableBlock || c.kind == codeBlock {
		k.byLines(c.body)
	} else {
		k.byWords(c.body)
		if strings.ContainsAny(c.body, "*~") {
			k.carryEmphasis()
		}
	}
	for i := range k.pieces {
		p := &k.pieces[i]
		p.kind, p.sep, p.lead, p.trail = c.kind, c.sep, c.lead+p.lead, p.trail+c.trail
		if p.glued = i > 0; !p.glued {
			p.page = c.page
		}
		if c.kind == tableBlock {
			p.rows = strings.Count(p.body, "\n") + 1
		}
	}
	return k.pieces
}

// knife cuts the body of a chunk into pieces that are about a grain long, and
// never longer than limit.
type knife struct {
	limit, grain int
	lines        int    // the most lines of a piece, or 0
	code         bool   // the body is code, not inline markdown
	lead         string // of each line, in a quote
	measure      func(string) int
	pieces       []piece
}

func (k *knife) add(body, glue string, size, rank int) {
	k.pieces = append(k.pieces, piece{body: body, glue: glue, size: size, rank: rank})
}

// byLines cuts between lines. A line that is too long for a part is cut as well.
func (k *knife) byLines(body string) {
	from, end, size, lines, glue := 0, 0, 0, 0, ""
	flush := func() {
		if lines > 0 {
			k.add(body[from:end], glue, size, afterLine)
			size, lines, glue = 0, 0, "\n"
		}
	}
	for pos := 0; pos <= len(body); {
		line, _, _ := strings.Cut(body[pos:], "\n")
		n := k.measure(line)
		if size+1+n > k.grain || lines > 0 && lines == k.lines {
			flush()
		}
		if n > k.limit {
			first := len(k.pieces)
			k.byWords(line)
			k.pieces[first].glue, k.pieces[first].rank = glue, afterLine
			glue = "\n"
			pos += len(line) + 1
			continue
		}
		if lines == 0 {
			from = pos
		} else {
			size++
		}
		end, size, lines = pos+len(line), size+n, lines+1
		pos += len(line) + 1
	}
	flush()
}

// The places to cut, from the best to the worst. The numbers go on from those
// of packer.rank.
const (
	afterLine = 4 + iota
	afterSentence
	afterWord
	afterSign
)

// byWords cuts text: after a line or a sentence if it can, else after a word,
// else between two signs as people see them. What is written as one sign, an
// escape or a code span, is never cut.
func (k *knife) byWords(text string) {
	glue, rank := "", afterSign
	for text != "" {
		end, next := k.reach(text)
		body := text[:end]
		text = text[end:]
		space := ""
		if trimmed := strings.TrimRight(body, " \n"); !k.code && text != "" && trimmed != "" {
			space, body = body[len(trimmed):], trimmed
			if k.lead != "" && strings.HasSuffix(space, "\n") && strings.HasPrefix(text, k.lead) {
				space, text = space+k.lead, text[len(k.lead):]
			}
		}
		k.add(body, glue, k.measure(body), rank)
		glue, rank = space, next
	}
}

// maxOpenMarks bounds the marks of emphasis that a piece of text may begin with, in
// bytes.
const maxOpenMarks = len("***~~")

// carryEmphasis ends emphasis where a piece ends, and begins it again in the next,
// for pieces that come into different parts.
func (k *knife) carryEmphasis() {
	var open []string
	for i := range k.pieces {
		p := &k.pieces[i]
		p.lead = strings.Join(open, "")
		open = k.openAfter(open, p.body)
		for _, mark := range slices.Backward(open) {
			p.trail += mark
		}
		if len(p.trail) > maxOpenMarks {
			break
		}
	}
	if len(open) > 0 { // it was not understood
		for i := range k.pieces {
			k.pieces[i].lead, k.pieces[i].trail = "", ""
		}
	}
}

// openAfter is the emphasis that is open behind a text: its marks, in order.
func (k *knife) openAfter(open []string, text string) []string {
	for text != "" {
		atom := k.atom(text)
		text = text[len(atom):]
		n := len(open)
		switch {
		case atom[0] != '*' && atom[0] != '~':
		case n > 0 && open[n-1] == atom:
			open = open[:n-1]
		case n > 1 && open[n-1]+open[n-2] == atom:
			open = open[:n-2]
		default:
			open = append(open, atom)
		}
	}
	return open
}

// reach is how far a piece of text goes, and what place that is.
func (k *knife) reach(text string) (at, rank int) {
	grain := min(k.grain, k.limit)
	end, used := 0, 0
	rank = afterSign
	for end < len(text) {
		atom := k.atom(text[end:])
		n := k.measure(atom)
		if end > 0 && (used+n > k.limit || used+n > grain && at > 0 || used+n > 2*grain) {
			if at > 0 {
				return at, rank
			}
			return end, afterSign
		}
		used += n
		end += len(atom)
		if r := k.place(text[:end], text[end:]); r < afterSign && r <= rank && (used > grain/2 || r < afterWord && used > grain/8) {
			at, rank = end, r
		}
	}
	return end, afterSign
}

// place says what place to cut there is between two texts.
func (k *knife) place(before, after string) int {
	last, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case after == "", last > ' ' && last < '\u2e80':
	case !k.code && beginsBlock(after[:min(len(after), maxLead)]) >= 0: // it would begin the next message
	case last == '\n':
		return afterLine
	case last == '。' || last == '！' || last == '？':
		return afterSentence
	case last == ' ' && after[0] != ' ':
		if strings.HasSuffix(before, ". ") || strings.HasSuffix(before, "! ") || strings.HasSuffix(before, "? ") {
			return afterSentence
		}
		return afterWord
	case last >= '\u2e80' && last <= '\uffef': // lines may be broken between East Asian letters
		return afterWord
	}
	return afterSign
}

// escapes are what escaping writes.
var escapes = [...]string{"&lt;", "&gt;", "&amp;"}

// atom is the shortest beginning of s that must not be cut.
func (k *knife) atom(s string) string {
	switch c := s[0]; {
	case c == '&':
		for _, escape := range escapes {
			if strings.HasPrefix(s, escape) {
				return escape
			}
		}
	case k.code:
	case c == '\\' && len(s) > 1 && isPunct(s[1]):
		return s[:2]
	case c == '`':
		if span := codeSpan(s); k.measure(span) <= k.limit {
			return span
		}
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
	if len(cluster) == maxCluster { // no sign is that long
		_, n := utf8.DecodeRuneInString(s)
		return s[:n]
	}
	return cluster
}

// maxCluster bounds what people see as one sign, in bytes.
const maxCluster = 64

// codeSpan is the code span that s begins with. The writer closes all of them, and
// none is longer than a few times maxSpan.
func codeSpan(s string) string {
	n := len(s) - len(strings.TrimLeft(s, "`"))
	for at := n; at < len(s); {
		i := strings.IndexByte(s[at:], '`')
		if i < 0 {
			break
		}
		end := at + i
		at = end + len(s[end:]) - len(strings.TrimLeft(s[end:], "`"))
		if at-end == n {
			return s[:at]
		}
	}
	return s[:n]
}
