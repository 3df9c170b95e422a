package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"

	"slackocr/ocr/page/internal/input"
	"slackocr/ocr/page/internal/pdf"
	"slackocr/ocr/tempfile"
	"slackocr/ocr/witness"
)

const (
	// layersAtOnce is the number of pages whose texts are extracted together.
	// The first page is extracted alone, since somebody waits.
	layersAtOnce = 16
	// maxLayer bounds a page's text, in bytes.
	maxLayer = 4 << 20
	// maxLayers bounds the texts of the pages of a layers, in bytes.
	maxLayers = 8 << 20
)

// layers holds the texts of consecutive pages. The holder of lock may change
// them.
type layers struct {
	first, pages int // the first page, counted from 0, and the number of pages
	lock         lock
	done         bool
	output       diskFile // the texts one after the other
	sizes        []int64  // size of each page's text; 0 if the text is not usable
}

// planLayers returns the groups of pages whose texts are extracted together.
func planLayers(pages int) []*layers {
	var all []*layers
	for first, n := 0, 1; first < pages; first, n = first+n, layersAtOnce {
		all = append(all, &layers{first: first, pages: min(n, pages-first), lock: newLock()})
	}
	return all
}

// Layer returns the text that the page of piece i carries if that text is
// good, else nil. Layer returns nil for all kinds but PDF, and for a page that
// is read in pieces, whose layers come with Page. Layer draws no page at full
// size and takes about 20 ms for each of 16 pages at once. The error is the
// context's cause or an error of the system.
func (d *Document) Layer(ctx context.Context, i int) (*witness.Layer, error) {
	if p := d.pieces[i].page; p.layout.Pieces == 1 {
		return d.layer(ctx, p.number)
	}
	return nil, nil
}

// layer returns the text of page n, counted from 0, or nil.
func (d *Document) layer(ctx context.Context, n int) (text *witness.Layer, err error) {
	if len(d.layers) == 0 {
		return nil, nil
	}
	l := d.layers[(n+layersAtOnce-1)/layersAtOnce]
	if err := l.lock.take(ctx); err != nil {
		return nil, err
	}
	defer l.lock.release()
	if !l.done {
		if l.done, err = d.extract(ctx, l); err != nil {
			return nil, err
		}
	}
	return l.page(n)
}

// extract extracts the texts of some pages. A file whose text cannot be extracted is
// read as a file without text. If there is no space now, done is false.
func (d *Document) extract(ctx context.Context, l *layers) (done bool, err error) {
	r := request{Task: taskText, Kind: input.PDF, Page: l.first, MaxPages: l.pages, Tools: input.FindTools(input.PDF)}
	defer func() {
		if len(l.sizes) == 0 {
			l.output.close()
		}
	}()
	if l.output.room = d.decoder.texts.TryTake(d.options.Person, maxLayers); l.output.room == nil {
		return false, nil
	}
	if l.output.File, err = tempfile.Create(); err != nil {
		return false, err
	}
	r.MaxOutput = l.output.room.Bytes()
	a, err := d.decoder.run(ctx, d.account, r, d.file, l.output.File, nil)
	if err != nil || len(a.Layers) != l.pages {
		return ctx.Err() == nil, context.Cause(ctx)
	}
	var bytes int64
	for _, size := range a.Layers {
		bytes += size
	}
	l.output.room.Shrink(bytes)
	l.sizes = a.Layers
	return true, nil
}

// page returns the text of page n. A process that read a hostile file wrote
// that text.
func (l *layers) page(n int) (*witness.Layer, error) {
	if len(l.sizes) == 0 {
		return nil, nil
	}
	var offset int64
	for _, size := range l.sizes[:n-l.first] {
		offset += size
	}
	size := l.sizes[n-l.first]
	if size <= 0 || size > maxLayer || offset < 0 || offset > math.MaxInt32 {
		return nil, nil
	}
	data := make([]byte, size)
	if _, err := l.output.ReadAt(data, offset); err != nil {
		return nil, fmt.Errorf("reading a page's text: %w", err)
	}
	var layer witness.Layer
	if json.Unmarshal(data, &layer) != nil || !layer.Good() {
		return nil, nil
	}
	return &layer, nil
}

// layerOfPiece returns the text that lies on a piece of a page.
func layerOfPiece(layer *witness.Layer, pieces []drawnPiece, i int) *witness.Layer {
	if layer == nil || len(pieces) < 2 {
		return layer
	}
	var above, height int
	for j, p := range pieces {
		if j < i {
			above += p.Height
		}
		height += p.Height
	}
	total := float64(height)
	return layer.Between(float64(above)/total, float64(above+pieces[i].Height)/total)
}

// writeLayers extracts the texts of some pages and writes them to output, each
// as JSON. The result is their sizes. A page whose text cannot be extracted
// has size 0.
func writeLayers(f *input.File, output *os.File, r request) ([]int64, error) {
	if r.MaxPages < 1 || r.MaxPages > layersAtOnce {
		return nil, errors.New("so many pages are not taken at once")
	}
	sizes, total := make([]int64, r.MaxPages), 0
	for i, layer := range pdf.Layers(f, r.Page, r.MaxPages) {
		if layer == nil || !layer.Good() {
			continue
		}
		data, err := json.Marshal(layer)
		if err != nil || len(data) > maxLayer || total+len(data) > maxLayers {
			continue
		}
		total += len(data)
		if _, err := output.Write(data); err != nil {
			return nil, fmt.Errorf("writing a page's text: %w", err)
		}
		sizes[i] = int64(len(data))
	}
	return sizes, nil
}
