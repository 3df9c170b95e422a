package page

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"sync"

	"slackocr/ocr/page/internal/heif"
	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/tempfile"
	"slackocr/ocr/witness"
)

// A Document is an open file. Its pages can be requested one by one, in any
// order, and several at once. Page returns pieces: whole pages, or the pieces
// into which a tall page is cut.
type Document struct {
	decoder *Decoder
	file    *os.File
	size    int64 // of file, in bytes
	kind    Kind
	options Options
	account *account
	pieces  []piece
	pages   []*docPage
	left    int

	hideLinks bool // see answer

	layers []*layers // texts of a PDF's pages, or nil if not wanted
}

// A piece is a page, or a piece of one.
type piece struct {
	page  *docPage
	index int // among the pieces of the page
}

// A docPage is one page of the file. The holder of lock may change it.
type docPage struct {
	number int // counted from 0
	layout layout
	pixels int // of the page in the file
	lock   lock
	err    error        // final reason why the page is unavailable
	drawn  []drawnPiece // once the page is drawn
	output diskFile     // the drawn pieces one after the other
	unread []int        // pieces of output
}

// A diskFile is a file that a process writes, with its space on the disk. Both
// are nil before.
type diskFile struct {
	*os.File
	room *tempfile.Room
}

func (f *diskFile) close() {
	if f.File != nil {
		f.Close() // it was read, and is gone with that
		f.File = nil
	}
	if f.room != nil {
		f.room.Release()
		f.room = nil
	}
}

// A lock is a mutex. Whoever waits for it may give up.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l lock) release() { <-l }

// Open examines a file and finds its pages. Open reads the contents of file
// and does not move its position. The caller must close file, but only after
// the Document.
//
// The error is ErrEmpty, ErrUnsupported, ErrNoDecoder, ErrPassword,
// ErrNoPages, ErrNoTool, ErrBlank, a *TooLargeError, a *ShapeError, a
// *BrokenError, a *KilledError, the context's cause, or an error of the
// system, such as syscall.ENOSPC if the disk is full. If there are several
// pages, a fault of one page is an error of Page alone.
func (d *Decoder) Open(ctx context.Context, file *os.File, o Options) (*Document, error) {
	o.MaxPages = cmp.Or(o.MaxPages, defaultMaxPages)
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("looking at the file: %w", err)
	}
	f := input.NewFile(ctx, file, info.Size())
	kind, err := f.Kind()
	if err != nil {
		return nil, f.WrapErr(err)
	}
	used := d.newAccount(o.Person)
	r := request{Task: taskExamine, Kind: kind, MaxPixels: d.maxPixels, MaxPages: o.MaxPages, Tools: input.FindTools(kind)}
	a, err := d.run(ctx, used, r, file, nil, nil)
	if err != nil {
		return nil, err
	}
	doc, err := newDocument(kind, o, a)
	if err != nil {
		return nil, err
	}
	doc.decoder, doc.file, doc.size, doc.account = d, file, info.Size(), used
	used.extend(len(doc.pages), d.config.FileTime)
	if kind == input.PDF && !d.config.IgnoreText {
		doc.layers = planLayers(len(doc.pages))
	}
	return doc, nil
}

// newDocument checks the answer, which is trusted as little as the file.
func newDocument(kind Kind, o Options, a answer) (*Document, error) {
	if len(a.Pages) == 0 || len(a.Pages) > o.MaxPages || a.Total < len(a.Pages) {
		return nil, fmt.Errorf("the decoder found %d of %d pages", len(a.Pages), a.Total)
	}
	if a.Total == 1 && a.Pages[0].Error != nil {
		return nil, a.Pages[0].Error.Err()
	}
	doc := &Document{kind: kind, options: o, left: a.Total - len(a.Pages), hideLinks: a.HideLinks}
	for i, examined := range a.Pages {
		p := &docPage{number: i, lock: newLock(), layout: layout{Pieces: 1}, err: examined.Error.Err()}
		if p.err == nil {
			w, h := examined.Width, examined.Height
			if min(w, h) < 1 || max(w, h) > input.MaxSide {
				return nil, fmt.Errorf("the decoder found a page of %d×%d pixels", w, h)
			}
			p.layout, p.pixels = plan(w, h, kind, o.Canvas), w*h
		}
		doc.pages = append(doc.pages, p)
		for index := range p.layout.Pieces {
			doc.pieces = append(doc.pieces, piece{p, index})
		}
	}
	return doc, nil
}

