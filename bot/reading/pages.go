package reading

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"slackocr/bot/jobs"
	"slackocr/bot/post"
	"slackocr/bot/slackmd"
	"slackocr/bot/words"
	"slackocr/ocr"
	"slackocr/ocr/page"
	"slackocr/ocr/witness"
)

// pages reads the pieces of a document concurrently and shows them in order. A
// piece is a page, or a part of a tall page.
type pages struct {
	run     *run
	file    int // of the ask
	doc     *page.Document
	begun   time.Time
	running atomic.Int64 // pieces that are being read

	mu      sync.Mutex // guards the fields below
	pieces  []piece
	current int // the piece that is shown while it grows; all earlier pieces are done
}

// piece is the state of a piece.
type piece struct {
	text    ocr.Text
	done    bool
	err     error // reason why the text is incomplete
	places  []ocr.Box
	partial bool // not completely decoded, see page.Page
	ownText bool // the PDF's own text stands in place of the model's
}

// savedPage is a finished piece in the store, so that no process reads the
// piece again.
type savedPage struct {
	Text    string
	Cause   string         `json:",omitempty"` // reason why the text is incomplete, from an earlier version
	Failure *words.Failure `json:",omitempty"`
	Boxes   []ocr.Box      `json:",omitempty"`
	Partial bool           `json:",omitempty"` // not completely decoded
	OwnText bool           `json:",omitempty"` // the PDF's, in place of the model's
}

// readPages returns the text of all pieces, in order. A missing piece is
// replaced by a sentence, unless all are missing. For turn see readFile.
func (r *run) readPages(ctx context.Context, i int, doc *page.Document, turn func()) (string, Outcome, error) {
	p := &pages{run: r, file: i, doc: doc, begun: time.Now(), pieces: make([]piece, doc.Len())}
	if err := p.load(ctx); err != nil {
		return "", Outcome{}, err
	}
	r.set(i, post.StatusChange, func(f *liveFile) { f.ahead, f.pages = inWork, p })
	group, working := errgroup.WithContext(ctx)
	err := r.guard(func() error { return p.start(working, group, turn) })
	if !errors.Is(err, jobs.ErrClosing) { // when the bot stops, running pieces may have time to end
		group.Go(func() error { return err })
	}
	if failed := group.Wait(); failed != nil {
		err = failed
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return p.shown(), Outcome{}, err
	}
	return p.result()
}

// start starts to read each unread piece in group, in the order of their turns.
func (p *pages) start(ctx context.Context, group *errgroup.Group, turn func()) error {
	r, first := p.run, true
	for i := range p.pieces {
		if p.pieces[i].done {
			continue
		}
		if turn != nil && (!r.Decoder.Free(r.Person) || !p.doc.Reserve(ctx, i)) {
			// Others use the turn while the piece waits for a decoder or for
			// space. A holder of space may wait for this turn.
			turn()
			turn = nil
		}
		if err := r.guard(func() error { return p.prepare(ctx, i) }); err != nil { // no turn is needed
			group.Go(func() error { return p.finish(ctx, i, nil, err) })
			continue
		}
		release := turn
		if turn = nil; release == nil {
			var err error
			release, err = r.waitTurn(ctx, p.file, first, func() bool { return p.layer(ctx, i) != nil })
			if err != nil {
				return err
			}
		}
		first = false
		group.Go(func() error {
			defer release()
			p.running.Add(1)
			var places []ocr.Box
			err := r.guard(func() (err error) {
				places, err = p.recognize(ctx, i)
				return err
			})
			p.running.Add(-1)
			return p.finish(ctx, i, places, err)
		})
	}
	return nil
}

// load restores the pieces that an earlier process or attempt has read.
func (p *pages) load(ctx context.Context) error {
	if len(p.pieces) == 1 {
		return nil // the text of a single piece is the file's, and is not saved as a piece
	}
	for i := range p.pieces {
		value, ok, err := p.run.job.Page(ctx, TextOf(p.file)+firstPiece+i)
		if err != nil {
			return err
		}
		var saved savedPage
		if !ok || json.Unmarshal([]byte(value), &saved) != nil {
			continue
		}
		p.doc.Skip(i)
		piece := &p.pieces[i]
		piece.text.Apply(ocr.Update{Add: saved.Text})
		piece.places, piece.partial, piece.ownText, piece.done = saved.Boxes, saved.Partial, saved.OwnText, true
		switch {
		case saved.Failure != nil:
			piece.err = saved.Failure
		case saved.Cause != "":
			piece.err = &words.Failure{Kind: words.OldSentence, OldText: saved.Cause}
		}
	}
	p.advance()
	return nil
}

