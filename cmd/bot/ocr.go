package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
	"slackocr/ocr/tesseract"
)

// ocrOptions are the flags of bot ocr.
type ocrOptions struct {
	mode   ocr.Mode
	pages  pageRanges // all pages if empty
	json   bool
	output string // a file or a folder; standard output if empty
	local  bool   // read with tesseract on this machine
}

func ocrCommand(sys system) *cobra.Command {
	command := &cobra.Command{
		Use:   "ocr FILE...",
		Short: "Read image files and PDFs, without Slack",
		Long: `Reads image files and PDFs with the OCR endpoint of the settings, or with tesseract
on this machine (--local), and prints their text. The file name - stands for
standard input. If a file can't be read, the others still are.

A terminal shows the text while it is read, and standard error the progress. With
several files, a line like "==> receipt.png <==" stands above the text of each.
With --json each file is one line with one object: name, pages and words (how many
were read), text, and, if something is missing, cut (why the text is not whole) or
error (why there is none).

The exit status is 0 if every file was read whole, 1 if not, and 2 if the command or
a setting is wrong.`,
		Example: `  bot ocr receipt.png
  bot ocr --pages 1-3,7 -o notes.md scan.pdf
  bot ocr --json -o texts/ *.jpg
  bot ocr --mode "locate: total" - <receipt.png`,
		Args: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{command, "Which files? Example: bot ocr receipt.png"}
			}
			return nil
		},
	}
	var o ocrOptions
	flags := command.Flags()
	mode := flags.String("mode", "markdown", `how to read: markdown, text, figure, describe, "locate: …" or "prompt: …"`)
	pages := flags.String("pages", "", "pages of a PDF or TIFF, such as 1-3,7,12- (default: the first MAX_PDF_PAGES)")
	flags.BoolVar(&o.json, "json", false, "print one JSON object for each file")
	flags.StringVarP(&o.output, "output", "o", "", "write to this file, or to a file for each in this folder (ending in /, or existing)")
	flags.BoolVar(&o.local, "local", false, "read with tesseract on this machine instead of the endpoint")
	var words []string
	for _, kind := range ocr.Kinds() {
		if !kind.NeedsArgument() {
			words = append(words, string(kind))
		}
	}
	_ = command.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	command.RunE = func(command *cobra.Command, files []string) error {
		var ok bool
		var err error
		if o.mode, ok = ocr.ParseMode(*mode); !ok {
			return usageError{command, fmt.Sprintf(`There is no mode %q. Write --mode text, or one of markdown, figure, describe, "locate: total" and "prompt: List the prices."`, *mode)}
		}
		if o.pages, err = parsePages(*pages); err != nil {
			return usageError{command, fmt.Sprintf("--pages %s: %v. Example: --pages 1-3,7,12-", *pages, err)}
		}
		for _, file := range files {
			if file == stdinName && sys.stdinTerminal {
				return usageError{command, "Standard input is a terminal, so there is no picture in it. Example: bot ocr - <receipt.png"}
			}
		}
		return readFiles(command.Context(), files, o, sys)
	}
	return command
}

// readFiles reads files one after the other. If a file could not be read
// completely, readFiles returns errSaid.
func readFiles(ctx context.Context, files []string, o ocrOptions, sys system) (err error) {
	c, err := loadOCRConfig(sys.environ, o.local)
	if err != nil {
		return err
	}
	if o.local {
		stop, err := useTesseract(ctx, &c)
		if err != nil {
			return err
		}
		defer stop()
	}
	model, err := c.NewModel()
	if err != nil {
		return err
	}
	decoder, err := newDecoder(c.PDFText, 0)
	if err != nil {
		return err
	}
	progress := newProgress(sys)
	defer progress.close()
	out, err := newResultWriter(files, o, progress, sys)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.close()) }()
	r := &fileReader{
		model: model.WithMode(o.mode), decoder: decoder, pages: o.pages,
		maxPages: c.MaxPDFPages, maxSize: int64(c.MaxFileSize), stdin: sys.stdin, out: out, progress: progress, config: c,
	}
	whole := 0
	for _, file := range files {
		result, err := r.readFile(ctx, file)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			fmt.Fprintf(sys.stderr, "Stopped: %d of %d files were read.\n", whole, len(files))
			return errSaid
		}
		for _, problem := range []string{result.Error, result.Cut} {
			if problem != "" {
				fmt.Fprintf(sys.stderr, "%s: %s\n", shownName(file), problem)
			}
		}
		if result.Error == "" && result.Cut == "" {
			whole++
		}
	}
	if whole < len(files) {
		return errSaid
	}
	return nil
}

// loadOCRConfig reads the settings of bot ocr. If local is true, no endpoint
// is needed.
func loadOCRConfig(environ []string, local bool) (settings.Config, error) {
	if local {
		return settings.Load(environ, ".env", settings.NeedLimits)
	}
	c, err := settings.Load(environ, ".env", settings.NeedLimits, settings.NeedModel)
	if wrong, ok := errors.AsType[settings.Problems](err); ok {
		err = append(wrong, "To read without an endpoint: bot ocr --local FILE...")
	}
	return c, err
}

// useTesseract serves the local OCR engine and makes it the endpoint of c. The
// returned function ends the engine and waits for its end.
func useTesseract(ctx context.Context, c *settings.Config) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var serving errgroup.Group
	base, _, err := serveTesseract(ctx, &serving, c.OCRLanguages, slog.New(slog.DiscardHandler))
	if err != nil {
		cancel()
		return nil, err
	}
	*c = settings.Config{
		OCRBaseURL: base, OCRModel: tesseract.Model, OCRStream: true, OCRIdleTimeout: c.OCRIdleTimeout,
		MaxFileSize: c.MaxFileSize, MaxPDFPages: c.MaxPDFPages, PDFText: c.PDFText,
	}
	return func() {
		cancel()
		_ = serving.Wait() // nobody uses the engine any more
	}, nil
}

// pageRanges are the requested pages of a file.
type pageRanges []pageRange

// A pageRange includes both ends, counted from 1.
type pageRange struct{ first, last int }

// maxPageNumber bounds a page number: no longer file can be opened.
const maxPageNumber = 1000

// parsePages parses ranges such as "1-3,7,12-". An empty text has no ranges.
func parsePages(text string) (all pageRanges, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		r := pageRange{first: 1, last: maxPageNumber}
		if first != "" || !isRange {
			if r.first, err = strconv.Atoi(first); err != nil {
				return nil, fmt.Errorf("%q is no page number", first)
			}
		}
		if !isRange {
			r.last = r.first
		} else if last != "" {
			if r.last, err = strconv.Atoi(last); err != nil {
				return nil, fmt.Errorf("%q is no page number", last)
			}
		}
		if r.first < 1 || r.last > maxPageNumber || r.first > r.last {
			return nil, fmt.Errorf("%q is no range of pages between 1 and %d", part, maxPageNumber)
		}
		all = append(all, r)
	}
	return all, nil
}

// has reports whether a page was requested.
func (p pageRanges) has(page int) bool {
	for _, r := range p {
		if r.first <= page && page <= r.last {
			return true
		}
	}
	return len(p) == 0
}

// last returns the highest requested page, or 0 if all pages were requested.
func (p pageRanges) last() (page int) {
	for _, r := range p {
		page = max(page, r.last)
	}
	return page
}
