package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"slackocr/bot/slackmd"
	"slackocr/ocr"
	"slackocr/ocr/page"
)

func ocrCommand(sys system) *cobra.Command {
	return &cobra.Command{
		Use:   "ocr FILE...",
		Short: "Read image files with the OCR endpoint",
		Long: `Reads image files and PDFs with the configured OCR endpoint and prints their text
to standard output. Slack has no part in it.`,
		Example: "  bot ocr receipt.png\n  bot ocr scan-*.pdf >scans.md",
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{command, "Which files? Example: bot ocr receipt.png"}
			}
			return nil
		},
		RunE: func(command *cobra.Command, files []string) error { return read(command.Context(), files, sys) },
	}
}

// read writes the text of image files to standard output: to a terminal while the
// model writes it, elsewhere once it is whole. A file that cannot be read does not
// keep the others from it.
func read(ctx context.Context, files []string, sys system) error {
	c, err := loadConfig(sys.environ, ".env", needModel)
	if err != nil {
		return err
	}
	model, err := newModel(c)
	if err != nil {
		return err
	}
	for i, file := range files {
		if i > 0 {
			fmt.Fprintln(sys.stdout)
		}
		if failure := readFile(ctx, model, file, c, sys); failure != nil {
			fmt.Fprintf(sys.stderr, "%s: %v\n", file, failure)
			err = errSaid
		}
		if ctx.Err() != nil {
			return errSaid
		}
	}
	return err
}

// readFile reads the pages of a file one after the other. One that cannot be read
// does not keep the others from it, unless the endpoint reads none.
func readFile(ctx context.Context, model *ocr.Client, name string, c config, sys system) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	decoder, err := newDecoder(c.PDFText)
	if err != nil {
		return err
	}
	doc, err := decoder.Open(ctx, file, page.Options{Canvas: model.Canvas, MaxPages: c.MaxPDFPages})
	if err != nil {
		return err
	}
	defer doc.Close()
	failed := 0
	for i := range doc.Len() {
		if i > 0 && !doc.Continues(i) {
			fmt.Fprint(sys.stdout, slackmd.PageBreak(doc.Number(i), doc.Pages()))
		}
		image, err := doc.Page(ctx, i)
		if image.Partial {
			fmt.Fprintf(sys.stderr, "%s: page %d is damaged, so some of it may be missing\n", name, doc.Number(i))
		}
		if err == nil {
			err = readPage(ctx, model, image, name, sys)
		}
		if err != nil && (doc.Len() == 1 || ctx.Err() != nil || endpointFails(err)) {
			return err
		}
		if err != nil {
			failed++
			fmt.Fprintf(sys.stderr, "%s: page %d: %v\n", name, doc.Number(i), err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of its pages could not be read, or not whole", failed)
	}
	if doc.Left() > 0 {
		return fmt.Errorf("the last %d pages were left out: see MAX_PDF_PAGES", doc.Left())
	}
	return nil
}

// endpointFails reports whether another page would fail for the same reason.
func endpointFails(err error) bool {
	failure, ok := errors.AsType[*ocr.Error](err)
	return ok && slices.Contains([]ocr.Class{ocr.KeyRefused, ocr.Busy, ocr.Down, ocr.NotFound, ocr.BadRequest, ocr.Protocol}, failure.Class)
}

func readPage(ctx context.Context, model *ocr.Client, image page.Page, name string, sys system) error {
	out := &growing{w: sys.stdout, live: sys.shown && image.Layer == nil} // a PDF's own text comes first, and is replaced
	if sys.shown {
		out.w = printable{sys.stdout}
	}
	started, shown := time.Now(), time.Time{}
	var outcome ocr.Outcome
	for update, err := range model.Recognize(ctx, image) {
		if err != nil {
			return errors.Join(err, out.end())
		}
		if err := out.apply(update); err != nil {
			return err
		}
		if update.Outcome != nil {
			outcome = *update.Outcome
		}
		if sys.progress && time.Since(shown) > 200*time.Millisecond {
			shown = time.Now()
			fmt.Fprintf(sys.stderr, "\r%s: %d bytes, %.0f s ", name, out.text.Len(), time.Since(started).Seconds())
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	if sys.progress {
		by := cmp.Or(outcome.Model, "the PDF's own text")
		fmt.Fprintf(sys.stderr, "\r%s: %d words, %.1f s, %s\n", name, outcome.Words, time.Since(started).Seconds(), by)
	}
	if outcome.Looped {
		return errors.New("the text is not whole: the model began to repeat itself")
	}
	if outcome.Cut {
		return errors.New("the text is not whole: the model's answer reached its limit")
	}
	return nil
}

// growing writes a text: live as it grows, else at its end. What was written
// cannot be taken back, so a live text that changes before its end is written
// anew, after a rule.
type growing struct {
	w    io.Writer
	live bool
	text ocr.Text
}

func (g *growing) apply(u ocr.Update) error {
	more := u.Add
	back := u.Keep < g.text.Len()
	g.text.Apply(u)
	if back {
		more = "\n\n--- read again ---\n\n" + g.text.String()
	}
	if !g.live {
		return nil
	}
	_, err := io.WriteString(g.w, more)
	return err
}

// end writes what is left to write, and ends the last line.
func (g *growing) end() error {
	text := g.text.String()
	rest := ""
	if !g.live {
		rest = string(slackmd.File(text))
	}
	if text != "" && text[len(text)-1] != '\n' {
		rest += "\n"
	}
	_, err := io.WriteString(g.w, rest)
	return err
}

// printable drops what a terminal would obey: the text comes from a picture.
type printable struct{ w io.Writer }

func (p printable) Write(text []byte) (int, error) {
	_, err := p.w.Write(bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
	return len(text), err
}
