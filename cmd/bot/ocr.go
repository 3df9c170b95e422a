package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"slackocr/cmd/bot/internal/ocrcmd"
	"slackocr/cmd/bot/internal/settings"
	"slackocr/ocr"
	"slackocr/ocr/tesseract"
)

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
	var o ocrcmd.Options
	var local bool
	flags := command.Flags()
	var words, forms []string // modes without and with an argument
	for _, kind := range ocr.Kinds() {
		if kind.NeedsArgument() {
			forms = append(forms, fmt.Sprintf(`"%s: …"`, kind))
		} else {
			words = append(words, string(kind))
		}
	}
	modes := strings.Join(words, ", ") + ", " + strings.Join(forms, " or ")
	mode := flags.String("mode", words[0], "how to read: "+modes)
	pages := flags.String("pages", "", "pages of a PDF or TIFF, such as 1-3,7,12- (default: the first MAX_PDF_PAGES)")
	flags.BoolVar(&o.JSON, "json", false, "print one JSON object for each file")
	flags.StringVarP(&o.Output, "output", "o", "", "write to this file, or to a file for each in this folder (ending in /, or existing)")
	flags.BoolVar(&local, "local", false, "read with tesseract on this machine instead of the endpoint")
	_ = command.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	command.RunE = func(command *cobra.Command, files []string) error {
		var ok bool
		var err error
		if o.Mode, ok = ocr.ParseMode(*mode); !ok {
			return usageError{command, fmt.Sprintf(`There is no mode %q. The modes are %s. Example: --mode "locate: total"`, *mode, modes)}
		}
		if o.Pages, err = ocrcmd.ParsePages(*pages); err != nil {
			return usageError{command, fmt.Sprintf("--pages %s: %v. Example: --pages 1-3,7,12-", *pages, err)}
		}
		for _, file := range files {
			if file == ocrcmd.Stdin && sys.stdinTerminal {
				return usageError{command, "Standard input is a terminal, so there is no picture in it. Example: bot ocr - <receipt.png"}
			}
		}
		return readFiles(command.Context(), files, o, local, sys)
	}
	return command
}

// readFiles reads files with the endpoint of the settings, or with tesseract.
func readFiles(ctx context.Context, files []string, o ocrcmd.Options, local bool, sys system) error {
	need := []func(*settings.Config, *settings.Problems){settings.NeedLimits}
	if !local {
		need = append(need, settings.NeedModel)
	}
	c, err := settings.Load(sys.environ, ".env", need...)
	if wrong, ok := errors.AsType[settings.Problems](err); ok && !local {
		return append(wrong, "To read without an endpoint: bot ocr --local FILE...")
	}
	if err != nil {
		return err
	}
	if local {
		stop, err := useTesseract(ctx, &c)
		if err != nil {
			return err
		}
		defer stop()
	}
	decoder, err := newDecoder(c.PDFText, 0)
	if err != nil {
		return err
	}
	err = ocrcmd.Read(ctx, files, o, c, decoder, ocrcmd.Terminal{
		Stdin: sys.stdin, Stdout: sys.stdout, Stderr: sys.stderr,
		ShowText: sys.stdoutTerminal, ShowProgress: sys.stderrTerminal && !sys.dumb, Columns: sys.columns, Bold: sys.bold,
	})
	if errors.Is(err, ocrcmd.ErrIncomplete) {
		return errSaid
	}
	return err
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
