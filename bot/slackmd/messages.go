package slackmd

import (
	"slices"
	"strings"
	"unicode/utf16"

	"slackocr/bot/slackmd/internal/inline"
)

// MaxPart bounds the text of a message, in UTF-16 units after escaping. All
// markdown blocks of a message together may hold 12,000 characters
// (https://docs.slack.dev/reference/block-kit/blocks/markdown-block), and
// refusals were seen from 11,341 on
// (https://github.com/slackapi/bolt-js/issues/2867).
const MaxPart = 11_000

// maxItems bounds the items that Slack makes of a message's markdown. Each
// heading, each rule and each run of text between them is an item, and tables
// count as well. Slack refuses a message of 51 blocks, and the items count as
// blocks (https://github.com/darkgaldragon/slack-markdown-parser,
// docs/spec.md).
const maxItems = 45

// A Result is a text as Slack's messages show it.
type Result struct {
	Parts []Part
	// Wide is true if a table is wider than Slack draws tables. The parts hold
	// the whole table, but a file is easier to read.
	Wide bool
}

// A Part is the text of a message's markdown block.
//
// All parts together give back the whole text. A block that was split goes on
// in the next part; a code block repeats its fence, a table its header. An
// empty line separates two blocks, and a line break two items of a list.
type Part struct {
	Text string
	// FirstPage and LastPage are the pages that the part covers, or 0 in a
	// text without page breaks (see [PageBreak]).
	FirstPage, LastPage int
}

// Messages turns the model's markdown into the texts of messages, each at most
// MaxPart long. A text that shows nothing has no parts.
func Messages(markdown string) (result Result) {
	page, first, shown := 0, 0, false
	result.Wide = split(markdown, MaxPart, func(pieces []piece) {
		part := Part{Text: join(pieces), FirstPage: page}
		for i, p := range pieces {
			if p.page > 0 && first == 0 {
				first = max(1, p.page-1)
			}
			if p.page > 0 {
				page = p.page
			}
			if i == 0 {
				part.FirstPage = page
			}
		}
		part.LastPage = page
		shown = shown || inline.Visible(part.Text)
		result.Parts = append(result.Parts, part)
	})
	if !shown {
		return Result{}
	}
	for i := range result.Parts {
		result.Parts[i].FirstPage = max(first, result.Parts[i].FirstPage)
		result.Parts[i].LastPage = max(first, result.Parts[i].LastPage)
	}
	return result
}

// utf16Length returns the length of s as Slack's servers count, in UTF-16 units: the
// greater of the two possible counts, since the documentation says
// "characters".
func utf16Length(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// byteLength returns the size of s in bytes, as chat.update counts.
func byteLength(s string) int { return len(s) }

// split calls part with the pieces of each part, at most limit long, and
// reports whether a table is too wide. The slice is valid only during the
// call.
func split(markdown string, limit int, part func([]piece)) (wide bool) {
	p := packer{limit: limit, items: maxItems, measure: utf16Length, part: part}
	wide = render(markdown, limit, func(c chunk) {
		for _, piece := range cutChunk(c, limit, utf16Length) {
			p.push(piece)
		}
	})
	p.flush(len(p.pieces))
	return wide
}

// join writes pieces as one text.
func join(pieces []piece) string {
	var out strings.Builder
	for i, p := range pieces {
		switch {
		case i == 0:
			out.WriteString(p.lead)
		case p.continues:
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

// packer packs pieces into parts, each as full as good places for a break
// allow.
type packer struct {
	limit   int
	items   int // the most items in a part
	measure func(string) int
	part    func([]piece)

	pieces []piece // pieces of the part that is being filled
	fills  []fill  // the fill before each piece
	fill   fill    // the fill of all pieces
}

// fill counts the contents of a part.
type fill struct {
	used  int // part of the limit
	table int // size of the text in tables
	rows  int // rows of the table that is being written
	items int
	run   bool // the last item is a run of text
}

// push adds a piece to the current part, or to the next part if the piece does
// not fit.
func (p *packer) push(piece piece) {
	next, joined := p.add(&piece)
	if len(p.pieces) > 0 && (next.used > p.limit || next.table > maxTableText || next.items > p.items) {
		p.pieces = append(p.pieces, piece)
		p.fills = append(p.fills, p.fill)
		rest := p.flush(p.bestBreak())
		for _, piece := range rest {
			p.push(piece)
		}
		return
	}
	piece.continues = joined
	p.pieces = append(p.pieces, piece)
	p.fills = append(p.fills, p.fill)
	p.fill = next
}

// flush ends the part before piece end and returns the remaining pieces.
func (p *packer) flush(end int) (rest []piece) {
	if end > 0 {
		p.part(p.pieces[:end])
	}
	rest = slices.Clone(p.pieces[end:])
	p.pieces, p.fills, p.fill = p.pieces[:0], p.fills[:0], fill{}
	return rest
}

// add returns the fill of the part with one more piece, and reports whether
// the piece continues the previous piece.
func (p *packer) add(piece *piece) (next fill, joined bool) {
	f, first := p.fill, len(p.pieces) == 0
	joined = !first && piece.continued && f.rows+piece.rows < maxTableRows
	text := piece.size
	if joined {
		text += p.measure(piece.glue) + p.measure(piece.trail) - p.measure(p.pieces[len(p.pieces)-1].trail)
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
	if !first && piece.ruled() {
		f.items, f.run = f.items+1, false
	}
	if !joined && !(f.run && piece.isText()) {
		f.items++
	}
	f.run = piece.isText()
	return f, joined
}

func (p *piece) isText() bool { return p.kind != heading && p.kind != rule && p.kind != tableBlock }

// ruled reports whether a rule stands before the piece.
func (p *piece) ruled() bool {
	return !p.continued && p.kind == pageBreak && strings.Contains(p.sep, "---")
}

// bestBreak returns the index of the piece before which the part should end: the
// last piece, which has no room, or an earlier piece. A part may end a third
// earlier than it must.
func (p *packer) bestBreak() int {
	best, lowest := len(p.pieces)-1, 1000
	for at := 1; at < len(p.pieces); at++ {
		rank := p.rank(at)
		if p.fills[at].used < p.limit*2/3 {
			rank += 100
		}
		if rank <= lowest {
			best, lowest = at, rank
		}
	}
	return best
}

// rank returns how bad a break before piece at is.
func (p *packer) rank(at int) int {
	switch piece, before := &p.pieces[at], &p.pieces[at-1]; {
	case before.kind == heading || before.kind == pageBreak:
		return 500
	case piece.kind == pageBreak:
		return 0
	case piece.kind == heading:
		return 1
	case piece.continued:
		return piece.rank
	case piece.sep == "\n":
		return 3
	}
	return 2
}
