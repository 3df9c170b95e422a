package bot

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// pages reads the pieces of a document at once and shows them in order. A piece
// is a page, or a part of a tall one.
type pages struct {
	bot      *Bot
	story    *story
	doc      *page.Document
	requests int // to the model, for each piece

	// showing is at, for whoever holds the lock of the reply.
	showing atomic.Int64

	mu     sync.Mutex // guards what follows; goes before the lock of the reply
	pieces []piece
	at     int // the piece that is shown as it grows: all before it are done
	base   int // bytes of the shown text before that piece
}

// piece is what is known of one piece.
type piece struct {
	text  ocr.Text
	done  bool
	err   error // why it is not whole
	boxes []ocr.Box
}

// kept is a finished piece as it is kept, so that no process reads it again.
type kept struct {
	Text  string
	Cause string    `json:",omitempty"` // why it is not whole, in words
	Boxes []ocr.Box `json:",omitempty"`
}

// readPages returns the text of all pieces, in order. What could not be read
// is said where it would stand, as long as there is anything else. See readFile
// for release.
func (b *Bot) readPages(ctx context.Context, s *story, doc *page.Document, requests int, release func()) (string, error) {
	p := &pages{bot: b, story: s, doc: doc, requests: requests, pieces: make([]piece, doc.Len())}
	if err := p.load(ctx); err != nil {
		return "", err
	}
	begun := time.Now()
	s.reply.Describe(func(text string) string {
		n, of := p.page()
		if text == "" && of == 1 {
			return wordsReading(s.what())
		}
		return wordsProgress(s.what(), ocr.CountWords(text), n, of, time.Since(begun))
	})
	group, reading := errgroup.WithContext(ctx)
	group.SetLimit(b.config.Concurrency)
	for i := range p.pieces {
		if p.pieces[i].done {
			continue
		}
		turn := release
		release = nil
		group.Go(func() error { return p.read(reading, i, turn) })
	}
	err := group.Wait()
	if context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return p.shown(), err
	}
	return p.end()
}

// load takes up what an earlier process or attempt has read.
func (p *pages) load(ctx context.Context) error {
	if len(p.pieces) == 1 || p.story.Small {
		return nil // it would have been the whole, or is of the larger copy
	}
	for i := range p.pieces {
		value, ok, err := p.story.page(ctx, firstPiece+i)
		if err != nil {
			return err
		}
		var k kept
		if ok && json.Unmarshal([]byte(value), &k) == nil {
			piece := &p.pieces[i]
			piece.text.Apply(ocr.Update{Add: k.Text})
			piece.boxes = k.Boxes
			if k.Cause != "" {
				piece.err = toldError(k.Cause)
			}
			p.finish(i)
		}
	}
	return nil
}

// read reads one piece. Its error is one that ends the work on the others too.
func (p *pages) read(ctx context.Context, i int, release func()) (err error) {
	if release == nil {
		if release, err = p.bot.turn(p.story, func(string) {}); err != nil {
			return err
		}
	}
	defer release()
	boxes, err := p.recognize(ctx, i)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	if elsewhere(err) {
		return err
	}
	p.mu.Lock()
	piece := &p.pieces[i]
	piece.err, piece.boxes = err, boxes
	k := kept{Text: piece.text.String(), Boxes: boxes}
	p.mu.Unlock()
	again := err != nil && temporary(err)
	if err != nil {
		k.Cause = wordsCause(err)
	}
	if len(p.pieces) > 1 && (!again || p.story.job.LastAttempt()) {
		value, err := json.Marshal(k)
		if err == nil {
			err = insist(ctx, func() error { return p.story.job.SavePage(ctx, firstPiece+i, string(value)) })
		}
		if err != nil {
			return err
		}
	}
	p.finish(i)
	return nil
}

func (p *pages) recognize(ctx context.Context, i int) ([]ocr.Box, error) {
	image, err := p.doc.Page(ctx, i)
	if err != nil {
		return nil, err
	}
	for update, err := range p.bot.model.WithMode(p.story.Mode).WithTries(p.requests).Recognize(ctx, image) {
		if err != nil {
			return nil, err
		}
		p.write(i, update)
		if o := update.Outcome; o != nil {
			return o.Boxes, shortfall(o)
		}
	}
	return nil, nil
}

// write takes a step of a piece's text, and shows it if it is that one's turn.
func (p *pages) write(i int, u ocr.Update) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pieces[i].text.Apply(u)
	if i == p.at {
		p.story.reply.Write(p.base+u.Keep, u.Add)
	}
}

// finish notes that a piece has ended, and shows what its end lets be seen.
func (p *pages) finish(i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pieces[i].done = true
	for p.at < len(p.pieces) && p.pieces[p.at].done {
		p.story.reply.Write(p.base, p.whole(p.at))
		p.base += len(p.whole(p.at))
		if p.at++; p.at < len(p.pieces) {
			p.showing.Store(int64(p.at))
			before := p.before(p.at)
			p.story.reply.Write(p.base, before+p.pieces[p.at].text.String())
			p.base += len(before)
		}
	}
}

// whole is the text of a piece, and what is to be said of it. A lone piece's
// failure is the file's.
func (p *pages) whole(i int) string {
	piece := &p.pieces[i]
	text := piece.text.String()
	if piece.err == nil || len(p.pieces) == 1 {
		return text
	}
	if text != "" {
		text = strings.TrimRight(text, "\n") + "\n\n"
	}
	return text + wordsGap(p.doc.Number(i), ocr.CountWords(text), piece.err)
}

// before is what stands before a piece.
func (p *pages) before(i int) string {
	switch {
	case i == 0:
		return ""
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
	for i := range n {
		b.WriteString(p.before(i))
		b.WriteString(p.whole(i))
	}
	return b.String()
}

// end is the whole text, or the failure that another attempt may mend.
func (p *pages) end() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed := 0
	var first error
	p.story.Boxes, p.story.Words = nil, 0
	for i := range p.pieces {
		piece := &p.pieces[i]
		p.story.Words += ocr.CountWords(piece.text.String())
		for _, box := range piece.boxes {
			p.story.Boxes = append(p.story.Boxes, boxOn{Piece: i, Box: box})
		}
		if piece.err == nil {
			continue
		}
		if temporary(piece.err) && !p.story.job.LastAttempt() {
			return p.join(len(p.pieces)), piece.err
		}
		failed++
		if first == nil {
			first = piece.err
		}
	}
	p.story.Pages, p.story.Left = p.doc.Pages(), p.doc.Left()
	if len(p.pieces) == 1 {
		return p.join(1), first
	}
	if failed == len(p.pieces) && p.empty() {
		return "", first
	}
	return p.join(len(p.pieces)), nil
}

// empty reports whether nothing at all was read.
func (p *pages) empty() bool {
	for i := range p.pieces {
		if p.pieces[i].text.Len() > 0 {
			return false
		}
	}
	return true
}

// page says which page is shown as it grows, and of how many.
func (p *pages) page() (n, of int) {
	return p.doc.Number(int(p.showing.Load())), p.doc.Pages()
}
