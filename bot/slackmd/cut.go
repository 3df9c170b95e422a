package slackmd

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"slackocr/bot/slackmd/internal/inline"
)

// piece is the smallest unit of a chunk that goes into a part undivided.
type piece struct {
	kind              blockKind
	sep               string
	lead, body, trail string
	glue              string // between this piece and the previous piece of the same chunk
	size              int    // of the body
	rows              int    // rows of a table
	page              int
	rank              int  // how bad a break before this piece is, if the piece is continued
	continued         bool // not the first piece of its chunk
	continues         bool // goes into the same part as the previous piece
}

// between returns the separator before the piece when the piece starts anew in
// a part.
func (p *piece) between() string {
	if p.continued {
		return "\n\n"
	}
	return p.sep
}

// piecesPerPart is the number of pieces that a part's worth of a long chunk is split
// into. A part is therefore at least 15/16 full.
const piecesPerPart = 16

// cutChunk splits a chunk that does not fit a part or has too many table rows.
// The frame of each piece, its lead and trail, fits the limit.
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
	k := splitter{limit: limit - frame - 2*maxOpenMarks, targetSize: max(1, limit/piecesPerPart), measure: measure, code: c.kind == codeBlock, lead: c.lead}
	if c.kind == tableBlock {
		k.lines = maxTableRows/piecesPerPart - 1
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
		if p.continued = i > 0; !p.continued {
			p.page = c.page
		}
		if c.kind == tableBlock {
			p.rows = strings.Count(p.body, "\n") + 1
		}
	}
	return k.pieces
}

// splitter splits the body of a chunk into pieces of about targetSize, and never
// longer than limit.
type splitter struct {
	limit, targetSize int
	lines             int    // the most lines of a piece, or 0 for no limit
	code              bool   // the body is code, not inline markdown
	lead              string // at the start of each line, in a quote
	measure           func(string) int
	pieces            []piece
}

func (k *splitter) add(body, glue string, size, rank int) {
	k.pieces = append(k.pieces, piece{body: body, glue: glue, size: size, rank: rank})
}

// byLines splits between lines. A line that is too long for a part is split
// too.
func (k *splitter) byLines(body string) {
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
		if size+1+n > k.targetSize || lines > 0 && lines == k.lines {
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

// The places to split at, from best to worst. The numbers continue those of
// packer.rank.
const (
	afterLine = 4 + iota
	afterSentence
	afterWord
	afterSign
)

// byWords splits text: after a line or a sentence if possible, else after a
// word, else between two characters as people see them. A unit such as an
// escape or a code span is never split.
func (k *splitter) byWords(text string) {
	glue, rank := "", afterSign
	for text != "" {
		end, next := k.pieceEnd(text)
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

// maxOpenMarks bounds the emphasis marks at the start of a piece, in bytes.
const maxOpenMarks = len("***~~")

// carryEmphasis ends emphasis at the end of a piece and starts the same
// emphasis in the next piece, if the two go into different parts.
func (k *splitter) carryEmphasis() {
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
	if len(open) > 0 { // the text was not understood
		for i := range k.pieces {
			k.pieces[i].lead, k.pieces[i].trail = "", ""
		}
	}
}

// openAfter returns the marks of the emphasis that is open after text, in
// order.
func (k *splitter) openAfter(open []string, text string) []string {
	for text != "" {
		atom := k.token(text)
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

// pieceEnd returns the end of the next piece of text, and the rank of its end.
func (k *splitter) pieceEnd(text string) (at, rank int) {
	target := min(k.targetSize, k.limit)
	end, used := 0, 0
	rank = afterSign
	for end < len(text) {
		atom := k.token(text[end:])
		n := k.measure(atom)
		if end > 0 && (used+n > k.limit || used+n > target && at > 0 || used+n > 2*target) {
			if at > 0 {
				return at, rank
			}
			return end, afterSign
		}
		used += n
		end += len(atom)
		if r := k.breakRank(text[:end], text[end:]); r < afterSign && r <= rank && (used > target/2 || r < afterWord && used > target/8) {
			at, rank = end, r
		}
	}
	return end, afterSign
}

// breakRank returns the rank of a split between two texts.
func (k *splitter) breakRank(before, after string) int {
	last, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case after == "", last > ' ' && last < '\u2e80':
	case !k.code && inline.BeginsBlock(after[:min(len(after), inline.MaxLead)]) >= 0: // after would start the next message
	case last == '\n':
		return afterLine
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

// token returns the shortest start of s that must not be split.
func (k *splitter) token(s string) string {
	switch c := s[0]; {
	case c == '&':
		for _, escape := range escapes {
			if strings.HasPrefix(s, escape) {
				return escape
			}
		}
	case k.code:
	case c == '\\' && len(s) > 1 && inline.IsPunct(s[1]):
		return s[:2]
	case c == '`':
		if span := inline.CodeSpan(s); k.measure(span) <= k.limit {
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
	if len(cluster) == maxCluster { // no character is that long
		_, n := utf8.DecodeRuneInString(s)
		return s[:n]
	}
	return cluster
}

// maxCluster bounds a character as people see it (a grapheme cluster), in
// bytes.
const maxCluster = 64
