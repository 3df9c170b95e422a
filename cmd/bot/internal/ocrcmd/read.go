package ocrcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"slackocr/bot/slackmd"
	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

// A fileReader reads the files of bot ocr.
type fileReader struct {
	model    *ocr.Client
	decoder  *page.Decoder
	pages    Pages
	maxPages int   // most pages to read, if pages is empty
	maxSize  int64 // most bytes to take from a pipe
	stdin    io.Reader
	out      *resultWriter
	progress *progress
	config   settings.Config

	unusable *ocr.Error // reason why the endpoint reads no file at all, once known
}

// readFile reads the pages of a file one after the other and writes the
// result. After a failed page readFile goes on, unless the endpoint reads
// none. An error is one of the output.
func (r *fileReader) readFile(ctx context.Context, name string) (Result, error) {
	started := time.Now()
	result := Result{Name: name}
	if err := r.out.begin(name); err != nil {
		return result, err
	}
	r.progress.start(name, started)
	writeErr, readErr := r.readPages(ctx, &result, started)
	if scopeOf(readErr) == everyFile {
		r.unusable, _ = errors.AsType[*ocr.Error](readErr)
	}
	if readErr != nil {
		if result.Pages == 0 {
			result.Error = r.explain(readErr)
		} else {
			result.cut(r.explain(readErr))
		}
	}
	r.progress.finish(result, started)
	if writeErr != nil || ctx.Err() != nil {
		return result, writeErr
	}
	return result, r.out.end(result)
}

// cut adds a reason why the text is incomplete.
func (f *Result) cut(why string) {
	if f.Cut != "" {
		f.Cut += "; "
	}
	f.Cut += why
}

// readPages reads the pages of a file into result. writeErr is an error of the
// output, readErr one of the file or the endpoint.
func (r *fileReader) readPages(ctx context.Context, result *Result, started time.Time) (writeErr, readErr error) {
	file, err := openSource(ctx, result.Name, r.stdin, r.maxSize)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if r.unusable != nil {
		return nil, fmt.Errorf("not tried, since the endpoint reads nothing (%v)", r.unusable.Class)
	}
	maxPages := r.maxPages
	if last := r.pages.last(); last > 0 {
		maxPages = last
	}
	doc, err := r.decoder.Open(ctx, file, page.Options{Canvas: r.model.Canvas, MaxPages: maxPages})
	if err != nil {
		return nil, err
	}
	defer doc.Close()
	total := doc.Pages() + doc.Left()
	asked := 0
	for i := range doc.Len() {
		number := doc.Number(i)
		if !r.pages.has(number) {
			continue
		}
		if asked > 0 && !doc.Continues(i) {
			if err := r.add(result, slackmd.PageBreak(number, total)); err != nil {
				return err, nil
			}
		}
		asked++
		r.progress.set(step{name: result.Name, page: number, pages: total, started: started})
		of := ""
		if total > 1 {
			of = fmt.Sprintf("page %d: ", number)
		}
		image, err := doc.Page(ctx, i)
		if err == nil {
			writeErr, err = r.readPage(ctx, image, of, result)
		}
		switch {
		case writeErr != nil || ctx.Err() != nil:
			return writeErr, context.Cause(ctx)
		case err != nil && (doc.Len() == 1 || scopeOf(err) > onePage):
			return nil, err
		case err != nil:
			result.cut(of + r.explain(err))
		case !doc.Continues(i):
			result.Pages++
		}
	}
	switch {
	case asked == 0:
		return nil, fmt.Errorf("it has %s, and --pages names none of them", countPages(total))
	case result.Pages == 0:
		why := result.Cut
		result.Cut, result.Text = "", ""
		return nil, errors.New(why)
	case doc.Left() > 0 && len(r.pages) == 0:
		result.cut(fmt.Sprintf("only the first %s of %d were read: see --pages and MAX_PDF_PAGES", countPages(doc.Pages()), total))
	}
	return nil, nil
}

