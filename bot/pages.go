package bot

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"slackocr/bot/jobs"
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
	begun    time.Time

	// For whoever holds the lock of the reply: showing is at, and running the
	// number of pieces that are being read.
	showing, running atomic.Int64

	closing atomic.Bool // a piece was not read because the bot stops

	mu     sync.Mutex // guards what follows; goes before the lock of the reply
	pieces []piece
	at     int // the piece that is shown as it grows: all before it are done
	base   int // bytes of the shown text before that piece
}

// piece is what is known of one piece.
type piece struct {
	text  ocr.Text
	done  bool
	whole string // its text and what is to be said of it, once it is done
	err   error  // why it is not whole
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
	p := &pages{bot: b, story: s, doc: doc, requests: requests, begun: time.Now(), pieces: make([]piece, doc.Len())}
	if err := p.load(ctx); err != nil {
		return "", err
	}
	s.reply.Describe(p.line)
	group, reading := errgroup.WithContext(ctx)
	for i := range p.pieces { // in order; each begins once it is its turn
		if p.pieces[i].done {
			continue
		}
		turn := release
		release = nil
		if turn == nil {
			var err error
			if turn, err = p.turn(); err != nil {
				// Where the bot stops, those that are being read may have time to end.
				closing := errors.Is(err, jobs.ErrClosing)
				p.closing.Store(closing)
				if !closing {
					group.Go(func() error { return err })
				}
				break
			}
		}
		group.Go(func() error {
			defer turn()
			return p.read(reading, i)
		})
	}
	err := group.Wait()
	if context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	if err == nil && p.closing.Load() {
		err = jobs.ErrClosing
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
func (p *pages) read(ctx context.Context, i int) error {
	p.running.Add(1)
	boxes, err := p.recognize(ctx, i)
	p.running.Add(-1)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	if elsewhere(err) {
		return err
	}
	p.bot.metrics.page(err)
	again := err != nil && temporary(err)
	if len(p.pieces) > 1 {
		err = p.story.refer(err)
	}
	p.mu.Lock()
	piece := &p.pieces[i]
	piece.err, piece.boxes = err, boxes
	k := kept{Text: piece.text.String(), Boxes: boxes}
	p.mu.Unlock()
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

// turn waits for a turn at the model. The line tells where the endpoint is down.
func (p *pages) turn() (release func(), err error) {
	told := false
	release, err = p.bot.turn(p.story, func(string) {
		if down := !p.bot.model.Down().IsZero(); down != told {
			told = down
			p.story.reply.Describe(p.line)
		}
	})
	if told {
		p.story.reply.Describe(p.line)
	}
	return release, err
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
	p.pieces[i].done, p.pieces[i].whole = true, p.whole(i)
	for p.at < len(p.pieces) && p.pieces[p.at].done {
		p.story.reply.Write(p.base, p.pieces[p.at].whole)
		p.base += len(p.pieces[p.at].whole)
		if p.at++; p.at < len(p.pieces) {
			p.showing.Store(int64(p.at))
			before := p.before(p.at)
			p.story.reply.Write(p.base, before+p.pieces[p.at].text.String())
			p.base += len(before)
		}
	}
}
