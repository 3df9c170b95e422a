package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/ocr"
)

// serve runs the bot until ctx ends.
func serve(ctx context.Context, args []string, sys system) int {
	if len(args) > 0 {
		fmt.Fprintf(sys.stderr, "run takes no arguments.\n\n%s", usage)
		return statusUsage
	}
	c, err := loadConfig(sys.environ, ".env", needAll...)
	if err != nil {
		return complain(sys.stderr, err)
	}
	log := logger(c, sys.stderr)
	model, err := newModel(c)
	if err != nil {
		return fail(sys.stderr, err)
	}
	endCheck := checkInBrief(ctx, c, sys.environ, log)
	err = runBot(ctx, c, model, log)
	endCheck()
	if err != nil {
		return fail(sys.stderr, err)
	}
	return statusOK
}

// runBot opens the store of jobs, runs the bot until ctx ends, and closes the
// store.
func runBot(ctx context.Context, c config, model *ocr.Client, log *slog.Logger) error {
	watched, err := newMonitor(ctx, c.ListenAddr, log)
	if err != nil {
		return err
	}
	defer watched.close()
	store, err := openStore(c, log)
	if err != nil {
		return err
	}
	queue, err := jobs.Open(ctx, jobs.Config{Retention: c.Retention, MaxLeased: bot.MaxAsks, Grace: bot.Grace, Log: log}, store)
	if err != nil {
		return errors.Join(err, store.Close(closing(ctx)))
	}
	decoder, err := newDecoder(c.PDFText)
	if err != nil {
		return errors.Join(err, queue.Close(closing(ctx)))
	}
	b, err := bot.New(bot.Config{
		BotToken: c.SlackBotToken, AppToken: c.SlackAppToken, APIURL: c.SlackAPIURL,
		MaxFileSize: int64(c.MaxFileSize), Log: log,
		Decoder: decoder, MaxPages: c.MaxPDFPages,
		AutoRead: bot.Habit(c.AutoRead), Allowed: channels(c.AllowedChannels), Denied: channels(c.DeniedChannels),
		AllowExternal: c.AllowExternal, Reaction: c.reaction(),
	}, model, queue)
	if err == nil {
		watched.watch(b)
		err = b.Run(ctx)
	}
	return errors.Join(err, queue.Close(closing(ctx)))
}

// openStore opens the external store where one is set, else the embedded one.
func openStore(c config, log *slog.Logger) (*jobs.NATS, error) {
	if c.NATSURL != "" {
		return jobs.Connect(c.NATSURL, 0)
	}
	return jobs.OpenEmbedded(c.DataDir, 0, log)
}

// closing is a context for what is left to do after ctx has ended.
func closing(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

func newModel(c config) (*ocr.Client, error) {
	extra, err := ocr.ParseExtraBody(c.OCRExtraBody)
	if err != nil {
		return nil, err
	}
	return ocr.NewClient(ocr.Config{
		BaseURL: c.OCRBaseURL, Key: c.key(), Model: c.OCRModel, Profile: c.OCRProfile, Prompt: c.OCRPrompt,
		Stream: c.OCRStream, MaxTokens: int(c.OCRMaxTokens), ExtraBody: extra, IdleTimeout: c.OCRIdleTimeout,
		Concurrency: int(c.OCRConcurrency), StopLoops: true,
	})
}

func logger(c config, w io.Writer) *slog.Logger {
	var level slog.LevelVar
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked with the settings
	options := &slog.HandlerOptions{Level: &level, ReplaceAttr: discreet}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// complain prints all that is wrong with the settings.
func complain(w io.Writer, err error) int {
	wrong, ok := errors.AsType[problems](err)
	if !ok {
		return fail(w, err)
	}
	fmt.Fprintln(w, "Some settings need your attention (in the environment or in .env; .env.example explains each):")
	for _, line := range wrong {
		fmt.Fprintln(w, "  "+line)
	}
	return statusUsage
}

func fail(w io.Writer, err error) int {
	fmt.Fprintln(w, withoutAddresses(err))
	return statusFailed
}
