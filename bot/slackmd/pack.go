package slackmd

import (
	"slices"
	"strings"
)

// split calls part with the chunks of each part, at most limit long, and
// reports whether a table is too wide. The slice is valid only during the
// call.
func split(markdown string, limit int, part func([]chunk)) (wide bool) {
	p := packer{limit: limit, part: part}
	wide = render(markdown, limit, func(c chunk) {
		c.size = utf16Length(c.body)
		p.add(c)
	})
	p.flush(len(p.chunks))
	return wide
}

// join writes chunks as one text.
func join(chunks []chunk) string {
	var out strings.Builder
	for i, c := range chunks {
		if i > 0 {
			out.WriteString(c.sep)
		}
		out.WriteString(c.lead)
		out.WriteString(c.body)
		out.WriteString(c.trail)
	}
	return out.String()
}

// packer packs chunks into parts, each as full as good places for a break
// allow.
type packer struct {
	limit int
	part  func([]chunk)

	chunks []chunk // chunks of the part that is being filled
	fills  []fill  // the fill before each chunk
	fill   fill    // the fill of all chunks
}

// fill counts the contents of a part.
type fill struct {
	used  int // part of the limit
	items int
	run   bool // the last item is a run of text
}

// add puts a chunk into the current part, or into the next part if the chunk
// does not fit. A chunk that is longer than any part is cut.
func (p *packer) add(c chunk) {
	for {
		frame := utf16Length(c.lead) + utf16Length(c.trail)
		next := p.fill.with(&c, frame, len(p.chunks) == 0)
		cuts := frame+c.size > p.limit || c.rows() >= maxTableRows
		if !cuts && next.used <= p.limit && next.items <= maxItems {
			p.chunks, p.fills, p.fill = append(p.chunks, c), append(p.fills, p.fill), next
			return
		}
		at := 0
		if room := p.limit - (next.used - c.size); cuts && next.items <= maxItems && (len(p.chunks) == 0 || room >= p.limit/3) {
			at = c.breakAt(room, utf16Length)
			if at == 0 && len(p.chunks) == 0 { // a code span is longer than a part
				at = c.insideCode(room, utf16Length)
			}
		}
		if at == 0 {
			p.chunks, p.fills = append(p.chunks, c), append(p.fills, p.fill)
			for _, c := range p.flush(p.bestBreak()) {
				p.add(c)
			}
			return
		}
		var head chunk
		head, c = c.cut(at, utf16Length)
		if p.add(head); c.kind != tableBlock {
			p.flush(len(p.chunks))
		}
	}
}

// flush ends the part before chunk end and returns the remaining chunks.
func (p *packer) flush(end int) (rest []chunk) {
	if end > 0 {
		p.part(p.chunks[:end])
	}
	rest = slices.Clone(p.chunks[end:])
	p.chunks, p.fills, p.fill = p.chunks[:0], p.fills[:0], fill{}
	return rest
}

// with returns the fill of a part with one more chunk, which may be the first.
// frame is the size of the chunk's lead and trail.
func (f fill) with(c *chunk, frame int, first bool) fill {
	if f.used += frame + c.size; !first {
		f.used += utf16Length(c.sep)
	}
	if !first && c.ruled() {
		f.items, f.run = f.items+1, false
	}
	if !f.run || !c.isText() {
		f.items++
	}
	f.run = c.isText()
	return f
}

// bestBreak returns the index of the chunk before which the part should end: the
// last chunk, which has no room, or an earlier chunk. A part may end a third
// earlier than it must.
func (p *packer) bestBreak() int {
	best, lowest := len(p.chunks)-1, 1000
	for at := 1; at < len(p.chunks); at++ {
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

// rank returns how bad a break before chunk at is.
func (p *packer) rank(at int) int {
	switch c, before := &p.chunks[at], &p.chunks[at-1]; {
	case before.kind == heading || before.kind == pageBreak:
		return 500
	case c.kind == pageBreak:
		return 0
	case c.kind == heading:
		return 1
	case c.sep == "\n":
		return 3
	}
	return 2
}

func (c *chunk) isText() bool { return c.kind != heading && c.kind != rule && c.kind != tableBlock }

// ruled reports whether a rule stands before the chunk.
func (c *chunk) ruled() bool { return c.kind == pageBreak && strings.Contains(c.sep, "---") }
