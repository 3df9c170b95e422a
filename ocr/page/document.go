package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"slackocr/ocr/witness"
)

// A Document is a file whose pages can be had one by one, in any order and
// several at once. What Page gives are pieces: whole pages, or the parts of a
// tall one.
type Document struct {
	decoder *Decoder
	file    *os.File
	kind    Kind
	options Options
	pieces  []piece
	sheets  []*sheet
	left    int

	hideLinks bool // see answer

	layers []*layers // the texts of a PDF's pages; nil where they are not wanted
}

// A piece is a page, or a part of one.
type piece struct {
	sheet *sheet
	part  int // counted from 0
}

// A sheet is one page of the file. Whoever holds turn may change it.
type sheet struct {
	number int // counted from 0
	layout layout
	turn   chan struct{} // holds one token while somebody is at it
	err    error         // why it cannot be had: final
	parts  []part        // of a page that was cut, once it is drawn
	drawn  *os.File      // holds the parts
}

// Open examines a file and says which pages it has. It reads file by its
// content alone and does not move its position. The caller closes the file, but
// only after the Document.
//
// The error is ErrEmpty, ErrUnsupported, ErrNoDecoder, ErrPassword, ErrNoPages,
// ErrNoTool, ErrBlank, a *TooLargeError, a *ShapeError, a *BrokenError, a *KilledError,
// the context's cause, or an error of the system: syscall.ENOSPC where the disk
// is full. Where there are several pages, what is wrong with one of them is an
// error of Page alone.
func (d *Decoder) Open(ctx context.Context, file *os.File, o Options) (*Document, error) {
	o = o.withDefaults()
	src := &source{ctx: ctx, r: io.NewSectionReader(file, 0, sniffLen)}
	kind, err := src.sniff()
	if err != nil {
		return nil, src.blame(err)
	}
	r := request{Task: taskExamine, Kind: kind, MaxPixels: o.MaxPixels, MaxPages: o.MaxPages}
	if _, ok := codecs[kind]; !ok && kind != PDF {
		return nil, noCodec(kind)
	}
	r.tools()
	a, err := d.run(ctx, r, file, nil, nil)
	if err != nil {
		return nil, err
	}
	doc, err := newDocument(kind, o, a)
	if err != nil {
		return nil, err
	}
	doc.decoder, doc.file = d, file
	if kind == PDF && !d.config.IgnoreText {
		doc.layers = planLayers(len(doc.sheets))
	}
	return doc, nil
}

// newDocument trusts an answer as little as the file that it is about.
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
		}
		doc.sheets = append(doc.sheets, s)
		for part := range s.layout.Parts {
			doc.pieces = append(doc.pieces, piece{s, part})
		}
	}
	return doc, nil
}

// maxSide is more pixels than any side has that can be read: products of two
// stay whole numbers.
const maxSide = 1 << 27

// Kind is the format of the file.
func (d *Document) Kind() Kind { return d.kind }

// Len is how many pieces there are to read.
func (d *Document) Len() int { return len(d.pieces) }

// Pages is how many pages they are of, at most Options.MaxPages.
func (d *Document) Pages() int { return len(d.sheets) }

// Left is how many pages the file has beyond those.
func (d *Document) Left() int { return d.left }

// Number says of which page piece i is, counted from 1.
func (d *Document) Number(i int) int { return d.pieces[i].sheet.number + 1 }

// Continues says that piece i is of the same page as the one before it: what
// is read of it goes on where that one ends.
func (d *Document) Continues(i int) bool { return d.pieces[i].part > 0 }

// Page gives piece i, counted from 0, with the text that it carries where that is
// good. It takes no memory between calls. The same errors come as from Open.
func (d *Document) Page(ctx context.Context, i int) (Page, error) {
	s := d.pieces[i].sheet
	var layer *witness.Layer
	var failed error
	var taking sync.WaitGroup
	taking.Go(func() { layer, failed = d.layer(ctx, s.number) })
	p, err := d.picture(ctx, i)
	taking.Wait()
	if err = cmp.Or(err, failed); err != nil {
		return Page{}, err
	}
	p.Layer = partOf(layer, s.parts, d.pieces[i].part)
	return p, nil
}

// picture gives piece i without its text.
func (d *Document) picture(ctx context.Context, i int) (Page, error) {
	s := d.pieces[i].sheet
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return Page{}, context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	if s.err != nil {
		return Page{}, s.err
	}
	if s.drawn != nil {
		return s.page(s.drawn, s.parts, d.pieces[i].part)
	}
	output, err := temporary()
	if err != nil {
		return Page{}, err
	}
	scratch, err := temporary()
	if err != nil {
		output.Close()
		return Page{}, err
	}
	parts, err := d.draw(ctx, s, output, scratch)
	scratch.Close()
	if err != nil {
		output.Close()
		if final(err) {
			s.err = err
		}
		return Page{}, err
	}
	if s.layout.Parts > 1 {
		s.drawn, s.parts = output, parts // the other parts come next
	} else {
		defer output.Close()
	}
	return s.page(output, parts, d.pieces[i].part)
}

func (d *Document) draw(ctx context.Context, s *sheet, output, scratch *os.File) ([]part, error) {
	r := request{Task: taskDraw, Kind: d.kind, MaxPixels: d.options.MaxPixels, Page: s.number, Layout: s.layout, HideLinks: d.hideLinks}
	r.tools()
	if d.kind == PDF && r.Pdftoppm == "" {
		return nil, ErrNoTool
	}
	a, err := d.decoder.run(ctx, r, d.file, output, scratch)
	if err != nil {
		return nil, err
	}
	if len(a.Parts) != s.layout.Parts {
		return nil, fmt.Errorf("the decoder made %d parts of %d", len(a.Parts), s.layout.Parts)
	}
	return a.Parts, nil
}

// maxPage bounds the file of one piece, in bytes: what no page of a model's
// canvas reaches.
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

// Close frees what the Document holds on the disk. No call of Page may be
// under way.
func (d *Document) Close() error {
	for _, s := range d.sheets {
		if s.drawn != nil {
			s.drawn.Close() // it was read, and is gone with that
			s.drawn = nil
		}
	}
	for _, l := range d.layers {
		if l.file != nil {
			l.file.Close()
			l.file = nil
		}
	}
	return nil
}

// temporary makes a file that nobody can find, and that is gone when it is
// closed, whatever happens to this process.
func temporary() (*os.File, error) {
	f, err := os.CreateTemp("", "slackocr-*")
	if err != nil {
		return nil, fmt.Errorf("making room for a page: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("making room for a page: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}