// A scope is how much would fail for the same reason as one page.
type scope int

const (
	onePage scope = iota
	everyPage
	everyFile
)

// scopes has the scope of each class of the endpoint's failures.
var scopes = map[ocr.Class]scope{
	ocr.KeyRefused: everyFile,
	ocr.Unpaid:     everyFile,
	ocr.Busy:       everyPage,
	ocr.Down:       everyFile,
	ocr.Refused:    onePage,
	ocr.TooLarge:   onePage,
	ocr.BadRequest: everyPage,
	ocr.NotFound:   everyFile,
	ocr.CutOff:     onePage,
	ocr.Idle:       onePage,

	ocr.Protocol: everyPage,
}

func scopeOf(err error) scope {
	if failure, ok := errors.AsType[*ocr.Error](err); ok {
		return scopes[failure.Class]
	}
	return onePage
}

// readPage adds the text of a page, or of a part of a page, to result. of is
// the start of a sentence about an incomplete text.
func (r *fileReader) readPage(ctx context.Context, image page.Page, of string, result *Result) (writeErr, readErr error) {
	// The text that a PDF carries is replaced later, so a terminal does not
	// show it.
	text := appendWriter{w: r.out.terminal(), live: image.Layer == nil}
	var outcome ocr.Outcome
	for update, err := range r.model.Recognize(ctx, image) {
		if err != nil {
			readErr = err
			break
		}
		if err := text.apply(update); err != nil {
			return err, nil
		}
		if update.Outcome != nil {
			outcome = *update.Outcome
		}
		r.progress.setWords(result.Words, &text.text)
	}
	if err := text.end(); err != nil {
		return err, nil
	}
	result.Text += string(slackmd.File(text.whole()))
	result.Words += ocr.CountWords(text.text.String())
	if image.Partial {
		result.cut(of + "the picture is damaged, so some of its text may be missing")
	}
	switch {
	case readErr != nil && text.text.Len() > 0:
		result.cut(of + r.explain(readErr))
		return nil, nil
	case outcome.Looped:
		result.cut(of + "the model began to repeat itself")
	case outcome.Cut:
		result.cut(of + "the answer of the model reached its limit")
	}
	return nil, readErr
}

// add adds a text of this program to result.
func (r *fileReader) add(result *Result, text string) error {
	result.Text += text
	_, err := io.WriteString(r.out.terminal(), text)
	return err
}

// explain says why a file or a page could not be read, and, if known, what to
// do.
func (r *fileReader) explain(err error) string {
	if failure, ok := errors.AsType[*ocr.Error](err); ok {
		return strings.TrimPrefix(failure.Error(), "ocr: ") + ". " + r.config.Remedy(failure.Class)
	}
	return cmp.Or(ofFile(err), settings.WithoutAddresses(err))
}

func countPages(n int) string {
	if n == 1 {
		return "1 page"
	}
	return fmt.Sprintf("%d pages", n)
}

// An appendWriter writes a text while it grows, or else at its end. Written text
// cannot be taken back: a live text that changes before its end is written anew,
// after a rule.
type appendWriter struct {
	w    io.Writer
	live bool
	text ocr.Text
}

func (g *appendWriter) apply(u ocr.Update) error {
	more := u.Add
	back := u.Keep < g.text.Len()
	g.text.Apply(u)
	if back {
		more = "\n\n--- read again ---\n\n" + g.text.String()
	}
	if !g.live || more == "" {
		return nil
	}
	_, err := io.WriteString(g.w, more)
	return err
}

// end writes the rest, and the end of the last line.
func (g *appendWriter) end() error {
	rest := g.whole()
	if g.live {
		rest = rest[g.text.Len():]
	}
	if rest == "" {
		return nil
	}
	_, err := io.WriteString(g.w, rest)
	return err
}

// whole returns the text with the end of its last line.
func (g *appendWriter) whole() string {
	text := g.text.String()
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	return text
}