// Len returns the number of pieces.
func (d *Document) Len() int { return len(d.pieces) }

// Pages returns the number of pages that the pieces cover, at most
// Options.MaxPages.
func (d *Document) Pages() int { return len(d.pages) }

// Left returns the number of pages beyond Options.MaxPages.
func (d *Document) Left() int { return d.left }

// Number returns the page of piece i, counted from 1.
func (d *Document) Number(i int) int { return d.pieces[i].page.number + 1 }

// Continues reports whether piece i belongs to the same page as the previous
// piece, so that its text continues the text of that piece.
func (d *Document) Continues(i int) bool { return d.pieces[i].index > 0 }

// Page returns piece i, counted from 0, with the text that the page carries,
// if that text is good. A Document holds no memory between calls. The errors
// are those of Open.
func (d *Document) Page(ctx context.Context, i int) (Page, error) {
	piece := d.pieces[i]
	var layer *witness.Layer
	var layerErr error
	var fault any
	var extracting sync.WaitGroup
	extracting.Go(func() {
		defer func() { fault = recover() }()
		layer, layerErr = d.layer(ctx, piece.page.number)
	})
	defer extracting.Wait() // also if picture panics
	p, drawn, err := d.picture(ctx, piece)
	extracting.Wait()
	if fault != nil {
		panic(fault) // here the caller can recover from a panic over a hostile file
	}
	if err = cmp.Or(err, layerErr); err != nil {
		return Page{}, err
	}
	p.Layer = layerOfPiece(layer, drawn, piece.index)
	return p, nil
}

// Reserve takes the space on the disk that Prepare needs for piece i, and reports
// whether that was possible without waiting.
func (d *Document) Reserve(ctx context.Context, i int) bool {
	p := d.pieces[i].page
	if p.lock.take(ctx) != nil {
		return false
	}
	defer p.lock.release()
	if p.err == nil && p.output.File == nil && p.output.room == nil {
		p.output.room = d.decoder.drawings.TryTake(d.options.Person, d.need(p))
		return p.output.room != nil
	}
	return true
}

// Skip says that piece i is not asked for, so that its page does not stay on the disk
// for it. Skip comes before Prepare and Page of the same page.
func (d *Document) Skip(i int) { d.pieces[i].page.markRead(d.pieces[i].index) }

// Prepare draws the page of piece i, so that Page does not wait for a process or for
// space. What Prepare draws is on the disk until Page returns the last piece of it, or
// Close.
func (d *Document) Prepare(ctx context.Context, i int) error {
	p := d.pieces[i].page
	if err := p.lock.take(ctx); err != nil {
		return err
	}
	defer p.lock.release()
	return d.prepare(ctx, p)
}

// picture returns a piece without its text, and all drawn pieces of its page.
func (d *Document) picture(ctx context.Context, piece piece) (Page, []drawnPiece, error) {
	p := piece.page
	if err := p.lock.take(ctx); err != nil {
		return Page{}, nil, err
	}
	defer p.lock.release()
	if err := d.prepare(ctx, p); err != nil {
		return Page{}, nil, err
	}
	if p.markRead(piece.index) {
		defer p.output.close()
	}
	picture, err := p.readPiece(piece.index)
	return picture, p.drawn, err
}

// markRead notes that a piece is read, and reports whether all pieces of the page
// are.
func (p *docPage) markRead(index int) (all bool) {
	if len(p.unread) == 0 {
		for n := range p.layout.Pieces {
			p.unread = append(p.unread, n)
		}
	}
	p.unread = slices.DeleteFunc(p.unread, func(n int) bool { return n == index })
	return len(p.unread) == 0
}

