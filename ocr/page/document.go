package page

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"slackocr/ocr/tempfile"
	"slackocr/ocr/witness"
)

// A Document is an open file. Its pages can be requested one by one, in any
// order, and several at once. Page returns pieces: whole pages, or the parts
// of a tall page.
type Document struct {
	decoder *Decoder
	file    *os.File
	size    int64 // of file, in bytes
	kind    Kind
	options Options
	account *account
	pieces  []piece
	sheets  []*sheet
	left    int

	hideLinks bool // see answer

	layers []*layers // texts of a PDF's pages, or nil if not wanted
}

// A piece is a page, or a part of one.
type piece struct {
	sheet *sheet
	part  int // counted from 0
}

// A sheet is one page of the file. The holder of turn may change the sheet.
type sheet struct {
	number int // counted from 0
	layout layout
	pixels int            // of the page in the file
	turn   chan struct{}  // holds a token while a goroutine works on the sheet
	err    error          // final reason why the page is unavailable
	parts  []part         // parts of a page that was cut, once drawn
	drawn  *os.File       // holds the parts
	unread []int          // parts of drawn
	room   *tempfile.Room // of drawn, or taken to draw
}

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
	o = o.withDefaults()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("looking at the file: %w", err)
	}
	src := &source{ctx: ctx, r: io.NewSectionReader(file, 0, sniffLen)}
	kind, err := src.sniff()
	if err != nil {
		return nil, src.blame(err)
	}
	r := request{Task: taskExamine, Kind: kind, MaxPixels: o.MaxPixels, MaxPages: o.MaxPages, Tools: toolsFor(kind)}
	if kind == AVIF && r.Tools["heif-convert"] == "" {
		return nil, ErrNoTool
	}
	used := d.newAccount(o.Owner)
	a, err := d.run(ctx, used, r, file, nil, nil)
	if err != nil {
		return nil, err
	}
	doc, err := newDocument(kind, o, a)
	if err != nil {
		return nil, err
	}
	doc.decoder, doc.file, doc.size, doc.account = d, file, info.Size(), used
	used.extend(len(doc.sheets), d.config.FileTime)
	if kind == PDF && !d.config.IgnoreText {
		doc.layers = planLayers(len(doc.sheets))
	}
	return doc, nil
}

// newDocument checks the answer, which is trusted as little as the file.
func newDocument(kind Kind, o Options, a answer) (*Document, error) {
	if len(a.Pages) == 0 || len(a.Pages) > o.MaxPages || a.Total < len(a.Pages) {
		return nil, fmt.Errorf("the decoder found %d of %d pages", len(a.Pages), a.Total)
	}
	if a.Total == 1 && a.Pages[0].Error != nil {
		return nil, a.Pages[0].Error.err()
	}
	doc := &Document{kind: kind, options: o, left: a.Total - len(a.Pages), hideLinks: a.HideLinks}
	for i, l := range a.Pages {
		s := &sheet{number: i, turn: make(chan struct{}, 1), layout: layout{Parts: 1}, err: l.Error.err()}
		if s.err == nil && (min(l.Width, l.Height) < 1 || max(l.Width, l.Height) > maxSide) {
			return nil, fmt.Errorf("the decoder found a page of %d×%d pixels", l.Width, l.Height)
		}
		if s.err == nil {
			s.layout = plan(l.Width, l.Height, o.Canvas)
			s.layout.bound(kind)
			s.pixels = l.Width * l.Height
		}
		doc.sheets = append(doc.sheets, s)
		for part := range s.layout.Parts {
			doc.pieces = append(doc.pieces, piece{s, part})
		}
	}
	return doc, nil
}

// maxSide is greater than any readable side. The product of two such sides
// does not overflow.
const maxSide = 1 << 27

// Kind returns the format of the file.
func (d *Document) Kind() Kind { return d.kind }

// Len returns the number of pieces.
func (d *Document) Len() int { return len(d.pieces) }

// Pages returns the number of pages that the pieces cover, at most
// Options.MaxPages.
func (d *Document) Pages() int { return len(d.sheets) }

// Left returns the number of pages beyond Options.MaxPages.
func (d *Document) Left() int { return d.left }

// Number returns the page of piece i, counted from 1.
func (d *Document) Number(i int) int { return d.pieces[i].sheet.number + 1 }

// Continues reports whether piece i belongs to the same page as the previous
// piece, so that its text continues the text of that piece.
func (d *Document) Continues(i int) bool { return d.pieces[i].part > 0 }

// Page returns piece i, counted from 0, with the text that the page carries,
// if that text is good. A Document holds no memory between calls. The errors
// are those of Open.
func (d *Document) Page(ctx context.Context, i int) (Page, error) {
	s := d.pieces[i].sheet
	var layer *witness.Layer
	var failed error
	var taking sync.WaitGroup
	taking.Go(func() { layer, failed = d.layer(ctx, s.number) })
	p, parts, err := d.picture(ctx, i)
	taking.Wait()
	if err = cmp.Or(err, failed); err != nil {
		return Page{}, err
	}
	p.Layer = partOf(layer, parts, d.pieces[i].part)
	return p, nil
}

// Reserve takes the space on the disk that Prepare needs for piece i, and reports
// whether that was possible without waiting.
func (d *Document) Reserve(ctx context.Context, i int) bool {
	s := d.pieces[i].sheet
	if s.lock(ctx) != nil {
		return false
	}
	defer s.unlock()
	if s.err == nil && s.drawn == nil && s.room == nil {
		s.room = d.decoder.drawings.TryTake(d.options.Owner, d.need(s))
		return s.room != nil
	}
	return true
}

