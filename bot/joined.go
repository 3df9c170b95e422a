package bot

import (
	"strings"
	"time"

	"slackocr/bot/slackmd"
	"slackocr/ocr"
)

// whole is the text of a piece, and what is to be said of it. A lone piece's
// failure is the file's.
func (p *pages) whole(i int) string {
	piece := &p.pieces[i]
	text := piece.text.String()
	if len(p.pieces) == 1 {
		return text
	}
	text = slackmd.Seal(text)
	if piece.err == nil {
		return text
	}
	if text != "" {
		text = strings.TrimRight(text, "\n") + "\n\n"
	}
	if temporary(piece.err) && !p.story.job.LastAttempt() {
		return text + wordsToCome(p.doc.Number(i))
	}
	cut := p.doc.Continues(i) || i+1 < len(p.pieces) && p.doc.Continues(i+1)
	return text + wordsGap(p.doc.Number(i), text != "", cut, piece.err)
}

// before is what stands before a piece.
func (p *pages) before(i int) string {
	switch {
	case i == 0:
		return ""
	case p.doc.Continues(i) && p.pieces[i-1].err != nil:
		return "\n\n"
	case p.doc.Continues(i):
		return "\n"
	}
	return slackmd.PageBreak(p.doc.Number(i), p.doc.Pages())
}

// shown is the text up to the first piece that is not done.
func (p *pages) shown() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.join(min(p.at+1, len(p.pieces)))
}

func (p *pages) join(n int) string {
	var b strings.Builder
	for i := range p.pieces[:n] {
		b.WriteString(p.before(i))
		if piece := &p.pieces[i]; piece.done {
			b.WriteString(piece.whole)
		} else {
			b.WriteString(piece.text.String())
		}
	}
	return b.String()
}

// maxPlaces bounds the places that are kept: what is kept of a job is bounded too.
const maxPlaces = 1000

// end is the whole text, or the failure that another attempt may mend.
func (p *pages) end() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed := 0
	var first error
	s := p.story
	s.Boxes, s.Found, s.Words, s.Partial = nil, 0, 0, false
	for i := range p.pieces {
		piece := &p.pieces[i]
		s.Partial = s.Partial || piece.partial
		s.Words += ocr.CountWords(piece.text.String())
		s.Found += len(piece.boxes)
		for _, box := range piece.boxes[:min(len(piece.boxes), maxPlaces-len(s.Boxes))] {
			s.Boxes = append(s.Boxes, boxOn{Piece: i, Area: box.Area})
		}
		if piece.err == nil {
			continue
		}
		if temporary(piece.err) && !s.job.LastAttempt() {
			return p.join(len(p.pieces)), piece.err
		}
		failed++
		if first == nil {
			first = piece.err
		}
	}
	s.Pages, s.Left = p.doc.Pages(), p.doc.Left()
	switch {
	case len(p.pieces) == 1:
		return p.join(1), first
	case p.empty() && failed == len(p.pieces):
		return "", first
	case p.empty() && failed == 0:
		return "", nil
	}
	s.gaps, s.lacks = failed, first
	return p.join(len(p.pieces)), nil
}

// empty reports whether nothing at all was read.
func (p *pages) empty() bool {
	for i := range p.pieces {
		if strings.TrimSpace(p.pieces[i].text.String()) != "" {
			return false
		}
	}
	return true
}

// line is under the text that grows: which page is shown, and of how many.
func (p *pages) line(text string) string {
	n, of := p.doc.Number(int(p.showing.Load())), p.doc.Pages()
	switch what := p.story.what(); {
	case p.running.Load() == 0 && !p.bot.model.Down().IsZero():
		return wordsDown(what)
	case text == "" && of == 1:
		return wordsReading(what)
	default:
		return wordsProgress(what, ocr.CountWords(text), n, of, time.Since(p.begun))
	}
}
