package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"slackocr/bot"
	"slackocr/bot/jobs"
	"slackocr/bot/jobs/kv"
	"slackocr/cmd/bot/internal/check"
	"slackocr/cmd/bot/internal/monitor"
	"slackocr/cmd/bot/internal/settings"
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
	c, err := settings.Load(sys.environ, ".env", settings.NeedAll...)
	if err != nil {
		return err
	}
	log := c.Logger(sys.stderr)
	warnOfMode(".env", log)
	model, err := c.NewModel()
	if err != nil {
		return err
	}
	log.Info("the bot is starting", "version", version(), "model", c.OCRModel, "endpoint", model.Host(),
		"store", storeName(c), "concurrency", c.OCRConcurrency.String())
	stopping := make(chan struct{})
	cancelNotice := context.AfterFunc(ctx, func() {
		log.Info("the bot is stopping; unfinished work stays in the store", "cause", context.Cause(ctx))
		close(stopping)
	})
	samples, err := newDecoder(true, 0)
	if err != nil {
		return err
	}
	endCheck := (&check.Checker{Config: c, Environ: sys.environ, Decoder: samples}).Brief(ctx, log)
	err = runBot(ctx, c, "", model, log)
	endCheck()
	if !cancelNotice() { // ctx has ended, and the notice comes first
		<-stopping
		log.Info("the bot has stopped")
	}
	return err
}

// storeName names the job store for the log, without a password.
func storeName(c settings.Config) string {
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
func runBot(ctx context.Context, c settings.Config, engine string, model *ocr.Client, log *slog.Logger) error {
	watched, err := monitor.New(ctx, c.ListenAddr, log)
	if err != nil {
		return err
	}
	defer watched.Close()
	store, err := openStore(c, log)
	if err != nil {
		return err
	}
	queue, err := jobs.Open(ctx, jobs.Config{
		Retention: cmp.Or(c.Retention, jobs.KeepNothing), Key: []byte(c.DataKey), MaxLeased: bot.MaxAsks, Grace: bot.Grace, Log: log,
	}, store)
	if err != nil {
		return errors.Join(err, store.Close(context.WithoutCancel(ctx)))
	}
	pages := int64(c.TempSize) * 3 / 4 // for the files that decoders write; the rest is for downloads
	decoder, err := newDecoder(c.PDFText, pages)
	if err != nil {
		return errors.Join(err, queue.Close(context.WithoutCancel(ctx)))
	}
	b, err := bot.New(bot.Config{
		BotToken: c.SlackBotToken, AppToken: c.SlackAppToken, APIURL: c.SlackAPIURL,
		Engine: engine, MaxFileSize: int64(c.MaxFileSize), Space: int64(c.TempSize) - pages, Log: log,
		Decoder: decoder, MaxPages: c.MaxPDFPages,
		Access: bot.Access{
			AutoRead: bot.AutoRead(c.AutoRead), Allowed: settings.Channels(c.AllowedChannels), Denied: settings.Channels(c.DeniedChannels),
			AllowExternal: c.AllowExternal, Reaction: c.ReactionName(),
		},
	}, model, queue)
	if err == nil {
		watched.Watch(b)
		err = b.Run(ctx)
	}
	return errors.Join(err, queue.Close(context.WithoutCancel(ctx)))
}

// openStore opens the external store if one is set, else the embedded store.
func openStore(c settings.Config, log *slog.Logger) (*kv.NATS, error) {
	if c.NATSURL != "" {
		return kv.Connect(c.NATSURL, 0)
	}
	return kv.OpenEmbedded(c.DataDir, 0, log)
}