// Skip says that piece i is not asked for, so that its page does not stay on the disk
// for it. Skip comes before Prepare and Page of the same page.
func (d *Document) Skip(i int) { d.pieces[i].sheet.read(d.pieces[i].part) }

// Prepare draws the page of piece i, so that Page does not wait for a process or for
// space. What Prepare draws is on the disk until Page returns the last piece of it, or
// Close.
func (d *Document) Prepare(ctx context.Context, i int) error {
	s := d.pieces[i].sheet
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	return d.prepare(ctx, s)
}

// picture returns piece i without its text, and all parts of its page.
func (d *Document) picture(ctx context.Context, i int) (p Page, parts []part, err error) {
	s := d.pieces[i].sheet
	if err := s.lock(ctx); err != nil {
		return Page{}, nil, err
	}
	defer s.unlock()
	if err := d.prepare(ctx, s); err != nil {
		return Page{}, nil, err
	}
	if s.read(d.pieces[i].part) {
		defer s.close()
	}
	p, err = s.page(s.drawn, s.parts, d.pieces[i].part)
	return p, s.parts, err
}

func (s *sheet) lock(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *sheet) unlock() { <-s.turn }

// read notes that a part is read, and reports whether all parts of the page are.
func (s *sheet) read(part int) (all bool) {
	if len(s.unread) == 0 {
		for n := range s.layout.Parts {
			s.unread = append(s.unread, n)
		}
	}
	s.unread = slices.DeleteFunc(s.unread, func(n int) bool { return n == part })
	return len(s.unread) == 0
}

// close frees what was drawn.
func (s *sheet) close() {
	if s.drawn != nil {
		s.drawn.Close() // it was read, and is gone with that
		s.drawn = nil
	}
	if s.room != nil {
		s.room.Release()
		s.room = nil
	}
}

// maxOutput bounds each file that a process writes, in bytes. The parts of a page
// are a tenth of that.
const maxOutput = 256 << 20

// need returns the most bytes of the files that are written to draw a page. The
// tools of libtiff and libheif need a copy of the file, and the page's pixels: three
// bytes of JPEG, HEIC and AVIF, and of TIFF up to eight for each of three colours.
func (d *Document) need(s *sheet) int64 {
	const pixel, rest = 4, 64 << 10
	bytes := int64(s.layout.Width)*int64(s.layout.Height)*pixel + rest
	switch d.kind {
	case TIFF:
		bytes += int64(s.pixels)*24 + d.size
	case JPEG, HEIC, AVIF:
		bytes += int64(s.pixels)*3 + d.size
	}
	return min(bytes, maxOutput)
}

// prepare draws a page, if it is not drawn. The caller has locked it.
func (d *Document) prepare(ctx context.Context, s *sheet) error {
	if s.err != nil || s.drawn != nil {
		return s.err
	}
	if s.room == nil {
		room, err := d.decoder.drawings.Take(ctx, d.options.Owner, d.need(s))
		if err != nil {
			return err
		}
		s.room = room
	}
	output, err := tempfile.Create()
	if err != nil {
		s.close()
		return err
	}
	scratch, err := tempfile.Create()
	if err != nil {
		output.Close()
		s.close()
		return err
	}
	parts, err := d.draw(ctx, s, output, scratch)
	scratch.Close()
	if err != nil {
		output.Close()
		s.close()
		if final(err) {
			s.err = err
		}
		return err
	}
	s.drawn, s.parts = output, parts
	var bytes int64
	for _, p := range parts {
		bytes += p.Size
	}
	s.room.Shrink(bytes)
	return nil
}

func (d *Document) draw(ctx context.Context, s *sheet, output, scratch *os.File) ([]part, error) {
	r := request{
		Task: taskDraw, Kind: d.kind, MaxPixels: d.options.MaxPixels, MaxOutput: s.room.Bytes(),
		Page: s.number, Layout: s.layout, HideLinks: d.hideLinks, Tools: toolsFor(d.kind),
	}
	if d.kind == PDF && r.Tools["pdftoppm"] == "" {
		return nil, ErrNoTool
	}
	if r.Tools["heif-convert"] != "" {
		links, err := outputLinks()
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(links) // nothing but links is in it
		r.Links = links
	}
	a, err := d.decoder.run(ctx, d.account, r, d.file, output, scratch)
	if err != nil {
		return nil, err
	}
	if len(a.Parts) != s.layout.Parts {
		return nil, fmt.Errorf("the decoder made %d parts of %d", len(a.Parts), s.layout.Parts)
	}
	return a.Parts, nil
}

// maxPage bounds the file of a piece, in bytes, far above any page of a
// model's canvas.
const maxPage = 64 << 20

func (s *sheet) page(drawn *os.File, parts []part, i int) (Page, error) {
	var offset int64
	for _, before := range parts[:i] {
		offset += before.Size
	}
	p := parts[i]
	if p.Size <= 0 || p.Size > maxPage || p.Width < 1 || p.Height < 1 || (p.MediaType != PNG.MediaType() && p.MediaType != JPEG.MediaType()) {
		return Page{}, fmt.Errorf("the decoder made a page of %d bytes of %.40q", p.Size, p.MediaType)
	}
	data := make([]byte, p.Size)
	if _, err := drawn.ReadAt(data, offset); err != nil {
		return Page{}, fmt.Errorf("reading a page: %w", err)
	}
	return Page{Data: data, MediaType: p.MediaType, Width: p.Width, Height: p.Height, Partial: p.Partial}, nil
}

// Close frees the Document's space on the disk. No call of Page may be
// running.
func (d *Document) Close() error {
	for _, s := range d.sheets {
		s.close()
	}
	for _, l := range d.layers {
		l.close()
	}
	return nil
}