// finish saves a piece that is read, or the reason why it is not.
func (p *pages) finish(ctx context.Context, i int, places []ocr.Box, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	if HandsOff(err) {
		return err
	}
	p.run.Metrics.page(err)
	p.mu.Lock()
	piece := &p.pieces[i]
	piece.err, piece.places, piece.done = err, places, true
	saved := savedPage{Text: piece.text.String(), Boxes: places, Partial: piece.partial, OwnText: piece.ownText}
	p.mu.Unlock()
	if len(p.pieces) > 1 && !p.run.retries(err) {
		saved.Failure = p.run.failure(err)
		value, err := json.Marshal(saved)
		if err == nil {
			err = p.run.saveText(ctx, p.file, firstPiece+i, string(value))
		}
		if err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.advance()
	p.mu.Unlock()
	p.run.changed(post.TextChange)
	return nil
}

// layer returns the text that a piece of a PDF carries if that text is good
// and the mode asks for text, else nil.
func (p *pages) layer(ctx context.Context, i int) *witness.Layer {
	if !p.run.Mode.Kind.IsPageText() {
		return nil
	}
	layer, err := p.doc.Layer(ctx, i)
	if err != nil {
		return nil // the page's picture has the same error
	}
	return layer
}

// prepare draws a piece before its turn at the model, so that no turn is held
// while the piece waits for a decoder or for space. The text that the piece
// carries is shown first.
func (p *pages) prepare(ctx context.Context, i int) error {
	if layer := p.layer(ctx, i); layer != nil {
		if !p.run.Model.Down().IsZero() {
			return nil // see picture
		}
		p.grow(i, ocr.Update{Add: layer.Text()})
	}
	return p.doc.Prepare(ctx, i)
}

// picture returns a piece for the model, without a picture if the endpoint is
// down and the piece carries its text.
func (p *pages) picture(ctx context.Context, i int) (page.Page, error) {
	if layer := p.layer(ctx, i); layer != nil && !p.run.Model.Down().IsZero() {
		return page.Page{Layer: layer}, nil
	}
	if !p.doc.Reserve(ctx, i) { // the endpoint is back, and the piece was not drawn
		return page.Page{}, syscall.ENOSPC // no turn may wait for space
	}
	return p.doc.Page(ctx, i)
}

// grow applies an update to a piece's text, and shows the text if the piece is
// the present one.
func (p *pages) grow(i int, u ocr.Update) {
	p.mu.Lock()
	p.pieces[i].text.Apply(u)
	shown := i == p.current
	p.mu.Unlock()
	if shown {
		p.run.changed(post.TextChange)
	}
}

func (p *pages) recognize(ctx context.Context, i int) ([]ocr.Box, error) {
	image, err := p.picture(ctx, i)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.pieces[i].partial = image.Partial
	p.mu.Unlock()
	requests := requestsOf[min(p.run.job.Record().Attempts, len(requestsOf)-1)]
	for update, err := range p.run.Model.WithMode(p.run.Mode).WithTries(requests).Recognize(ctx, image) {
		if err != nil {
			return nil, err
		}
		p.grow(i, update)
		if update.Add != "" {
			p.run.resetStarts(p.file)
		}
		if o := update.Outcome; o != nil {
			p.mu.Lock()
			p.pieces[i].ownText = o.FromLayer
			p.mu.Unlock()
			return o.Boxes, shortfall(o)
		}
	}
	return nil, nil
}

// advance moves to the first unfinished piece. The caller must hold mu, or be
// the only user.
func (p *pages) advance() {
	for p.current < len(p.pieces)-1 && p.pieces[p.current].done {
		p.current++
	}
}

// shown returns the text up to the first unfinished piece.
func (p *pages) shown() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.join(p.current + 1)
}

// progress returns the progress of the reading.
func (p *pages) progress(text string) words.Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	return words.Progress{
		Words: ocr.CountWords(text), Page: p.doc.Number(p.current), Pages: p.doc.Pages(), Since: time.Since(p.begun),
	}
}

// join returns the text of the first n pieces. The caller must hold mu.
func (p *pages) join(n int) string {
	var b strings.Builder
	for i := range p.pieces[:n] {
		b.WriteString(p.separator(i))
		b.WriteString(p.pieceText(i))
	}
	return b.String()
}

// pieceText returns the text of a piece, with a remark if it is incomplete. The
// failure of the only piece is the file's.
func (p *pages) pieceText(i int) string {
	piece := &p.pieces[i]
	text := piece.text.String()
	if len(p.pieces) == 1 || !piece.done {
		return text
	}
	text = slackmd.Seal(text)
	if piece.err == nil {
		return text
	}
	if text != "" {
		text = strings.TrimRight(text, "\n") + "\n\n"
	}
	if p.run.retries(piece.err) {
		return text + words.PageToCome(p.doc.Number(i))
	}
	cut := p.doc.Continues(i) || i+1 < len(p.pieces) && p.doc.Continues(i+1)
	return text + words.PageMissing(p.doc.Number(i), text != "", cut, p.run.failure(piece.err))
}

// separator returns the separator before a piece.
func (p *pages) separator(i int) string {
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

// maxPlaces bounds the saved places of all files of an ask, since a job's
// state is bounded.
const maxPlaces = 1000

// result returns the whole text, or an error after which another attempt may
// succeed.
func (p *pages) result() (string, Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var first error
	empty := true
	o := Outcome{Pages: p.doc.Pages(), LeftOut: p.doc.Left()}
	for i := range p.pieces {
		piece := &p.pieces[i]
		text := piece.text.String()
		empty = empty && strings.TrimSpace(text) == ""
		o.Words += ocr.CountWords(text)
		o.Found += len(piece.places)
		o.Damaged = o.Damaged || piece.partial
		if piece.ownText {
			o.OwnText++
		}
		most := maxPlaces/len(p.run.Files) - len(o.Places)
		for _, box := range piece.places[:min(len(piece.places), most)] {
			o.Places = append(o.Places, Place{Piece: i, Area: box.Area})
		}
		if piece.err == nil {
			continue
		}
		if p.run.retries(piece.err) {
			return p.join(len(p.pieces)), o, piece.err
		}
		o.Missing++
		if first == nil {
			first = piece.err
		}
	}
	switch {
	case len(p.pieces) == 1:
		o.Missing = 0
		return p.join(1), o, first
	case empty && o.Missing == len(p.pieces):
		return "", o, first
	case empty && o.Missing == 0:
		return "", o, nil
	}
	p.run.noteIncomplete(p.file, first)
	return p.join(len(p.pieces)), o, nil
}
