package slackmd

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// MaxPart bounds the text of one message, in UTF-16 units after escaping. All
// markdown blocks of a message together may hold 12,000 characters
// (https://docs.slack.dev/reference/block-kit/blocks/markdown-block), and
// refusals were seen from 11,341 on
// (https://github.com/slackapi/bolt-js/issues/2867).
const MaxPart = 11_000

// A Result is a text as Slack's messages show it.
type Result struct {
	Parts []Part
	// Wide says that a table is wider than Slack draws tables. The parts hold
	// all of it, but it reads better in a file.
	Wide bool
}

// A Part is the text of one message: a markdown block's.
//
// The parts give back the whole: a block that was cut goes on in the next
// part, a code block with its fence and a table with its header repeated, and
// between two blocks stands an empty line, or a line break between the items
// of a list.
type Part struct {
	Text string
	// FirstPage and LastPage are the pages that the part is of; 0 in a text
	// without page breaks (see [PageBreak]).
	FirstPage, LastPage int
}

// Messages turns the model's markdown into the texts of messages, each at most
// MaxPart long. There are no parts of a text that shows nothing.
func Messages(markdown string) Result {
	chunks, wide := render(markdown, MaxPart)
	result := Result{Wide: wide}
	if !slices.ContainsFunc(chunks, func(c chunk) bool { return visible(c.body) || visible(c.lead) }) {
		return Result{}
	}
	page := firstPage(chunks)
	for _, pieces := range split(chunks, MaxPart, size) {
		part := Part{Text: join(pieces)}
		for i, p := range pieces {
			if p.page > 0 {
				page = p.page
			}
			if i == 0 {
				part.FirstPage = page
			}
		}
		part.LastPage = page
		result.Parts = append(result.Parts, part)
	}
	return result
}

// firstPage is the page before the first page break, or 0 where there is none.
func firstPage(chunks []chunk) int {
	for _, c := range chunks {
		if c.page > 0 {
			return max(1, c.page-1)
		}
	}
	return 0
}

// Parts are the texts of the messages of a text, each at most limit UTF-16
// units long. The limit must be at least 100.
func Parts(markdown string, limit int) []string {
	chunks, _ := render(markdown, limit)
	var parts []string
	shown := false
	for _, pieces := range split(chunks, limit, size) {
		text := join(pieces)
		shown = shown || visible(text)
		parts = append(parts, text)
	}
	if !shown {
		return nil
	}
	return parts
}

// size is the length of s as Slack's servers count it: in UTF-16 units, the
// greater of the two counts where documentation only says "characters".
func size(s string) (n int) {
	if isASCII(s) {
		return len(s)
	}
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// length is the size of s in bytes, as chat.update counts.
func length(s string) int { return len(s) }

// split packs chunks into parts of at most limit, as measure counts.
func split(chunks []chunk, limit int, measure func(string) int) [][]piece {
	var pieces []piece
	for _, c := range chunks {
		pieces = append(pieces, cutChunk(c, limit, measure)...)
	}
	p := packer{pieces: pieces, limit: limit, measure: measure}
	return p.pack()
}

// join writes pieces as one text.
func join(pieces []piece) string {
	var out strings.Builder
	for i, p := range pieces {
		switch {
		case i == 0:
			out.WriteString(p.lead)
		case p.joined:
			out.WriteString(p.glue)
		default:
			out.WriteString(pieces[i-1].trail)
			out.WriteString(p.between())
			out.WriteString(p.lead)
		}
		out.WriteString(p.body)
	}
	if len(pieces) > 0 {
		out.WriteString(pieces[len(pieces)-1].trail)
	}
	return out.String()
}

// packer puts pieces into parts, each as full as good places to break allow.
type packer struct {
	pieces  []piece
	limit   int
	measure func(string) int
}

// fill is what a part holds.
type fill struct {
	used  int // of the limit
	table int // text of tables
	rows  int // of the table that is being written
}

func (p *packer) pack() (parts [][]piece) {
	start := 0
	var fills []fill // before each piece from start on
	var f fill
	for i := 0; i < len(p.pieces); {
		fills = append(fills, f)
		next, joined := p.add(f, i, i == start)
		if i > start && (next.used > p.limit || next.table > maxTableText) {
			end := p.best(start, i, fills)
			parts = append(parts, p.pieces[start:end])
			start, i, f, fills = end, end, fill{}, fills[:0]
			continue
		}
		p.pieces[i].joined = joined
		f = next
		i++
	}
	if start < len(p.pieces) {
		parts = append(parts, p.pieces[start:])
	}
	return parts
}

// add is what a part holds after piece i. joined says that the piece goes on
// with the one before it in the same part.
func (p *packer) add(f fill, i int, first bool) (next fill, joined bool) {
	piece := &p.pieces[i]
	joined = !first && piece.glued && f.rows+piece.rows < maxTableRows
	text := piece.size
	if joined {
		text += p.measure(piece.glue)
	} else {
		text += p.measure(piece.lead) + p.measure(piece.trail)
		f.rows = 0
	}
	f.used += text
	if !first && !joined {
		f.used += p.measure(piece.between())
	}
	if piece.kind == tableBlock {
		f.table += text
	}
	f.rows += piece.rows
	return f, joined
}

// best is where a part that begins at start and has no room for piece i ends.
// It may end a third earlier than it must for a better place.
func (p *packer) best(start, i int, fills []fill) int {
	best, lowest := i, 1000
	for at := start + 1; at <= i; at++ {
		rank := p.rank(at)
		if fills[at-start].used < p.limit*2/3 {
			rank += 100
		}
		if rank <= lowest {
			best, lowest = at, rank
		}
	}
	return best
}

// rank says how bad it is to break before piece at.
func (p *packer) rank(at int) int {
	switch piece, before := p.pieces[at], p.pieces[at-1]; {
	case before.kind == heading || before.kind == pageBreak:
		return 500
	case piece.kind == pageBreak:
		return 0
	case piece.kind == heading:
		return 1
	case piece.glued:
		return piece.rank
	case piece.sep == "\n":
		return 3
	}
	return 2
}
