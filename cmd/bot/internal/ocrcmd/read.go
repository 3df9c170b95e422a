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
	stdin    io.Reader
	out      *resultWriter
	progress *progress
	config   settings.Config

	unusable *ocr.Error // reason why the endpoint reads no file at all, once known
}

// readFile reads the pages of a file one after the other and writes the
// result. After a failed page readFile goes on, unless the endpoint reads
// none.
func (r *fileReader) readFile(ctx context.Context, name string) Result {
	started := time.Now()
	result := Result{Name: name}
	r.out.begin(name)
	r.progress.show(step{name: name, started: started})
	err := r.readPages(ctx, &result, started)
	if scopeOf(err) == ocr.EveryFile {
		r.unusable, _ = errors.AsType[*ocr.Error](err)
	}
	switch {
	case err != nil && result.Pages == 0:
		result.Error = r.explain(err)
	case err != nil:
		result.cut(r.explain(err))
	}
	r.progress.finish(result, started)
	if ctx.Err() == nil {
		r.out.end(result)
	}
	return result
}

// readPages reads the pages of a file into result. If ctx ends, readPages
// returns the cause of ctx.
func (r *fileReader) readPages(ctx context.Context, result *Result, started time.Time) error {
	file, err := openSource(ctx, result.Name, r.stdin, int64(r.config.MaxFileSize))
	if err != nil {
		return err
	}
	defer file.Close()
	if r.unusable != nil {
		return fmt.Errorf("not tried, since the endpoint reads nothing (%v)", r.unusable.Class)
	}
	maxPages := cmp.Or(r.pages.last(), r.config.MaxPDFPages)
	doc, err := r.decoder.Open(ctx, file, page.Options{Canvas: r.model.Canvas, MaxPages: maxPages})
	if err != nil {
		return err
	}
	defer doc.Close()
	total := doc.Pages() + doc.Left()
	asked, lastRead := 0, 0 // pieces, and the number of the page of the last piece that was read
	for i := range doc.Len() {
		number := doc.Number(i)
		if !r.pages.has(number) {
			continue
		}
		if asked > 0 && !doc.Continues(i) {
			pageBreak := slackmd.PageBreak(number, total)
			result.Text += pageBreak
			r.out.grow(pageBreak)
		}
		asked++
		r.progress.show(step{name: result.Name, page: number, pages: total, started: started})
		of := ""
		if total > 1 {
			of = fmt.Sprintf("page %d: ", number)
		}
		image, err := doc.Page(ctx, i)
		if err == nil {
			err = r.readPage(ctx, image, of, result)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (doc.Len() == 1 || scopeOf(err) > ocr.OnePage):
			return err
		case err != nil:
			result.cut(of + r.explain(err))
		case number != lastRead:
			result.Pages, lastRead = result.Pages+1, number
		}
	}
	switch {
	case asked == 0:
		return fmt.Errorf("it has %s, and --pages names none of them", countPages(total))
	case result.Pages == 0:
		why := result.Cut
		result.Cut, result.Text = "", ""
		return errors.New(why)
	case doc.Left() > 0 && len(r.pages) == 0:
		result.cut(fmt.Sprintf("only the first %s of %d were read: see --pages and MAX_PDF_PAGES", countPages(doc.Pages()), total))
	}
	return nil
}

// readPage adds the text of a page, or of a part of a page, to result. of is
// the start of a sentence about an incomplete text.
func (r *fileReader) readPage(ctx context.Context, image page.Page, of string, result *Result) error {
	// A terminal does not show the text that a PDF carries, since that text is
	// replaced later.
	text := pageText{show: r.out.grow, live: image.Layer == nil}
	var outcome ocr.Outcome
	var failure error
	for update, err := range r.model.Recognize(ctx, image) {
		if err != nil {
			failure = err
			break
		}
		text.apply(update)
		if update.Outcome != nil {
			outcome = *update.Outcome
		}
		r.progress.setWords(result.Words, &text.text)
	}
	result.Text += string(slackmd.File(text.end()))
	result.Words += ocr.CountWords(text.text.String())
	if image.Partial {
		result.cut(of + "the picture is damaged, so some of its text may be missing")
	}
	switch {
	case failure != nil && text.text.Len() == 0:
		return failure
	case failure != nil:
		result.cut(of + r.explain(failure))
	case outcome.Looped:
		result.cut(of + "the model began to repeat itself")
	case outcome.Cut:
		result.cut(of + "the answer of the model reached its limit")
	}
	return nil
}

// A pageText shows the text of a page while the text grows, or else at the end.
// A terminal cannot take a text back: if a live text changes before the end, the
// text is shown anew, after a rule.
type pageText struct {
	text ocr.Text
	show func(string)
	live bool
}

func (p *pageText) apply(u ocr.Update) {
	more := u.Add
	back := u.Keep < p.text.Len()
	p.text.Apply(u)
	if back {
		more = "\n\n--- read again ---\n\n" + p.text.String()
	}
	if p.live {
		p.show(more)
	}
}

// end shows the rest, and returns the whole text with the end of the last
// line.
func (p *pageText) end() string {
	whole := p.text.String()
	if whole != "" && !strings.HasSuffix(whole, "\n") {
		whole += "\n"
	}
	if p.live {
		p.show(whole[p.text.Len():])
	} else {
		p.show(whole)
	}
	return whole
}

// scopeOf returns how much fails for the same reason as the page that failed with err.
func scopeOf(err error) ocr.Scope {
	if failure, ok := errors.AsType[*ocr.Error](err); ok {
		return failure.Class.Scope()
	}
	return ocr.OnePage
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