// need returns the most bytes of the files that are written to draw a page. The
// tools of libtiff and libheif need a copy of the file, and the page's pixels: three
// bytes of JPEG, HEIC and AVIF, and of TIFF up to eight for each of three colours.
func (d *Document) need(p *docPage) int64 {
	const pixel, rest = 4, 64 << 10
	bytes := int64(p.layout.Width)*int64(p.layout.Height)*pixel + rest
	switch d.kind {
	case input.TIFF:
		bytes += int64(p.pixels)*24 + d.size
	case input.JPEG, input.HEIC, input.AVIF:
		bytes += int64(p.pixels)*3 + d.size
	}
	return min(bytes, input.MaxOutput)
}

// prepare draws a page, if it is not drawn. The caller has locked it.
func (d *Document) prepare(ctx context.Context, p *docPage) (err error) {
	if p.err != nil || p.output.File != nil {
		return p.err
	}
	defer func() {
		if err != nil {
			p.output.close()
		}
	}()
	if p.output.room == nil {
		if p.output.room, err = d.decoder.drawings.Take(ctx, d.options.Person, d.need(p)); err != nil {
			return err
		}
	}
	if p.output.File, err = tempfile.Create(); err != nil {
		return err
	}
	scratch, err := tempfile.Create()
	if err != nil {
		return err
	}
	defer scratch.Close()
	if p.drawn, err = d.draw(ctx, p, scratch); err != nil {
		if input.Final(err) {
			p.err = err
		}
		return err
	}
	var bytes int64
	for _, piece := range p.drawn {
		bytes += piece.Size
	}
	p.output.room.Shrink(bytes)
	return nil
}

func (d *Document) draw(ctx context.Context, p *docPage, scratch *os.File) ([]drawnPiece, error) {
	r := request{
		Task: taskDraw, Kind: d.kind, MaxPixels: d.decoder.maxPixels, MaxOutput: p.output.room.Bytes(),
		Page: p.number, Layout: p.layout, HideLinks: d.hideLinks, Tools: input.FindTools(d.kind),
	}
	if r.Tools.Has("heif-convert") {
		links, err := heif.OutputLinks()
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(links) // nothing but links is in it
		r.Tools.Links = links
	}
	a, err := d.decoder.run(ctx, d.account, r, d.file, p.output.File, scratch)
	if err != nil {
		return nil, err
	}
	if len(a.Pieces) != p.layout.Pieces {
		return nil, fmt.Errorf("the decoder made %d pieces of %d", len(a.Pieces), p.layout.Pieces)
	}
	return a.Pieces, nil
}

// maxPage bounds the file of a piece, in bytes, far above any page of a
// model's canvas.
const maxPage = 64 << 20

// readPiece reads a drawn piece. A process that read a hostile file wrote it.
func (p *docPage) readPiece(index int) (Page, error) {
	var offset int64
	for _, before := range p.drawn[:index] {
		offset += before.Size
	}
	d := p.drawn[index]
	if d.Size <= 0 || d.Size > maxPage || d.Width < 1 || d.Height < 1 || (d.MediaType != PNG.MediaType() && d.MediaType != input.JPEG.MediaType()) {
		return Page{}, fmt.Errorf("the decoder made a page of %d bytes of %.40q", d.Size, d.MediaType)
	}
	data := make([]byte, d.Size)
	if _, err := p.output.ReadAt(data, offset); err != nil {
		return Page{}, fmt.Errorf("reading a page: %w", err)
	}
	return Page{Data: data, MediaType: d.MediaType, Width: d.Width, Height: d.Height, Partial: d.Partial}, nil
}

// Close frees the Document's space on the disk. No call of Page may be
// running.
func (d *Document) Close() error {
	for _, p := range d.pages {
		p.output.close()
	}
	for _, l := range d.layers {
		l.output.close()
	}
	return nil
}
