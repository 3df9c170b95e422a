package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/ocr"
)

func runCommand(sys system) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Connect to Slack and read pictures until stopped",
		Long: `Connects to Slack and reads the pictures that people post, until it gets SIGTERM or
Ctrl-C. It then accepts no new work, saves what is unfinished, and ends within ten
seconds. The next start continues that work.

Three settings are required: SLACK_BOT_TOKEN and SLACK_APP_TOKEN from the Slack
app's page, and MODELVERSE_API_KEY, or OCR_BASE_URL for an endpoint of your own.
They come from the environment or from .env in the current folder; .env.example
explains every setting, and "bot check" says whether they work.

The log goes to standard error. The exit status is 0 after a stop, 1 after a
failure, and 2 if a setting is wrong.`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error { return serve(command.Context(), sys) },
	}
}

// serve runs the bot until ctx ends.
func serve(ctx context.Context, sys system) error {
	c, err := loadConfig(sys.environ, ".env", needAll...)
	if err != nil {
		return err
	}
	log := logger(c, sys.stderr)
	warnOfMode(".env", log)
	model, err := newModel(c)
	if err != nil {
		return err
	}
	log.Info("the bot is starting", "version", version(), "model", c.OCRModel, "endpoint", model.Host(),
		"store", storeName(c), "concurrency", c.OCRConcurrency.String())
	stopping := make(chan struct{})
	running := context.AfterFunc(ctx, func() {
		log.Info("the bot is stopping; unfinished work stays in the store", "cause", context.Cause(ctx))
		close(stopping)
	})
	endCheck := checkInBrief(ctx, c, sys.environ, log)
	err = runBot(ctx, c, "", model, log)
	endCheck()
	if !running() {
		<-stopping
		log.Info("the bot has stopped")
	}
	return err
}

// storeName names the job store for the log, without a password.
func storeName(c config) string {
	if c.NATSURL != "" {
		return "NATS"
	}
	return "DATA_DIR " + c.DataDir
}

// warnOfMode warns that other users can read a file with secrets.
func warnOfMode(file string, log *slog.Logger) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		log.Warn("other users of this machine can read the tokens in "+file+": run chmod 600 "+file, "mode", info.Mode().String())
	}
}

// runBot opens the store of jobs, runs the bot until ctx ends, and closes the
// store. For engine see [bot.Config].
func runBot(ctx context.Context, c config, engine string, model *ocr.Client, log *slog.Logger) error {
	watched, err := newMonitor(ctx, c.ListenAddr, log)
	if err != nil {
		return err
	}
	defer watched.close()
	store, err := openStore(c, log)
	if err != nil {
		return err
	}
	queue, err := jobs.Open(ctx, jobs.Config{
		Retention: c.retention(), Key: []byte(c.DataKey), MaxLeased: bot.MaxAsks, Grace: bot.Grace, Log: log,
	}, store)
	if err != nil {
		return errors.Join(err, store.Close(closing(ctx)))
	}
	decoder, err := newDecoder(c.PDFText, c.decoding())
	if err != nil {
		return errors.Join(err, queue.Close(closing(ctx)))
	}
	b, err := bot.New(bot.Config{
		BotToken: c.SlackBotToken, AppToken: c.SlackAppToken, APIURL: c.SlackAPIURL,
		Engine: engine, MaxFileSize: int64(c.MaxFileSize), Space: int64(c.TempSize) - c.decoding(), Log: log,
		Decoder: decoder, MaxPages: c.MaxPDFPages,
		AutoRead: bot.ChannelMode(c.AutoRead), Allowed: channels(c.AllowedChannels), Denied: channels(c.DeniedChannels),
		AllowExternal: c.AllowExternal, Reaction: c.reaction(),
	}, model, queue)
	if err == nil {
		watched.watch(b)
		err = b.Run(ctx)
	}
	return errors.Join(err, queue.Close(closing(ctx)))
}

// decoding returns the part of TEMP_SIZE for the files that decoders write. The
// rest is for downloads.
func (c config) decoding() int64 { return int64(c.TempSize) * 3 / 4 }

// retention returns the setting in the queue's form.
func (c config) retention() time.Duration {
	if c.Retention == 0 {
		return jobs.KeepNothing
	}
	return c.Retention
}

// openStore opens the external store if one is set, else the embedded store.
func openStore(c config, log *slog.Logger) (*kv.NATS, error) {
	if c.NATSURL != "" {
		return kv.Connect(c.NATSURL, 0)
	}
	return kv.OpenEmbedded(c.DataDir, 0, log)
}

// closing returns a context for work after the end of ctx.
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
	options := &slog.HandlerOptions{Level: &level, ReplaceAttr: redactAttr}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// complain prints an error, or all problems of the settings, and returns the
// exit status.
func complain(w io.Writer, err error) int {
	wrong, ok := errors.AsType[problems](err)
	if !ok {
		fmt.Fprintln(w, withoutAddresses(err))
		return statusFailed
	}
	fmt.Fprintln(w, "Some settings need your attention (in the environment or in .env; .env.example explains each):")
	for _, line := range wrong {
		fmt.Fprintln(w, "  "+line)
	}
	return statusUsage
}
